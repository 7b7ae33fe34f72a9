"""Saving: a draft becomes a rule of the place, and what is said then or where there is no room."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.chat.base import Button, Invocation, Json, Line, Message
from adapters.store.base import Full, Gone, Moved, Saved
from bot.commands.base import Desk
from bot.commands.present import present
from bot.commands.report import reply
from bot.commands.settable import zone_label
from bot.conditions import levels
from bot.phrases import bold, code, line
from bot.wording import unclear
from bot.zones import guesses
from signals.rules.canonical import canonical
from signals.rules.model import EVERY_COIN, Draft, Rule

MOST_OFFERED = 2
"""Rules that a full place is offered to delete."""


async def save(draft: Draft, invocation: Invocation, desk: Desk, seen: str) -> Message:
    """Keep the rule under the next number, unless the place has the very same one or no room."""
    same = await twin(draft, invocation, desk)
    if same is not None:
        return await told("☑️", f"Rule #{same.number} says this already", same, invocation, desk)
    added = await desk.store.add(invocation.place, draft, seen, desk.now, desk.quota)
    if isinstance(added, Full):
        return await full(added, invocation, desk)
    return ask_zone(
        await told("🔔", f"Rule #{added.rule.number} saved", added.rule, invocation, desk), invocation, desk
    )


def ask_zone(said: Message, invocation: Invocation, desk: Desk) -> Message:
    """With a person's first rule they are asked for their clock, once."""
    data = dict(said.data)
    numbers = data.get("rules", [data.get("rule")])
    first = isinstance(numbers, list) and numbers[:1] == [1]
    if not first or invocation.place.shared or desk.settings.zone:
        return said
    asked = line("Times here are UTC. Which clock is yours? Any other: ", code("/settings timezone Europe/Paris"))
    buttons = [Button(zone_label(name, desk), f"/settings timezone {name}") for name in guesses(desk.now)]
    return replace(said, lines=(*said.lines, asked), buttons=(*said.buttons, *buttons))


async def twin(draft: Draft, invocation: Invocation, desk: Desk) -> Rule | None:
    """The rule of the place that says the very same, if there is one."""
    rules = await desk.store.of(invocation.place)
    return next((rule for rule in rules if canonical(rule.draft) == canonical(draft)), None)


async def lacking(drafts: Sequence[Draft], invocation: Invocation, desk: Desk) -> Full | None:
    """What there is no room for, were all of these added; None where there is room."""
    own = await desk.store.of(invocation.place)
    if len(own) + len(drafts) > desk.quota.rules:
        return Full(desk.quota.rules, "rules")
    wide = sum(draft.coins == (EVERY_COIN,) for draft in (*(rule.draft for rule in own), *drafts))
    return Full(desk.quota.every_coin, "every_coin") if wide > desk.quota.every_coin else None


async def revise(rule: Rule, revision: int, draft: Draft, invocation: Invocation, desk: Desk, seen: str) -> Message:
    """The rule says something else from now on, under the same number, if it still has that revision."""
    edited = await desk.store.edit(rule.id, invocation.place, draft, revision, seen, desk.now, desk.quota)
    match edited:
        case Saved(rule=new):
            return await told("✏️", f"Rule #{new.number} changed, revision {new.revision}", new, invocation, desk)
        case Full():
            return await full(edited, invocation, desk)
        case Moved(rule=other):
            return moved(other, draft)
        case Gone():
            return unclear(
                f"Rule #{rule.number} is not here any more. The button makes a new rule of it.",
                [Button("As a new rule", f"/alert {canonical(draft)}")],
                "gone",
            )


def moved(other: Rule, draft: Draft) -> Message:
    """Somebody was faster: what the rule says by now, and both ways on."""
    return reply(
        "❔",
        line(bold(f"Rule #{other.number} was changed meanwhile: nothing was saved")),
        lines=(
            line(f"It says now (revision {other.revision}): ", code(canonical(other.draft))),
            line("You wanted: ", code(canonical(draft))),
        ),
        buttons=(
            Button("Change it all the same", f"/edit #{other.number} {canonical(draft)}"),
            Button("Leave it", f"/alerts {other.number}"),
        ),
        data=(
            ("error", "moved"),
            ("code", "moved"),
            ("rule", other.number),
            ("revision", other.revision),
            ("sentence", canonical(other.draft)),
        ),
    )


