"""What a chart shows, as data: panels over one axis of time. It is drawn elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Shape(StrEnum):
    """How the values of a curve are joined."""

    LINE = "line"
    STEPS = "steps"
    BARS = "bars"


@dataclass(frozen=True, slots=True)
class Curve:
    """One value at each of the chart's times, None where it is not known; its `unit` is the panel's."""

    name: str
    values: tuple[float | None, ...]
    shape: Shape = Shape.LINE


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves in one unit. `line` is where a rule fires, `clear` where it ends."""

    title: str
    unit: str
    curves: tuple[Curve, ...]
    line: float | None = None
    clear: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """Panels over `times` in UTC. `zones` are spans in which something fired, `marks` the moments of firing.

    `alt` says in words what the picture shows.
    """

    title: str
    times: tuple[datetime, ...]
    panels: tuple[Panel, ...]
    alt: str
    zones: tuple[tuple[datetime, datetime], ...] = ()
    marks: tuple[datetime, ...] = ()
    note: str = ""
    simulated: bool = False
