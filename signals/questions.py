"""The questions that signals ask by themselves: bare, with each of their windows and sides, as long as they hold."""

from collections.abc import Iterator, Mapping, Sequence

from signals.base import Signal
from signals.model import ALL, Direction
from signals.rules.canonical import question
from signals.rules.model import EVERY_COIN, Compare, Condition, Draft


def usual(signal: Signal) -> Draft:
    """A bare signal on every coin: with its first window, and any side."""
    return next(_drafts(signal))


def bare(signals: Sequence[Signal]) -> Mapping[str, Signal]:
    """Every question that a bare signal asks, by its words, with its signal."""
    return {question(draft): signal for signal in signals for draft in _drafts(signal)}


def claim(draft: Draft, signals: Mapping[str, Signal]) -> Direction | None:
    """What its first signal that claims anything says will follow."""
    claims = (signals[each.name].claim for each in draft.conditions if each.name in signals)
    return next((claimed for claimed in claims if claimed is not None), None)


def direction(draft: Draft, signals: Mapping[str, Signal]) -> Direction:
    """What is counted as a hit: what it claims, else that the price rose."""
    return claim(draft, signals) or Direction.UP


def _drafts(signal: Signal) -> Iterator[Draft]:
    compare = Compare.ABOVE if signal.fire > signal.clear else Compare.BELOW
    for window in signal.windows:
        for side in ("", *sorted(signal.sides)):
            levels = (compare, signal.fire, signal.clear, signal.unit)
            condition = Condition(signal.name, window, *levels, side=side, stock=True)
            yield Draft((EVERY_COIN,), ALL, (condition,), signal.hold, None, once=False)
