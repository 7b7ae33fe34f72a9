"""What can be set: how each thing stands in words, what can be pressed instead, and how a typed value is read."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from adapters.store.place_settings import Charts, Daily, Noise, PlaceSettings, Quiet, Units
from bot.commands.arguments import Mistake
from bot.commands.base import Desk
from bot.phrases import clock, count, shortened, venue
from bot.times import span_of, time_of, written
from bot.zones import city, guesses, meant, zone_of
from signals.rules.nearest import nearest

OFF, ON = "off", "on"
HOLD, SILENT = "hold", "silent"
MOST_A_DAY = 1000

Change = Callable[[PlaceSettings], PlaceSettings]


@dataclass(frozen=True, slots=True)
class Asked:
    """Where and when a setting is read or told, and the venues that there are."""

    desk: Desk
    venues: Sequence[str]

    @property
    def settings(self) -> PlaceSettings:
        """What the place has asked for so far."""
        return self.desk.settings


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set: how it stands in words, what to press instead, and how a typed value is read."""

    name: str
    help: str
    says: Callable[[Asked], str]
    offers: Callable[[Asked], Sequence[str]]
    read: Callable[[str, Asked], Change]


def zone_label(name: str, desk: Desk) -> str:
    """A zone by its city and what the clock shows there."""
    return f"{city(name)} {desk.now.astimezone(zone_of(name)):%H:%M}"


def _zone(value: str, asked: Asked) -> Change:
    found = meant(value, asked.desk.now)
    if len(found) == 1 and found[0].lower() == value.replace(" ", "_").lower():
        return lambda of: replace(of, zone=found[0])
    if not found:
        lines = [f"/settings timezone {name}" for name in guesses(asked.desk.now)]
        raise Mistake(f"I know no time zone {shortened(value)}. Write it like Europe/Berlin.", *lines)
    which = f"Do you mean {found[0]}?" if len(found) == 1 else "Which one do you mean?"
    raise Mistake(which, *(f"/settings timezone {name}" for name in found))


def _says_zone(asked: Asked) -> str:
    name, desk = asked.settings.zone, asked.desk
    return f"{name or 'UTC, until you choose one'}; now {clock(desk.now, desk.zone)}"


def _quiet(value: str, asked: Asked) -> Change:
    if value.lower() == OFF:
        return lambda of: replace(of, quiet=None)
    words = value.lower().split()
    silent = words[-1] == SILENT
    rest = " ".join(words[:-1] if words[-1] in (HOLD, SILENT) else words)
    before = asked.settings.quiet
    hours = (before.start, before.end) if before is not None and not rest else span_of(rest)
    if hours is None:
        raise Mistake("From when to when? Such as: /settings quiet 23:00-07:00", *_lines("quiet", _offers_quiet(asked)))
    if hours[0] == hours[1]:
        raise Mistake("Quiet hours end at another time than they begin. All day: /stop", "/stop")
    return lambda of: replace(of, quiet=Quiet(*hours, silent=silent))


def _says_quiet(asked: Asked) -> str:
    quiet, desk = asked.settings.quiet, asked.desk
    if quiet is None:
        return OFF
    how = "without sound" if quiet.silent else "held for one summary"
    return f"{written(quiet.start)}–{written(quiet.end)} {clock(desk.now, desk.zone).partition(' ')[2]}, {how}"


def _offers_quiet(asked: Asked) -> Sequence[str]:
    quiet = asked.settings.quiet
    if quiet is None:
        return ("22:00-07:00", "23:00-07:00", "23:00-07:00 silent")
    return (HOLD if quiet.silent else SILENT, OFF)


def _digest(value: str, asked: Asked) -> Change:
    if value.lower() == OFF:
        return lambda of: replace(of, digest=None)
    at = time_of(value)
    if at is None:
        raise Mistake("At what time? Such as: /settings digest 08:00", *_lines("digest", ("08:00", "20:00")))
    return lambda of: replace(of, digest=Daily(at, asked.desk.now))


def _says_digest(asked: Asked) -> str:
    daily, desk = asked.settings.digest, asked.desk
    return f"each day at {written(daily.at)} {clock(desk.now, desk.zone).partition(' ')[2]}" if daily else OFF


def _budget(value: str, asked: Asked) -> Change:
    del asked
    if value.lower() == OFF:
        return lambda of: replace(of, budget=None)
    most = int(value) if value.isascii() and value.isdigit() and len(value) <= 4 else 0
    if not 1 <= most <= MOST_A_DAY:
        said = f"How many alerts a day? A whole number up to {MOST_A_DAY}, such as: /settings budget 5"
        raise Mistake(said, *_lines("budget", ("5", OFF)))
    return lambda of: replace(of, budget=most)


