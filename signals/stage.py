"""The stage of a dry run: the bars on which a draft is judged over a span, and what its conditions say on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from signals.base import Signal
from signals.judge import tracks
from signals.model import Yardstick
from signals.numbers import HOUR, LEVEL, Number, bars_of, values
from signals.panel import ENOUGH, STORED, Instants, Marks, Panel, Series, decimal, from_ms
from signals.rules.model import Condition, Draft
from signals.verdicts import UNKNOWN, Said, lapsed, said, together
from signals.yardsticks import Measured, Memory, baseline_of, measure


@dataclass(frozen=True, slots=True)
class Stage:
    """The market as if the first bars of `panel` were its shortest, needed back over a span."""

    panel: Panel
    span: timedelta

    def rows(self, bars: Panel) -> int:
        """The bars of the span, and a few before it, so that the first of it is judged and does not only arm."""
        wanted = -(-self.span // bars.step) + max(2, HOUR // bars.step)
        return min(len(bars.times), wanted)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a draft's conditions are and say on a stage, rows x coins.

    `numbers` are by condition its values and where they come out of the dark; `tracks` what they say together.
    """

    stage: Stage
    coins: tuple[str, ...]
    times: tuple[datetime, ...]
    step: timedelta
    numbers: tuple[tuple[Series, Marks], ...]
    tracks: tuple[Said, ...]

    @property
    def first(self) -> datetime | None:
        """The end of the first bar that can be judged of any coin."""
        known = np.any([(one.codes != UNKNOWN).any(axis=1) for one in self.tracks], axis=0)
        return self.times[int(np.argmax(known))] if known.any() else None

    def only(self, coins: tuple[str, ...]) -> "Scene":
        """Some of its coins."""
        at = [self.coins.index(coin) for coin in coins]
        numbers = tuple((values[:, at], dark[:, at]) for values, dark in self.numbers)
        return replace(self, coins=coins, numbers=numbers, tracks=tuple(one.of(at) for one in self.tracks))

    def under(self, draft: Draft, signals: Mapping[str, Signal]) -> "Scene":
        """The same numbers held against another draft's lines."""
        return replace(self, tracks=_tracks(draft, self.numbers, signals))


def stages(
    draft: Draft, panel: Panel, signals: Mapping[str, Signal], spans: Sequence[timedelta], at: datetime
) -> Mapping[timedelta, Stage]:
    """By span the shortest bars on which every condition may be known all the way back, else the longest there are.

    A sum of one longer bar is another number than that of a window within it: such bars are left out.
    """
    steps = sorted({panel.step, *panel.others})
    windows = [condition.window for condition in draft.conditions if condition.window > LEVEL]
    usable = [step for step in steps if step == steps[0] or all(step <= window for window in windows)]
    finest = {step: panel.without_finer(step) for step in usable}
    return {
        span: Stage(
            next((p for p in finest.values() if _reaches(draft, p, signals, at - span)), finest[usable[-1]]), span
        )
        for span in spans
    }


def scene(draft: Draft, stage: Stage, coins: tuple[str, ...], signals: Mapping[str, Signal]) -> Scene:
    """The draft on those coins' bars. Of conditions on longer bars the last closed one counts."""
    on, memory = replace(stage, panel=stage.panel.of(coins)), Memory()
    by_track = [track.conditions for track in tracks(draft, signals)]
    read = [_read(draft.venue, ways, on, signals, memory) for ways in zip(*by_track, strict=True)]
    grid = min((bars for bars, _ in read), key=lambda bars: bars.step)
    times = grid.times[len(grid.times) - on.rows(grid) :]
    numbers = tuple(_on(times, *one) for one in read)
    told = tuple(map(from_ms, times.tolist()))
    return Scene(on, coins, told, grid.step, numbers, _tracks(draft, numbers, signals))


