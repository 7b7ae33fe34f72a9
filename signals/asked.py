"""Who should give which number: the words that are asked for, by coin and metric."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from signals.model import AGGREGATORS, OBSERVED, ROLLING, Kind, Metric
from signals.seats import Seat, Word

ADDED = frozenset({metric for metric in Metric if metric.kind is Kind.SUM} | {Metric.OI_LEVEL, *ROLLING.values()})
"""Metrics that add up over venues."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who should give one metric of one coin: their words, and their venues' names."""

    metric: Metric
    words: tuple[Word, ...]
    venues: tuple[str, ...]
    adds: bool
    """Whether values are summed over venues; only such cover a span, and may miss something."""


def asked_of(seats: Sequence[Seat]) -> Iterator[Asked]:
    """What the instruments of one coin should give, metric by metric."""
    for metric in OBSERVED:
        words = _single([seat.words[metric] for seat in seats if metric in seat.words])
        if words:
            yield Asked(metric, words, names_of(words), metric in ADDED)


def _single(words: Sequence[Word]) -> tuple[Word, ...]:
    """Single venues where there are any; a vendor's sum only where there are none."""
    return tuple([word for word in words if word.venue not in AGGREGATORS] or words)


def by_coin(seats: Iterable[Seat], metric: Metric) -> tuple[tuple[Word, ...], ...]:
    """The words on a metric, coin by coin."""
    coins: dict[str, list[Word]] = {}
    for seat in seats:
        if metric in seat.words:
            coins.setdefault(seat.instrument.coin, []).append(seat.words[metric])
    return tuple(map(tuple, coins.values()))


def names_of(words: Iterable[Word]) -> tuple[str, ...]:
    """The venues, each once, in order."""
    return tuple(sorted({word.venue for word in words}))
