"""Cautions: what of a rule may be a slip, so that it is asked once more before it is saved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from bot.phrases import drawn
from signals.model import Metric, Unit, Yardstick
from signals.rules.metrics import METRICS
from signals.rules.model import EVERY_COIN, Condition, Draft
from signals.units import price, yearly

MOST_A_DAY = 20
"""Messages a day from which on it is asked."""

FAR = 10
"""How many times the present price a line may be, or the present price the line."""

MOST_FUNDING = 0.05
"""Per 8 hours, either way."""


@dataclass(frozen=True, slots=True)
class Caution:
    """What is asked, and another rule that may be meant."""

    said: str
    instead: Draft | None = None


def cautions(draft: Draft, messages_a_day: float | None, prices: Mapping[str, float]) -> Iterator[Caution]:
    """What to ask about a draft; `prices` are those of its coins now."""
    if draft.coins == (EVERY_COIN,):
        yield Caution("It watches every coin (*).")
    if messages_a_day is not None and messages_a_day > MOST_A_DAY:
        yield Caution(f"By the past it sends about {messages_a_day:.0f} messages a day.")
    for number, of in enumerate(draft.conditions):
        yield from _of_price(of, prices)
        if of.unit is Unit.RATE_8H and of.yardstick is Yardstick.VALUE and abs(of.line) > MOST_FUNDING:
            yield Caution(
                f"{of.name} {drawn(of.line, of.unit)} is {drawn(yearly(of.line), Unit.RATE_YEAR)}: is a yearly rate meant?",
                _yearly(draft, number),
            )


def _of_price(of: Condition, prices: Mapping[str, float]) -> Iterator[Caution]:
    if of.name != Metric.PRICE or of.unit is not Unit.USD or of.yardstick is not Yardstick.VALUE or not of.line:
        return
    for coin, now in prices.items():
        if now > 0 and not 1 / FAR < of.line / now < FAR:
            yield Caution(f"{coin} is at {price(now)} now, far from {drawn(of.line, of.unit)}.")


def _yearly(draft: Draft, number: int) -> Draft | None:
    """The same number as a yearly rate."""
    of = draft.conditions[number]
    if of.name != Metric.FUNDING:
        return None
    measure = METRICS[Metric.FUNDING_APR]
    clear = measure.clear(of.line, of.compare, crossed=of.crossing is not None)
    new = replace(of, name=measure.name, unit=measure.unit, clear=clear, own_clear=False)
    return replace(draft, conditions=(*draft.conditions[:number], new, *draft.conditions[number + 1 :]), filled=())
