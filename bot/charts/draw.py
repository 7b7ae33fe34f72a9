"""A chart as a picture: panels above each other over one axis of time, readable on a phone."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from adapters.chat.chart import Chart, Curve, Limit, Panel, Shape
from adapters.chat.rendering import SIMULATED, clean
from bot.charts.paper import Box, Paper, fitting, width_of
from bot.charts.scale import Tick, ticks, times
from bot.charts.theme import WIDTH, Theme
from signals.units import UNKNOWN

_PAD, _HEAD, _FOOT, _NOTE = 36.0, 146.0, 24.0, 40.0
_ABOVE_PANEL, _BELOW_TIMES = 62.0, 52.0
_TALL, _LOW = 420.0, 240.0
"""Heights of the panel that the chart is about, which is the last one, and of those above it."""

_STROKES: Sequence[tuple[float, ...]] = ((), (16.0, 8.0), (4.0, 7.0), (20.0, 7.0, 4.0, 7.0))
"""How several curves of a panel differ besides their colours."""

_FINE, _FINEST = ((300, 4.5), (800, 3.5)), 2.5
"""Up to so many values a curve is so thick, in pixels."""

_FAR = 2.0
"""A line that is more than so many times the range of the values away is told at the rim instead of shown."""

_ROOM, _LINED = 0.08, 0.15
"""Share of a panel's range that is left free above and below; more where a line has to be named."""

_WORTH_SAYING = 170.0
"""Pixels from which on a gap is named."""

_LEGEND = 44.0
"""Pixels on top of a panel that are left to the names of its curves."""

_MOST_TIMES, _APART = 5, 58.0
"""Labels on the axis of time at most, and pixels between labels of values at least."""


def draw(chart: Chart, theme: Theme) -> bytes:
    """The chart as PNG, WIDTH pixels wide. Equal charts give equal bytes."""
    heights = [_LOW] * (len(chart.panels) - 1) + [_TALL]
    height = _HEAD + sum(_ABOVE_PANEL + high for high in heights) + _BELOW_TIMES + _FOOT + _NOTE * len(chart.notes)
    sheet = _Sheet(chart, theme, Paper(WIDTH, math.ceil(height), theme.ground))
    sheet.head()
    axes = [_axis(panel, high) for panel, high in zip(chart.panels, heights, strict=True)]
    beside = ["UTC", *(said for axis in axes for _, said in axis.ticks)]
    right = WIDTH - _PAD - max(width_of(said, theme.sizes["tick"]) for said in beside) - 14
    top = _HEAD
    for panel, axis, high in zip(chart.panels, axes, heights, strict=True):
        box = Box(_PAD, top + _ABOVE_PANEL, right, top + _ABOVE_PANEL + high)
        sheet.panel(panel, axis, box)
        top = box.bottom
    sheet.times(Box(_PAD, top, right, top + _BELOW_TIMES))
    sheet.foot()
    return sheet.paper.png()


@dataclass(frozen=True, slots=True)
class _Axis:
    """The range of values that a panel shows, with the round ones in it."""

    low: float
    high: float
    ticks: Sequence[Tick]

    def y(self, value: float, box: Box) -> float:
        """The height at which a value lies."""
        return box.bottom - (value - self.low) / (self.high - self.low) * (box.bottom - box.top)


