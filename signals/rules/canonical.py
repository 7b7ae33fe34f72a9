"""The one sentence of a rule: what is stored, listed, and may be pasted anywhere."""

import re
from collections.abc import Iterator

from signals.model import ALL, Yardstick
from signals.rules import durations, ends, notes, scope
from signals.rules.metrics import LEVEL, MOVERS, PRICE
from signals.rules.model import Compare, Condition, Crossing, Draft
from signals.rules.values import written


def canonical(draft: Draft) -> str:
    """The draft in words that parse to the same draft."""
    return " ".join([_scope(draft), _asked(draft), *_modifiers(draft)])


def question(draft: Draft) -> str:
    """What a draft asks of any coin: its conditions and how long they must hold, and the venue if it is of one.

    Drafts with the same question are in force on the same bars of a coin.
    """
    return _asked(draft) if draft.venue == ALL else f"@{draft.venue} {_asked(draft)}"


def question_of(sentence: str) -> str:
    """The question of the draft of that canonical sentence."""
    found = _ASKED.match(sentence)
    if found is None:
        raise AssertionError(f"no canonical sentence: {sentence}")
    venue, asked = found.groups()
    return asked if venue is None else f"{venue} {asked}"


_ASKED = re.compile(r"[^ @]+(@[^ ]+)? (.+? for [0-9]+[smhd])(?: |$)")
"""A scope, and what stands before the modifiers; of these only the note may say “for” again."""


def _asked(draft: Draft) -> str:
    conditions = " and ".join(_condition(condition) for condition in draft.conditions)
    return f"{conditions} for {durations.written(draft.hold)}"


def _scope(draft: Draft) -> str:
    coins = ",".join(scope.written(coin) for coin in draft.coins)
    return coins if draft.venue == ALL else f"{coins}@{draft.venue}"


def _modifiers(draft: Draft) -> Iterator[str]:
    if draft.once:
        yield "once"
    elif not any(condition.crossing for condition in draft.conditions):
        yield f"every {durations.written(draft.every) if draft.every is not None else 'off'}"
    if draft.until is not None:
        yield f"until {ends.written(draft.until)}"
    if draft.shadow is not None:
        yield f"shadow {durations.written(draft.shadow)}"
    if draft.loudness:
        yield draft.loudness
    if draft.ungated:
        yield "ungated"
    if draft.note:
        yield notes.written(draft.note)


def _condition(condition: Condition) -> str:
    measured = [f"{condition.name}.{condition.side}" if condition.side else condition.name]
    if condition.window != LEVEL:
        measured.append(durations.written(condition.window))
    if condition.stock:
        return " ".join(measured)
    verb, factor = _verb(condition)
    said = [*measured, verb, _value(condition, condition.line * factor)]
    if condition.own_clear:
        said += ["clear", _value(condition, condition.clear * factor)]
    return " ".join(said)


def _verb(condition: Condition) -> tuple[str, int]:
    """How the comparison is said, and by what its numbers are then multiplied: a fall is said as a size."""
    if condition.crossing:
        either = condition.crossing is Crossing.EITHER
        return "crosses" if either else f"crosses {condition.crossing}", 1
    if condition.absolute:
        return "moves by", 1
    factor = -1 if condition.compare.downward else 1
    a_size = condition.line * factor > 0 and (not condition.own_clear or condition.clear * factor >= 0)
    if _is_move(condition) and a_size and condition.compare in (Compare.AT_MOST, Compare.AT_LEAST):
        return ("falls by" if factor < 0 else "rises by"), factor
    return condition.compare.value, 1


def _is_move(condition: Condition) -> bool:
    by_itself = condition.yardstick is Yardstick.VALUE
    return by_itself and condition.name in MOVERS and condition.window != LEVEL


def _value(condition: Condition, value: float) -> str:
    return written(value + 0.0, condition.unit, condition.yardstick, level=condition.name == PRICE)
