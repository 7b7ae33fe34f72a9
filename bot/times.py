"""Times of a day as people type them, and as they are told back."""

import re
from datetime import time

_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?", re.ASCII | re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:-|–|—|\bto\b)\s*")


def time_of(typed: str) -> time | None:
    """The time in `8`, `08:00`, `8.30`, `8pm`; None where it is none."""
    found = _TIME.fullmatch(typed.strip())
    if found is None:
        return None
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half and not 1 <= hour <= 12:
        return None
    hour = hour % 12 + 12 * (half == "pm") if half else hour
    return time(hour, minute) if hour < 24 and minute < 60 else None


def span_of(typed: str) -> tuple[time, time] | None:
    """The two times in `23:00-07:00`, `11pm to 7am`; None where it is no span."""
    parts = [time_of(part) for part in _BETWEEN.split(typed)]
    if len(parts) != 2 or parts[0] is None or parts[1] is None:
        return None
    return parts[0], parts[1]


def written(at: time) -> str:
    """A time of day: `08:00`."""
    return f"{at:%H:%M}"
