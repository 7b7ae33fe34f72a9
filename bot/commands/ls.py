"""`/ls`: longs divided by shorts, each measure under its own name."""

from collections.abc import Mapping, Sequence

from adapters.chat.base import CommandSpec, Invocation, Json, Message, Parameter, Table, Who
from bot.charts.pictures import with_button
from bot.commands.arguments import one_coin
from bot.commands.base import Command, Desk
from bot.commands.market import age_of, ends, facts, latest, observed, offered, weighed
from bot.commands.report import report
from bot.phrases import count, iso, line, share, venue, venues
from signals.aggregate import Cycle, is_fresh
from signals.model import Metric, Observation, Unit
from signals.units import DASH, quantity

ENDS = 5
"""Coins shown at each end."""

MEASURES: Mapping[Metric, tuple[str, str]] = {
    Metric.LS: ("accounts", "all accounts, one vote each"),
    Metric.LS_TOP: ("top accounts", "accounts of the largest margin, one vote each"),
    Metric.LS_POS: ("top positions", "positions of those accounts, by size"),
}
"""Each measure's name and what it counts; they are never merged."""


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """All measures of one coin by venue, or the coins at both ends."""
    cycle = await latest(desk)
    coin = one_coin(invocation, cycle.readings)
    if coin is None:
        return _extremes(cycle, desk, ENDS)
    measures = [m for m in MEASURES if offered(cycle, coin, m) is not None]
    if not measures:
        said = f"No venue here offers a long/short ratio for {coin}."
        return report(f"{coin} long/short", cycle, desk.zone, lines=(line(said),), data=(("coin", coin),))
    answered = report(
        f"{coin} long/short",
        cycle,
        desk.zone,
        table=_by_venue(coin, measures, cycle, desk),
        after=(
            line("Longs divided by shorts: above 1 more longs are counted than shorts."),
            *(line(f"{MEASURES[m][0]}: {MEASURES[m][1]}; {_set(cycle, coin, m)}") for m in measures),
        ),
        small="Over the whole market longs and shorts are equal in size; these count accounts, or only some of them.",
        data=(
            ("coin", coin),
            ("unit", str(Unit.RATIO)),
            *((str(m), facts(cycle.readings[coin][m])) for m in measures),
            ("venues", [_facts(o, cycle) for m in measures for o in observed(cycle, coin, m)]),
        ),
    )
    return with_button(answered, f"ls {coin}", desk.settings)


def _by_venue(coin: str, measures: Sequence[Metric], cycle: Cycle, desk: Desk) -> Table:
    seen = [o for m in measures for o in observed(cycle, coin, m)]
    first = desk.settings.venue
    names = {o.venue for o in seen} | {name for m in measures for name in cycle.readings[coin][m].missing}
    ordered = sorted(names, key=lambda name: (name != first, name))
    rows = [_row(name, measures, [o for o in seen if o.venue == name], cycle, desk) for name in ordered]
    whole = ("all", *(quantity(cycle.readings[coin][m].value, Unit.RATIO) for m in measures), DASH)
    return Table(("venue", *(MEASURES[m][0] for m in measures), "age"), (*rows, whole))


def _row(
    name: str, measures: Sequence[Metric], seen: Sequence[Observation], cycle: Cycle, desk: Desk
) -> tuple[str, ...]:
    by_measure = {o.metric: o for o in seen}
    cells = [_cell(by_measure.get(m), cycle) for m in measures]
    oldest = min(seen, key=lambda o: o.at, default=None)
    return (venue(name), *cells, "never" if oldest is None else age_of(oldest, cycle, desk))


def _cell(seen: Observation | None, cycle: Cycle) -> str:
    if seen is None:
        return DASH
    return quantity(seen.value, Unit.RATIO) if is_fresh(seen, cycle.at) else "silent"


def _set(cycle: Cycle, coin: str, metric: Metric) -> str:
    """The venues in it, how they became one number, and who is silent."""
    reading = cycle.readings[coin][metric]
    silent = (
        f"; silent: {venues(reading.missing)}, {share(reading.coverage)} of open interest present"
        if reading.missing
        else ""
    )
    return f"{venues(reading.venues)}, {weighed(reading, cycle, coin)}{silent}"


def _facts(seen: Observation, cycle: Cycle) -> Json:
    return {
        "venue": seen.venue,
        "symbol": seen.symbol,
        "metric": str(seen.metric),
        "value": seen.value,
        "at": iso(seen.at),
        "fresh": is_fresh(seen, cycle.at),
    }


async def top(desk: Desk, each: int) -> Message:
    """The coins at both ends, so many at each. Raises Mistake before there is a market."""
    return _extremes(await latest(desk), desk, each)


def _extremes(cycle: Cycle, desk: Desk, each: int) -> Message:
    """The coins with fewest and most longs to a short, by the first measure that any coin has."""
    measure = next((m for m in MEASURES if any(m in of for of in cycle.readings.values())), Metric.LS)
    readings = {coin: of[measure] for coin, of in cycle.readings.items() if measure in of}
    known = sorted((of.value, coin, of) for coin, of in readings.items() if of.value is not None)
    shown = ends(known, each)
    table = Table(
        ("coin", MEASURES[measure][0], "venues"),
        tuple((coin, quantity(value, Unit.RATIO), str(len(of.venues))) for value, coin, of in shown),
    )
    rows: list[Json] = [{"coin": coin, "value": value, "all": facts(of)} for value, coin, of in shown]
    return report(
        f"Lowest and highest long/short, {MEASURES[measure][0]}",
        cycle,
        desk.zone,
        table=table,
        after=(line("Longs divided by shorts. One coin with every measure: /ls ETH."),),
        small=f"{count(len(known), 'coin')} known, {len(readings) - len(known)} unknown.",
        data=(("metric", str(measure)), ("unit", str(Unit.RATIO)), ("coins", rows)),
    )


LS = Command(
    CommandSpec(
        "ls",
        "Longs divided by shorts of a coin, or both ends",
        (Parameter("coin", "Coin, such as ETH", choices="coin"),),
        "/ls ETH",
    ),
    Who.ANY,
    answer,
    private=False,
)
