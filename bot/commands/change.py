"""`/pause`, `/resume`, `/delete` and their buttons: a place's own rules asleep, awake, gone and back again."""

from collections.abc import Sequence
from dataclasses import replace

from adapters.chat.base import Button, CommandSpec, Invocation, Message, Parameter, Who
from adapters.store.base import Full, Saved
from bot.commands.arguments import Mistake, rule_number, words_of
from bot.commands.base import Command, Desk
from bot.commands.drafts import UNDO_FOR, keep_deleted, taken
from bot.commands.report import reply
from bot.commands.saving import revise, save
from bot.phrases import bold, code, count, line, window
from signals.rules.canonical import canonical
from signals.rules.model import Rule

MOST_NAMED = 3
"""Rules offered where a number is missing."""

PAUSED = "paused"
"""Behind an undo's token: the rule slept when it was deleted."""


async def pause(invocation: Invocation, desk: Desk) -> Message:
    """The rule is kept and not judged until it is resumed; all are with `all`."""
    return await _sleep(invocation, desk, paused=True)


async def resume(invocation: Invocation, desk: Desk) -> Message:
    """The rule is judged again, from now on; all are without a number."""
    return await _sleep(invocation, desk, paused=False)


async def _sleep(invocation: Invocation, desk: Desk, *, paused: bool) -> Message:
    words = [word.lower() for word in words_of(invocation)]
    everything = words == ["all"] or (not words and not paused)
    own = await desk.store.of(invocation.place)
    chosen = own if everything else [await one_rule(invocation, desk)]
    changing = [rule for rule in chosen if rule.paused is not paused]
    done = []
    for rule in changing:
        seen = f"{invocation.seen}:{rule.number}"
        saved = await desk.store.pause(rule.id, invocation.place, seen, desk.now, paused=paused)
        done += [saved.rule] if isinstance(saved, Saved) else []
    return _slept(done, chosen, paused=paused)


def _slept(done: Sequence[Rule], chosen: Sequence[Rule], *, paused: bool) -> Message:
    state = "paused" if paused else "on again"
    if not done:
        which = f"Rule #{chosen[0].number} is" if len(chosen) == 1 else f"All {len(chosen)} rules are" if chosen else ""
        said = f"{which} {'paused' if paused else 'on'} already" if chosen else "There is no rule here yet."
        return reply("☑️", line(bold(said)), data=(("changed", []),))
    which = f"Rule #{done[0].number}" if len(done) == 1 else count(len(done), "rule")
    back = "/resume" if paused else "/pause"
    to = f"#{done[0].number}" if len(done) == 1 else "all"
    small = (
        "Paused rules keep their numbers and are not judged."
        if paused
        else "What is past its line already is told the next time it comes there; nothing is sent after the fact."
    )
    return reply(
        "⏸️" if paused else "🔔",
        line(bold(f"{which} {state}")),
        lines=tuple(line(f"#{rule.number} ", code(canonical(rule.draft))) for rule in done[:MOST_NAMED]),
        small=small,
        buttons=(Button("Resume" if paused else "Pause", f"{back} {to}"),),
        data=(("changed", [rule.number for rule in done]), ("paused", paused)),
    )


async def delete(invocation: Invocation, desk: Desk) -> Message:
    """The rule with that number is gone; a button brings its sentence back under a new number."""
    rule = await one_rule(invocation, desk)
    held = await keep_deleted(rule.draft, invocation, desk)
    await desk.store.remove(rule.id, invocation.place, invocation.seen)
    undo = [] if isinstance(held, Full) else [Button("Undo", f"/undo {held}{f' {PAUSED}' if rule.paused else ''}")]
    return reply(
        "🗑️",
        line(bold(f"Rule #{rule.number} deleted")),
        lines=(line(code(canonical(rule.draft))),),
        small=f"Undo, for {window(UNDO_FOR)}, saves it again under the next number." if undo else "",
        buttons=tuple(undo),
        data=(("removed", [rule.number]), ("sentence", canonical(rule.draft))),
    )


async def undo(invocation: Invocation, desk: Desk) -> Message:
    """The deleted rule is back under the next number, asleep if it was."""
    token, *rest = words_of(invocation) or [""]
    kept = await taken(token, invocation, desk, UNDO_FOR)
    said = await save(kept.draft, invocation, desk, f"save:{invocation.place}:{token}")
    number = dict(said.data).get("rule")
    if "error" in dict(said.data) or not isinstance(number, int):
        return said
    if rest == [PAUSED]:
        said = await pause(replace(invocation, arguments=f"#{number}"), desk)
    await desk.store.drop_draft(invocation.place, token, f"drop:{token}")
    return said


async def arm(invocation: Invocation, desk: Desk) -> Message:
    """A rule in shadow sends its alerts from now on."""
    rule = await one_rule(invocation, desk)
    if rule.draft.shadow is None:
        return reply("☑️", line(bold(f"Rule #{rule.number} sends its alerts already")), data=(("rule", rule.number),))
    armed = replace(rule.draft, shadow=None, filled=())
    return await revise(rule, rule.revision, armed, invocation, desk, f"arm:{rule.id}:{rule.revision}")


async def one_rule(invocation: Invocation, desk: Desk) -> Rule:
    """The rule of this place that the arguments name by number. Raises Mistake."""
    words = words_of(invocation)
    if len(words) != 1:
        raise await which(invocation, desk)
    return await numbered(words[0], invocation, desk)


async def numbered(word: str, invocation: Invocation, desk: Desk) -> Rule:
    """The rule of this place with that number. Raises Mistake."""
    number = rule_number(word)
    if number is None:
        raise await which(invocation, desk)
    rule = next((rule for rule in await desk.store.of(invocation.place) if rule.number == number), None)
    if rule is None:
        raise Mistake(f"There is no rule #{number} here now; see /alerts.", "/alerts")
    return rule


async def which(invocation: Invocation, desk: Desk) -> Mistake:
    """That a number is missing, with the first ones to choose from."""
    own = await desk.store.of(invocation.place)
    return Mistake(
        f"Which rule? Name its number, such as /{invocation.name} 3; see /alerts.",
        *(f"/{invocation.name} {rule.number}" for rule in own[:MOST_NAMED]),
    )


def _numbered(said: str, *, required: bool) -> tuple[Parameter, ...]:
    return (Parameter("number", said, required=required, choices="rule"),)


PAUSE = Command(
    CommandSpec(
        "pause", "Keep a rule without judging it", _numbered("Number such as #3, or all", required=True), "/pause #1"
    ),
    Who.OWNER,
    pause,
)
RESUME = Command(
    CommandSpec(
        "resume", "Judge a paused rule again", _numbered("Number such as #3; all if none", required=False), "/resume #1"
    ),
    Who.OWNER,
    resume,
)
DELETE = Command(
    CommandSpec(
        "delete", "Delete a rule by its number", _numbered("Number of the rule, such as 3", required=True), "/delete 1"
    ),
    Who.OWNER,
    delete,
)
UNDO = Command(
    CommandSpec(
        "undo",
        "Button: bring a deleted rule back",
        (Parameter("draft", "The draft's token, which the button carries", required=True),),
        "/undo TOKEN",
    ),
    Who.OWNER,
    undo,
)
ARM = Command(
    CommandSpec(
        "arm", "Button: let a rule in shadow send", _numbered("Number of the rule, such as 3", required=True), "/arm 1"
    ),
    Who.OWNER,
    arm,
)
