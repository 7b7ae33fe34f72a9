"""A chart in words, for those who do not see it, and for where it cannot be shown."""

from collections.abc import Sequence
from datetime import UTC, datetime

from adapters.chat.chart import Chart, Curve, Panel, Shape
from bot.phrases import count, moment, share, spoken
from signals.units import UNKNOWN

MOST_MARKS = 3
"""Moments of firing that are named."""


def alt(chart: Chart) -> str:
    """What the picture shows: each curve's last, lowest and highest value, the lines, and where it fired."""
    simulated = "SIMULATED. " if chart.simulated else ""
    said = [f"{simulated}{chart.title}, {chart.about}.", *(_panel(panel, chart) for panel in reversed(chart.panels))]
    if any(panel.limits for panel in chart.panels):
        said.append(_fired(chart))
    return " ".join(said)


def _panel(panel: Panel, chart: Chart) -> str:
    curves = [_curve(curve, panel, chart) for curve in panel.curves]
    lines = [words for limit in panel.limits for words in (limit.said, limit.clear_said) if words]
    levels = f" It {', '.join(lines)}." if lines else ""
    return f"{panel.title[:1].upper()}{panel.title[1:]}: {'; '.join(curves)}.{levels}"


def _curve(curve: Curve, panel: Panel, chart: Chart) -> str:
    known = [(value, at) for value, at in zip(curve.values, chart.times, strict=True) if value is not None]
    name = f"{curve.name}, " if len(panel.curves) > 1 else ""
    if not known:
        return f"{name}{UNKNOWN}"
    end = chart.times[-1]
    (low, low_at), (high, high_at) = min(known), max(known)
    gap = 1 - len(known) / len(curve.values)
    lacks = f", {UNKNOWN} for {share(gap)} of the time" if gap else ""
    if curve.shape is Shape.BARS:
        return f"{name}most {_said(high, panel)} to {moment(high_at, end, UTC)}{lacks}"
    now = f"last {panel.now}, " if panel.now else ""
    return (
        f"{name}{now}lowest {_said(low, panel)} at {moment(low_at, end, UTC)}, "
        f"highest {_said(high, panel)} at {moment(high_at, end, UTC)}{lacks}"
    )


def _said(value: float, panel: Panel) -> str:
    return spoken(value, panel.unit, "", is_price=panel.is_price)


def _fired(chart: Chart) -> str:
    if not chart.marks:
        return "No firing in this time."
    last: Sequence[datetime] = chart.marks[-MOST_MARKS:]
    named = ", ".join(moment(at, chart.times[-1], UTC) for at in last)
    return f"{count(len(chart.marks), 'firing')}, {'last ' if len(chart.marks) > len(last) else ''}at {named}."
