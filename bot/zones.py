"""Time zones: by name, by guess, and how a moment's zone is called."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from signals.rules.nearest import nearest

AWAKE = range(8, 24)
"""Local hours in which people type."""

OFFERED = 4

MANY_PEOPLE = (
    "Europe/London",
    "America/New_York",
    "Asia/Singapore",
    "Europe/Berlin",
    "Asia/Kolkata",
    "America/Los_Angeles",
    "Asia/Tokyo",
    "Europe/Istanbul",
    "Asia/Dubai",
    "America/Sao_Paulo",
    "Africa/Lagos",
    "Australia/Sydney",
    *("America/Chicago", "Europe/Paris", "Europe/Moscow", "Asia/Shanghai", "Asia/Seoul", "Asia/Bangkok"),
    *("Asia/Karachi", "Asia/Dhaka", "Asia/Tehran", "Asia/Kathmandu", "Africa/Johannesburg", "Africa/Cairo"),
    *("Europe/Kyiv", "Europe/Athens", "America/Argentina/Buenos_Aires", "America/Mexico_City", "America/Bogota"),
    *("America/Denver", "America/Halifax", "America/Anchorage", "Pacific/Honolulu", "Pacific/Auckland"),
)
"""Zones of many people in all parts of the world, the likeliest first."""


@cache
def names() -> Sequence[str]:
    """Every zone's name."""
    return tuple((files("tzdata") / "zones").read_text(encoding="ascii").split())


def zone_of(name: str) -> tzinfo:
    """The zone of that name; UTC without one, or where this computer does not know it."""
    try:
        return ZoneInfo(name) if name else UTC
    except ZoneInfoNotFoundError:
        return UTC


def meant(typed: str, now: datetime) -> Sequence[str]:
    """The zones that somebody may mean, at most OFFERED: one alone where it is its exact name.

    Three letters such as `EST` name one zone in winter and another in summer: places that use them now are meant.
    """
    wanted = typed.strip().replace(" ", "_").lower()
    exact = [name for name in names() if name.lower() == wanted]
    if exact and not _is_short(exact[0]):
        return exact
    cities = {name.rpartition("/")[2]: name for name in reversed(names()) if "/" in name and not name.startswith("Etc")}
    found = [name for city, name in cities.items() if city.lower() == wanted]
    found = found or [name for name in MANY_PEOPLE if called(now, zone_of(name)).lower() == wanted]
    found = found or [name for name in MANY_PEOPLE if _offset(now, zone_of(name)) == _plain(wanted)]
    return (found or [cities[city] for city in nearest(wanted, cities)])[:OFFERED]


def guesses(now: datetime) -> Sequence[str]:
    """Where somebody may be who types now: zones of many people in which it is day."""
    awake = [name for name in MANY_PEOPLE if now.astimezone(zone_of(name)).hour in AWAKE]
    return awake[:OFFERED]


def called(at: datetime, zone: tzinfo) -> str:
    """How the zone is called at that moment: by its letters, else by its distance from UTC, such as `UTC+5:45`."""
    letters = at.astimezone(zone).tzname() or ""
    return letters if letters.isalpha() else _offset(at, zone)


def city(name: str) -> str:
    """The place that a zone is named after, as people write it."""
    return name.rpartition("/")[2].replace("_", " ")


def _is_short(name: str) -> bool:
    return name != "UTC" and "/" not in name and (len(name) <= 3 or not name.isalpha())


def _offset(at: datetime, zone: tzinfo) -> str:
    minutes = (at.astimezone(zone).utcoffset() or timedelta(0)) // timedelta(minutes=1)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}{f':{rest:02}' if rest else ''}"


def _plain(typed: str) -> str:
    """A distance from UTC as `_offset` writes it: of `+2`, `gmt+02:00`, `utc+2`."""
    bare = typed.removeprefix("utc").removeprefix("gmt")
    hours, _, minutes = bare[1:].partition(":")
    if bare[:1] not in ("+", "-") or not hours.isdecimal() or not hours.isascii() or len(hours) > 2:
        return ""
    return f"UTC{bare[0]}{int(hours)}{f':{minutes}' if minutes.strip('0') else ''}"