_PLAIN, _SCORED, _SPREAD, _RANKED = 60, 6_000, 6_000, 2
"""Nanoseconds or so: of a value on a bar, more for a score with a past, for a spread, and for each bar of a rank."""


def work(draft: Draft, stage: Stage, signals: Mapping[str, Signal]) -> int:
    """About how many nanoseconds a coin's values take."""
    total = 0
    for condition in draft.conditions:
        number, signal = _number(draft.venue, condition), signals.get(condition.name)
        bars, each = bars_of(stage.panel, number, signals), _PLAIN
        if signal is not None and signal.lookback > LEVEL:
            each += _SCORED
        if condition.yardstick is Yardstick.RANK:
            past = baseline_of(condition.yardstick, number, signals)
            each += _RANKED * (past.span // max(past.step, bars.step))
        elif condition.yardstick is not Yardstick.VALUE:
            each += _SPREAD
        total += stage.rows(bars) * each
    return total


def _number(venue: str, condition: Condition) -> Number:
    return Number(condition.name, condition.window, venue, condition.side)


def _reaches(draft: Draft, panel: Panel, signals: Mapping[str, Signal], since: datetime) -> bool:
    for condition in draft.conditions:
        number, needs = _number(draft.venue, condition), condition.window
        bars = bars_of(panel, number, signals)
        if condition.name in signals:
            needs += signals[condition.name].lookback
        if condition.yardstick is not Yardstick.VALUE:
            needs += ENOUGH * baseline_of(condition.yardstick, number, signals).span
        if not len(bars.times) or from_ms(int(bars.times[0])) + needs > since + bars.step:
            return False
    return True


def _read(
    venue: str, ways: Sequence[Condition], stage: Stage, signals: Mapping[str, Signal], memory: Memory
) -> tuple[Panel, Series]:
    """The values of a condition, which tracks hold against lines of their own, on its own bars."""
    condition = ways[0]
    number = _number(venue, condition)
    bars = bars_of(stage.panel, number, signals)
    series = values(stage.panel, number, signals, stage.rows(bars))
    if condition.yardstick is not Yardstick.VALUE:
        of = Measured(number, bars.times[len(bars.times) - len(series) :], series, bars)
        return bars, measure(condition.yardstick, of, stage.panel, signals, memory)
    is_stored = number.window == LEVEL and number.name in set(STORED)
    return bars, _exact(series, [line for way in ways for line in (way.line, way.clear)]) if is_stored else series


def _exact(series: Series, lines: Sequence[float]) -> Series:
    """Stored levels as the decimals that they stand for, where that decides on which side of a line they are."""
    near = np.any([np.isclose(series, line, rtol=1e-6, atol=0) for line in lines], axis=0)
    exact = series.copy()
    exact[near] = decimal(series[near].astype(np.float32))
    return exact


def _on(times: Instants, bars: Panel, series: Series) -> tuple[Series, Marks]:
    """The series at those times, and where it comes out of the dark: the last bar closed, unless that is too old."""
    if not len(series):
        return np.full((len(times), len(bars.coins)), np.nan), np.zeros((len(times), len(bars.coins)), np.bool_)
    ends = bars.times[len(bars.times) - len(series) :]
    at = np.searchsorted(ends, times, side="right") - 1
    is_last = (at >= 0) & (times - ends[at] < bars.step // timedelta(milliseconds=1))
    is_news = (at >= 0) & (times == ends[at])
    now = np.where(is_last[:, np.newaxis], series[at], np.nan)
    return now, is_news[:, np.newaxis] & lapsed(series)[at]


def _tracks(draft: Draft, numbers: Sequence[tuple[Series, Marks]], signals: Mapping[str, Signal]) -> tuple[Said, ...]:
    """What the values say: twice where a crossing either way is two tracks."""
    return tuple(
        together([said(condition, *one) for condition, one in zip(track.conditions, numbers, strict=True)])
        for track in tracks(draft, signals)
    )
