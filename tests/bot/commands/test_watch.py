"""The watchlist: each coin once, at most as many as fit, and the rules that it feeds."""

from dataclasses import replace

import pytest

from tests.bot.commands.desks import HERE, ask, desk, said, save


async def test_coins_are_put_on_and_taken_off_by_any_of_their_names() -> None:
    market = await desk()

    await ask(market, "/watch eth $SOL ETHUSDT", seen="1")
    assert await market.store.watchlist(HERE) == ("ETH", "SOL")

    await ask(market, "/unwatch eth-usdt", seen="2")
    assert await market.store.watchlist(HERE) == ("SOL",)

    await ask(market, "/unwatch all", seen="3")
    assert await market.store.watchlist(HERE) == ()


async def test_it_says_which_rules_it_feeds() -> None:
    market = await desk()
    await ask(market, "/watch ETH SOL")
    assert "No rule uses it yet" in await said(market, "/watchlist")

    await save(market, "watchlist funding < -0.01%")

    assert (
        await said(market, "/watchlist")
        == """\
👀 Watchlist · 2 of 100 coins
ETH, SOL
#1 watchlist funding < -0.01% for 15m every 1h
Add: /watch ETH SOL · take off: /unwatch ETH. A change counts from now on.
"""
    )


async def test_a_rule_on_the_watchlist_is_tried_on_its_coins() -> None:
    market = await desk()
    await ask(market, "/watch ETH SOL")

    text = await said(market, "/alert watchlist funding < -0.01%")

    assert "Now: ETH: −0.0140% per 8h, past the line. SOL: 0.0140% per 8h, not past the line." in text


async def test_a_full_watchlist_takes_no_more() -> None:
    market = await desk()
    small = replace(market, quota=replace(market.quota, watched=2))
    await ask(small, "/watch ETH SOL")

    assert "a watchlist holds 2 coins at most" in await said(small, "/watch BTC")
    assert await market.store.watchlist(HERE) == ("ETH", "SOL")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/watch ETHH", "I do not follow ETHH."),
        ("/unwatch", "Which coin?"),
        ("/unwatch BTC", "BTC is not on the watchlist: it is empty."),
        ("/watch", "Nothing is watched yet"),
    ],
)
async def test_a_mistake_watches_nothing(line: str, says: str) -> None:
    market = await desk()

    assert says in await said(market, line)
    assert await market.store.watchlist(HERE) == ()


async def test_a_coin_that_is_not_watched_cannot_be_taken_off_and_a_near_one_is_offered() -> None:
    market = await desk()
    await ask(market, "/watch ETH")

    message = await ask(market, "/unwatch SOL", seen="2")
    near = await ask(market, "/unwatch ETHH", seen="3")

    assert message.headline[0].text == "SOL is not on the watchlist."
    assert [button.command for button in near.buttons] == ["/unwatch ETH", "/watchlist"]
    assert dict((await ask(market, "/watchlist")).data)["coins"] == ["ETH"]
