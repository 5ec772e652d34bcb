"""Exact twin of how `CrisisDetector` and `ObservationRing` keep one coin's volumes, whole USD an hour."""

from dataclasses import dataclass
from typing import Final

from ballast.model.crisis import is_surge

RING_SIZE: Final = 64  # looks
LEAST_VOLUMES: Final = 24  # known volumes below which no average is believed
VOLUME_LIFETIME: Final = 2 * 3_600  # s, an older volume is unknown
REPORT_SPACING: Final = 10 * 60  # s
MAX_FACTOR: Final = 10  # of the last volume, for the next
MAX_VOLUME: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Volumes:
    """What the detector knows of a coin's volume."""

    volume: int = 0  # as last reported
    reported_at: int = 0  # s, 0 before the first report
    looks: tuple[int, ...] = ()  # the volume known at each of the last looks, 0 for none

    def known(self, now: int) -> int:
        """The volume that a look at `now` goes by; 0 when there is none or it is too old."""
        return self.volume if now <= self.reported_at + VOLUME_LIFETIME else 0

    def surges(self, now: int, tenths: int) -> bool:
        """Whether a look at `now` shows a surge over the looks before it."""
        known = [volume for volume in self.looks if volume]
        return is_surge(self.known(now), sum(known), len(known), LEAST_VOLUMES, tenths)

    def looked(self, now: int) -> "Volumes":
        """After a look at `now`."""
        looks = (*self.looks, self.known(now))[-RING_SIZE:]
        return Volumes(self.volume, self.reported_at, looks)

    def allowed(self, now: int) -> int:
        """The largest volume that a report at `now` may have; 0 when it is too soon for one."""
        if not self.reported_at:
            return MAX_VOLUME
        if now < self.reported_at + REPORT_SPACING:
            return 0
        return min(MAX_VOLUME, self.volume * MAX_FACTOR)

    def reported(self, volume: int, now: int) -> "Volumes":
        """After a report at `now`. ValueError when the contract would refuse it."""
        if not 0 < volume <= self.allowed(now):
            raise ValueError(f"a volume of {volume} at {now} is refused")
        return Volumes(volume, now, self.looks)
