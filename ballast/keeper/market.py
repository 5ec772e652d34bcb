"""The venues' depth as a plan sees it: routes over quoted ladders, less what the plan has already taken."""

from bisect import bisect_left
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from ballast.keeper.snapshot import Hop, Rung, Snapshot
from ballast.units import ceil_div


@dataclass(frozen=True)
class Route:
    """One or two pools from the coin sold to the coin bought."""

    hops: tuple[Hop, ...]

    @cached_property
    def token_in(self) -> str:
        """The coin sold."""
        return self.hops[0].token_in

    @cached_property
    def token_out(self) -> str:
        """The coin bought."""
        return self.hops[-1].token_out

    @cached_property
    def pair(self) -> tuple[str, str]:
        """The coin sold and the coin bought."""
        return self.token_in, self.token_out

    @cached_property
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


def paid_at_most(hop: Hop, amount_in: int) -> int | None:
    """A bound from above of what the hop pays, where `paid` bounds from below; None beyond its ladder.

    A concave curve lies below the continuation of its neighbouring chords.
    """
    above = bisect_left(hop.ladder, amount_in, key=lambda rung: rung.amount_in)
    if amount_in == 0 or above == len(hop.ladder) or hop.ladder[above].amount_in == amount_in:
        return paid(hop, amount_in)
    rungs = (Rung(0, 0), *hop.ladder)  # rungs[above] < amount_in < rungs[above + 1]
    bounds = [rungs[above + 1].amount_out]
    if above > 0:
        bounds.append(_on_chord(rungs[above - 1], rungs[above], amount_in))
    if above + 2 < len(rungs):
        bounds.append(_on_chord(rungs[above + 1], rungs[above + 2], amount_in))
    return min(bounds)


def _on_chord(a: Rung, b: Rung, amount_in: int) -> int:
    """The straight line through two rungs at an amount, rounded up."""
    rise, run = b.amount_out - a.amount_out, b.amount_in - a.amount_in
    return a.amount_out + ceil_div((amount_in - a.amount_in) * rise, run)


def ladder_amounts(largest: int, rungs: int = 32) -> tuple[int, ...]:
    """Amounts to quote for a hop's ladder up to `largest`: closer together where they are small.

    The closer the rungs, the better pools are weighed against each other; 32 keep a plan within a basis point
    or two of the best on pools that move by 1 %. Fewer when `largest` is too small for so many.
    """
    amounts = (largest * k * k // (rungs * rungs) for k in range(1, rungs + 1))
    return tuple(dict.fromkeys(amount for amount in amounts if amount))


class Market:
    """The ladders less what was taken. A pool is used in one direction only, so that ladders stay true.

    A `cautious` one never promises a later taker more than there is; the other gives every chunk its fair
    share, so that many chunks add up to what the whole is paid.
    """

    def __init__(self, cautious: bool = False) -> None:
        self._base = paid_at_most if cautious else paid
        self._taken: dict[str, tuple[str, int]] = {}  # pool -> (token_in, amount in own decimals)

    def quote(self, route: Route, amount_in: int) -> int | None:
        """What the route pays next for an amount; None when a ladder ends or a pool runs the other way."""
        amount = amount_in
        for hop in route.hops:
            token_in, before = self._taken.get(hop.pool, (hop.token_in, 0))
            base, top = self._base(hop, before), paid(hop, before + amount)
            if token_in != hop.token_in or base is None or top is None:
                return None
            amount = max(0, top - base)
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
