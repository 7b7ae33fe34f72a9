"""Why a sentence is no rule, in words: one row for each code, each saying what would work."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence

from bot.phrases import shortened
from signals.model import Metric
from signals.rules.language import MOST_CONDITIONS
from signals.rules.metrics import METRICS, MOVERS
from signals.rules.model import Problem
from signals.rules.notes import LONGEST_NOTE
from signals.rules.problems import Code
from signals.rules.scope import MOST_COINS
from signals.rules.words import MODIFIERS

EXAMPLE = "ETH funding < -0.01%"

_NEEDED: Mapping[str, str] = {
    "coin": "a coin behind the comma",
    "metric": f"what to watch, such as: {EXAMPLE}",
    "comparison": "a comparison, such as < -0.01% or falls by 5%",
    "value": "a number, such as -0.01%, $10M or 20x",
    "duration": "a time, such as 15m or 1h",
    "date": "a date or a time, such as 2026-12-31 or 3d",
    "note": "your words behind note",
}

_DIVIDED: Mapping[str, tuple[str, str]] = {
    Metric.LS: ("longs divided by shorts", "longs"),
    Metric.LS_TOP: ("longs divided by shorts", "longs"),
    Metric.LS_POS: ("longs divided by shorts", "longs"),
    Metric.TAKER: ("buys divided by sells", "buys"),
}
"""What a ratio of two sides divides, and what a share of it is a share of."""


def sentence(problem: Problem) -> str:
    """What is wrong with the sentence and what would work, in at most two or three short sentences."""
    second = " There is a second mistake; the button mends both." if problem.both else ""
    return f"{_SENTENCES[Code(problem.code)](problem)}{second}"


def _said(problem: Problem) -> str:
    """The word that was misread, shortened; what stands for the end of the line where there is none."""
    return shortened(problem.word) or "the end"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def _about(problem: Problem) -> str:
    """What the value was compared with."""
    return problem.detail[0] if problem.detail else "it"


def _near(problem: Problem, otherwise: str) -> str:
    """The near words where no whole line could be repaired; nothing where the buttons say it."""
    if problem.repairs:
        return ""
    return f" Do you mean {' or '.join(problem.detail)}?" if problem.detail else f" {otherwise}"


def _length(problem: Problem) -> str:
    most, typed = problem.span
    full = " when all of it is written" if problem.detail else ""
    return f"A rule has at most {most} characters; this one has {typed}{full}."


def _character(problem: Problem) -> str:
    name = unicodedata.name(problem.word[:1], "a control character").lower()
    return f"I cannot read “{_said(problem)}” ({name}). Type it with plain letters, digits and signs."


def _incomplete(problem: Problem) -> str:
    return f"The sentence ends too early. It needs {_NEEDED.get(_about(problem), _NEEDED['metric'])}."


def _coin(problem: Problem) -> str:
    return f"I do not follow {_said(problem).upper()}.{_near(problem, 'The largest that I follow are in /oi.')}"


def _metric(problem: Problem) -> str:
    known = f"I measure {_listed(list(METRICS))}; signals are in /signals."
    return f"I do not know the metric {_said(problem)}.{_near(problem, known)}"


def _side(problem: Problem) -> str:
    name, side, *sides = (*problem.detail, "", "")[: max(2, len(problem.detail))]
    known = f" It has {_listed(sides)}." if sides else " It has no sides; leave it out."
    return f"{name} has no side “{shortened(side)}”.{'' if problem.repairs else known}"


def _window(problem: Problem) -> str:
    nearest = f" Nearest: {_window_in(problem)}." if problem.repairs else ""
    return f"I measure {_about(problem)} over {_listed(problem.detail[1:])}.{nearest}"


def _window_in(problem: Problem) -> str:
    """The window that the repaired line has in the place of the typed one."""
    typed = problem.word
    offered = problem.detail[1:]
    words = problem.repairs[0].split()
    return next((word for word in words if word in offered and word != typed), offered[0])


def _no_window(problem: Problem) -> str:
    return f"{_about(problem)} is a level, it has no window. For a minimum time write: {problem.detail[1]}"


def _mover(problem: Problem) -> str:
    if _about(problem) == Metric.OI_USD:
        return "OI in dollars moves with the price. I measure moves of OI in coins."
    return f"I do not measure moves of {_about(problem)}, only of {' and '.join(MOVERS)}. Compare it with < or >."


def _comparison(problem: Problem) -> str:
    near = _near(problem, "")
    return (
        f"{_said(problem)} is not a comparison. Use <, <=, >, >=, crosses, rises by, falls by, moves by.{near}".rstrip()
    )


def _comma(problem: Problem) -> str:
    readings = [_word_in(line, problem) for line in problem.repairs]
    asked = f" Do you mean {' or '.join(readings)}?" if readings else " Write it without a comma."
    return f"I read a dot as the decimal mark.{asked}"


def _word_in(repaired: str, problem: Problem) -> str:
    """What a repaired line says in the place of the misread word."""
    words = repaired.split()
    typed = problem.word.replace(",", "").replace(".", "").replace(" ", "")
    return next((w for w in words if w.replace(".", "") == typed), repaired)


def _range(problem: Problem) -> str:
    return f"{_about(problem)} never reaches {_said(problem)}. Draw the line nearer."


def _money(problem: Problem) -> str:
    return f"{_said(problem)} dollars, or millions? Write $ and k, M or B."


def _small_m(problem: Problem) -> str:
    said = _said(problem)
    return f"Does {said} mean ${said.removesuffix('m').rstrip()}M? Small m is minutes elsewhere."


def _share(problem: Problem) -> str:
    divided, side = _DIVIDED.get(_about(problem), ("one side divided by the other", "of one side"))
    exact = f"{_said(problem)} {side} is {problem.detail[1]}." if len(problem.detail) > 1 else "Write a plain number."
    return f"{_about(problem)} is {divided}. {exact}"


def _plain(problem: Problem) -> str:
    return f"{_about(problem)} is a plain number. {_said(problem)} is {problem.detail[1]}."


def _unit(problem: Problem) -> str:
    return f"{_about(problem)} is not measured like {_said(problem)}. Write it like {' or '.join(problem.detail[1:])}."


def _signal_unit(problem: Problem) -> str:
    name, example = _about(problem), problem.detail[1]
    sign, rank = ("<", "<= p1") if example.startswith("-") else (">", ">= p99")
    return f"The score of {name} is written like this: {name} {sign} {example}, or as a rank: {name} {rank}"


def _duration(problem: Problem) -> str:
    if len(problem.detail) > 1:
        return f"{_said(problem)} is not from {problem.detail[0]} to {problem.detail[1]}."
    return f"{_said(problem)} is no time. Write it like 30s, 15m, 4h or 2d."


def _moment(problem: Problem) -> str:
    lacks = "clear level" if problem.word.lower() == "clear" else "reminders"
    return f"A crossing is a moment. It has no {lacks}; leave “{_said(problem)}” out."


def _word(problem: Problem) -> str:
    return f"I do not understand “{_said(problem)}”.{_near(problem, f'Behind the line stand {_listed(MODIFIERS)}.')}"


_SENTENCES: Mapping[Code, Callable[[Problem], str]] = {
    Code.LENGTH: _length,
    Code.CHARACTER: _character,
    Code.INCOMPLETE: _incomplete,
    Code.LATER: lambda p: f"The signal {_said(p)} comes with a later version; those of today are in /signals.",
    Code.COIN_MISSING: lambda _: "Which coin? Put it first: ETH funding …",
    Code.COIN: _coin,
    Code.COINS: lambda _: f"A rule has at most {MOST_COINS} coins. Make two rules, or use * for all coins.",
    Code.ALONE: lambda p: f"{_said(p)} stands alone, without other coins beside it. Make two rules.",
    Code.VENUE: lambda p: f"I do not read {_said(p)}. I read: {_listed(p.detail) or 'no venue yet'}.",
    Code.ONE_VENUE: lambda _: "One venue to a rule. Make two rules, or leave the venue out.",
    Code.VENUE_SIGNAL: lambda p: f"{_about(p)} is judged over all venues together. Leave @{_said(p)} out.",
    Code.METRIC_MISSING: lambda p: f"Compare what? Put it before “{_said(p)}”: price, funding, oi and the like.",
    Code.METRIC: _metric,
    Code.SIDE: _side,
    Code.WINDOW: _window,
    Code.NO_WINDOW: _no_window,
    Code.MOVE_WINDOW: lambda p: f"Over what time, and do you mean {p.detail[0]}%?" if p.detail else "Over what time?",
    Code.PRICE_MOVE: lambda _: "A price level takes $. A move needs a time: over how long?",
    Code.MOVER: _mover,
    Code.MOVE_SIZE: lambda p: f"{_said(p)} is not the size of a move: write it without a sign, above zero.",
    Code.NO_CROSSING: lambda p: f"{_about(p)} is a signal; it is not crossed. Compare it with < or >, or let it stand.",
    Code.WAY: lambda _: "A crossing goes up or down: write crosses up, crosses down, or crosses for both.",
    Code.ON_OFF: lambda p: f"{_about(p)} is on or off; it has no score to compare. Leave the comparison out.",
    Code.COMPARISON: _comparison,
    Code.OR: lambda _: "A rule has no “or”. Make two rules; each keeps its own record.",
    Code.CONDITIONS: lambda _: f"A rule has at most {MOST_CONDITIONS} conditions. Make two rules.",
    Code.AND_LATE: lambda p: f"Put “{_said(p)}” with its condition before for, every and the like: they hold for all.",
    Code.NUMBER: lambda p: f"{_said(p)} is not a number that I can read. Write it like 5, -0.01%, $10M or 20x.",
    Code.COMMA: _comma,
    Code.RANGE: _range,
    Code.YEARLY: lambda p: f"Nobody pays {_said(p)} in 8 hours. Do you mean the yearly rate?",
    Code.PERCENT: lambda p: f"{_said(p)} without a % sign can mean two things, 100 times apart. Which one?",
    Code.MONEY: _money,
    Code.SMALL_M: _small_m,
    Code.COIN_UNIT: lambda p: f"{_about(p)} counts coins. Write coins behind the number, or use a rank.",
    Code.SHARE: _share,
    Code.PLAIN: _plain,
    Code.TIMES: lambda p: (
        f"{_about(p)} can be negative, so “times the usual” means nothing. Use % or a rank such as p5."
    ),
    Code.UNIT: _unit,
    Code.SIGNAL_UNIT: _signal_unit,
    Code.CLEAR: lambda _: "The clear level must lie on the calm side of the line.",
    Code.CLEAR_ALONE: lambda _: "A clear level needs a line before it; a bare signal has its own. Leave “clear” out.",
    Code.CLEAR_LIKE: lambda p: f"A clear level is written like its line, {_about(p)}; {_said(p)} is not.",
    Code.CLEAR_WHICH: lambda _: "Which comparison ends there? Put “clear” behind its own.",
    Code.CROSSINGS: lambda _: "A rule waits for one crossing. Make two rules.",
    Code.MOMENT: _moment,
    Code.DURATION: _duration,
    Code.TWICE: lambda p: f"“{_said(p)}” stands there twice. Leave one out.",
    Code.ONCE: lambda _: "A rule that is told once has no reminders. Keep “once” or “every”.",
    Code.LOUDNESS: lambda _: "A rule is loud or quiet, not both. Keep one.",
    Code.DATE: lambda p: f"{_said(p)} is no date that I can read. Write it like 2026-12-31, 2026-12-31T18:00 or 3d.",
    Code.PAST: lambda p: f"{_said(p)} is over already. Name a time to come.",
    Code.FAR: lambda p: f"{_said(p)} is too far away: a rule ends within 366 days, or has no end.",
    Code.NOTE: lambda p: f"A note has at most {LONGEST_NOTE} characters; this one has {_about(p)}.",
    Code.WORD: _word,
}
