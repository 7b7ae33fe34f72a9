"""What values say about a rule: verdicts, joint verdicts, and the rule's times. Pure; live and dry run share it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from signals.base import Signal
from signals.cells import Cells
from signals.drafts import drafted
from signals.living import grows_every
from signals.model import Cell
from signals.rules.lifecycle import Policy, Verdict
from signals.rules.model import EVERY_COIN, Compare, Condition, Crossing, Draft

CALM = timedelta(minutes=5)
"""How long an ended condition must stay on the calm side."""

MISSED_BARS = 2
"""Bars that may be missed in a row before the past does not count any more."""


@dataclass(frozen=True, slots=True)
class Track:
    """What is followed apart: a rule on a coin, or each way of a crossing; `mark` tells them apart."""

    mark: str
    conditions: tuple[Condition, ...]


_track = drafted(Track)


def tracks(draft: Draft, signals: Mapping[str, Signal]) -> tuple[Track, ...]:
    """A draft's tracks, with a bare signal's levels as they are now."""
    conditions, is_double = draft.conditions, False
    for condition in conditions:
        is_double = is_double or condition.crossing is Crossing.EITHER
        if condition.stock:
            conditions = tuple(_stocked(each, signals) for each in draft.conditions)
    if not is_double:
        return (_track("", conditions),)
    return Track("+", conditions), Track("-", tuple(_mirrored(condition) for condition in conditions))


def _stocked(condition: Condition, signals: Mapping[str, Signal]) -> Condition:
    signal = signals.get(condition.name) if condition.stock else None
    if signal is None:
        return condition
    return replace(condition, compare=signal.compare, line=signal.fire, clear=signal.clear)


# members by names of their own: every look asks for them, and a class is slow to give them
_MET, _BETWEEN, _CALM, _UNKNOWN = Verdict.MET, Verdict.BETWEEN, Verdict.CALM, Verdict.UNKNOWN
_CLOSED = (Compare.AT_MOST, Compare.AT_LEAST)
_OTHER_WAY = {
    Compare.ABOVE: Compare.BELOW,
    Compare.AT_LEAST: Compare.AT_MOST,
    Compare.BELOW: Compare.ABOVE,
    Compare.AT_MOST: Compare.AT_LEAST,
}


def _mirrored(condition: Condition) -> Condition:
    """The same crossing downwards, with its clear level as far away on the other side."""
    if condition.crossing is not Crossing.EITHER:
        return condition
    clear = condition.line + (condition.line - condition.clear)
    return replace(condition, compare=_OTHER_WAY[condition.compare], clear=clear)


def coins_of(draft: Draft, cells: Cells) -> Sequence[str]:
    """The coins that a rule is judged on now."""
    return sorted(cells.cycle.readings) if draft.coins == (EVERY_COIN,) else draft.coins


def verdict(condition: Condition, value: float | None) -> tuple[Verdict, float]:
    """What a value says about a condition, and how far past the line it is, in bands."""
    if value is None:
        return _UNKNOWN, 0.0
    seen = abs(value) if condition.absolute else value
    line, clear = condition.line, condition.clear
    sign = -1.0 if condition.compare.downward else 1.0
    past = sign * (seen - line)
    met = past > 0 or (past == 0 and condition.compare in _CLOSED)
    if met:
        band = abs(line - clear)
        return _MET, past / band if band else past
    calm = sign * (seen - clear) < 0 or line == clear
    return (_CALM if calm else _BETWEEN), 0.0


def said(condition: Condition, value: float | None, held: float | None = None) -> tuple[Verdict, float]:
    """What a value says that would be `held` had all who are missing stayed at their last word.

    Unknown where the line lies between the two, and calm only where both are: nobody's leaving crosses a level.
    """
    now, excess = verdict(condition, value)
    then = now if held is None or value is None else verdict(condition, held)[0]
    if now is then:
        return now, excess
    if _MET in (now, then):
        return _UNKNOWN, 0.0
    return _BETWEEN, 0.0


def together(leaves: Iterable[tuple[Verdict, float]]) -> tuple[Verdict, float]:
    """What conditions say together: unknown if any is, met if all are, calm if any is; the least excess counts."""
    verdicts, excess = zip(*leaves, strict=True)
    if len(verdicts) == 1:
        return verdicts[0], excess[0]
    if _UNKNOWN in verdicts:
        return _UNKNOWN, 0.0
    if all(one is _MET for one in verdicts):
        return _MET, min(excess)
    return (_CALM if _CALM in verdicts else _BETWEEN), 0.0


class Terms(NamedTuple):
    """The times of a rule, whatever bars it is judged on: people ask for the same few."""

    hold: timedelta
    every: timedelta | None
    once: bool
    crossing: bool
    living: bool


def terms(draft: Draft) -> Terms:
    """The rule's times."""
    crossing = False
    for condition in draft.conditions:
        crossing = crossing or condition.crossing is not None
    grows = grows_every(draft)
    return Terms(draft.hold, draft.every if grows is None else grows, draft.once, crossing, grows is not None)


def policy(draft: Draft, step: timedelta) -> Policy:
    """The rule's times on bars of that length: what is shorter than a bar is met by the bar's own close."""
    return on_bars(terms(draft), step)


@lru_cache(4096)
def on_bars(of: Terms, step: timedelta) -> Policy:
    """The same of a rule with these times."""
    return Policy(
        hold=of.hold if of.hold >= step else timedelta(0),
        calm=CALM if step <= CALM and not (of.crossing or of.living) else timedelta(0),
        repeat=of.every,
        gap=MISSED_BARS * step,
        once=of.once,
        crossing=of.crossing,
        living=of.living,
    )


def cell_of(draft: Draft, condition: Condition, coin: str) -> Cell:
    """The cell that a condition reads."""
    return Cell(coin, draft.venue, condition.name, condition.window, condition.yardstick, condition.side)
