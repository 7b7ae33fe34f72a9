"""How a rule stands now: a rule that is true when it is saved waits until it has been false once."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.chat.base import Line
from adapters.venues.base import Label
from bot.commands.base import Desk
from bot.commands.market import View, view_of
from bot.phrases import bold, count, line
from signals.judge import coins_of, verdict
from signals.rules.lifecycle import Verdict
from signals.rules.model import Draft
from signals.units import quantity

MOST_NAMED = 3
"""Coins whose values are said one by one."""


@dataclass(frozen=True, slots=True)
class _Standing:
    """One coin against the rule's line; `verdict` is None where no venue offers what it watches."""

    coin: str
    value: float | None
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
    return _Standing(coin, seen.reading.value, verdict(condition, seen.reading.value)[0])


def _one_by_one(draft: Draft, standings: Sequence[_Standing]) -> str:
    return " ".join(f"{s.coin} {_said(draft, s)}." for s in standings)


def _said(draft: Draft, standing: _Standing) -> str:
    condition = draft.condition
    if standing.verdict is None:
        return f"has nothing here to judge {condition.name} by, so the rule waits"
    if standing.value is None:
        return "unknown"
    past = "past the line" if standing.verdict is Verdict.MET else "not past the line"
    return f"{quantity(standing.value, condition.unit, standing.coin)}, {past}"


def _counted(standings: Sequence[_Standing]) -> str:
    past = sum(s.verdict is Verdict.MET for s in standings)
    unknown = sum(s.value is None for s in standings)
    return f"past the line on {past} of {count(len(standings), 'coin')}, unknown on {unknown}."
