"""`/settings`: what a place has asked for, each thing with the values that can be pressed instead."""

from dataclasses import replace
from datetime import timedelta

from adapters.chat.base import Button, CommandSpec, Invocation, Json, Line, Message, Parameter, Who
from adapters.store.place_settings import PlaceSettings
from adapters.venues.base import Label
from bot.commands.arguments import Mistake, words_of
from bot.commands.base import Command, Desk
from bot.commands.digest import account
from bot.commands.report import reply
from bot.commands.settable import CALLED_ALSO, OFF, SETTINGS, Asked, Setting, zone_label
from bot.digest import after_quiet
from bot.gates import quiet_now
from bot.hours import last_spell
from bot.notices import Told
from bot.phrases import bold, count, iso, line, shortened, venue
from bot.times import written
from bot.zones import zone_of
from signals.rules.model import EVERY_COIN
from signals.rules.nearest import nearest

_A_DAY = timedelta(days=1)


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """All settings, one of them with its values, or one changed."""
    words = words_of(invocation)
    cycle = await desk.store.latest()
    asked = Asked(desk, cycle.venues if cycle else ())
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
    before = last_spell(old.quiet, desk.zone, desk.now)
    since = before[1] if before is not None else desk.now - _A_DAY
    past = await account(desk.store, invocation.place, since, desk.now, desk.now)
    summary = after_quiet(Told(str(invocation.place), zone_of(new.zone), label), past, desk.now)
    if summary is not None:
        await desk.store.post(invocation.place, summary, desk.now)


def _named(word: str) -> Setting:
    """The setting of that name. Raises Mistake."""
    found = SETTINGS.get(word.lower()) or SETTINGS.get(CALLED_ALSO.get(word.lower(), ""))
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


SETTINGS_COMMAND = Command(
    CommandSpec(
        "settings",
        "Time zone, quiet hours, digest, budget, charts and more",
        (
            Parameter("key", "Which one, such as quiet; all if none", choices="setting"),
            Parameter("value", "Such as 23:00-07:00, 5, on, off"),
        ),
        "/settings",
    ),
    Who.OWNER,
    answer,
)
