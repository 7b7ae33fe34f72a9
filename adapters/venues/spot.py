"""What was traded of a coin on spot, over its pairs with dollars."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar

from adapters.venues.wire import DAY, Rows
from signals.model import Instrument, Metric

P = TypeVar("P")

Leg: TypeAlias = tuple[float | None, datetime | None]
"""What was traded in a pair in US dollars, and as of when."""


def spot_volume(
    rows: Rows, pairs: Mapping[str, P], leg: Callable[[P], Leg], quotes: Sequence[str], fresh_for: timedelta
) -> None:
    """24 h of spot volume of each coin over its pairs, named coin and quote, told by one instrument that carries it.

    A coin without a pair has no spot leg, one with an unreadable pair has no sum, and the oldest leg dates the sum.
    """
    carriers = {of.instrument.coin: of for of in rows.known.values() if Metric.VOLUME_SPOT_24H in of.instrument.metrics}
    for of in carriers.values():
        legs = [leg(pairs[name]) for name in _names(of.instrument, quotes) if name in pairs]
        volumes = [volume for volume, _ in legs if volume is not None and volume >= 0]
        times = [at for _, at in legs if at is not None]
        if legs:
            whole = sum(volumes) if len(volumes) == len(legs) else None
            oldest = min(times) if len(times) == len(legs) else None
            rows.total(Metric.VOLUME_SPOT_24H, of, whole, oldest, DAY, fresh_for)


def _names(of: Instrument, quotes: Sequence[str]) -> Iterator[str]:
    """What the pairs of a coin would be called: spot, too, lists some coins by the thousand or the million."""
    many = () if of.multiplier == 1 else (f"{of.multiplier:.0f}{of.coin}", f"1M{of.coin}")
    for base in (of.coin, *many):
        yield from (base + quote for quote in quotes)
