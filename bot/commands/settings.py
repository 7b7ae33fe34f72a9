"""`/settings`: what a place has asked for, each thing with the values that can be pressed instead."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from adapters.chat.base import Button, CommandSpec, Invocation, Json, Line, Message, Parameter, Who
from adapters.store.place_settings import Charts, Daily, Noise, PlaceSettings, Quiet, Units
from adapters.venues.base import Label
from bot.commands.arguments import Mistake, words_of
from bot.commands.base import Command, Desk
from bot.commands.digest import account
from bot.commands.market import venues_of
from bot.commands.report import reply
from bot.digest import after_quiet
from bot.gates import quiet_now
from bot.hours import spells
from bot.notices import Told
from bot.phrases import bold, clock, count, iso, line, shortened, venue
from bot.times import span_of, time_of, written
from bot.zones import city, guesses, meant, zone_of
from signals.rules.model import EVERY_COIN
from signals.rules.nearest import nearest

OFF, ON = "off", "on"
HOLD, SILENT = "hold", "silent"
MOST_A_DAY = 1000
_A_DAY = timedelta(days=1)

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


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """All settings, one of them with its values, or one changed."""
    words = words_of(invocation)
    cycle = await desk.store.latest()
    asked = Asked(desk, venues_of(cycle) if cycle else ())
    if not words:
        return await _menu(invocation, asked)
    setting = _named(words[0])
    if len(words) == 1:
        return _page(setting, asked, "⚙️", setting.name)
    how = setting.read(" ".join(words[1:]), asked)
    settings = await desk.store.change(invocation.place, how, invocation.seen)
    await _let_go(invocation, desk, settings, cycle.label if cycle else Label.LIVE)
    return _page(setting, replace(asked, desk=replace(desk, settings=settings)), "☑️", f"Saved: {setting.name}")


async def _let_go(invocation: Invocation, desk: Desk, new: PlaceSettings, label: str) -> None:
    """What quiet hours have held so far is told at once where the change ends them."""
    old = desk.settings
    if old.quiet is None or old.quiet.silent or not quiet_now(old, desk.now):
        return
    if quiet_now(new, desk.now) and new.quiet is not None and not new.quiet.silent:
        return
    *_, (since, _) = spells(old.quiet, desk.zone, desk.now - 2 * _A_DAY, desk.now)
    past = await account(desk.store, invocation.place, since, desk.now, desk.now)
    summary = after_quiet(Told(str(invocation.place), zone_of(new.zone), label), past, desk.now)
    if summary is not None:
        await desk.store.post(invocation.place, summary, desk.now)


def _named(word: str) -> Setting:
    """The setting of that name. Raises Mistake."""
    found = SETTINGS.get(word.lower()) or SETTINGS.get(_CALLED_ALSO.get(word.lower(), ""))
    if found is None:
        near = nearest(word, SETTINGS)
        known = "" if near else f" There are: {', '.join(SETTINGS)}."
        raise Mistake(f"There is no setting {shortened(word)}.{known}", *(f"/settings {name}" for name in near))
    return found


async def _menu(invocation: Invocation, asked: Asked) -> Message:
    """Every setting in one line."""
    return reply(
        "⚙️",
        line(bold("Settings of this place")),
        lines=(
            *(line(bold(of.name), f" · {of.says(asked)}") for of in SETTINGS.values()),
            await _room(invocation, asked.desk),
        ),
        small="Press one, or write /settings and its name, then a value.",
        buttons=tuple(Button(of.name.capitalize(), f"/settings {of.name}") for of in SETTINGS.values()),
        data=(("settings", facts(asked.settings)),),
    )


async def _room(invocation: Invocation, desk: Desk) -> Line:
    """How many rules there are and may be: what an admin limits himself by."""
    own = await desk.store.of(invocation.place)
    wide = sum(rule.draft.coins == (EVERY_COIN,) for rule in own)
    quota = desk.quota
    return line(
        f"Room: {len(own)} of {count(quota.rules, 'rule')}, {wide} of {count(quota.every_coin, 'rule')} on all coins."
    )


def _page(setting: Setting, asked: Asked, icon: str, said: str) -> Message:
    """One setting, and what to press instead."""
    more = []
    if setting is SETTINGS["budget"] and asked.settings.budget is not None and asked.settings.digest is None:
        more = [Button("Digest 08:00", "/settings digest 08:00")]
    return reply(
        icon,
        line(bold(said), f" · {setting.says(asked)}"),
        lines=(line(setting.help),),
        buttons=(
            *(_button(setting, offer, asked) for offer in setting.offers(asked)),
            *more,
            Button("All settings", "/settings"),
        ),
        data=(("setting", setting.name), ("settings", facts(asked.settings))),
    )


def _button(setting: Setting, offer: str, asked: Asked) -> Button:
    """A value to press: a zone shows its clock, by which people know theirs."""
    label = offer.capitalize()
    if setting is SETTINGS["timezone"]:
        label = zone_label(offer, asked.desk)
    elif setting is SETTINGS["venue"] and offer != OFF:
        label = venue(offer)
    return Button(label, f"/settings {setting.name} {offer}")


def zone_label(name: str, desk: Desk) -> str:
    """A zone by its city and what the clock shows there."""
    return f"{city(name)} {desk.now.astimezone(zone_of(name)):%H:%M}"


def facts(of: PlaceSettings) -> Json:
    """What a place has asked for, for machines."""
    mutes: list[Json] = [{"subject": m.subject, "until": iso(m.until), "from": iso(m.from_)} for m in of.mutes]
    quiet: Json = None
    if of.quiet is not None:
        quiet = {"start": written(of.quiet.start), "end": written(of.quiet.end), "silent": of.quiet.silent}
    return {
        "stopped": of.stopped,
        "mutes": mutes,
        "timezone": of.zone or "UTC",
        "quiet": quiet,
        "digest": written(of.digest.at) if of.digest else None,
        "budget": of.budget,
        "venue": of.venue or None,
        "charts": str(of.charts),
        "resolved": of.resolved,
        "noise": str(of.noise),
        "units": str(of.units),
        "mentions": {str(number): role for number, role in of.mentions},
        "acked": list(of.acked),
    }


# how each is told and read


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

_CALLED_ALSO = {"zone": "timezone", "tz": "timezone", "chart": "charts", "hours": "quiet"}

SETTINGS_COMMAND = Command(
    CommandSpec(
        "settings",
        "Time zone, quiet hours, digest, budget, charts and more",
        (
            Parameter("key", "Which one, such as quiet; all if none"),
            Parameter("value", "Such as 23:00-07:00, 5, on, off"),
        ),
        "/settings",
    ),
    Who.OWNER,
    answer,
)
