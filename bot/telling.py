"""What one message tells: one alert, one notice, or several alerts that waited for the same place."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.chat.base import Button, Message, Place, Tone
from adapters.store.place_settings import PlaceSettings
from adapters.venues.base import Label
from bot.footnote import NOT_ADVICE
from bot.phrases import bold, code, count, iso, line, source
from bot.wording import alert, brief, late, notice
from signals.event import Event
from signals.living import is_living
from signals.notice import About, Notice, notice_id
from signals.rules.lifecycle import Change
from signals.rules.model import Loudness
from signals.units import duration

EXPIRES = timedelta(minutes=30)
"""An alert that is older than this is no news any more: it is not sent, and the place is told that it was not."""

LISTED = 12
"""Alerts that a message about several of them names."""


@dataclass(frozen=True, slots=True)
class Way:
    """How it comes: perhaps again, late for that reason, after so many that expired, which they do at that age."""

    repeat: bool = False
    why_late: str = ""
    missed: int = 0
    expires: timedelta = EXPIRES


PLAINLY = Way()

_CHANGED = {Change.FIRED: "fired", Change.REMINDED: "still on", Change.RESOLVED: "over"}


def told(
    of: Sequence[Event | Notice],
    now: datetime,
    settings: PlaceSettings,
    way: Way = PLAINLY,
) -> Message:
    """The message that tells them; several are alerts."""
    events = [one for one in of if isinstance(one, Event)]
    if len(events) > 1:
        message = _several(events, now, settings, way)
    elif isinstance(of[0], Notice):
        message = notice(of[0], now, repeat=way.repeat)
    else:
        message = alert(of[0], now, settings, repeat=way.repeat, why_late=way.why_late)
    if way.missed:
        message = replace(message, after=(*message.after, line(missed(way.missed, way.expires))))
    return message


def has_expired(event: Event, now: datetime, expires: timedelta) -> bool:
    """Whether it is too old to be told as news: not where the market is played, or where its message is there."""
    goes_on = is_living(event.name) and event.change is not Change.FIRED
    return not goes_on and event.label == Label.LIVE and now - event.at > expires


def too_old(expires: timedelta) -> str:
    """Why an alert expired."""
    return f"older than {duration(expires)}"


def missed(number: int, expires: timedelta) -> str:
    """That alerts expired, and where they can be looked up."""
    were = "it was" if number == 1 else "they were"
    return f"{count(number, 'alert')} expired: {were} {too_old(expires)} when it was their turn. See /digest."


def expired(place: Place, last: str, number: int, at: datetime, label: str, why: str) -> Notice:
    """That all that waited for a place has expired; how many is said by what tells it."""
    because = f" while {why}" if why else ""
    return Notice(
        id=notice_id(About.EXPIRED, str(place), last),
        about=About.EXPIRED,
        at=at,
        label=label,
        headline=f"{count(number, 'alert')} could not be sent in time{because}",
        buttons=(("Digest", "/digest"), ("Status", "/status")),
    )


def _several(events: Sequence[Event], now: datetime, settings: PlaceSettings, way: Way) -> Message:
    """Alerts that waited for the same place, each in a line, oldest first."""
    changes = Counter(event.change for event in events)
    parts = [f"{changes[change]} {word}" for change, word in _CHANGED.items() if changes[change]]
    over = changes[Change.RESOLVED] == len(events)
    more = len(events) - LISTED
    rest = [line(f"and {more} more: /digest lists what became of all.")] if more > 0 else []
    again = [line("May be a repeat.")] if way.repeat else []
    oldest = min(events, key=lambda event: event.at)
    labels = {source(event.label) for event in events} - {""}
    return Message(
        tone=Tone.OVER if over else Tone.FIRING,
        icon="📚",
        headline=line(bold(f"{count(len(events), 'alert')} at once: {', '.join(parts)}")),
        lines=(*late(oldest, now, way.why_late), *(brief(event, now, settings) for event in events[:LISTED]), *rest),
        after=(
            line("They waited together, so they come as one. ", code("/why"), " and an id tells one of them."),
            *again,
        ),
        small=" ".join((*(f"{label}." for label in sorted(labels)), NOT_ADVICE)),
        buttons=(Button("Signals", "/signals"), Button("Mute all 2h", "/mute all 2h"), Button("Rules", "/alerts")),
        simulated=any(event.label == Label.SIMULATED for event in events),
        silent=all(event.change is Change.RESOLVED or event.loudness is Loudness.QUIET for event in events),
        data=(("alerts", [event.id for event in events]), ("at", iso(oldest.at))),
    )
