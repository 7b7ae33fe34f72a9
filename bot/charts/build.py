"""Charts from bars: a metric of a coin, or a rule's condition with its line, each below the price."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias

import numpy as np

from adapters.chat.chart import Chart, Curve, Limit, Panel, Shape
from adapters.venues.base import Label
from bot.charts.words import alt
from bot.conditions import ended, fired, named
from bot.phrases import METRICS, dated, source, spoken, venue, venues, window
from signals.judge import tracks
from signals.model import ALL, Metric, Unit
from signals.numbers import DAY, LEVEL, Number, values
from signals.panel import STORED, decimal, from_ms, to_ms
from signals.panel import Panel as Bars
from signals.registry import BY_NAME
from signals.rehearsal import Course
from signals.rules.canonical import canonical
from signals.rules.lifecycle import Change
from signals.rules.model import Condition, Draft
from signals.units import DASH, UNKNOWN, duration, exact

Values: TypeAlias = Sequence[float | None]

MOST_BARS = 130
"""Sums that still can be told apart on a phone."""

MOST_VENUES = 4
"""Venues that are named; of more, how many there are."""

_NAME = re.compile(r"[^A-Za-z0-9.]+", re.ASCII)
_SUMS_OVER = (1, 5, 15, 30, 60, 120, 240, 480, 720, 1_440)
"""Minutes."""

_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Source:
    """Where the numbers come from; `floor` where sums are known to miss something."""

    label: str
    venues: tuple[str, ...]
    floor: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """What a chart of a metric shows: `parts` by the names of their curves, each value over `window`."""

    title: str
    unit: Unit
    parts: Mapping[str, Metric]
    shape: Shape = Shape.LINE
    window: timedelta = LEVEL
    alone: bool = False
    """Whether the first part that is known stands alone, and names the chart."""


TOPICS: Mapping[str, Topic] = {
    "funding": Topic(
        "funding",
        Unit.RATE_8H,
        {METRICS[metric]: metric for metric in (Metric.FUNDING, Metric.FUNDING_SETTLED)},
        Shape.STEPS,
        alone=True,
    ),
    "oi": Topic("open interest", Unit.COINS, {"open interest": Metric.OI_LEVEL}),
    "ls": Topic(
        "longs / shorts",
        Unit.RATIO,
        {"accounts": Metric.LS, "top accounts": Metric.LS_TOP, "top positions": Metric.LS_POS},
    ),
    "liq": Topic("liquidations", Unit.USD, {"shorts": Metric.LIQ_SHORT, "longs": Metric.LIQ_LONG}, Shape.BARS),
    "ratio": Topic("spot / futures in 24h", Unit.RATIO, {"spot / futures": Metric.RATIO}, window=DAY),
}
"""By the command that speaks of it."""


class Told(Protocol):
    """A transition, as it was or would have been told."""

    @property
    def change(self) -> Change:
        """What it was."""
        ...

    @property
    def at(self) -> datetime:
        """When."""
        ...

    @property
    def fired_at(self) -> datetime:
        """When its episode began."""
        ...


def sums_over(span: timedelta, step: timedelta) -> timedelta:
    """Over how long sums are shown in a chart of that span: a bar, or so many that few enough remain."""
    each = (timedelta(minutes=minutes) for minutes in _SUMS_OVER)
    return next((of for of in each if of >= step and of % step == LEVEL and span / of <= MOST_BARS), step)


def of_topic(topic: str, coin: str, bars: Bars, span: timedelta, of: Source) -> Chart:
    """A metric of a coin below its price, over the span that ends with the last of these bars."""
    what = TOPICS[topic]
    sums = what.shape is Shape.BARS
    step = sums_over(span, bars.step) if sums else bars.step
    rows = _rows(bars, span, step)
    found = {
        name: _values(bars, coin, Number(metric, step if sums else what.window), rows)
        for name, metric in what.parts.items()
    }
    price = _values(bars, coin, Number(Metric.PRICE), rows)
    shown = _shown(what, found)
    start = _start([price, *shown.values()])
    shown = {name: row[start:] for name, row in shown.items()}
    title = next(iter(shown)) if what.alone else what.title
    panel = Panel(
        f"{title} in each {window(step)}" if sums else title,
        what.unit,
        tuple(
            Curve(_named(name, row, what, coin, of), tuple(row), what.shape, below=what.parts[name] is Metric.LIQ_LONG)
            for name, row in shown.items()
        ),
        _said(next(iter(shown.values())), what.unit, coin) if len(shown) == 1 else "",
    )
    times = tuple(from_ms(int(bars.times[row])) for row in rows[start:])
    return _chart(f"{coin} {title}", (_price(price[start:]), panel), times, step, of)


def of_draft(draft: Draft, coin: str, went: Course, bars: Bars, of: Source, told: Sequence[Told]) -> Chart:
    """A rule's first condition on a coin with its line, below the price; `told` is where it fired, or would have.

    Prices come from `bars`, which may be of another length: at each of the course's times the one then known.
    """
    condition = tracks(draft, BY_NAME)[0].conditions[0]
    prices = dict(
        zip(bars.times.tolist(), _values(bars, coin, Number(Metric.PRICE), range(len(bars.times))), strict=True)
    )
    price = [prices.get(to_ms(at)) for at in went.times]
    start = _start([price, went.values])
    values_ = went.values[start:]
    is_price = condition.name == Metric.PRICE and condition.unit is Unit.USD
    shape = Shape.STEPS if condition.unit in (Unit.RATE_8H, Unit.RATE_YEAR, Unit.STATE) else Shape.LINE
    title = named(condition) + (f" on {venue(draft.venue)}" if draft.venue != ALL else "")
    panel = Panel(
        title,
        condition.unit,
        (Curve(title, tuple(values_), shape),),
        _said(values_, condition.unit, coin, is_price=is_price),
        _limits(condition, coin),
        is_price,
    )
    panels = (panel,) if is_price else (_price(price[start:]), panel)
    times = went.times[start:]
    chart = _chart(f"{coin} {title}", panels, times, went.step, of)
    marks, zones = _episodes(told, times, went.step)
    lasting = zones if condition.crossing is None else ()  # a crossing is a moment
    whole = replace(chart, marks=marks, zones=lasting, notes=(canonical(draft), *chart.notes))
    return replace(whole, alt=alt(whole))


def _shown(what: Topic, found: Mapping[str, Values]) -> Mapping[str, Values]:
    """The parts that are known: sums always all, for an unknown side is told too; the first one where none is."""
    if what.shape is Shape.BARS:
        return found
    known = {name: row for name, row in found.items() if any(value is not None for value in row)} or found
    return dict([next(iter(known.items()))]) if what.alone or known is found else known


def _named(name: str, row: Values, what: Topic, coin: str, of: Source) -> str:
    """A curve with its last value; of sums with all of them together."""
    if what.shape is not Shape.BARS:
        return f"{name} {DASH if not row or row[-1] is None else _said(row, what.unit, coin)}"
    known = [value for value in row if value is not None]
    if not known:
        return f"{name} {UNKNOWN}"
    return f"{name} {spoken(sum(known), what.unit, coin, floor=of.floor or len(known) < len(row))} together"


def _said(row: Values, unit: Unit, coin: str, *, is_price: bool = False) -> str:
    last = row[-1] if row else None
    if last is None:
        return UNKNOWN
    return f"p{exact(round(last * 100, 1))}" if unit is Unit.RANK else spoken(last, unit, coin, is_price=is_price)


def _price(row: Values) -> Panel:
    return Panel(
        "price", Unit.USD, (Curve("price", tuple(row)),), _said(row, Unit.USD, "", is_price=True), is_price=True
    )


def _limits(of: Condition, coin: str) -> tuple[Limit, ...]:
    """Where the condition fires and ends; on both sides where it compares the size of a move."""
    if of.crossing is not None:
        return (Limit(of.line, f"fires {fired(of, coin)}", None),)
    one = Limit(
        of.line,
        f"fires {fired(of, coin)}",
        of.compare.downward,
        of.clear if of.clear != of.line else None,
        f"ends {ended(of, coin)}",
    )
    if not of.absolute:
        return (one,)
    other = None if one.clear is None else -one.clear
    return one, Limit(-of.line, "", not of.compare.downward, other)


def _episodes(
    told: Sequence[Told], times: Sequence[datetime], step: timedelta
) -> tuple[tuple[datetime, ...], tuple[tuple[datetime, datetime], ...]]:
    """The moments of firing within the times, and from when to when each episode lasted as far as it is known."""
    if not times:
        return (), ()
    first, last = times[0] - step, times[-1]
    ends = {one.fired_at: one.at for one in told if one.change is Change.RESOLVED}
    begun = sorted({one.fired_at for one in told if one.fired_at <= last})
    spans = ((since, min(ends.get(since, last), last)) for since in begun)
    return tuple(at for at in begun if at > first), tuple(span for span in spans if span[1] > first)


def _values(bars: Bars, coin: str, number: Number, rows: Sequence[int]) -> Values:
    """The number at the ends of those bars, None where it is not known."""
    column = bars.column(coin)
    if column is None:
        return (None,) * len(rows)
    one = bars.only(column)
    series = values(one, number, BY_NAME)[:, 0]
    told = decimal(series.astype(np.float32)) if number.name in set(STORED) and number.window == LEVEL else series
    return tuple(None if np.isnan(told[row]) else float(told[row]) for row in rows)


def _rows(bars: Bars, span: timedelta, step: timedelta) -> Sequence[int]:
    """The bars of the span whose ends lie on the grid of the step."""
    if not len(bars.times):
        return ()
    since = int(bars.times[-1]) - span // _MS
    return [row for row, time in enumerate(bars.times.tolist()) if time > since and time % (step // _MS) == 0]


def _start(rows: Sequence[Values]) -> int:
    """The first place at which anything is known."""
    return next((place for place, row in enumerate(zip(*rows, strict=True)) if any(v is not None for v in row)), 0)


def _chart(title: str, panels: tuple[Panel, ...], times: tuple[datetime, ...], step: timedelta, of: Source) -> Chart:
    lasts = times[-1] - times[0] + step if times else LEVEL
    chart = Chart(
        name=_NAME.sub("-", title).strip("-."),
        title=title,
        about=f"{window(lasts) or duration(lasts)} to {dated(times[-1], UTC)} · bars of {window(step)}"
        if times
        else "no bars yet",
        step=step,
        times=times,
        panels=panels,
        alt="",
        notes=(_note(of),),
        simulated=of.label == Label.SIMULATED,
    )
    return replace(chart, alt=alt(chart))


def _note(of: Source) -> str:
    """Venues and source."""
    few = of.venues if len(of.venues) <= MOST_VENUES else of.venues[: MOST_VENUES - 1]
    more = f" and {len(of.venues) - len(few)} more" if len(few) < len(of.venues) else ""
    parts = [source(of.label), venues(few) + more, "≥ misses some" if of.floor else "", "perpwatch"]
    return " · ".join(part for part in parts if part)
