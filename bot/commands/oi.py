"""`/oi`: open interest in coins and dollars, and how it moved beside the price."""

from collections.abc import Sequence
from datetime import timedelta

from adapters.chat.base import CommandSpec, Invocation, Json, Message, Parameter, Table, Who
from bot.charts.pictures import with_button
from bot.commands.arguments import one_coin
from bot.commands.base import Command, Desk
from bot.commands.market import (
    View,
    age_of,
    facts,
    instruments,
    latest,
    observed,
    offered,
    or_dash,
    silent,
    view,
)
from bot.commands.report import report
from bot.phrases import bold, count, iso, line, share, spoken, venue, venues, window
from signals.aggregate import Cycle, Reading, is_fresh
from signals.model import Metric, Observation, Unit
from signals.shown import OI_WINDOWS, oi_numbers, whole_bars
from signals.units import DASH, UNKNOWN, coins, money, price, quantity

LARGEST = 10
"""Coins shown without a coin named."""

_REGIMES = {
    (True, True): "positions opened while the price rose",
    (True, False): "positions closed while the price rose",
    (False, True): "positions opened while the price fell",
    (False, False): "positions closed while the price fell",
}
"""By price up and open interest up: what is arithmetic, not why."""


async def answer(invocation: Invocation, desk: Desk) -> Message:
    """One coin's open interest by venue with its moves, or the largest."""
    coin = one_coin(invocation, (await latest(desk)).readings)
    market = await view(desk, oi_numbers(desk.step), None if coin is None else (coin,))
    windows = whole_bars(OI_WINDOWS, desk.step)
    if coin is None:
        return _largest(market, desk, LARGEST)
    reading = offered(market.cycle, coin, Metric.OI_LEVEL)
    if reading is None:
        said = f"No venue here has told open interest of {coin} so far."
        return report(f"{coin} open interest", market.cycle, desk.zone, lines=(line(said),), data=(("coin", coin),))
    usd = market.value(coin, Metric.OI_USD)
    moves = [(w, market.value(coin, Metric.OI, w), market.value(coin, Metric.PRICE, w)) for w in windows]
    floor = bool(reading.missing)
    total = UNKNOWN if reading.value is None else spoken(reading.value, Unit.COINS, coin, floor=floor)
    in_usd = UNKNOWN if usd is None else spoken(usd, Unit.USD, coin, floor=floor)
    seen = observed(market.cycle, coin, Metric.OI_LEVEL, desk.settings.venue)
    answered = report(
        f"{coin} open interest",
        market.cycle,
        desk.zone,
        lines=(
            line(bold(total), f" · {in_usd} · price {_price(market, coin)}"),
            *(line(_move(w, oi, moved)) for w, oi, moved in moves),
        ),
        table=_by_venue(coin, reading, market.cycle, seen, desk),
        small=_small(reading),
        data=_data(coin, reading, usd, moves, market.cycle, seen),
    )
    return with_button(answered, f"oi {coin}", desk.settings)


def _price(market: View, coin: str) -> str:
    value = market.value(coin, Metric.PRICE)
    return UNKNOWN if value is None else price(value)


def _move(span: timedelta, oi: float | None, moved: float | None) -> str:
    said = f"{window(span)}: OI {quantity(oi, Unit.FRACTION)} in coins, price {quantity(moved, Unit.FRACTION)}"
    if not oi or not moved:
        return said
    return f"{said} · {_REGIMES[moved > 0, oi > 0]}"


def _by_venue(coin: str, reading: Reading, cycle: Cycle, seen: Sequence[Observation], desk: Desk) -> Table:
    names = instruments(seen)
    rows = [
        (
            names[o.venue, o.symbol],
            coins(o.value, coin) if is_fresh(o, cycle.at) else "silent",
            or_dash(share(o.value / reading.value) if reading.value and o.venue in reading.venues else None),
            age_of(o, cycle, desk),
        )
        for o in seen
    ]
    rows += [(venue(name), "silent", DASH, "never") for name in silent(reading, seen)]
    return Table(("venue", "OI", "share", "age"), tuple(rows))


def _small(reading: Reading) -> str:
    missing = f" Silent: {venues(reading.missing)}." if reading.missing else ""
    return (
        f"{count(len(reading.venues), 'venue')}, {share(reading.coverage)} of the last known open interest.{missing} "
        "One-sided: every contract has a long and a short. Moves are in coins, over the venues present at both ends."
    )


def _data(
    coin: str,
    reading: Reading,
    usd: float | None,
    moves: Sequence[tuple[timedelta, float | None, float | None]],
    cycle: Cycle,
    seen: Sequence[Observation],
) -> tuple[tuple[str, Json], ...]:
    changes: list[Json] = [{"window": window(w), "oi": oi, "price": moved} for w, oi, moved in moves]
    rows: list[Json] = [
        {"venue": o.venue, "symbol": o.symbol, "coins": o.value, "at": iso(o.at), "fresh": is_fresh(o, cycle.at)}
        for o in seen
    ]
    return (
        ("coin", coin),
        ("metric", str(Metric.OI_LEVEL)),
        ("unit", str(Metric.OI_LEVEL.unit)),
        ("all", facts(reading)),
        ("usd", usd),
        ("changes", changes),
        ("venues", rows),
    )


async def top(desk: Desk, each: int) -> Message:
    """The largest, twice as many as at one end of what has two. Raises Mistake before there is a market."""
    return _largest(await view(desk, oi_numbers(desk.step)), desk, 2 * each)


def _sizes(market: View) -> Sequence[tuple[float, str]]:
    sizes = [(usd, c) for c in market.cycle.readings if (usd := market.value(c, Metric.OI_USD)) is not None]
    return sorted(sizes, key=lambda row: (-row[0], row[1]))


def _largest(market: View, desk: Desk, most: int) -> Message:
    sizes = market.once("oi", lambda: _sizes(market))
    day = max(OI_WINDOWS)
    shown = [(c, usd, market.value(c, Metric.OI, day), market.value(c, Metric.PRICE, day)) for usd, c in sizes[:most]]
    table = Table(
        ("coin", "OI", f"OI {window(day)}", f"price {window(day)}"),
        tuple((c, money(usd), quantity(oi, Unit.FRACTION), quantity(p, Unit.FRACTION)) for c, usd, oi, p in shown),
    )
    rows: list[Json] = [{"coin": c, "usd": usd, "oi_24h": oi, "price_24h": p} for c, usd, oi, p in shown]
    return report(
        "Largest open interest",
        market.cycle,
        desk.zone,
        table=table,
        after=(line("Moves of OI are in coins. One coin: /oi ETH."),),
        small=f"{count(len(sizes), 'coin')} known, {len(market.cycle.readings) - len(sizes)} unknown.",
        data=(("unit", "usd"), ("coins", rows)),
    )


OI = Command(
    CommandSpec(
        "oi",
        "Open interest of a coin and its moves, or the largest",
        (Parameter("coin", "Coin, such as ETH", choices="coin"),),
        "/oi ETH",
    ),
    Who.ANY,
    answer,
    private=False,
)
