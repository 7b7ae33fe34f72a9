"""What followed a fired alert, in words and as facts."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from adapters.chat.base import Json, Line
from bot.phrases import bold, dated, iso, line, window
from signals.aftermath import Outcome, outcomes
from signals.remembered import Remembered
from signals.units import percent, price


def followed(of: Remembered | None, now: datetime, zone: tzinfo) -> Sequence[Line]:
    """The price at an alert and how it had moved 1, 4 and 24 hours later; nothing of an alert that is not kept."""
    if of is None:
        return []
    if not of.prices:
        return [line(bold("What followed"), " is looked up when its bar is closed.")]
    entry = of.prices[0]
    at = "the price then is not known" if entry is None else f"from {price(entry)}"
    return [line(bold("What followed"), f", {at}"), line(" · ".join(_said(each, now, zone) for each in outcomes(of)))]


def facts(of: Remembered | None) -> Json:
    """The same for machines: moves are fractions, null is unknown."""
    if of is None:
        return None
    return [
        {
            "horizon_h": each.horizon.total_seconds() / 3_600,
            "due": iso(each.due),
            "move": each.move,
            "one_bar_later": each.later,
        }
        for each in outcomes(of)
    ]


def exported(of: Remembered) -> Json:
    """An alert as the export of its place tells it."""
    return {
        "alert": of.episode,
        "at": iso(of.at),
        "rule": of.rule_number,
        "sentence": of.sentence,
        "coin": of.coin,
        "followed": facts(of),
    }


def _said(of: Outcome, now: datetime, zone: tzinfo) -> str:
    after = f"{window(of.horizon)} later"
    if of.move is not None:
        return f"{after} {percent(of.move, 2, signed=True)}"
    if now < of.due:
        return f"{after}: known from {dated(of.due, zone)} on"
    return f"{after} unknown"
