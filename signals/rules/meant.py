"""Whether words were meant as a rule, though nobody said so: what is nearly one deserves its own repair."""

import re
from collections.abc import Iterator

from signals.rules.language import Vocabulary, parse
from signals.rules.model import Draft, Problem
from signals.rules.problems import Code

_SIGN = re.compile(r"[0-9<>\u2264\u2265]|\b(?:rises|falls|moves|crosses|below|under|above|over)\b", re.IGNORECASE)
"""Only a bare signal does without one of these, and nobody knows what is nearly one."""

_COINS = re.compile(r"\s*[^\s,]+(?:\s*,\s*[^\s,]+)*\s+")
"""What stands before the condition, however it is misspelt."""

_METRIC = re.compile(r"\S+\s+")

_BEFORE = frozenset({Code.COIN_MISSING, Code.COIN, Code.COINS, Code.ALONE, Code.VENUE, Code.ONE_VENUE, Code.METRIC})
"""Mistakes that say nothing about what stands behind them."""

_CUT = frozenset({Code.LENGTH, Code.CHARACTER})
"""Mistakes that say nothing about what stands before them."""

_HALF_SAID = frozenset({Code.COMPARISON, Code.INCOMPLETE, Code.METRIC_MISSING})


def meant(text: str, vocabulary: Vocabulary) -> Draft | Problem | None:
    """The rule that the words say, or the mistake in what was meant as one; None for any other words."""
    read = parse(text, vocabulary)
    if isinstance(read, Draft) or read.repairs:
        return read
    tried = _SIGN.search(text) and (_is_begun(read) or any(_is_rule(line, vocabulary) for line in _mended(text, read)))
    return read if tried else None


def _is_begun(read: Problem) -> bool:
    """Whether a coin that is known and something that can be measured stand there, and the start of a comparison."""
    match read.code:
        case Code.COMPARISON:
            return any(sign.isdigit() for sign in read.word)
        case Code.INCOMPLETE:
            return read.detail not in {("coin",), ("metric",), ("comparison",)}
        case _:
            return read.code not in _BEFORE | _CUT


def _mended(text: str, read: Problem) -> Iterator[str]:
    """The line with what cannot be wrong in the place of what is: coins, or one metric, or nothing."""
    if read.code in _CUT:
        yield text[: read.span[0]]
    without = _COINS.match(text)
    coins = without[0] if without else ""
    yield f"* {text[len(coins) :]}"
    yield f"* {text}"
    yield f"{coins}price {_METRIC.sub('', text[len(coins) :], count=1)}"


def _is_rule(line: str, vocabulary: Vocabulary) -> bool:
    """Whether it says a rule, or the whole beginning of one."""
    read = parse(line, vocabulary)
    return isinstance(read, Draft) or read.code not in _BEFORE | _CUT | _HALF_SAID
