"""Cautions in words: why a rule is asked about once more before it is saved."""

from bot.phrases import drawn
from signals.model import Unit
from signals.rules.cautions import Caution, Doubt
from signals.units import price, yearly


def said(caution: Caution) -> str:
    """The doubt in one sentence, with the number that it rests on."""
    of = caution.condition
    match caution.doubt:
        case Doubt.EVERY_COIN:
            return "It watches every coin (*)."
        case Doubt.MANY_MESSAGES:
            return f"By the past it sends about {caution.number or 0:.0f} messages a day."
        case Doubt.FAR_PRICE if of is not None:
            return f"{caution.coin} is at {price(caution.number or 0)} now, far from {drawn(of.line, of.unit)}."
        case Doubt.YEARLY if of is not None:
            a_year = drawn(yearly(of.line), Unit.RATE_YEAR)
            return f"{of.name} {drawn(of.line, of.unit)} is {a_year}: is a yearly rate meant?"
    raise AssertionError(f"{caution.doubt} speaks of a condition")