async def full(of: Full, invocation: Invocation, desk: Desk) -> Message:
    """What there is no room for: the number, the use, and what to delete."""
    own = await desk.store.of(invocation.place)
    of_rules = of.what in ("rules", "every_coin")
    among = [rule for rule in own if of.what == "rules" or rule.draft.coins == (EVERY_COIN,)]
    offered = await _dispensable(among, desk) if of_rules else []
    more = Button("Watchlist", "/watchlist") if of.what == "watched" else Button("Rules", "/alerts")
    return unclear(
        _FULL[of.what].format(limit=of.limit, used=len(among)),
        [*(Button(f"Delete #{rule.number}", f"/delete {rule.number}") for rule in offered), more],
        "full",
    )


_FULL = {
    "rules": "No room: this place uses {used} of its {limit} rules. Delete what you need least:",
    "every_coin": "No room: this place uses {used} of its {limit} rules on all coins (*). Delete one or name coins:",
    "watched": "No room: a watchlist holds {limit} coins at most. Take some off first, such as: /unwatch ETH",
    "drafts": "No room: {limit} drafts wait for a button here. Save or cancel one; each is dropped after 24h.",
}


async def _dispensable(among: Sequence[Rule], desk: Desk) -> Sequence[Rule]:
    """The rules that are missed least: paused or over, then those that were silent longest."""
    fired = {event.rule_id: event.at for event in reversed(await desk.store.recent([r.id for r in among], 500))}

    def worth(rule: Rule) -> tuple[bool, float, int]:
        over = rule.paused or (rule.draft.until is not None and rule.draft.until <= desk.now)
        last = fired.get(rule.id)
        return not over, last.timestamp() if last else 0.0, rule.number

    return sorted(among, key=worth)[:MOST_OFFERED]


async def told(icon: str, said: str, rule: Rule, invocation: Invocation, desk: Desk) -> Message:
    """What the rule is, where it ends, how it stands now, and how to change it or be rid of it."""
    draft, number = rule.draft, rule.number
    stopped = [line(bold("No alerts are sent here until "), code("/start"))] if desk.settings.stopped else []
    asleep = [line("It is paused: ", code(f"/resume #{number}"))] if rule.paused else []
    lines: tuple[Line, ...] = (
        line(code(canonical(draft))),
        *([line(f"I filled in: {', '.join(draft.filled)}.")] if draft.filled else []),
        *(line(each) for each in levels(draft)),
        *await in_doubt(desk),
        *stopped,
        *asleep,
        await present(draft, invocation.place, desk),
        line(
            "Change: ",
            code(f"/edit #{number} every 4h"),
            " · stop: ",
            code(f"/mute #{number} 2h"),
            " · ",
            code(f"/delete {number}"),
        ),
    )
    return reply(
        icon,
        line(bold(said)),
        lines=lines,
        buttons=(Button("Delete", f"/delete {number}"), Button("Rules", "/alerts")),
        data=(("rule", number), ("revision", rule.revision), *sentence_facts(draft)),
    )


async def in_doubt(desk: Desk) -> Sequence[Line]:
    """That what was just saved may still be lost, where the store has a second server and it does not have it yet."""
    if await desk.store.copied():
        return []
    return [line("⚠ One server has it so far, and the other is late: should it fail now, save it again.")]


def sentence_facts(draft: Draft) -> tuple[tuple[str, Json], ...]:
    """A draft for machines."""
    conditions: list[Json] = [
        {"name": of.name, "line": of.line, "clear": of.clear, "unit": str(of.unit), "yardstick": str(of.yardstick)}
        for of in draft.conditions
    ]
    return (
        ("sentence", canonical(draft)),
        ("filled", list(draft.filled)),
        ("line", draft.condition.line),
        ("clear", draft.condition.clear),
        ("unit", str(draft.condition.unit)),
        ("conditions", conditions),
    )
