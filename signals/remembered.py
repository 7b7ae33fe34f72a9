"""A fired alert as far as it is kept for ever, with the prices that followed it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from signals.event import Event
from signals.model import Unit, Yardstick


@dataclass(frozen=True, slots=True)
class Remembered:
    """A fired alert, and the coin's prices in USD at the moments that its outcomes are made of; None is unknown.

    `value` is the first condition's, in `unit`. `step` is the market's shortest bar and zero until somebody looked
    for prices; which moments they are of is in `signals/aftermath.py`.
    """

    episode: str
    rule_number: int
    revision: int
    sentence: str
    coin: str
    at: datetime
    value: float
    unit: Unit
    yardstick: Yardstick
    label: str
    step: timedelta = timedelta(0)
    prices: tuple[float | None, ...] = ()


def remembered(event: Event) -> Remembered:
    """What is kept of an alert when it fires; nothing is known yet of what follows."""
    return Remembered(
        event.episode,
        event.rule_number,
        event.revision,
        event.sentence,
        event.coin,
        event.at,
        event.value,
        event.unit,
        event.yardstick,
        event.label,
    )


def as_case(of: Remembered, question: str) -> Remembered:
    """The same without whose alert it was: what followed a question that anybody may ask."""
    return replace(of, episode="", rule_number=0, revision=0, sentence=question)
