"""The facts of an alert in words: why it fired, its other conditions, and each venue's own number."""

from collections.abc import Sequence

from bot.phrases import METRICS, drawn, ranked, share, spoken, venue
from signals.event import Event
from signals.model import Fact, Metric, Unit
from signals.units import UNKNOWN, price, rate

REASONS = 5
"""At most so many lines of why."""

_VENUE = "venue "
"""How facts about one venue's own number begin."""

_AND, _LINE_OF = "and ", "line of "
"""How facts about the conditions beyond the first begin: the value, and where its line is."""

_RANK, _SIDE, SUMMED = "rank of ", "side", "sum over"
"""Facts that are said in their own way."""


PRICES = frozenset({"observed level", "price now"})
"""Facts that are prices, which are told apart from each other, and no sums of dollars."""


def reasons(event: Event) -> Sequence[str]:
    """Why it fired: what the value line does not say already."""
    return [_said(fact, event) for fact in event.facts if _is_reason(fact, event)][:REASONS]


def also_true(event: Event) -> Sequence[str]:
    """The conditions beyond the first, each with its value and its line."""
    lines = {of.label.removeprefix(_LINE_OF): of for of in event.facts if of.label.startswith(_LINE_OF)}
    legs = [of for of in event.facts if of.label.startswith(_AND)]
    return [_leg(of, lines.get(of.label.removeprefix(_AND)), event.coin) for of in legs]


def _leg(of: Fact, line_: Fact | None, coin: str) -> str:
    name = of.label.removeprefix(_AND)
    is_price = name == Metric.PRICE and of.unit is Unit.USD
    beside = () if line_ is None or line_.value is None else (line_.value,)
    value = UNKNOWN if of.value is None else spoken(of.value, of.unit, coin, is_price=is_price, beside=beside)
    drawn_at = (
        "" if line_ is None or line_.value is None else f", line {line_.text} {drawn(line_.value, line_.unit, coin)}"
    )
    return f"{METRICS.get(name, name)} {value}{drawn_at}"


def _is_reason(fact: Fact, event: Event) -> bool:
    """Whether a fact adds to what the value line says already."""
    said_above = fact.label == SUMMED or (event.unit is Unit.RATE_8H and fact.unit is Unit.RATE_YEAR)
    said_above = said_above or fact.label.startswith((_AND, _LINE_OF))
    return not said_above and not fact.label.startswith(_VENUE)


def _said(fact: Fact, event: Event) -> str:
    """A fact as people read it: the number with its unit, or the words that stand for it."""
    if fact.value is None:
        return f"{fact.label}: {fact.text}"
    if fact.unit is Unit.RANK:
        return f"{ranked(fact.value)} of its own {fact.label.removeprefix(_RANK)}"
    if fact.label == _SIDE:
        return f"{fact.label}: {fact.text} ({share(fact.value)} longs)"
    if fact.label in PRICES:
        others = [of.value for of in event.facts if of.label in PRICES - {fact.label} and of.value is not None]
        return f"{fact.label}: " + ", ".join(part for part in (price(fact.value, others), fact.text) if part)
    number = (
        "" if fact.unit is Unit.VOTES and fact.text else spoken(fact.value, fact.unit, event.coin, floor=event.floor)
    )
    return f"{fact.label}: " + ", ".join(part for part in (number, fact.text) if part)


def own_numbers(event: Event) -> Sequence[str]:
    """The venues' own numbers, each with its venue."""
    return [_own(fact) for fact in event.facts if fact.label.startswith(_VENUE) and fact.value is not None]


def _own(fact: Fact) -> str:
    """One venue's own number: a rate with its own interval, a price, or a ratio."""
    name = venue(fact.label.removeprefix(_VENUE))
    if fact.value is None:
        return f"{name} {fact.text}"
    if fact.text:
        return f"{name} {rate(fact.value)} {fact.text}"
    return f"{name} {spoken(fact.value, fact.unit, '', is_price=fact.unit is Unit.USD)}"
