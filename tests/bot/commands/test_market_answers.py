"""`/oi`, `/ls`, `/liq`, `/ratio` and `/signals`: what is known with its venues, what is not as unknown."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.store.memory import MemoryStore
from adapters.venues.base import Label
from bot.commands.market import ends
from bot.phrases import window
from signals.model import Metric
from signals.registry import SIGNALS
from signals.shown import whole_bars
from tests.bot.commands.desks import STEP, ask, cycles, desk, said


def test_windows_are_asked_only_where_they_are_a_whole_number_of_bars() -> None:
    hours = [timedelta(hours=h) for h in (1, 4, 24)]

    assert whole_bars(hours, timedelta(minutes=1)) == hours
    assert whole_bars(hours, timedelta(hours=3)) == [timedelta(hours=24)]
    assert whole_bars(hours, timedelta(hours=4)) == [timedelta(hours=4), timedelta(hours=24)]


def test_both_ends_of_a_long_list_are_shown_and_all_of_a_short_one() -> None:
    assert ends(range(12), 5) == [0, 1, 2, 3, 4, 7, 8, 9, 10, 11]
    assert list(ends(range(10), 5)) == list(range(10))


async def test_open_interest_with_its_moves_and_venues() -> None:
    assert (
        await said(await desk(), "/oi ETH")
        == """\
📊 ETH open interest · 12:00:00 UTC
97k ETH · $300M · price $3,091
1h: OI −0.10% in coins, price +0.10% · positions closed while the price rose
4h: OI −0.40% in coins, price +0.40% · positions closed while the price rose
24h: OI −2.4% in coins, price +2.4% · positions closed while the price rose
venue               OI  share  age
Binance      58.2k ETH    60%   0s
Bybit        29.1k ETH    30%   0s
Hyperliquid   9.7k ETH    10%   0s
3 venues, 100% of the last known open interest. One-sided: every contract has a long and a short. \
Moves are in coins, over the venues present at both ends.
[1] Chart
"""
    )


async def test_open_interest_that_misses_a_small_venue_is_a_floor() -> None:
    text = await said(await desk(silent=["hyperliquid"]), "/oi ETH")

    assert "≥87.3k ETH · ≥$270M · price" in text
    assert "Hyperliquid     silent      –  since 09:00 UTC" in text
    assert "2 venues, 90% of the last known open interest. Silent: Hyperliquid." in text


async def test_open_interest_that_misses_a_large_venue_is_unknown() -> None:
    message = await ask(await desk(silent=["bybit"]), "/oi ETH")
    facts = dict(message.data)

    assert message.lines[0][0].text == "unknown"
    assert (facts["all"]["value"], facts["usd"]) == (None, None)
    assert [change["oi"] for change in facts["changes"]] == [None, None, None]


async def test_the_largest_open_interest_comes_first() -> None:
    coins = dict((await ask(await desk(), "/oi")).data)["coins"]

    assert [row["coin"] for row in coins] == ["BTC", "ETH", "SOL"]
    assert coins[1]["oi_24h"] == pytest.approx(0.999**24 - 1, rel=1e-4)


async def test_long_short_measures_stay_apart() -> None:
    assert (
        await said(await desk(), "/ls ETH")
        == """\
📊 ETH long/short · 12:00:00 UTC
venue        accounts  top positions  age
Binance          0.80           1.50   0s
Bybit            0.80              –   0s
Hyperliquid      0.80              –   0s
all              0.80           1.50    –
Longs divided by shorts: above 1 more longs are counted than shorts.
accounts: all accounts, one vote each; Binance, Bybit, Hyperliquid, weighted by open interest
top positions: positions of those accounts, by size; Binance, one venue
Over the whole market longs and shorts are equal in size; these count accounts, or only some of them.
[1] Chart
"""
    )


async def test_a_silent_venue_in_long_short_is_silent_and_the_whole_unknown() -> None:
    text = await said(await desk(silent=["bybit"]), "/ls ETH")

    assert "Bybit          silent              –  since 09:00 UTC" in text
    assert "all           unknown           1.50" in text
    assert "silent: Bybit, 70% of open interest present" in text


async def test_liquidations_are_floors_where_a_venue_samples() -> None:
    assert (
        await said(await desk(), "/liq ETH")
        == """\