def _axis(panel: Panel, height: float) -> _Axis:
    known = [value for curve in panel.curves for value in _signed(curve) if value is not None]
    if not known and not panel.limits:
        return _Axis(-1.0, 1.0, ())  # there is nothing that numbers could stand for
    if any(curve.shape is Shape.BARS for curve in panel.curves):
        known.append(0.0)
    low, high = min(known, default=0.0), max(known, default=0.0)
    span = high - low
    near = [level for limit in panel.limits for level in (limit.line, limit.clear) if level is not None]
    shown = [level for level in near if low - _FAR * span <= level <= high + _FAR * span or not span]
    low, high = min([low, *shown]), max([high, *shown])
    room = (high - low) * (_LINED if panel.limits else _ROOM) or abs(high) * 0.01 or 1.0
    low, high = low - room, high + room
    if len(panel.curves) > 1:
        high += (high - low) * _LEGEND / (height - _LEGEND)
    sized = any(curve.below for curve in panel.curves)
    return _Axis(
        low, high, ticks(low, high, panel.unit, is_price=panel.is_price, sized=sized, most=int(height // _APART))
    )


def _signed(curve: Curve) -> Sequence[float | None]:
    """The values as they lie on the axis."""
    return [None if value is None else -value for value in curve.values] if curve.below else curve.values


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A chart that is being drawn."""

    chart: Chart
    theme: Theme
    paper: Paper

    def head(self) -> None:
        """Title, what it is about, and the mark of what is not real."""
        theme, paper = self.theme, self.paper
        room = WIDTH - 2 * _PAD
        if self.chart.simulated:
            wide = width_of(SIMULATED, theme.sizes["label"], bold=True) + 36
            box = Box(WIDTH - _PAD - wide, 34, WIDTH - _PAD, 84)
            paper.area(box, theme.simulated)
            middle = ((box.left + box.right) / 2, (box.top + box.bottom) / 2)
            paper.text(middle, SIMULATED, theme.sizes["label"], theme.ground, bold=True, align="center")
            room -= wide + 24
        self._words((_PAD, 60), self.chart.title, "title", theme.text, room, bold=True)
        self._words((_PAD, 112), self.chart.about, "about", theme.quiet, WIDTH - 2 * _PAD)

    def foot(self) -> None:
        """Notes, one below the other."""
        for number, note in enumerate(reversed(self.chart.notes)):
            at = (_PAD, self.paper.height - 38 - number * _NOTE)
            self._words(at, note, "note", self.theme.quiet, WIDTH - 2 * _PAD)

    def panel(self, panel: Panel, axis: _Axis, box: Box) -> None:
        """One panel with all that lies in it, the curves above the rest."""
        self._title(panel, box)
        for zone in self.chart.zones if self.chart.times else ():
            self._zone(zone, box)
        for limit in panel.limits:
            self._side(limit, axis, box)
        self._grid(axis, box)
        self._gaps(panel, axis, box)
        for limit in panel.limits:
            self._levels(limit, axis, box)
        for x in self._marks(box):
            self.paper.line((x, x), (box.top, box.bottom), self.theme.fires, 2.5)
        for number, curve in enumerate(panel.curves):
            self._curve(curve, self._colour(panel, number), _STROKES[number % len(_STROKES)], axis, box)
        self._flags(panel, box)
        if len(panel.curves) > 1:
            self._legend(panel, box)
        for limit in panel.limits:
            self._labels(panel, limit, axis, box)

    def times(self, box: Box) -> None:
        """The axis of time, in UTC."""
        size, quiet = self.theme.sizes["tick"], self.theme.quiet
        for at, said in self._round_times():
            half = width_of(said, size) / 2
            x = min(max(self._x(at, box), box.left + half), box.right - half)
            self.paper.text((x, box.top + 28), said, size, quiet, align="center")
        self.paper.text((WIDTH - _PAD, box.top + 28), "UTC", size, quiet, align="right")

    def _title(self, panel: Panel, box: Box) -> None:
        size, y = self.theme.sizes["panel"], box.top - 28
        now = fitting(clean(panel.now), size, WIDTH / 2, bold=True)
        room = WIDTH - 2 * _PAD - width_of(now, size, bold=True) - 24
        colour = self._colour(panel, 0) if len(panel.curves) == 1 else self.theme.text
        self.paper.text((WIDTH - _PAD, y), now, size, colour, bold=True, align="right")
        self._words((_PAD, y), panel.title, "panel", self.theme.quiet, room)

    def _legend(self, panel: Panel, box: Box) -> None:
        """Names of the curves, from left to right on top of the panel."""
        x, size = box.left + 14, self.theme.sizes["label"]
        room = (box.right - x) / len(panel.curves) - 46
        for number, curve in enumerate(panel.curves):
            name = fitting(clean(curve.name), size, room)
            behind = Box(x - 8, box.top + 8, x + 40 + width_of(name, size), box.top + _LEGEND)
            self.paper.area(behind, self.theme.ground, alpha=0.8)
            self.paper.area(Box(x, box.top + 18, x + 22, box.top + 34), self._colour(panel, number))
            self.paper.text((x + 32, box.top + 26), name, size, self.theme.text)
            x += 32 + width_of(name, size) + 28

    def _zone(self, zone: tuple[datetime, datetime], box: Box) -> None:
        left, right = (min(max(self._x(at, box), box.left), box.right) for at in zone)
        if right > left:
            self.paper.area(Box(left, box.top, right, box.bottom), self.theme.fires, alpha=0.2)

    def _side(self, limit: Limit, axis: _Axis, box: Box) -> None:
        """The side of the line on which it fires."""
        if limit.downward is None or not axis.low < limit.line < axis.high:
            return
        y = axis.y(limit.line, box)
        side = Box(box.left, y, box.right, box.bottom) if limit.downward else Box(box.left, box.top, box.right, y)
        self.paper.area(side, self.theme.fires, alpha=0.11)

    def _grid(self, axis: _Axis, box: Box) -> None:
        theme, size = self.theme, self.theme.sizes["tick"]
        for value, said in axis.ticks:
            y = axis.y(value, box)
            self.paper.line((box.left, box.right), (y, y), theme.rim if value == 0 else theme.grid, 2)
            y = min(max(y, box.top + size / 2), box.bottom - size / 2)
            self.paper.text((WIDTH - _PAD, y), said, size, theme.quiet, align="right")
        for at, _ in self._round_times():
            x = self._x(at, box)
            self.paper.line((x, x), (box.top, box.bottom), theme.grid, 2)
        corners = (
            (box.left, box.right, box.right, box.left, box.left),
            (box.top, box.top, box.bottom, box.bottom, box.top),
        )
        self.paper.line(*corners, theme.rim, 2)

    def _gaps(self, panel: Panel, axis: _Axis, box: Box) -> None:
        """Where nothing is known: for bars on their own side of zero, else where no curve is known."""
        zero = min(max(axis.y(0.0, box), box.top), box.bottom)
        for curve in panel.curves:
            if curve.shape is Shape.BARS:
                side = (zero, box.bottom) if curve.below else (box.top, zero)
                self._gap([value is None for value in curve.values], side, box)
        lines = [curve.values for curve in panel.curves if curve.shape is not Shape.BARS]
        if lines:
            self._gap(
                [all(value is None for value in row) for row in zip(*lines, strict=True)], (box.top, box.bottom), box
            )

    def _gap(self, unknown: Sequence[bool], side: tuple[float, float], box: Box) -> None:
        for first, last in _runs(unknown):
            left = self._x(self.chart.times[first] - self.chart.step, box)
            gap = Box(left, side[0] + 2, self._x(self.chart.times[last], box), side[1] - 2)
            self.paper.area(gap, self.theme.grid)
            self.paper.hatched(gap, self.theme.gap)
            if gap.right - gap.left > _WORTH_SAYING:
                middle = ((gap.left + gap.right) / 2, sum(side) / 2)
                self.paper.text(middle, UNKNOWN, self.theme.sizes["label"], self.theme.quiet, align="center")

    def _levels(self, limit: Limit, axis: _Axis, box: Box) -> None:
        """The line at which it fires, and the level at which that ends."""
        for level, colour, dashes in (
            (limit.clear, self.theme.over, (5.0, 8.0)),
            (limit.line, self.theme.fires, (18.0, 9.0)),
        ):
            if level is not None and axis.low < level < axis.high:
                y = axis.y(level, box)
                self.paper.line((box.left, box.right), (y, y), colour, 3.5, dashes=dashes)

    def _labels(self, panel: Panel, limit: Limit, axis: _Axis, box: Box) -> None:
        """What the two say, each on its own side, so that they do not meet; at the rim where it is far away."""
        down = bool(limit.downward)
        for level, said, colour, under in (
            (limit.line, limit.said, self.theme.fires, down),
            (limit.clear, limit.clear_said, self.theme.over, not down),
        ):
            is_far = level is not None and not axis.low < level < axis.high
            if level is not None and said and not (is_far and level == limit.clear):
                self._label(panel, level, said, colour, axis, box, under=under)

    def _label(self, panel: Panel, level: float, said: str, colour: str, axis: _Axis, box: Box, *, under: bool) -> None:
        size = self.theme.sizes["label"]
        far = "▼ " if level <= axis.low else "▲ " if level >= axis.high else ""
        shown = fitting(clean(far + said), size, box.right - box.left - 40)
        wide, high = width_of(shown, size) + 14, size * 0.62
        y = axis.y(level, box) + (size * 0.85 if under else -size * 0.85)
        y = min(max(y, box.top + size * 0.8), box.bottom - size * 0.8)
        lefts = (box.left + 8, box.right - 8 - wide, (box.left + box.right - wide) / 2)
        places = [Box(left, y - high, left + wide, y + high) for left in lefts]
        place = min(places, key=lambda place: self._hidden(panel, axis, box, place))
        self.paper.area(place, self.theme.ground, alpha=0.8)
        self.paper.text((place.left + 7, y), shown, size, colour)

    def _hidden(self, panel: Panel, axis: _Axis, box: Box, by: Box) -> int:
        """How many values a label in that place would lie upon."""
        return sum(
            by.top - 8 <= axis.y(value, box) <= by.bottom + 8 and by.left <= self._x(at, box) <= by.right
            for curve in panel.curves
            for at, value in zip(self.chart.times, _signed(curve), strict=True)
            if value is not None
        )

    def _curve(self, curve: Curve, colour: str, dashes: tuple[float, ...], axis: _Axis, box: Box) -> None:
        if curve.shape is Shape.BARS:
            self._bars(curve, colour, axis, box)
            return
        xs = [self._x(at, box) for at in self.chart.times]
        ys = [math.nan if value is None else axis.y(value, box) for value in curve.values]
        if curve.shape is Shape.STEPS:
            wide = self._wide(box)
            self.paper.line(
                [x for right in xs for x in (right - wide, right)],
                [y for y in ys for _ in range(2)],
                colour, self._stroke, within=box, dashes=dashes
            )  # fmt: skip
        else:
            self.paper.line(xs, ys, colour, self._stroke, within=box, dashes=dashes)
            alone = [first for first, last in _runs([value is not None for value in curve.values]) if first == last]
            self.paper.dots([xs[row] for row in alone], [ys[row] for row in alone], colour, 7, rim=colour)
        if ys and not math.isnan(ys[-1]):
            self.paper.dots(xs[-1:], ys[-1:], colour, 15, rim=self.theme.ground)

    def _bars(self, curve: Curve, colour: str, axis: _Axis, box: Box) -> None:
        wide, zero = self._wide(box), axis.y(0.0, box)
        air = min(3.0, wide * 0.15)
        boxes = []
        for at, value in zip(self.chart.times, _signed(curve), strict=True):
            if value:
                right, y = self._x(at, box), axis.y(value, box)
                boxes.append(Box(right - wide + air, min(y, zero), right - air, max(y, zero)))
        self.paper.bars(boxes, colour, box)

    def _marks(self, box: Box) -> Sequence[float]:
        """Where the moments of firing are: a stroke through every panel."""
        if not self.chart.times:
            return ()
        first, last = self.chart.times[0] - self.chart.step, self.chart.times[-1]
        return [self._x(at, box) for at in self.chart.marks if first <= at <= last]

    def _flags(self, panel: Panel, box: Box) -> None:
        """The same on top of the panel that has the line."""
        marks = self._marks(box) if panel.limits else ()
        self.paper.dots(marks, [box.top + 14] * len(marks), self.theme.fires, 30, rim=self.theme.ground, shape="v")

    def _colour(self, panel: Panel, number: int) -> str:
        curve = panel.curves[number]
        if curve.shape is Shape.BARS:
            return self.theme.long if curve.below else self.theme.short
        return self.theme.price if panel.is_price else self.theme.curves[number % len(self.theme.curves)]

    def _words(
        self, at: tuple[float, float], said: str, size: str, colour: str, room: float, *, bold: bool = False
    ) -> None:
        pixels = self.theme.sizes[size]
        self.paper.text(at, fitting(clean(said), pixels, room, bold=bold), pixels, colour, bold=bold)

    def _x(self, at: datetime, box: Box) -> float:
        first = self.chart.times[0] - self.chart.step
        return box.left + (at - first) / (self.chart.times[-1] - first) * (box.right - box.left)

    @property
    def _stroke(self) -> float:
        """How thick a curve is: many values need a fine one."""
        return next((wide for points, wide in _FINE if len(self.chart.times) <= points), _FINEST)

    def _wide(self, box: Box) -> float:
        return (box.right - box.left) / max(1, len(self.chart.times))

    def _round_times(self) -> Sequence[tuple[datetime, str]]:
        if not self.chart.times:
            return ()
        return times(self.chart.times[0] - self.chart.step, self.chart.times[-1], _MOST_TIMES)


def _runs(marked: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """First and last place of each unbroken row of marked ones."""
    for is_marked, run in groupby(enumerate(marked), lambda one: one[1]):
        if is_marked:
            rows = [row for row, _ in run]
            yield rows[0], rows[-1]
