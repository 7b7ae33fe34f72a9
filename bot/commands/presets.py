"""`/presets`: ready sets of rules for newcomers, each shown with what it would have sent before it is applied."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.chat.base import Button, CommandSpec, Invocation, Json, Line, Message, Parameter, Who
from adapters.store.base import Full, New
from bot.commands.arguments import Mistake, words_of
from bot.commands.base import Command, Desk
from bot.commands.dryrun import in_time, weekly
from bot.commands.importing import saved_all
from bot.commands.market import latest, vocabulary
from bot.commands.report import reply
from bot.commands.saving import ask_zone, full
from bot.phrases import bold, code, line, shortened
from bot.presets import PRESETS, Preset
from signals.rules.canonical import canonical
from signals.rules.language import parse
from signals.rules.model import Draft
from signals.rules.nearest import nearest

APPLY = "apply"


@dataclass(frozen=True, slots=True)
class Expected:
    """A sentence of a preset with the messages a week that it would have sent; None where the past says nothing."""

    draft: Draft
    a_week: float | None


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """The presets, one of them with its sentences, or its rules saved."""
    words = [word.lower() for word in words_of(invocation)]
    if not words:
        return _listed()
    applied = words[-1] == APPLY
    preset = _named(" ".join(words[:-1] if applied else words))
    drafts = await _drafts(preset, desk)
    return await _apply(preset, drafts, invocation, desk) if applied else await _shown(preset, drafts, invocation, desk)


def _listed() -> Message:
    return reply(
        "🧰",
        line(bold("Presets"), " · ready sets of rules; each is shown before it is saved"),
        lines=tuple(line(code(f"/presets {p.name}"), f" · {p.title}: {p.for_whom}") for p in PRESETS.values()),
        small="A preset is nothing but sentences: change, pause or delete each rule afterwards like your own.",
        buttons=tuple(Button(preset.title, f"/presets {preset.name}") for preset in PRESETS.values()),
        data=(("presets", [{"name": p.name, "sentences": list(p.sentences)} for p in PRESETS.values()]),),
    )


def _named(said: str) -> Preset:
    """The preset with that name or title. Raises Mistake."""
    by_title = {preset.title.lower(): preset for preset in PRESETS.values()}
    found = PRESETS.get(said) or by_title.get(said)
    if found is None:
        near = nearest(said, [*PRESETS, *by_title])
        names = [by_title[name].name if name in by_title else name for name in near] or list(PRESETS)
        raise Mistake(f"There is no preset {shortened(said)}.", *(f"/presets {name}" for name in dict.fromkeys(names)))
    return found


async def _drafts(preset: Preset, desk: Desk) -> Sequence[Draft]:
    cycle = await latest(desk)
    known = vocabulary(cycle, desk)
    read = [parse(sentence, known) for sentence in preset.about(cycle.readings)]
    return [draft for draft in read if isinstance(draft, Draft)]


async def _shown(preset: Preset, drafts: Sequence[Draft], invocation: Invocation, desk: Desk) -> Message:
    expected = [Expected(draft, await _a_week(draft, invocation, desk)) for draft in drafts]
    known = [of.a_week for of in expected if of.a_week is not None]
    total = f"{weekly(sum(known))} by the past" if known else "how often is not known yet"
    missing = ", as far as it says anything" if 0 < len(known) < len(expected) else ""
    return reply(
        "🧰",
        line(bold(preset.title), f" · {preset.for_whom}"),
        lines=(*(_said(of) for of in expected), line(f"All together: {total}{missing}.")),
        small="Nothing is saved yet. Apply saves all of them or none; each can be changed afterwards.",
        buttons=(Button("Apply", f"/presets {preset.name} {APPLY}"), Button("Others", "/presets")),
        data=(("name", preset.name), ("rules", [_facts(of) for of in expected])),
    )


def _said(of: Expected) -> Line:
    often = "not known yet" if of.a_week is None else weekly(of.a_week)
    return line(code(canonical(of.draft)), f" · {often}")


def _facts(of: Expected) -> Json:
    return {"sentence": canonical(of.draft), "fires_a_week": of.a_week}


async def _a_week(draft: Draft, invocation: Invocation, desk: Desk) -> float | None:
    tried = await in_time(draft, invocation.place, desk)
    run = tried.run if tried else None
    return run.a_week if run else None


async def _apply(preset: Preset, drafts: Sequence[Draft], invocation: Invocation, desk: Desk) -> Message:
    """Save those that are not here yet, all or none."""
    known = {canonical(rule.draft) for rule in await desk.store.of(invocation.place)}
    new = [draft for draft in drafts if canonical(draft) not in known]
    rules, seen = [New(draft) for draft in new], f"{invocation.seen}:{preset.name}"
    saved = await desk.store.add_all(invocation.place, rules, (), seen, desk.now, desk.quota)
    if isinstance(saved, Full):
        return await full(saved, invocation, desk)
    return ask_zone(await saved_all(saved, len(drafts) - len(new), desk), invocation, desk)


PRESETS_COMMAND = Command(
    CommandSpec(
        "presets",
        "Ready sets of rules for newcomers, shown before they are saved",
        (Parameter("name", f"One of {', '.join(PRESETS)}"),),
        "/presets calm",
    ),
    Who.OWNER,
    answer,
)
