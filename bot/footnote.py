"""The small print of an alert: where its numbers come from, what was missing, and which rule it is of."""

from bot.phrases import share, source, venues
from bot.reasons import own_numbers
from signals.event import Event
from signals.rules.model import Loudness

NOT_ADVICE = "Not advice."


def footnote(event: Event) -> str:
    """Where the numbers come from, what was missing, which rule, and that this is no advice."""
    own = own_numbers(event)
    parts = [" · ".join(own) + "." if own else f"From {venues(event.venues)}."]
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