def _says_budget(asked: Asked) -> str:
    most = asked.settings.budget
    return OFF if most is None else f"at most {count(most, 'alert')} a day, the best by this place's past"


def _venue(value: str, asked: Asked) -> Change:
    if value.lower() == OFF:
        return lambda of: replace(of, venue="")
    name = value.lower()
    if name not in asked.venues:
        near = nearest(name, asked.venues)
        known = ", ".join(venue(each) for each in asked.venues) or "none yet"
        raise Mistake(f"I read no {shortened(value)}. There are: {known}.", *_lines("venue", near or (OFF,)))
    return lambda of: replace(of, venue=name)


def _one_of(name: str, words: Sequence[str], change: Callable[[str], Change]) -> Callable[[str, Asked], Change]:
    """Reads one of a few words. Raises Mistake."""

    def read(value: str, asked: Asked) -> Change:
        del asked
        word = value.lower()
        if word not in words:
            said = f"{name} takes one of these: {', '.join(words)}."
            raise Mistake(said, *_lines(name, nearest(word, words) or words))
        return change(word)

    return read


def _lines(name: str, values: Sequence[str]) -> Sequence[str]:
    return [f"/settings {name} {value}" for value in values]


_CHARTS: Mapping[Charts, str] = {
    Charts.ON: "on, a picture with each alert",
    Charts.BUTTON: "a button on each alert",
    Charts.OFF: "off",
}
_NOISE: Mapping[Noise, str] = {
    Noise.ALL: "all",
    Noise.NORMAL: "normal, low trust comes without sound",
    Noise.LOUD: "only loud rules are sent",
}
_UNITS: Mapping[Units, str] = {
    Units.EIGHT_HOURS: "funding per 8h first",
    Units.YEAR: "funding of a year first",
}

_ALL = (
    Setting(
        "timezone",
        "Times are told in it, and quiet hours, digests and dates of rules count in it.",
        _says_zone,
        lambda asked: [name for name in guesses(asked.desk.now) if name != asked.settings.zone],
        _zone,
    ),
    Setting(
        "quiet",
        "Between these times nothing rings: alerts wait for one summary, or come without sound. Loud rules pass.",
        _says_quiet,
        _offers_quiet,
        _quiet,
    ),
    Setting(
        "digest",
        "Once a day what fired and ended, and what was held back and why.",
        _says_digest,
        lambda asked: ("08:00", "20:00", *([OFF] if asked.settings.digest else [])),
        _digest,
    ),
    Setting(
        "budget",
        "The rest is counted and listed by /digest. Loud rules pass and count; ends of what was told do not.",
        _says_budget,
        lambda asked: ("5", "10", "20", *([OFF] if asked.settings.budget is not None else [])),
        _budget,
    ),
    Setting(
        "venue",
        "It stands first in tables. It never changes a rule.",
        lambda asked: venue(asked.settings.venue) if asked.settings.venue else OFF,
        lambda asked: (*asked.venues, *([OFF] if asked.settings.venue else [])),
        _venue,
    ),
    Setting(
        "charts",
        "Whether alerts come with a picture, with a button for it, or without.",
        lambda asked: _CHARTS[asked.settings.charts],
        lambda asked: [of for of in Charts if of is not asked.settings.charts],
        _one_of("charts", list(Charts), lambda word: lambda of: replace(of, charts=Charts(word))),
    ),
    Setting(
        "resolved",
        "Whether the end of an alert is told, as a silent reply.",
        lambda asked: ON if asked.settings.resolved else OFF,
        lambda asked: [OFF if asked.settings.resolved else ON],
        _one_of("resolved", (ON, OFF), lambda word: lambda of: replace(of, resolved=word == ON)),
    ),
    Setting(
        "noise",
        "How much is heard: all, all but low trust (normal), or only what loud rules say.",
        lambda asked: _NOISE[asked.settings.noise],
        lambda asked: [of for of in Noise if of is not asked.settings.noise],
        _one_of("noise", list(Noise), lambda word: lambda of: replace(of, noise=Noise(word))),
    ),
    Setting(
        "units",
        "Which span a funding rate is told for first; the other one follows.",
        lambda asked: _UNITS[asked.settings.units],
        lambda asked: [of for of in Units if of is not asked.settings.units],
        _one_of("units", list(Units), lambda word: lambda of: replace(of, units=Units(word))),
    ),
)

SETTINGS: Mapping[str, Setting] = {of.name: of for of in _ALL}
"""Every setting by its name."""

CALLED_ALSO: Mapping[str, str] = {"zone": "timezone", "tz": "timezone", "chart": "charts", "hours": "quiet"}
"""Other names of some."""
