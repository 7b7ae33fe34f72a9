"""The one sentence of a rule: what is stored, listed, and may be pasted anywhere."""

from signals.model import ALL
from signals.rules import durations, scope
from signals.rules.metrics import LEVEL, MOVERS, PRICE
from signals.rules.model import Compare, Condition, Draft
from signals.rules.values import written


def canonical(draft: Draft) -> str:
    """The draft in words that parse to the same draft."""
    return " ".join(
        [
            _scope(draft),
            " and ".join(_condition(condition) for condition in draft.conditions),
            f"for {durations.written(draft.hold)}",
            _repeats(draft),
        ]
    )


def _scope(draft: Draft) -> str:
    coins = ",".join(scope.written(coin) for coin in draft.coins)
    return coins if draft.venue == ALL else f"{coins}@{draft.venue}"


def _repeats(draft: Draft) -> str:
    if draft.once:
        return "once"
    return f"every {durations.written(draft.every) if draft.every is not None else 'off'}"


def _condition(condition: Condition) -> str:
    measured = [condition.name]
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
    if condition.absolute:
        return "moves by", 1
    factor = -1 if condition.compare.downward else 1
    a_size = condition.line * factor > 0 and (not condition.own_clear or condition.clear * factor >= 0)
    if _is_move(condition) and a_size and condition.compare in (Compare.AT_MOST, Compare.AT_LEAST):
        return ("falls by" if factor < 0 else "rises by"), factor
    return condition.compare.value, 1


def _is_move(condition: Condition) -> bool:
    return condition.name in MOVERS and condition.window != LEVEL


def _value(condition: Condition, value: float) -> str:
    return written(value + 0.0, condition.unit, level=condition.name == PRICE)
