"""Who should give which number: the instruments that are asked, by coin and metric."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from signals.model import AGGREGATORS, OBSERVED, ROLLING, Instrument, Kind, Metric

Key: TypeAlias = tuple[str, str, Metric]
"""Venue, symbol, metric."""

ADDED = frozenset({Metric.OI_LEVEL, *ROLLING.values()})
"""Levels that add up over venues."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who should give one metric of one coin: their keys, those of their open interest, and their venues' names."""

    metric: Metric
    keys: tuple[Key, ...]
    interest: tuple[Key, ...]
    venues: tuple[str, ...]
    adds: bool
    """Whether values are summed over venues; only such cover a span, and may miss something."""


def asked_of(instruments: Sequence[Instrument]) -> Iterator[Asked]:
    """What the instruments of one coin should give, metric by metric."""
    for metric in OBSERVED:
        expected = _single(i for i in instruments if metric in i.metrics)
        if expected:
            keys = tuple((i.venue, i.symbol, metric) for i in expected)
            interest = tuple((i.venue, i.symbol, Metric.OI_LEVEL) for i in expected)
            adds = metric.kind is Kind.SUM or metric in ADDED
            yield Asked(metric, keys, interest, names_of(keys), adds)


def _single(instruments: Iterable[Instrument]) -> list[Instrument]:
    """Single venues where there are any; a vendor's sum only where there are none."""
    found = list(instruments)
    singles = [i for i in found if i.venue not in AGGREGATORS]
    return singles or found


def by_coin(instruments: Iterable[Instrument], metric: Metric) -> tuple[tuple[Key, ...], ...]:
    """The keys of a metric, coin by coin."""
    coins: dict[str, list[Key]] = {}
    for i in instruments:
        if metric in i.metrics:
            coins.setdefault(i.coin, []).append((i.venue, i.symbol, metric))
    return tuple(map(tuple, coins.values()))


def names_of(keys: Iterable[Key]) -> tuple[str, ...]:
    """The venues, each once, in order."""
    return tuple(sorted({venue for venue, _, _ in keys}))
