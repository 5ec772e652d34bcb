"""The venues' depth as a plan sees it: routes over quoted ladders, less what the plan has already taken."""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import product

from ballast.keeper.snapshot import Hop, Rung, Snapshot


@dataclass(frozen=True)
class Route:
    """One or two pools from the coin sold to the coin bought."""

    hops: tuple[Hop, ...]

    @property
    def token_in(self) -> str:
        """The coin sold."""
        return self.hops[0].token_in

    @property
    def token_out(self) -> str:
        """The coin bought."""
        return self.hops[-1].token_out

    @property
    def pair(self) -> tuple[str, str]:
        """The coin sold and the coin bought."""
        return self.token_in, self.token_out

    @property
    def key(self) -> tuple[str, ...]:
        """Tells routes apart and orders equals, whatever order the snapshot lists them in."""
        return (self.token_in, self.token_out, *(hop.pool for hop in self.hops))


def routes_between(snapshot: Snapshot, token_in: str, token_out: str) -> list[Route]:
    """Every direct route and every two-hop route through a hub, over pools that were quoted."""
    usable = [hop for hop in snapshot.hops if hop.is_usable]
    direct = [Route((hop,)) for hop in usable if (hop.token_in, hop.token_out) == (token_in, token_out)]
    through = []
    for hub in snapshot.hubs:
        if hub in (token_in, token_out):
            continue
        first = [hop for hop in usable if (hop.token_in, hop.token_out) == (token_in, hub)]
        second = [hop for hop in usable if (hop.token_in, hop.token_out) == (hub, token_out)]
        through += [Route(pair) for pair in product(first, second)]
    return sorted(direct + through, key=lambda route: route.key)


def paid(hop: Hop, amount_in: int) -> int | None:
    """What the hop pays for an amount from the pool's present state; None beyond its ladder.

    Straight lines between the rungs lie below a pool's concave curve, so the answer is never too high.
    """
    if amount_in == 0:
        return 0
    above = bisect_left(hop.ladder, amount_in, key=lambda rung: rung.amount_in)
    if above == len(hop.ladder):
        return None
    low = hop.ladder[above - 1] if above else Rung(0, 0)
    high = hop.ladder[above]
    part = (amount_in - low.amount_in) * (high.amount_out - low.amount_out)
    return low.amount_out + part // (high.amount_in - low.amount_in)


class Market:
    """The ladders less what was taken. A pool is used in one direction only, so that ladders stay true."""

    def __init__(self) -> None:
        self._taken: dict[str, tuple[str, int]] = {}  # pool -> (token_in, amount in own decimals)

    def quote(self, route: Route, amount_in: int) -> int | None:
        """What the route pays next for an amount; None when a ladder ends or a pool runs the other way."""
        amount = amount_in
        for hop in route.hops:
            token_in, before = self._taken.get(hop.pool, (hop.token_in, 0))
            base, top = paid(hop, before), paid(hop, before + amount)
            if token_in != hop.token_in or base is None or top is None:
                return None
            amount = top - base
        return amount

    def take(self, route: Route, amount_in: int) -> int:
        """Takes an amount through the route and answers what it paid. ValueError where `quote` says None."""
        amount = amount_in
        for hop in route.hops:
            out = self.quote(Route((hop,)), amount)
            if out is None:
                raise ValueError(f"{amount} of {hop.token_in} is more than pool {hop.pool} was quoted for")
            self._taken[hop.pool] = (hop.token_in, self._taken.get(hop.pool, ("", 0))[1] + amount)
            amount = out
        return amount
