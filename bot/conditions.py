"""Conditions in words: what is watched, from where it fires, and where it ends."""

from collections.abc import Callable, Mapping, Sequence

from bot.phrases import FIRES, METRICS, PRICE_MOVE, drawn, ranked, window
from signals.base import Signal
from signals.model import Metric, Unit, Yardstick
from signals.registry import BY_NAME
from signals.rules.model import EVERY_COIN, WATCHLIST, Compare, Condition, Crossing, Draft
from signals.units import Beside, exact, number

HISTORY = "its last 90 days"


def levels(draft: Draft) -> Sequence[str]:
    """Where a rule fires and where it ends, in a sentence or two."""
    coin = _coin(draft)
    crossing = draft.condition.crossing is not None
    if len(draft.conditions) == 1:
        of = draft.condition
        ends = "; a crossing is a moment, nothing is told of its end" if crossing else f", ends {ended(of, coin)}"
        return [f"Fires {fired(of, coin)}{ends}."]
    all_of = " · ".join(f"{named(of)} {fired(of, coin)}" for of in draft.conditions)
    any_of = " · ".join(f"{named(of)} {ended(of, coin)}" for of in draft.conditions if of.crossing is None)
    return [
        f"Fires when all hold together: {all_of}.",
        *([f"Ends when one of them is over: {any_of}."] if any_of else []),
    ]


BEGINS, IS_OVER = "when it begins", "when it is over"
"""Of what is on or off."""


def own_levels(signal: Signal) -> tuple[str, str]:
    """From where a signal fires by itself, and where it ends."""
    if signal.unit is Unit.STATE:
        return BEGINS, IS_OVER
    return f"{FIRES[signal.compare]} {drawn(signal.fire, signal.unit)}", f"past {drawn(signal.clear, signal.unit)}"


def named(of: Condition) -> str:
    """What is watched: `price change in 1h`, `funding`, `open interest change in 4h`."""
    if (signal := BY_NAME.get(of.name)) is not None:
        name = f"{signal.name}.{of.side}" if of.side else signal.name
    else:
        is_move = of.name == Metric.PRICE and of.window
        name = PRICE_MOVE if is_move else METRICS.get(of.name, of.name)
    return f"{name} in {window(of.window)}" if of.window else name


def fired(of: Condition, coin: str) -> str:
    """From where it fires: `below −0.01% per 8h`, `at or above $65,000`, `when it crosses below 0%`."""
    if of.unit is Unit.STATE and of.stock:
        return BEGINS
    line = measured(of.yardstick, of.line, of.unit, coin)
    if of.crossing is not None:
        return f"when it crosses {_CROSSED[of.crossing].format(line)}"
    if of.absolute:
        return f"from a move of {line} either way"
    reached = "at or " if of.compare in (Compare.AT_MOST, Compare.AT_LEAST) else ""
    return f"{reached}{_side(of)} {line}{_place_of(of)}"


def ended(of: Condition, coin: str) -> str:
    """Where it ends: `above −0.008% per 8h`, `inside 2.4%`."""
    if of.unit is Unit.STATE and of.stock:
        return IS_OVER
    side = "inside" if of.absolute else "above" if of.compare.downward else "below"
    return f"{side} {measured(of.yardstick, of.clear, of.unit, coin)}"


def measured(yardstick: Yardstick, value: float, unit: Unit, coin: str) -> str:
    """A line or clear level by its yardstick: `−0.01% per 8h`, `p5`, `z3`, `3x its usual sum`."""
    return _MEASURED[yardstick](value, unit, coin)


def standing(yardstick: Yardstick, value: float, beside: Beside = ()) -> str:
    """A value by the coin's own past: `lower than 96% of its last 90 days`, `3.2 own spreads above its middle`."""
    match yardstick:
        case Yardstick.RANK:
            return f"{ranked(value)} of {HISTORY}"
        case Yardstick.SPREADS:
            side = "below" if value < 0 else "above"
            return f"{number(abs(value), 2, beside=[abs(line) for line in beside])} own spreads {side} its own middle"
        case Yardstick.MULTIPLE:
            return f"{number(value, 1, beside=beside)}x its usual sum"
        case Yardstick.VALUE:
            return exact(value)


def place(rank: float, *, downward: bool) -> str:
    """What a rank means: `lower than 95% of its last 90 days`."""
    side, part = ("lower", 1 - rank) if downward else ("higher", rank)
    return f"{side} than {exact(round(part * 100, 8))}% of {HISTORY}"


def _side(of: Condition) -> str:
    return "below" if of.compare.downward else "above"


def _place_of(of: Condition) -> str:
    if of.yardstick is not Yardstick.RANK:
        return ""
    return f", that is {place(of.line, downward=of.compare.downward)}"


def _coin(draft: Draft) -> str:
    one = len(draft.coins) == 1 and draft.coins[0] not in (EVERY_COIN, WATCHLIST)
    return draft.coins[0] if one else "coins"


_CROSSED: Mapping[Crossing, str] = {
    Crossing.UP: "above {}",
    Crossing.DOWN: "below {}",
    Crossing.EITHER: "{}, up or down",
}

_MEASURED: Mapping[Yardstick, Callable[[float, Unit, str], str]] = {
    Yardstick.VALUE: drawn,
    Yardstick.RANK: lambda value, _, __: f"p{exact(round(value * 100, 8))}",
    Yardstick.SPREADS: lambda value, _, __: f"z{exact(value)} (own spreads from its own middle)",
    Yardstick.MULTIPLE: lambda value, _, __: f"{exact(value)}x its usual sum",
}


MEANS: Mapping[str, str] = {
    "fundingcross": " beyond the band around zero",
    "fundingextreme": " of the way from the middle of its own 90 days to their end",
    "liqcluster": " from a level of the last 7d",
    "ratiocollapse": " of its own 90 days have a lower 24h ratio",
}
"""What the score of a signal is a part of, and over which span, where its unit alone does not tell."""
