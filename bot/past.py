"""What `perpwatch history` can be asked for, and where it shows how far it is."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from signals.model import Metric
from signals.rules.nearest import nearest

METRICS: Mapping[str, tuple[Metric, ...]] = {
    "price": (Metric.PRICE,),
    "oi": (Metric.OI_LEVEL,),
    "funding": (Metric.FUNDING_SETTLED,),
    "ls": (Metric.LS, Metric.LS_TOP, Metric.LS_POS),
    "volume": (Metric.VOLUME,),
}
"""What can be asked for, and what that is."""

STEPS: Mapping[str, timedelta] = {
    "1m": timedelta(minutes=1),
    "5m": timedelta(minutes=5),
    "1h": timedelta(hours=1),
    "4h": timedelta(hours=4),
    "1d": timedelta(days=1),
}

FIRST = datetime(2017, 1, 1, tzinfo=UTC)
"""No perpetual of today is older."""

_AGO = re.compile(r"(\d{1,5})([hdw])", re.ASCII)
_AGES = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SAID = 5
"""Coins that are named; of more, only how many there are."""


class BadRequest(Exception):
    """It cannot be had like that; the message is a sentence that names the cure."""


class Shown(Protocol):
    """Where the progress is shown."""

    def begin(self, parts: int) -> None:
        """So many parts are to come."""
        ...

    def done(self, what: str) -> None:
        """One of them is done."""
        ...

    def waits(self, until: datetime, why: str) -> None:
        """Nothing happens until then."""
        ...

    def wrote(self, path: Path) -> None:
        """A file is there."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted: coins (none are all), metrics, and bars of that length since the beginning of a day."""

    venue: str
    coins: tuple[str, ...]
    metrics: tuple[str, ...]
    since: datetime
    step: timedelta
    folder: Path


def since(text: str, now: datetime) -> datetime:
    """The beginning of the day of `30d` ago or of a date. Raises BadRequest."""
    ago = _AGO.fullmatch(text.strip().lower())
    try:
        at = now - int(ago[1]) * _AGES[ago[2]] if ago else datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise BadRequest(
            f"--since {text!r} is no time. Write how long ago, like 30d, or a day, like 2026-01-31."
        ) from None
    at = _midnight(at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC))
    if not FIRST <= at <= now:
        raise BadRequest(f"--since {text!r} is not between {FIRST:%Y-%m-%d} and now. Write it like 30d or 2026-01-31.")
    return at


def chosen(option: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    """The names in a list with commas, each of which must be known. Raises BadRequest."""
    spelled = {name.lower(): name for name in known}
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name.lower() not in spelled:
            near = nearest(name, known)
            hint = f"Did you mean {' or '.join(near)}?" if near else f"Known are {named(known)}."
            raise BadRequest(f"{option}: there is no {name!r} here. {hint}")
    if not names:
        raise BadRequest(f"{option} is empty. Name at least one of {named(known)}.")
    return tuple(dict.fromkeys(spelled[name.lower()] for name in names))


def named(names: Sequence[str]) -> str:
    """The first of them, and how many there are beside."""
    more = len(names) - _SAID
    return ", ".join(names[:_SAID]) + (f" and {more} more" if more > 0 else "")


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
