"""`/alert`: a person's sentence is tried on the past first; a button makes it a rule."""

from dataclasses import replace

from adapters.chat.base import Button, CommandSpec, Invocation, Message, Parameter, Who
from bot.commands.arguments import Mistake, words_of
from bot.commands.base import Command, Desk
from bot.commands.drafts import taken
from bot.commands.dryrun import PATIENT, SURE, confirmation, propose, shown
from bot.commands.importing import save_lines
from bot.commands.market import latest, vocabulary
from bot.commands.report import reply
from bot.commands.saving import revise, save, told, twin
from bot.phrases import bold, code, line
from bot.wording import problem, unclear
from signals.rules.canonical import canonical
from signals.rules.language import parse
from signals.rules.model import Problem

EXAMPLE = "/alert ETH funding < -0.01% for 15m"


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """What the rule would have done, with the buttons that save it or not; or why the sentence is none."""
    if not invocation.arguments.strip():
        return unclear("What shall I watch? Write a sentence, such as:", [Button(EXAMPLE, EXAMPLE)])
    cycle = await latest(desk)
    draft = parse(invocation.arguments, vocabulary(cycle, desk))
    if isinstance(draft, Problem):
        return problem(draft)
    same = await twin(draft, invocation, desk)
    if same is not None:
        return await told("☑️", f"Rule #{same.number} says this already", same, invocation, desk)
    return await propose(draft, None, invocation, desk)


async def press_save(invocation: Invocation, desk: Desk) -> Message:
    """The draft becomes a rule, or the next revision of its rule; what could be a slip is asked a second time."""
    token, *rest = words_of(invocation) or [""]
    kept = await taken(token, invocation, desk)
    if kept.lines:
        said = await save_lines(kept.lines, invocation, desk, token)
    else:
        if rest != [SURE] and (asked := await confirmation(kept, token, desk, invocation.place)) is not None:
            return asked
        said = await _kept(token, invocation, desk)
    if "error" not in dict(said.data):
        await desk.store.drop_draft(invocation.place, token, f"drop:{token}")
    return said


async def _kept(token: str, invocation: Invocation, desk: Desk) -> Message:
    kept = await taken(token, invocation, desk)
    if kept.rule_id is None:
        return await save(kept.draft, invocation, desk, f"save:{invocation.place}:{token}")
    own = await desk.store.of(invocation.place)
    rule = next((rule for rule in own if rule.id == kept.rule_id), None)
    if rule is None:
        number = kept.rule_id.rpartition("/")[2]
        raise Mistake(
            f"Rule #{number} is not here any more. The line below makes a new rule of it.",
            f"/alert {canonical(kept.draft)}",
        )
    return await revise(rule, kept.revision, kept.draft, invocation, desk, f"save:{invocation.place}:{token}")


async def press_dry_run(invocation: Invocation, desk: Desk) -> Message:
    """The draft once more with its dry run, which is waited for."""
    token, *_ = words_of(invocation) or [""]
    kept = await taken(token, invocation, desk)
    if kept.lines:
        raise Mistake("These are several rules. Try one of them on the past: /alert and its sentence.", "/alert")
    number = int(kept.rule_id.rpartition("/")[2]) if kept.rule_id else None
    return await shown(kept.draft, token, number, invocation.place, replace(desk, patience=PATIENT))


async def press_adjust(invocation: Invocation, desk: Desk) -> Message:
    """The sentence to be changed and sent again; the draft stays."""
    token, *_ = words_of(invocation) or [""]
    kept = await taken(token, invocation, desk)
    if kept.lines:
        return reply(
            "✏️",
            line(bold("Change the lines and send them again behind /import.")),
            lines=tuple(line(code(each)) for each in kept.lines.splitlines()[:30]),
            data=(("lines", list(kept.lines.splitlines())),),
        )
    number = kept.rule_id.rpartition("/")[2] if kept.rule_id else ""
    text = f"/edit #{number} {canonical(kept.draft)}" if number else f"/alert {canonical(kept.draft)}"
    return reply(
        "✏️",
        line(bold("Change what you like and send the line:")),
        lines=(line(code(text)),),
        small="The draft is kept for 24h; its buttons still work.",
        data=(("line", text), ("sentence", canonical(kept.draft))),
    )


async def press_cancel(invocation: Invocation, desk: Desk) -> Message:
    """The draft is gone; nothing was saved."""
    token, *_ = words_of(invocation) or [""]
    kept = await taken(token, invocation, desk)
    await desk.store.drop_draft(invocation.place, token, f"drop:{token}")
    again = "" if kept.lines or kept.rule_id else f"/alert {canonical(kept.draft)}"
    return reply(
        "🗑️",
        line(bold("Cancelled: nothing was saved")),
        buttons=(Button("Try again", again),) if again else (),
        data=(("cancelled", token),),
    )


ALERT = Command(
    CommandSpec(
        "alert",
        "Make a rule in one sentence; what it would have done is shown first",
        (Parameter("rule", "Such as: ETH funding < -0.01% for 15m", required=True, choices="sentence"),),
        EXAMPLE,
    ),
    Who.OWNER,
    answer,
)

_TOKEN = (Parameter("draft", "The draft's token, which the button carries", required=True),)

SAVE = Command(CommandSpec("save", "Button: save a draft", _TOKEN, "/save TOKEN"), Who.OWNER, press_save)
DRY_RUN = Command(
    CommandSpec("dryrun", "Button: wait for a draft's dry run", _TOKEN, "/dryrun TOKEN"), Who.OWNER, press_dry_run
)
ADJUST = Command(
    CommandSpec("adjust", "Button: change a draft's line", _TOKEN, "/adjust TOKEN"), Who.OWNER, press_adjust
)
CANCEL = Command(CommandSpec("cancel", "Button: drop a draft", _TOKEN, "/cancel TOKEN"), Who.OWNER, press_cancel)
