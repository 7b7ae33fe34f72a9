"""`/backtest` says what `perpwatch study` says of the same bars, in chat."""

from datetime import timedelta

import numpy as np
import pytest

from adapters.venues.base import Label
from bot.commands.base import Desk
from bot.observing import KeptBars
from bot.records import numbers
from bot.study import Kept, Question
from bot.study import answer as studied
from signals.model import Metric
from signals.panel import Panel, to_ms
from signals.registry import BY_NAME, SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.model import Draft
from signals.study import HORIZONS
from tests.bot.commands.desks import HOURS, NOW, STEP, ask, desk, desk_with_prices, said, save

DAY = timedelta(days=1)
COINS = ("BTC", "ETH", "SOL")


async def kept(market: Desk, rule: str) -> Kept:
    """The bars that the store keeps, as the command line would read them from a file."""
    draft = parse(rule, Vocabulary(COINS, ("binance",), SIGNALS, NOW, market.zone))
    assert isinstance(draft, Draft)
    coins = COINS if draft.coins == ("*",) else draft.coins
    panel = await KeptBars(market.store, BY_NAME).bars(draft, coins, NOW, STEP)
    return Kept("stored", Label.LIVE, "the store", ("binance",), coins, lambda *_: panel)


@pytest.mark.parametrize(
    ("rule", "over"),
    [
        ("ETH funding < -0.015%", None),
        ("* funding < -0.01%", 30),
        ("BTC,ETH price 4h falls by 1% and funding > 0%", None),
        ("ETH price crosses up $3000", None),
        ("* negfunding", 7),
    ],
)
async def test_its_numbers_are_those_of_a_study_of_the_same_bars(rule: str, over: int | None) -> None:
    market = await desk_with_prices()
    source, start = await kept(market, rule), NOW - over * DAY if over else None

    facts = dict((await ask(market, f"/backtest {rule}{f' over {over}d' if over else ''}")).data)

    whole = [studied(source, Question(rule, horizon=each, start=start), SIGNALS) for each in HORIZONS]
    assert facts["studies"] == [numbers(of.whole) for of in whole]
    assert any(of.whole.entry.events for of in whole)
    by_coin = facts["by_coin"]
    assert isinstance(by_coin, dict)
    for of, at in zip(whole, range(3), strict=True):
        assert {coin: by_coin[coin][at] for coin in of.by_coin()} == {  # type: ignore[index, call-overload]
            coin: numbers(own) for coin, own in of.by_coin().items()
        }


async def test_it_is_told_in_a_few_lines_with_a_verdict_for_each_horizon() -> None:
    market = await desk_with_prices()

    assert (
        await said(market, "/backtest funding < -0.015% over 30d")
        == """\
📊 Backtest · 12:00:00 UTC
* funding < -0.015% for 15m every 1h
30 days · bars of 1h, 3 coins · a hit is a higher price.
28 past cases: 1h later up 11 of 28 (39%; of 14 days likely 19–64%) · any moment 52%
   middle −0.2%, worst −0.9%, entered a bar later 39% → no proven edge
28 past cases: 4h later up 13 of 28 (46%; of 14 days likely 24–70%) · any moment 52%
   middle −0.2%, worst −1.2%, entered a bar later 57% → no proven edge
28 past cases: 24h later up 15 of 28 (54%; of 14 days likely 30–76%) · any moment 48%
   middle +0.3%, worst −4.5%, entered a bar later 50% → no proven edge
Hits 24h later by coin: BTC 10 of 14 · ETH 5 of 14
Bars that could not be judged: 0% · in force last at 2 Jan 2026 11:00 UTC.
Cases of one coin lie a horizon apart. What followed before says nothing about next time. Not advice.
[1] Alert
"""
    )


async def test_a_rule_of_the_place_is_named_by_its_number_and_leads_back_to_it() -> None:
    market = await desk_with_prices()
    await save(market, "ETH funding < -0.015%")

    message = await ask(market, "/backtest #1")

    assert dict(message.data)["sentence"] == "ETH funding < -0.015% for 15m every 1h"
    assert [button.command for button in message.buttons] == ["/chart #1 ETH", "/alerts 1"]


async def test_its_chart_comes_with_it_where_the_place_wants_charts() -> None:
    market = await desk_with_prices()
    await ask(market, "/settings charts on")

    drawn = await ask(market, "/backtest ETH funding < -0.015%")
    await ask(market, "/settings charts off")
    plain = await ask(market, "/backtest ETH funding < -0.015%")

    assert drawn.chart is not None
    assert drawn.chart.times
    assert plain.chart is None


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ("/backtest", "Of which rule?"),
        ("/backtest #7", "There is no rule #7"),
        ("/backtest watchlist funding < 0%", "the watchlist is empty"),
        ("/backtest ETH funding < 0% over 3d", "From 7d to 90d"),
        ("/backtest ETH funding < -0.01", "100 times apart"),
        ("/backtest ETH ls.top > 2", "No bar that is kept can judge this rule"),
    ],
)
async def test_what_cannot_be_answered_says_what_would_work(line: str, cure: str) -> None:
    message = await ask(await desk(), line)

    assert cure in str(dict(message.data)["error"])
    assert message.buttons


async def test_a_case_whose_outcome_no_bar_tells_is_counted_apart() -> None:
    market = await desk()
    first = NOW - STEP * HOURS
    times = np.array([to_ms(first - STEP * int(back)) for back in np.arange(24 * 20)[::-1] + 1], np.int64)
    rates = np.where(np.arange(len(times)) % 48 == 5, -0.0002, 0.0001).astype(np.float32)[:, np.newaxis]
    await market.store.extend([Panel(times, ("BTC",), STEP, {Metric.FUNDING: rates}, {})])

    assert "No past case and 10 of unknown outcome" in await said(market, "/backtest BTC funding < -0.015%")
