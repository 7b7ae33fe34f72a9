"""How a rule stands now: a rule that is true when it is saved waits until it has been false once."""

from collections.abc import Sequence
from dataclasses import dataclass

from adapters.chat.base import Line, Place
from adapters.venues.base import Label
from bot.commands.base import Desk
from bot.commands.market import View, coins_of, view_of
from bot.conditions import named, standing
from bot.phrases import bold, count, line, lines_of, spoken, window
from signals.aggregate import Reading
from signals.judge import cell_of, verdict
from signals.model import Metric, Unit, Yardstick
from signals.rules.lifecycle import Verdict
from signals.rules.model import WATCHLIST, Condition, Draft

MOST_NAMED = 3
"""Coins whose values are said one by one."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One condition on one coin; both are None where no venue offers what it watches."""

    condition: Condition
    reading: Reading | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class Standing:
    """One coin against all conditions of a rule."""

    coin: str
    legs: Sequence[Leg]

    @property
    def met(self) -> bool:
        """Whether all of them are past their lines."""
        return all(leg.verdict is Verdict.MET for leg in self.legs)

    @property
    def unknown(self) -> bool:
        """Whether one of them cannot be told."""
        return any(leg.reading is None or leg.reading.value is None for leg in self.legs)

    @property
    def verdict(self) -> Verdict:
        """What all of them say together, of which only being met and being unknown matter while a rule is at rest."""
        if self.unknown:
            return Verdict.UNKNOWN
        return Verdict.MET if self.met else Verdict.CALM


async def present(draft: Draft, place: Place, desk: Desk, market: View | None = None) -> Line:
    """The values now on each coin, and whether they are past the line. Raises Mistake where there is no market."""
    market = market or await view_of(desk, draft, place)
    standings = [standing_of(draft, coin, market) for coin in await coins_of(draft, place, desk, market.cycle)]
    simulated = [bold("SIMULATED "), "market now: "] if market.cycle.label == Label.SIMULATED else ["Now: "]
    if draft.coins == (WATCHLIST,) and not standings:
        return line(*simulated, "nothing is watched yet; put coins on the list with /watch.")
    few = len(standings) <= (MOST_NAMED if len(draft.conditions) == 1 else 1)
    said = _one_by_one(standings) if few else _counted(standings)
    crosses = any(of.crossing is not None for of in draft.conditions)
    waits = any(of.met for of in standings) and not crosses
    return line(
        *simulated, said, " What is past the line already is told the next time it comes there." if waits else ""
    )


def standing_of(draft: Draft, coin: str, market: View) -> Standing:
    """One coin against all conditions."""
    return Standing(coin, [_leg(draft, condition, coin, market) for condition in draft.conditions])


def _leg(draft: Draft, condition: Condition, coin: str, market: View) -> Leg:
    seen = market.read_cell(cell_of(draft, condition, coin))
    if seen is None:
        return Leg(condition, None, None)
    return Leg(condition, seen.reading, verdict(condition, seen.reading.value)[0])


def _one_by_one(standings: Sequence[Standing]) -> str:
    return " ".join(f"{of.coin}: {_said(of)}." for of in standings)


def _said(of: Standing) -> str:
    if len(of.legs) == 1:
        return _value(of.legs[0], of.coin, spans=True)
    return " and ".join(f"{named(leg.condition)} {_value(leg, of.coin, spans=False)}" for leg in of.legs)


def _value(leg: Leg, coin: str, *, spans: bool) -> str:
    condition, reading = leg.condition, leg.reading
    if reading is None:
        return f"nothing here to judge {condition.name} by, so the rule waits" if spans else "has nothing here to go by"
    if reading.value is None:
        return "unknown"
    past = "past the line" if leg.verdict is Verdict.MET else "not past the line"
    beside = lines_of(condition.line, condition.clear, absolute=condition.absolute)
    if condition.yardstick is not Yardstick.VALUE:
        return f"{standing(condition.yardstick, reading.value, beside)}, {past}"
    is_price = condition.name == Metric.PRICE and condition.unit is Unit.USD
    floor = reading.floor or bool(reading.missing)
    value = spoken(reading.value, condition.unit, coin, is_price=is_price, floor=floor, beside=beside)
    span = window(max(condition.window, reading.span)) if spans else ""
    return f"{value}{f' in {span}' if span else ''}, {past}"


def _counted(standings: Sequence[Standing]) -> str:
    past = sum(of.met for of in standings)
    unknown = sum(of.unknown for of in standings)
    return f"past the line on {past} of {count(len(standings), 'coin')}, unknown on {unknown}."
