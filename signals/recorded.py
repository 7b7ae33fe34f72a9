"""Records from stored bars, by the one procedure of studies, on the bars that reach back furthest."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np

from signals.base import Signal
from signals.model import Metric
from signals.numbers import LEVEL, MOVES, Number, needs
from signals.occurrences import occurrences
from signals.panel import Panel
from signals.questions import direction
from signals.record import Record
from signals.rules.model import Draft
from signals.study import Observed, Study, study, whole_horizons

ALL_COINS = "*"
"""Stands for all coins together."""


def observed(draft: Draft, coins: tuple[str, ...], panel: Panel, signals: Mapping[str, Signal]) -> Observed | None:
    """Where the draft was in force, on the longest bars on which it can be judged; None where there are none."""
    steps = sorted({panel.step, *panel.others}, reverse=True)
    found = (judged(draft, coins, panel.without_finer(step), signals) for step in steps)
    return next((seen for seen in found if seen is not None), None)


def judged(draft: Draft, coins: tuple[str, ...], panel: Panel, signals: Mapping[str, Signal]) -> Observed | None:
    """The same on the panel's own bars; None where they cannot judge it.

    A sum of one longer bar is another number than that of a window within it, so they must not be longer than one.
    """
    if not len(panel.times) or not all(_tells(each.name, each.window, panel.step) for each in draft.conditions):
        return None
    seen = occurrences(draft, coins, panel, signals)
    return seen if seen.known.any() else None


def metrics_of(draft: Draft, signals: Mapping[str, Signal]) -> frozenset[Metric]:
    """What bars must hold for it: what it is judged on, and the price that outcomes are made of."""
    numbers = [Number(each.name, each.window) for each in draft.conditions]
    return frozenset({Metric.PRICE}).union(*(needs(number, signals) for number in numbers))


def records(of: Observed, draft: Draft, signals: Mapping[str, Signal]) -> Mapping[str, Sequence[Record]]:
    """By coin the record for each horizon, those without a case too; under ALL_COINS that of all together."""
    each = {coin: recorded(of.of(coin), draft, signals) for coin in of.coins}
    return {ALL_COINS: recorded(of, draft, signals), **each}


def recorded(of: Observed, draft: Draft, signals: Mapping[str, Signal]) -> Sequence[Record]:
    """The record for each horizon that is a whole number of its bars, the shortest first."""
    claimed = direction(draft, signals)
    return [_record(study(of, claimed, horizon)) for horizon in whole_horizons(of.step)]


def are_beside(one: Observed, other: Observed) -> bool:
    """Whether they are judged on the same bars."""
    return one.step == other.step and np.array_equal(one.ends, other.ends)


def joined(parts: Sequence[Observed]) -> Observed:
    """The same question on the same bars of several groups of coins, as one."""
    return Observed(
        parts[0].ends,
        tuple(coin for of in parts for coin in of.coins),
        parts[0].step,
        np.concatenate([of.closes for of in parts], axis=1),
        np.concatenate([of.known for of in parts], axis=1),
        np.concatenate([of.events for of in parts], axis=1),
    )


def _tells(name: str, window: timedelta, step: timedelta) -> bool:
    return window == LEVEL or (window >= step and (name not in MOVES or not window % step))


def _record(of: Study) -> Record:
    entry, later = of.entry, of.later
    return Record(
        horizon=of.horizon,
        direction=of.direction,
        coins=len(of.coins),
        step=of.step,
        first=of.first,
        last=of.last,
        bars=of.bars,
        cases=entry.events,
        days=entry.days,
        hits=entry.hits,
        share=entry.share,
        on_events=entry.on_events and (entry.on_events.low, entry.on_events.high),
        on_days=entry.on_days and (entry.on_days.low, entry.on_days.high),
        base_rate=of.base_rate,
        median=entry.median,
        mean=entry.mean,
        worst=entry.worst,
        best=entry.best,
        later_share=later.share,
        later_on_days=later.on_days and (later.on_days.low, later.on_days.high),
        first_bar_only=of.is_first_bar_only,
        p=of.p,
        open=of.open,
        no_data=of.no_data,
        finding=of.finding.value,
    )