📊 ETH liquidations · 12:00:00 UTC
over  longs  shorts     both
1h     ≥$3M  ≥$750k  ≥$3.75M
4h    ≥$12M    ≥$3M    ≥$15M
24h   ≥$72M   ≥$18M    ≥$90M
Longs liquidated is forced selling, shorts liquidated is forced buying.
Binance: longs ≥$1M in 1h, age 0s, shorts ≥$250k in 1h, age 0s
Bybit: longs $1M in 1h, age 0s, shorts $250k in 1h, age 0s
Hyperliquid: longs $1M in 1h, age 0s, shorts $250k in 1h, age 0s
3 venues: Binance, Bybit, Hyperliquid, 100% of open interest present. \
≥ marks samples and sums that miss a venue or a bar: real totals are higher.
[1] Chart
"""
    )


async def test_a_sum_with_missing_hours_is_unknown_or_a_floor() -> None:
    market = await desk(silent=["bybit"])

    sums = dict((await ask(market, "/liq ETH")).data)["sums"]

    assert [row["liq.long"]["value"] for row in sums] == [None, None, 66_000_000.0]
    assert all(row["liq.long"]["floor"] for row in sums)


async def test_a_sum_is_exact_only_where_nothing_is_missing() -> None:
    whole = dict((await ask(await desk(sampled=()), "/liq ETH")).data)["sums"]
    partial = dict((await ask(await desk(sampled=(), silent=["hyperliquid"]), "/liq ETH")).data)["sums"]

    assert [row["liq"]["floor"] for row in whole] == [False, False, False]
    assert [row["liq"]["floor"] for row in partial] == [True, True, True]


async def test_the_ratio_names_both_legs_and_their_venues() -> None:
    assert (
        await said(await desk(), "/ratio ETH")
        == """\
📊 ETH spot/futures volume · 12:00:00 UTC
0.20 in 24h: spot $48M against futures $240M · 0.20 in 4h, unknown in 7d
Too little history to place it in its own 90 days.
venue    spot  futures  in  age
Binance   $2M     $10M  1h   0s
Readings of a coin with little spot against futures, for itself, are marked as low trust.
Both legs from Binance, 100% of open interest present.
[1] Chart
"""
    )


STANDS = {
    "negfunding": "−0.0140% per 8h, past its line (fires below −0.01% per 8h for 15m) · 3 venues, trust unknown",
    "fundingcross": "−0.0020% beyond the band around zero, not past its line (fires above 0%) · "
    "3 venues, trust unknown",
    "cascade": "unknown: bars of 1h are too long for it",
}
"""Where signals stand of which three days of a market are enough; all others need a longer past."""

TOO_YOUNG = "unknown: too little history yet"


async def test_each_signal_stands_against_its_own_line() -> None:
    heads = [f"{s.name} · {s.title}" + (f" over {window(s.windows[0])}" if s.windows[0] else "") for s in SIGNALS]
    of_all = dict.fromkeys(("liqspike", "liqcluster"), " of all venues that tell liquidations now")
    stands = [STANDS.get(signal.name, TOO_YOUNG + of_all.get(signal.name, "")) for signal in SIGNALS]
    told = [f"{head}\n   {stand}" for head, stand in zip(heads, stands, strict=True)]

    assert (await said(await desk(), "/signals ETH")).splitlines() == [
        "📊 ETH signals · 12:00:00 UTC",
        *"\n".join(told).splitlines(),
        "Past the line is not yet an alert: the hold comes on top. Not advice.",
    ]


async def test_signals_over_all_coins_name_those_past_the_line_and_count_the_unknown() -> None:
    text = await said(await desk(), "/signals")

    assert "past it on ETH −0.0140% per 8h; unknown on 0 of 3 coins" in text
    assert "past it on no coin; unknown on 3 of 3 coins" in text


async def test_a_signal_of_which_no_venue_tells_all_says_what_is_not_told() -> None:
    market = await desk()
    last = await market.store.latest()
    assert last is not None
    told = {m: of for m, of in last.readings["ETH"].items() if m not in (Metric.FUNDING, Metric.LIQ_LONG, Metric.LS)}
    await market.store.close(replace(last, at=last.at + STEP, readings={"ETH": told}, bars=()))

    text = await said(market, "/signals ETH")

    assert "shorts pay longs\n   unknown: no venue here tells funding\n" in text
    assert "liquidations far above normal over 1h\n   unknown: no venue here tells long liquidations\n" in text


async def test_a_signal_of_a_silent_market_says_who_is_silent() -> None:
    assert "unknown: Bybit silent, 70% of open interest present" in await said(
        await desk(silent=["bybit"]), "/signals ETH"
    )


@pytest.mark.parametrize("line", ["/oi", "/ls", "/liq", "/ratio", "/funding"])
async def test_a_market_that_offers_nothing_says_so_instead_of_zero(line: str) -> None:
    store = MemoryStore()
    last = list(cycles(Label.LIVE))[-1]
    await store.close(replace(last, readings={"ETH": {}}, known=(), bars=()))
    market = replace(await desk(), store=store)

    text = await said(market, line)
    one = await said(market, f"{line} ETH")

    assert "No coin here has a known value." in text
    assert "No venue here" in one
    assert "$0" not in text + one
