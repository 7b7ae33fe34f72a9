"""What is asked once more before a rule is saved: it would be heard by many, or drawn where nobody draws a line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from signals.model import Metric, Unit, Yardstick
from signals.rules.canonical import canonical
from signals.rules.metrics import LEVEL, METRICS, PRICE
from signals.rules.model import EVERY_COIN, WATCHLIST, Condition, Draft

MANY_A_DAY = 20
"""Messages a day from which on the number is shown and asked about."""

FAR = 10
"""A price line so many times the present price, or that part of it, may be a slip of a digit."""

UNUSUAL_RATE = 0.05
"""Funding per 8 hours beyond which a yearly rate may be meant."""


_MANY = ((EVERY_COIN,), (WATCHLIST,))


class Doubt(StrEnum):
    """Why it is asked."""

    EVERY_COIN = "every coin"
    """It watches all coins."""
    MANY_MESSAGES = "many messages"
    """`number` messages a day are expected."""
    FAR_PRICE = "far price"
    """The line of `condition` is far from the present price of `coin`, which is `number`."""
    YEARLY = "yearly"
    """The rate of `condition` is unusual for 8 hours; `instead` reads it as a yearly one."""


@dataclass(frozen=True, slots=True)
class Caution:
    """One doubt about a draft; `instead` is the sentence of a rule that may be meant."""

    doubt: Doubt
    number: float | None = None
    coin: str = ""
    condition: Condition | None = None
    instead: str = ""


def cautions(draft: Draft, a_day: float | None, prices: Mapping[str, float | None]) -> tuple[Caution, ...]:
    """Every doubt about a draft, given the messages a day that are expected and the present prices of its coins.

    What is unknown raises no doubt. For `*` and the watchlist all the prices are those of its coins.
    """
    return (
        *([Caution(Doubt.EVERY_COIN)] if draft.coins == (EVERY_COIN,) else ()),
        *([Caution(Doubt.MANY_MESSAGES, a_day)] if a_day is not None and a_day > MANY_A_DAY else ()),
        *(far for condition in draft.conditions for far in _far(condition, draft.coins, prices)),
        *(_yearly(draft, place) for place, one in enumerate(draft.conditions) if _is_unusual(one)),
    )


def _far(condition: Condition, coins: Sequence[str], prices: Mapping[str, float | None]) -> Sequence[Caution]:
    """The first of the coins whose present price is far from the line."""
    if condition.name != PRICE or condition.window != LEVEL:
        return ()
    named = prices if coins in _MANY else coins
    known = ((coin, price) for coin, price in prices.items() if price and coin in named)
    far = ((coin, price) for coin, price in known if not price / FAR < condition.line < price * FAR)
    return [Caution(Doubt.FAR_PRICE, price, coin, condition) for coin, price in far][:1]


def _is_unusual(condition: Condition) -> bool:
    of_eight_hours = condition.unit is Unit.RATE_8H and condition.yardstick is Yardstick.VALUE
    return of_eight_hours and condition.name in METRICS and abs(condition.line) > UNUSUAL_RATE


def _yearly(draft: Draft, place: int) -> Caution:
    """The same digits as a yearly rate."""
    condition = draft.conditions[place]
    other = replace(condition, name=Metric.FUNDING_APR, unit=Unit.RATE_YEAR)
    conditions = (*draft.conditions[:place], other, *draft.conditions[place + 1 :])
    return Caution(Doubt.YEARLY, None, "", condition, canonical(replace(draft, conditions=conditions)))
