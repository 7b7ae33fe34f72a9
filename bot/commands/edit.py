"""`/edit`: a rule says something else under its number: a whole new sentence, or other words behind the old one."""

from dataclasses import replace

from adapters.chat.base import Button, CommandSpec, Invocation, Message, Parameter, Who
from bot.commands.base import Command, Desk
from bot.commands.change import numbered, which
from bot.commands.dryrun import propose
from bot.commands.market import latest, vocabulary
from bot.commands.report import reply
from bot.phrases import bold, code, line, shortened
from bot.wording import problem, unclear
from signals.rules.canonical import canonical
from signals.rules.language import Vocabulary, parse
from signals.rules.model import Condition, Draft, Problem, Rule
from signals.rules.nearest import nearest
from signals.rules.problems import Code
from signals.rules.scope import resolve
from signals.rules.words import plain

WORDS = frozenset({"for", "every", "once", "until", "shadow", "loud", "quiet", "ungated", "note", "clear"})
"""What may stand behind `#3` instead of a whole sentence."""


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """What the changed rule would have done, with the buttons that save it as the next revision or not."""
    word, _, rest = invocation.arguments.strip().partition(" ")
    if not word:
        raise await which(invocation, desk)
    rule = await numbered(word, invocation, desk)
    typed = rest.strip()
    if not typed:
        return _prefilled(rule)
    cycle = await latest(desk)
    known = vocabulary(cycle, desk)
    behind = _is_word(typed.split()[0], known)
    before = f"{_before(rule, typed)} " if behind else ""
    draft = parse(f"{before}{typed}", known)
    if isinstance(draft, Problem):
        if draft.code is Code.COIN and not draft.offers:
            return _neither(typed.split()[0], rule)
        repairs = tuple(repair.removeprefix(before) for repair in draft.repairs)
        both = draft.both.removeprefix(before)
        return problem(replace(draft, repairs=repairs, both=both), f"/edit #{rule.number}")
    changed = _merged(rule.draft, draft, typed) if behind else draft
    if canonical(changed) == canonical(rule.draft):
        return reply(
            "☑️",
            line(bold(f"Rule #{rule.number} says this already")),
            lines=(line(code(canonical(rule.draft))),),
            data=(("rule", rule.number), ("sentence", canonical(rule.draft))),
        )
    return await propose(changed, rule, invocation, desk)


def _is_word(first: str, known: Vocabulary) -> bool:
    """Whether a line begins with what stands behind a sentence, rightly spelled or not, and not with a coin."""
    if plain(first) in WORDS:
        return True
    return resolve(first.partition("@")[0], known.coins) is None and bool(nearest(first, WORDS))


def _neither(first: str, rule: Rule) -> Message:
    """What can stand behind the number, where what stands there is no coin and no word of a rule."""
    said = f"“{shortened(first)}” is neither a coin that I follow nor a word of a rule."
    listed = ", ".join(sorted(WORDS))
    line_ = f"/edit #{rule.number}"
    return unclear(
        f"{said} Behind #{rule.number} stands a whole rule, or one or more of: {listed}.",
        [Button("The rule as it is", line_), Button(f"{line_} for 30m", f"{line_} for 30m")],
    )


def _prefilled(rule: Rule) -> Message:
    """The line to change and send."""
    text = f"/edit #{rule.number} {canonical(rule.draft)}"
    return reply(
        "✏️",
        line(bold("Change what you like and send the line:")),
        lines=(line(code(text)), line("Or only the words behind it: ", code(f"/edit #{rule.number} for 30m every 4h"))),
        buttons=(Button("Leave it", f"/alerts {rule.number}"),),
        data=(("line", text), ("sentence", canonical(rule.draft))),
    )


def _before(rule: Rule, typed: str) -> str:
    """The rule's coins and conditions as words, without a clear level that is being said anew."""
    if "clear" in _said(typed):
        bare: tuple[Condition, ...] = tuple(replace(of, own_clear=False) for of in rule.draft.conditions)
        return _scope_and_conditions(replace(rule.draft, conditions=bare))
    return _scope_and_conditions(rule.draft)


def _scope_and_conditions(draft: Draft) -> str:
    return canonical(draft).partition(" for ")[0]


def _merged(old: Draft, new: Draft, typed: str) -> Draft:
    """The old draft with what was typed; what was not said stays as it is."""
    said = _said(typed)
    repeats = bool(said & {"every", "once"})
    return replace(
        old,
        conditions=new.conditions if "clear" in said else old.conditions,
        hold=new.hold if "for" in said else old.hold,
        every=new.every if repeats else old.every,
        once=new.once if repeats else old.once,
        until=new.until if "until" in said else old.until,
        shadow=new.shadow if "shadow" in said else old.shadow,
        loudness=new.loudness if said & {"loud", "quiet"} else old.loudness,
        ungated=new.ungated or old.ungated,
        note=new.note if "note" in said else old.note,
        filled=(),
    )


def _said(typed: str) -> frozenset[str]:
    """The words that were typed, up to a note, which may say anything."""
    words = [plain(word) for word in typed.split()]
    if "note" in words:
        words = words[: words.index("note") + 1]
    return WORDS & set(words)


EDIT = Command(
    CommandSpec(
        "edit",
        "Change a rule: a new sentence, or just words such as for 30m",
        (
            Parameter("number", "Number of the rule, such as #3", required=True, choices="rule"),
            Parameter("rule", "A whole sentence, or for, every, once, until, loud and so on"),
        ),
        "/edit #1 every 4h",
    ),
    Who.OWNER,
    answer,
)
