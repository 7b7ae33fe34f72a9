"""`/alert` saves a sentence at once, says what it understood, and never saves the same rule twice."""

from signals.rules.canonical import canonical
from tests.bot.commands.desks import HERE, VENUES, ask, desk, said

SENTENCE = "/alert eth funding < -0.01%"


async def test_a_sentence_is_saved_and_told_in_its_canonical_form() -> None:
    market = await desk()

    assert (
        await said(market, SENTENCE)
        == """\
🔔 Rule #1 saved
ETH funding < -0.01% for 15m every 1h
I filled in: for 15m, every 1h.
Fires below −0.01% per 8h, ends above −0.008% per 8h.
Now: ETH: −0.0140% per 8h, past the line. What is past the line already is told the next time it comes there.
Stop: /mute #1 2h · /delete 1
[1] Delete  [2] Rules
"""
    )
    assert [canonical(rule.draft) for rule in await market.store.of(HERE)] == ["ETH funding < -0.01% for 15m every 1h"]


async def test_what_was_said_in_full_is_not_told_as_filled_in() -> None:
    assert "filled in" not in await said(await desk(), "/alert ETH funding < -0.01% for 15m every 2h")


async def test_the_same_rule_in_other_words_is_not_saved_again() -> None:
    market = await desk()
    await ask(market, SENTENCE, seen="first")

    text = await said(market, "/alert ETHUSDT funding below -1bp for 15m every 60m")

    assert "Rule #1 says this already" in text
    assert len(await market.store.of(HERE)) == 1


async def test_an_update_that_comes_twice_saves_one_rule() -> None:
    market = await desk()

    first = await ask(market, SENTENCE, seen="update 7")
    again = await ask(market, SENTENCE, seen="update 7")

    assert dict(first.data)["rule"] == dict(again.data)["rule"] == 1
    assert len(await market.store.of(HERE)) == 1


async def test_a_mistake_saves_nothing_and_offers_what_would_work() -> None:
    market = await desk()

    message = await ask(market, "/alert ETH funding < -0.01")

    assert [button.command for button in message.buttons] == ["/alert ETH funding < -0.01%", "/alert ETH funding < -1%"]
    assert await market.store.of(HERE) == []


async def test_a_full_place_says_how_many_rules_it_has_and_what_to_delete() -> None:
    market = await desk(limit=1)
    await ask(market, SENTENCE, seen="first")

    text = await said(market, "/alert BTC price > 70000")

    assert "This place has the 1 rule that it may have. Delete one first; see /alerts." in text
    assert len(await market.store.of(HERE)) == 1


async def test_a_rule_that_nothing_here_can_judge_is_told_to_wait() -> None:
    assert "Now: ETH: nothing here to judge basis by, so the rule waits." in await said(
        await desk(), "/alert ETH basis > 1%"
    )


async def test_a_value_that_is_withheld_is_told_as_unknown() -> None:
    market = await desk(silent=["bybit"])

    assert "Now: ETH: unknown." in await said(market, SENTENCE)


async def test_a_rule_on_many_coins_counts_them() -> None:
    market = await desk()

    text = await said(market, "/alert BTC,ETH,SOL funding < -0.01%")

    assert "BTC: 0.0140% per 8h, not past the line." in text
    assert "ETH: −0.0140% per 8h, past the line." in text


async def test_a_rule_on_one_venue_tells_that_venues_value() -> None:
    market = await desk()

    assert "Now: ETH: −0.0200% per 8h, past the line." in await said(market, "/alert ETH@binance funding < -0.01%")
    assert "ETH: 0.0100% per 8h, not past the line." in await said(market, "/alert ETH@hyperliquid funding < -0.01%")


async def test_a_sum_over_longer_bars_names_the_span_and_its_floor() -> None:
    text = await said(await desk(), "/alert ETH liq 15m > $5M")

    assert "Now: ETH: ≥$3.75M in 1h, not past the line." in text
    assert "Fires above $5M, ends below $4M." in text


async def test_a_venue_is_known_by_its_readings() -> None:
    message = await ask(await desk(), "/alert ETH@mtgox funding < 0%")

    assert all(name in message.headline[0].text for name in VENUES)


async def test_in_a_stopped_place_it_says_that_nothing_is_sent() -> None:
    market = await desk()
    await ask(market, "/stop")

    assert "No alerts are sent here until /start" in await said(market, SENTENCE)


async def test_without_a_sentence_it_shows_one() -> None:
    assert "/alert ETH funding < -0.01% for 15m" in await said(await desk(), "/alert")


async def test_a_very_long_sentence_is_refused_with_its_length() -> None:
    assert "A rule has at most 300 characters; this one has 10000." in await said(
        await desk(), "/alert " + "x" * 10_000
    )
