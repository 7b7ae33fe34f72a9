"""`/ratio`: spot against futures volume, the same venues on both legs."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import isnan

from adapters.chat.base import CommandSpec, Invocation, Json, Line, Message, Parameter, Table, Who
from bot.charts.pictures import with_button
from bot.commands.arguments import one_coin
from bot.commands.base import Command, Desk
from bot.commands.market import (
    View,
    age_of,
    ends,
    facts,
    latest,
    observed,
    offered,
    spot_leg,
    view,
)
from bot.commands.report import report
from bot.phrases import bold, count, iso, line, ranked, share, venue, venues, window
from signals.aggregate import Cycle, Reading, is_fresh
from signals.model import PAIRED, Metric, Unit
from signals.numbers import DAY
from signals.shown import RATIO_WINDOWS, ratio_numbers, whole_bars
from signals.units import DASH, UNKNOWN, money, quantity

ENDS = 5
"""Coins shown at each end."""


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """One coin's ratio with its place in its own past, or the coins at both ends."""
    coin = one_coin(invocation, (await latest(desk)).readings)
    if coin is None:
        return await top(desk, ENDS)
    market = await view(desk, ratio_numbers(desk.step), (coin,))
    cycle = market.cycle
    spot = spot_leg(cycle, coin)
    reading = offered(cycle, coin, spot) if spot else None
    if spot is None or reading is None:
        said = f"No venue here has told spot volume of {coin} so far, so there is nothing to divide."
        return report(f"{coin} spot/futures", cycle, desk.zone, lines=(line(said),), data=(("coin", coin),))
    sums = {w: market.value(coin, Metric.RATIO, w) for w in whole_bars(RATIO_WINDOWS, desk.step)}
    rank = _rank(market, coin)
    silent = f" Silent: {venues(reading.missing)}." if reading.missing else ""
    answered = report(
        f"{coin} spot/futures volume",
        cycle,
        desk.zone,
        lines=(_now(market, coin, sums), _place(rank)),
        table=_by_venue(coin, spot, cycle, desk),
        after=(line("Readings of a coin with little spot against futures, for itself, are marked as low trust."),),
        small=f"Both legs from {venues(reading.venues)}, {share(reading.coverage)} of open interest present.{silent}",
        data=_data(coin, reading, sums, rank),
    )
    return with_button(answered, f"ratio {coin}", desk.settings)


def _data(
    coin: str, reading: Reading, sums: Mapping[timedelta, float | None], rank: float | None
) -> tuple[tuple[str, Json], ...]:
    return (
        ("coin", coin),
        ("unit", str(Unit.RATIO)),
        ("ratios", [{"window": window(w), "ratio": value} for w, value in sums.items()]),
        ("rank_90d", rank),
        ("all", facts(reading)),
    )


def _now(market: View, coin: str, sums: Mapping[timedelta, float | None]) -> Line:
    spans = [f"{quantity(value, Unit.RATIO)} in {window(w)}" for w, value in sums.items() if w != DAY]
    spot, futures = (_total(market, coin, metric) for metric in (Metric.VOLUME_SPOT, Metric.VOLUME_PAIRED))
    return line(
        bold(quantity(sums.get(DAY), Unit.RATIO)),
        f" in {window(DAY)}: spot {spot} against futures {futures} · {', '.join(spans)}",
    )


def _total(market: View, coin: str, metric: Metric) -> str:
    value = market.of_bars(coin, metric, DAY)
    return UNKNOWN if value is None else money(value)


def _place(rank: float | None) -> Line:
    if rank is None:
        return line("Too little history to place it in its own 90 days.")
    return line(f"{ranked(rank).capitalize()} of its own last 90 days.")


def _rank(market: View, coin: str) -> float | None:
    """The share of the hours of 90 days whose 24-hour ratio lies below; None where that is unknown."""
    _, rank = market.vectors.structure(coin, market.cycle.at)
    return None if isnan(rank) else rank


def _by_venue(coin: str, spot: Metric, cycle: Cycle, desk: Desk) -> Table | None:
    """Each venue's last volumes on both legs, with their span and age; what its instruments traded is added up."""
    futures, _ = PAIRED[spot]
    legs = {metric: {o.venue: _traded(cycle, coin, metric, o.venue) for o in observed(cycle, coin, metric)}
            for metric in (spot, futures)}  # fmt: skip
    rows = []
    for name in sorted(legs[spot], key=lambda name: (name != desk.settings.venue, name)):
        cells = [legs[metric].get(name, DASH) for metric in (spot, futures)]
        last = next(o for o in observed(cycle, coin, spot) if o.venue == name)
        rows.append((venue(name), *cells, window(last.span), age_of(last, cycle, desk)))
    return Table(("venue", "spot", "futures", "in", "age"), tuple(rows)) if rows else None


def _traded(cycle: Cycle, coin: str, metric: Metric, name: str) -> str:
    """What was traded at one venue; `silent` where one of its values is stale."""
    own = [o for o in observed(cycle, coin, metric) if o.venue == name]
    return money(sum(o.value for o in own)) if all(is_fresh(o, cycle.at) for o in own) else "silent"


async def top(desk: Desk, each: int) -> Message:
    """The coins at both ends, so many at each. Raises Mistake before there is a market."""
    return _extremes(await view(desk, ratio_numbers(desk.step)), desk, each)


def _known(market: View) -> tuple[int, Sequence[tuple[float, str]]]:
    """Of how many coins spot volume is told, and the ratios that are known, the lowest first."""
    traded = [c for c in market.cycle.readings if spot_leg(market.cycle, c) is not None]
    return len(traded), sorted((v, c) for c in traded if (v := market.value(c, Metric.RATIO, DAY)) is not None)


def _extremes(market: View, desk: Desk, each: int) -> Message:
    """The coins with least and most spot against futures volume."""
    traded, known = market.once("ratio", lambda: _known(market))
    shown = ends(known, each)
    rows: list[Json] = [{"coin": coin, "ratio": value, "at": iso(market.cycle.at)} for value, coin in shown]
    return report(
        f"Lowest and highest spot/futures volume in {window(DAY)}",
        market.cycle,
        desk.zone,
        table=Table(("coin", "spot/futures"), tuple((coin, quantity(v, Unit.RATIO)) for v, coin in shown)),
        after=(line("Spot divided by futures volume, the same venues on both legs. One coin: /ratio ETH."),),
        small=f"{count(len(known), 'coin')} known, {traded - len(known)} unknown.",
        data=(("unit", str(Unit.RATIO)), ("window", window(DAY)), ("coins", rows)),
    )


RATIO = Command(
    CommandSpec(
        "ratio",
        "Spot against futures volume of a coin, or both ends",
        (Parameter("coin", "Coin, such as ETH", choices="coin"),),
        "/ratio ETH",
    ),
    Who.ANY,
    answer,
    private=False,
)
