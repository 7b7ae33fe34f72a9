"""The events of a rule on stored bars, by the numbers and verdicts of the live engine.

An event is every bar at whose close the rule is in force: all its conditions are met, and have been at every close of
its `for` where that is longer than a bar. A crossing is a moment: its events are the bars on which the live engine
would have told it. What of them overlaps is left to the study.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from signals.base import Signal
from signals.episodes import told_of
from signals.judge import policy
from signals.model import Metric
from signals.panel import Marks, Panel, decimal, from_ms, to_ms
from signals.rules.lifecycle import Policy
from signals.rules.model import Draft
from signals.stage import Scene, Stage, scene
from signals.study import Observed
from signals.verdicts import MET, UNKNOWN


def occurrences(draft: Draft, coins: tuple[str, ...], panel: Panel, signals: Mapping[str, Signal]) -> Observed:
    """Where the draft was in force on these coins, on the bars that it is judged on, over the whole panel."""
    if not len(panel.times):
        nothing = np.empty((0, len(coins)))
        return Observed(panel.times, coins, panel.step, nothing, nothing > 0, nothing > 0)
    whole = from_ms(int(panel.times[-1])) - from_ms(int(panel.times[0])) + panel.step
    on = scene(draft, Stage(panel, whole), coins, signals)
    rule = policy(replace(draft, once=False), on.step)
    bars = on.stage.panel.at(on.step).tail(len(on.times))
    known = np.all([one.codes != UNKNOWN for one in on.tracks], axis=0)
    events = _crossed(on, rule) if rule.crossing else held(on.tracks[0].codes == MET, rule.hold, on.step)
    return Observed(bars.times, coins, on.step, decimal(bars[Metric.PRICE]), known, events)


def within(of: Observed, start: datetime | None) -> Observed:
    """The part that ends at `start` or later: what came before only warmed up."""
    first = 0 if start is None else int(np.searchsorted(of.ends, to_ms(start)))
    return replace(of, ends=of.ends[first:], closes=of.closes[first:], known=of.known[first:], events=of.events[first:])


def held(met: Marks, hold: timedelta, step: timedelta) -> Marks:
    """The bars up to which it was met at every close of the last `hold`, rows x coins."""
    row = np.arange(len(met))[:, np.newaxis]
    broken = np.maximum.accumulate(np.where(met, -1, row), axis=0)
    long_enough: Marks = row - broken > -(-hold // step)
    return met & long_enough


def _crossed(on: Scene, rule: Policy) -> Marks:
    at = {time: row for row, time in enumerate(on.times)}
    events = np.zeros((len(on.times), len(on.coins)), np.bool_)
    for track in on.tracks:
        for column in range(len(on.coins)):
            for told in told_of(on.times, track, column, rule):  # of a crossing nothing but that it fired
                events[at[told.at], column] = True
    return events
