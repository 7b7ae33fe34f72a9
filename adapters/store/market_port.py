"""The store's port of the market: closed moments, and bars."""

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from signals.aggregate import Cycle
from signals.glance import Glance
from signals.model import Metric
from signals.panel import Panel


class MarketStore(Protocol):
    """Latest values and bars. May be lost: it is filled again."""

    async def close(self, cycle: Cycle, judged: datetime | None = None) -> None:
        """Write one closed moment in one step: readings, known observations, bars, and the news that it is there.

        The last KEPT_CYCLES are kept, and all since the one that was judged last, MOST_CYCLES of them.
        """
        ...

    async def latest(self) -> Cycle | None:
        """The last closed moment, without its bars."""
        ...

    def cycles(self, after: datetime | None) -> AsyncIterator[Cycle]:
        """Every closed moment after that time, oldest first, then the new ones as they come; those still kept."""
        ...

    async def panel(
        self, step: timedelta, metrics: Collection[Metric], rows: int, coins: tuple[str, ...] | None = None
    ) -> Panel:
        """The last rows of bars of that step, with the legs of those metrics, of those coins or else of all.

        Blank if there are none.
        """
        ...

    async def at_hand(
        self, step: timedelta, metrics: Collection[Metric], rows: int, coins: tuple[str, ...] | None = None
    ) -> Panel:
        """The same as `panel`, but bars of all coins stay in memory: for what people ask again and again of any coin.

        It holds every coin that any of its bars had.
        """
        ...

    async def extend(self, bars: Sequence[Panel]) -> None:
        """Add bars of the past (backfill): they are no news and wake nobody.

        Only bars older than the last closed moment are taken. What is known stays; a value is taken where the stored
        one is unknown, and coins and venues are added.
        """
        ...

    async def backfilled(self) -> int:
        """A number that grows whenever bars of the past changed what is stored."""
        ...

    async def look(self, glance: Glance) -> None:
        """Keep what was seen at a moment, for whoever answers; the last one alone is kept."""
        ...

    async def looked(self) -> tuple[Cycle, Glance] | None:
        """What was seen last, with its moment; None before, and where that moment is no longer kept."""
        ...

    async def steps(self) -> Sequence[timedelta]:
        """The resolutions of which bars are kept, finest first."""
        ...
