"""`/alert`: a person's sentence becomes a rule, at once; the answer says what was understood."""

from adapters.chat.base import Button, CommandSpec, Invocation, Line, Message, Parameter
from adapters.store.base import Full
from bot.commands.base import Command, Desk, Who
from bot.commands.market import latest, vocabulary
from bot.commands.present import present
from bot.commands.report import reply
from bot.phrases import bold, code, count, drawn, line
from bot.wording import problem, unclear
from signals.rules.canonical import canonical
from signals.rules.language import parse
from signals.rules.model import EVERY_COIN, Compare, Draft, Problem, Rule

EXAMPLE = "/alert ETH funding < -0.01% for 15m"


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """The rule as saved, with its number and how to end it, or why the sentence is none."""
    if not invocation.arguments.strip():
        return unclear("What shall I watch? Write a sentence, such as:", [Button(EXAMPLE, EXAMPLE)])
    cycle = await latest(desk)
    draft = parse(invocation.arguments, vocabulary(cycle, desk.signals))
    return problem(draft) if isinstance(draft, Problem) else await save(draft, invocation, desk)


async def save(draft: Draft, invocation: Invocation, desk: Desk) -> Message:
    """Keep the rule, unless the place has the very same one or no room."""
    rules = await desk.store.of(invocation.place)
    same = next((rule for rule in rules if canonical(rule.draft) == canonical(draft)), None)
    if same is not None:
        return _told("☑️", f"Rule #{same.number} says this already", same, await _now(draft, invocation, desk))
    added = await desk.store.add(invocation.place, draft, invocation.seen, desk.now, desk.rule_limit)
    if isinstance(added, Full):
        said = f"This place has the {count(added.limit, 'rule')} that it may have. Delete one first; see /alerts."
        return unclear(said, [Button("Rules", "/alerts")], "full")
    return _told("🔔", f"Rule #{added.rule.number} saved", added.rule, await _now(draft, invocation, desk))


async def _now(draft: Draft, invocation: Invocation, desk: Desk) -> tuple[Line, ...]:
    """How the rule stands, and before that whether anything is sent here at all."""
    settings = await desk.store.settings(invocation.place)
    stopped = [line(bold("No alerts are sent here until "), code("/start"))] if settings.stopped else []
    return (*stopped, await present(draft, desk))


def _told(icon: str, said: str, rule: Rule, now: tuple[Line, ...]) -> Message:
    """What the rule is, what was filled in, where it ends, how it stands now, and how to be rid of it."""
    draft, number = rule.draft, rule.number
    filled = [line(f"I filled in: {', '.join(draft.filled)}.")] if draft.filled else []
    return reply(
        icon,
        line(bold(said)),
        lines=(
            line(code(canonical(draft))),
            *filled,
            line(_levels(draft)),
            *now,
            line("Stop: ", code(f"/mute #{number} 2h"), " · ", code(f"/delete {number}")),
        ),
        buttons=(Button("Delete", f"/delete {number}"), Button("Rules", "/alerts")),
        data=(
            ("rule", number),
            ("sentence", canonical(draft)),
            ("filled", list(draft.filled)),
            ("line", draft.condition.line),
            ("clear", draft.condition.clear),
            ("unit", str(draft.condition.unit)),
        ),
    )


def _levels(draft: Draft) -> str:
    """Where it fires and where it ends, each with its unit."""
    condition = draft.condition
    coin = draft.coins[0] if len(draft.coins) == 1 and draft.coins != (EVERY_COIN,) else "coins"
    fires, ends = (drawn(at, condition.unit, coin) for at in (condition.line, condition.clear))
    if condition.absolute:
        return f"Fires from a move of {fires} either way, ends inside {ends}."
    sides = ("below", "above") if condition.compare.downward else ("above", "below")
    if condition.compare in (Compare.AT_MOST, Compare.AT_LEAST):
        return f"Fires at or {sides[0]} {fires}, ends {sides[1]} {ends}."
    return f"Fires {sides[0]} {fires}, ends {sides[1]} {ends}."


ALERT = Command(
    CommandSpec(
        "alert",
        "Save a rule in one sentence: coin, what, comparison, line",
        (Parameter("rule", "Such as: ETH funding < -0.01% for 15m", required=True, choices="coin"),),
        EXAMPLE,
    ),
    Who.OWNER,
    answer,
)
