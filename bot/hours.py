"""The wall clock of a place: when it is quiet there, and when a daily moment comes.

An instant is quiet if the wall clock then shows a time within the quiet hours; nothing else is computed, so changes of
clocks need no special case.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from adapters.store.place_settings import Quiet

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


def is_quiet(quiet: Quiet, zone: tzinfo, at: datetime) -> bool:
    """Whether the wall clock is within the quiet hours at that instant."""
    shown = at.astimezone(zone).time()
    if quiet.start < quiet.end:
        return quiet.start <= shown < quiet.end
    return shown >= quiet.start or shown < quiet.end


def spells(quiet: Quiet, zone: tzinfo, since: datetime, until: datetime) -> Sequence[tuple[datetime, datetime]]:
    """The quiet spells between two instants, each from its first instant up to the first one after it."""
    found: list[tuple[datetime, datetime]] = []
    edges = sorted({since, *(at for at in _edges(quiet, zone, since, until) if since < at < until)})
    for start, end in zip(edges, [*edges[1:], until], strict=True):
        if not is_quiet(quiet, zone, start):
            continue
        if found and found[-1][1] == start:
            start, _ = found.pop()  # noqa: PLW2901 - it goes on
        found.append((start, end))
    return found


def last_spell(quiet: Quiet, zone: tzinfo, now: datetime) -> tuple[datetime, datetime] | None:
    """The last quiet spell that is over, as the end of the one before it and its own; None where it is long ago."""
    over = [end for _, end in spells(quiet, zone, now - 4 * _DAY, now) if not is_quiet(quiet, zone, end)]
    return (over[-2], over[-1]) if len(over) > 1 else None


def due(day: date, at: time, zone: tzinfo) -> datetime:
    """The instant of a daily moment: the first one where the clock shows it twice, moved by the gap where never."""
    return datetime.combine(day, at, zone).astimezone(UTC)


def last_due(at: time, zone: tzinfo, now: datetime) -> tuple[date, datetime]:
    """The date and the instant of the daily moment that came last."""
    today = now.astimezone(zone).date()
    days = [today - _DAY, today, today + _DAY]
    return max((instant, day) for day in days if (instant := due(day, at, zone)) <= now)[::-1]


def _edges(quiet: Quiet, zone: tzinfo, since: datetime, until: datetime) -> Iterator[datetime]:
    """All instants at which it may begin or end: as the clock shows those times, and as it jumps."""
    day = since.astimezone(zone).date() - _DAY
    while day <= until.astimezone(zone).date() + _DAY:
        for at in (quiet.start, quiet.end):
            for fold in (0, 1):
                yield datetime.combine(day, at, zone).replace(fold=fold).astimezone(UTC)
        yield from _jump(zone, datetime.combine(day, time(), UTC))
        day += _DAY


def _jump(zone: tzinfo, start: datetime) -> Iterator[datetime]:
    """The minute of the UTC day from there at which the clock jumps, if it does."""
    before, low, high = _offset(zone, start), 0, _DAY // _MINUTE
    if _offset(zone, start + _DAY) == before:
        return
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(zone, start + middle * _MINUTE) == before else (low, middle)
    yield start + high * _MINUTE


def _offset(zone: tzinfo, at: datetime) -> timedelta | None:
    return at.astimezone(zone).utcoffset()
