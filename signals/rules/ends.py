"""When a rule ends: `until 2026-12-31`, `until 2026-12-31T18:00`, `until 3d`, as an instant of UTC."""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from signals.rules import durations
from signals.rules.problems import Code
from signals.rules.reading import Cursor

LONGEST = timedelta(days=366)

_MINUTE = timedelta(minutes=1)
_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(Z)?)?(?![^ ])", re.ASCII | re.IGNORECASE)
_DURATION = re.compile(r"\d+ *[A-Z]", re.ASCII | re.IGNORECASE)
_END_OF_DAY = ("23", "59")


def demand(cursor: Cursor, now: datetime, zone: tzinfo) -> datetime:
    """The end that must stand next, on a whole minute; a duration counts from `now`; raises Refused.

    A time without Z is the zone's: the first of a doubled one, and a missing one moves on by the gap.
    """
    dated = cursor.take(_DATE)
    if dated is None:
        return _after(cursor, now)
    end = _instant(dated, zone)
    if end is None:
        raise cursor.refuse(Code.DATE, dated)
    if end <= now:
        raise cursor.refuse(Code.PAST, dated)
    if end > whole(now + LONGEST):
        raise cursor.refuse(Code.FAR, dated, [durations.written(LONGEST)])
    return end


def whole(at: datetime) -> datetime:
    """The next whole minute of UTC: ends are written in minutes."""
    minute = at.astimezone(UTC).replace(second=0, microsecond=0)
    return minute if minute == at else minute + _MINUTE


def written(end: datetime) -> str:
    """The end as it is typed, in UTC."""
    return f"{end.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def _after(cursor: Cursor, now: datetime) -> datetime:
    found = cursor.peek()
    if found is None:
        raise cursor.refuse(Code.INCOMPLETE, None, detail=["date"])
    if not _DURATION.match(cursor.line, found.start()):
        raise cursor.refuse(Code.DATE, found)
    return whole(now + durations.demand(cursor, _MINUTE, LONGEST))


def _instant(dated: re.Match[str], zone: tzinfo) -> datetime | None:
    year, month, day = (int(dated[group]) for group in (1, 2, 3))
    hour, minute = (int(part) for part in (dated.group(4, 5) if dated[4] else _END_OF_DAY))
    try:
        return datetime(year, month, day, hour, minute, tzinfo=UTC if dated[6] else zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
