"""`/track` tells what followed each signal on stored bars and after live alerts, and never adds them up."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.store.alert_port import Commit
from adapters.venues.base import Label
from bot.commands.base import Desk
from bot.records import UNMADE, numbers
from bot.services.records import Records
from signals.aggregate import Cycle
from signals.questions import usual
from signals.registry import BY_NAME
from signals.rules.canonical import question
from tests.adapters.store.stories import event, firing, subscribed
from tests.bot.commands.desks import NOW, STEP, ask, desk_with_prices, said

NEGFUNDING = [BY_NAME["negfunding"]]
ASKED = question(usual(BY_NAME["negfunding"]))
DAY = timedelta(days=1)


async def fired(market: Desk, days: int, *prices: float | None, coin: str = "ETH") -> None:
    """An alert of the bare signal so many days ago, followed up as far as these prices tell."""
    at = NOW - days * DAY
    rule = await subscribed(market.store, seen=f"{days} {coin}")
    one = replace(event(rule, f"E{days}{coin}", at), episode=f"E{days}{coin}", coin=coin, label="LIVE")
    await market.store.commit(Commit((rule.id, coin), 1, 0, at, firing(at), one))
    (read,) = await market.store.followed(NOW, 9)
    await market.store.follow(read, replace(read.alert, step=STEP, prices=prices), None, ASKED)


UP = (100.0, 100.0, 101.0, 101.0, 102.0, 102.0, 103.0, 103.0)


async def test_a_signal_on_a_coin_is_told_for_each_horizon_and_live_alerts_apart() -> None:
    market = await desk_with_prices()
    await Records(market.store, NEGFUNDING).round()
    await fired(market, 9, *UP)
    await fired(market, 5, 100.0, *[None] * 7)
    await fired(market, 0, 100.0, *[None] * 7)

    assert (
        await said(market, "/track negfunding ETH")
        == """\
📊 Track record of negfunding on ETH · 12:00:00 UTC
History · 61 days of bars up to 5 Jan 2026 12:00 UTC
60 past cases and 1 of unknown outcome: 1h later up 43 of 60 (72%; of 32 days likely 31–64%) · any moment 47%
   middle +0.1%, worst −0.9%, entered a bar later 68% → no proven edge
37 past cases and 1 of unknown outcome: 4h later up 20 of 37 (54%; of 32 days likely 31–64%) · any moment 43%
   middle +0.1%, worst −2.1%, entered a bar later 51% → no proven edge
31 past cases and 1 of unknown outcome: 24h later up 11 of 31 (35%, likely 21–53%) · any moment 38%
   middle −1.1%, worst −5.1%, entered a bar later 39% → no proven edge
Live · alerts told here since 27 Dec 2025 12:00 UTC
   live, 3 alerts: 1h later up 1 of 1 (100%, likely 21–100%), 1 of unknown outcome, 1 of no outcome yet → too few
   live, 3 alerts: 4h later up 1 of 1 (100%, likely 21–100%), 1 of unknown outcome, 1 of no outcome yet → too few
   live, 3 alerts: 24h later up 1 of 1 (100%, likely 21–100%), 1 of unknown outcome, 1 of no outcome yet → too few
History is stored bars, live is alerts that were told here; they are never added up. Not advice.
"""
    )


async def test_live_alerts_never_move_what_stored_bars_say() -> None:
    market = await desk_with_prices()
    await Records(market.store, NEGFUNDING).round()
    made = (await market.store.records("LIVE", ASKED))["ETH"]
    for days in range(2, 60, 2):
        await fired(market, days, *UP)

    (facts,) = dict((await ask(market, "/track negfunding ETH")).data)["signals"]  # type: ignore[misc, union-attr]

    assert isinstance(facts, dict)
    assert facts["history"] == [numbers(of) for of in made.studies]
    live = facts["live"]
    assert isinstance(live, list)
    assert [(of["n_events"], of["hits"]) for of in live] == [(29, 29)] * 3  # type: ignore[call-overload, index]
    assert live[2]["verdict"] == "edge seen"  # type: ignore[call-overload, index]


async def test_what_nobody_has_made_yet_is_made_while_somebody_waits_and_says_the_same() -> None:
    market, other = await desk_with_prices(), await desk_with_prices()
    await Records(other.store, NEGFUNDING).round()

    assert await said(market, "/track negfunding ETH") == await said(other, "/track negfunding ETH")
    for line in ("/track", "/track ETH", "/track negfunding", "/track momentum 4h"):
        assert UNMADE not in await said(market, line)


async def test_of_too_many_coins_it_is_not_known_yet_until_it_was_made() -> None:
    market = await desk_with_prices()
    latest = await market.store.latest()
    assert latest is not None
    many = {f"C{number}": latest.readings["ETH"] for number in range(40)}
    await market.store.close(Cycle(NOW + STEP, latest.label, {**latest.readings, **many}, ()))

    assert f"{UNMADE}\nOne coin is looked up at once: /track negfunding ETH" in await said(market, "/track negfunding")
    assert UNMADE not in await said(market, "/track negfunding ETH")
    await Records(market.store, NEGFUNDING).round()
    assert "Most cases: ETH 11 of 31 · BTC 15 of 30" in await said(market, "/track negfunding")


async def test_all_signals_are_told_on_one_screen_and_a_market_that_is_played_says_so() -> None:
    text = await said(await desk_with_prices(label=Label.SIMULATED), "/track BTC")

    assert text.startswith("SIMULATED 📊 Track record of the signals on BTC")
    assert all(f"\n{name} · " in text for name in BY_NAME)
    assert "negfunding · 30 past cases in 61 days; 24h later up " in text
    assert "ratiocollapse · no bar here can judge it." in text


@pytest.mark.parametrize(
    ("line", "cures"),
    [
        ("/track negfundin ETH", ["/track negfunding ETH"]),
        ("/track negfunding ETHH", ["/track negfunding ETH"]),
        ("/track ETH BTC", ["/track ETH", "/track BTC"]),
        ("/track negfunding momentum", ["/track negfunding", "/track momentum"]),
        ("/track divergence 3m ETH", ["/track divergence ETH"]),
        ("/track liqspike.high", ["/track liqspike"]),
        ("/track 4h", ["/track"]),
        ("/track 1inch", []),
    ],
)
async def test_what_is_no_signal_or_coin_says_what_would_work(line: str, cures: list[str]) -> None:
    message = await ask(await desk_with_prices(days=1), line)

    assert [button.command for button in message.buttons] == cures
