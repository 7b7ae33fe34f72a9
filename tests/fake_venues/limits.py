"""What a venue allows to one address, counted by its own clock in fixed windows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.fake_venues.shapes import ms


@dataclass(frozen=True, slots=True)
class Limit:
    """So much weight in each window."""

    most: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Use:
    """How a bucket stands after a request."""

    bucket: str
    used: int
    most: int
    resets_ms: int

    @property
    def over(self) -> bool:
        """Whether the request was too much."""
        return self.used > self.most

    def waits(self, at: datetime) -> int:
        """Whole seconds until the window ends, at least one."""
        return max(1, -(-(self.resets_ms - ms(at)) // 1000))


@dataclass
class Meters:
    """All buckets of one venue. A bucket `name:rest` has the limit of `name`."""

    limits: Mapping[str, Limit]
    _used: dict[str, tuple[int, int]] = field(default_factory=dict)

    def take(self, bucket: str, weight: int, at: datetime) -> Use:
        """Count a request; what is refused counts too."""
        limit = self.limits[bucket.partition(":")[0]]
        width = int(limit.window / timedelta(milliseconds=1))
        window = ms(at) // width
        before, used = self._used.get(bucket, (window, 0))
        used = (used if before == window else 0) + weight
        self._used[bucket] = (window, used)
        return Use(bucket, used, limit.most, (window + 1) * width)
