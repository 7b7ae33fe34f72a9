"""The small print of an alert: where its numbers come from, what was missing, and which rule it is of."""

from bot.phrases import share, source, spoken, venue, venues
from signals.event import Event
from signals.model import Fact, Unit
from signals.rules.model import Loudness
from signals.units import rate

NOT_ADVICE = "Not advice."

VENUE_FACT = "venue "
"""How facts about one venue's own number begin."""


def footnote(event: Event) -> str:
    """Where the numbers come from, what was missing, which rule, and that this is no advice."""
    own = [fact for fact in event.facts if fact.label.startswith(VENUE_FACT) and fact.value is not None]
    parts = [" · ".join(map(_own, own)) + "." if own else f"From {venues(event.venues)}."]
    if event.missing:
        parts.append(f"Missing: {venues(event.missing)}; {share(event.coverage)} of open interest present.")
    if event.floor:
        parts.append("A venue shows only a sample: real totals are higher.")
    if source(event.label):
        parts.append(f"{source(event.label)}.")
    if event.ungated:
        parts.append("Ungated: low trust is only marked.")
    if event.loudness is Loudness.LOUD:
        parts.append("Loud: quiet hours do not hold it.")
    edited = f" rev {event.revision}" if event.revision > 1 else ""
    sentence = event.sentence.partition(' note "')[0]
    parts.append(f"Rule #{event.rule_number}{edited}: {sentence}. {NOT_ADVICE}")
    return " ".join(parts)


def _own(fact: Fact) -> str:
    """One venue's own number: a rate with its own interval, a price, or a ratio."""
    name = venue(fact.label.removeprefix(VENUE_FACT))
    if fact.value is None:
        return f"{name} {fact.text}"
    if fact.text:
        return f"{name} {rate(fact.value)} {fact.text}"
    return f"{name} {spoken(fact.value, fact.unit, '', is_price=fact.unit is Unit.USD)}"
