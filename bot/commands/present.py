"""How a rule stands now: a rule that is true when it is saved waits until it has been false once."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.chat.base import Line
from adapters.venues.base import Label
from bot.commands.base import Desk
from bot.commands.market import View, view_of
from bot.phrases import bold, count, line, spoken, window
from signals.aggregate import Reading
from signals.judge import coins_of, verdict
from signals.model import Metric, Unit
from signals.rules.lifecycle import Verdict
from signals.rules.model import Draft

MOST_NAMED = 3
"""Coins whose values are said one by one."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """One coin against the rule's line; both are None where no venue offers what it watches."""

    coin: str
    reading: Reading | None
    verdict: Verdict | None


async def present(draft: Draft, desk: Desk) -> Line:
    """The value now on each coin, and whether it is past the line. Raises Mistake where there is no market."""
    market = await view_of(desk, draft)
    standings = [_standing(draft, coin, market) for coin in coins_of(draft, market.cells)]
    said = _one_by_one(draft, standings) if len(standings) <= MOST_NAMED else _counted(standings)
    simulated = [bold("SIMULATED "), "market now: "] if market.cycle.label == Label.SIMULATED else ["Now: "]
    waits = any(s.verdict is Verdict.MET for s in standings)
    return line(
        *simulated, said, " What is past the line already is told the next time it comes there." if waits else ""
    )


def _standing(draft: Draft, coin: str, market: View) -> _Standing:
    condition = draft.condition
    seen = market.read(coin, condition.name, condition.window, draft.venue)
    if seen is None:
        return _Standing(coin, None, None)
    return _Standing(coin, seen.reading, verdict(condition, seen.reading.value)[0])


def _one_by_one(draft: Draft, standings: Sequence[_Standing]) -> str:
    return " ".join(f"{s.coin}: {_said(draft, s)}." for s in standings)


def _said(draft: Draft, standing: _Standing) -> str:
    condition, reading = draft.condition, standing.reading
    if reading is None:
        return f"nothing here to judge {condition.name} by, so the rule waits"
    if reading.value is None:
        return "unknown"
    is_price = condition.name == Metric.PRICE and condition.unit is Unit.USD
    value = spoken(
        reading.value, condition.unit, standing.coin, is_price=is_price, floor=reading.floor or bool(reading.missing)
    )
    span = window(max(condition.window, reading.span))
    past = "past the line" if standing.verdict is Verdict.MET else "not past the line"
    return f"{value}{f' in {span}' if span else ''}, {past}"


def _counted(standings: Sequence[_Standing]) -> str:
    past = sum(s.verdict is Verdict.MET for s in standings)
    unknown = sum(s.reading is None or s.reading.value is None for s in standings)
    return f"past the line on {past} of {count(len(standings), 'coin')}, unknown on {unknown}."
