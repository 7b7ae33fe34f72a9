"""What a chart shows, as data: panels over one axis of time. It is drawn elsewhere."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from signals.model import Unit


class Shape(StrEnum):
    """How the values of a curve are joined: levels at the ends of bars, levels held over bars, or sums of bars."""

    LINE = "line"
    STEPS = "steps"
    BARS = "bars"


@dataclass(frozen=True, slots=True)
class Curve:
    """One value at each of the chart's times, None where it is not known. `below`: bars that hang from the axis."""

    name: str
    values: tuple[float | None, ...]
    shape: Shape = Shape.LINE
    below: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """Where a rule fires and, if anywhere, where that ends, each with its words.

    `downward` says which side of the line is the zone of firing; None where crossing it is a moment.
    """

    line: float
    said: str
    downward: bool | None
    clear: float | None = None
    clear_said: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves in one unit, which for a price is told from a sum of dollars. `now` says the last value in words."""

    title: str
    unit: Unit
    curves: tuple[Curve, ...]
    now: str = ""
    limits: tuple[Limit, ...] = ()
    is_price: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """Panels over `times` in UTC, the ends of bars of `step`.

    `zones` are spans in which something fired, `marks` the moments of firing. `about` says the span, `notes` the
    rule and the source, `alt` in words what the picture shows. `name` is that of the file.
    """

    name: str
    title: str
    about: str
    step: timedelta
    times: tuple[datetime, ...]
    panels: tuple[Panel, ...]
    alt: str
    zones: tuple[tuple[datetime, datetime], ...] = ()
    marks: tuple[datetime, ...] = ()
    notes: tuple[str, ...] = ()
    simulated: bool = False
