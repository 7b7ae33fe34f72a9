"""`/subscribe` makes the rule of a bare signal; `/unsubscribe` ends it."""

import pytest

from bot.commands.base import Desk
from signals.registry import BY_NAME
from signals.rules.canonical import canonical
from tests.bot.commands.desks import HERE, ask, desk, said, save


async def texts(market: Desk) -> list[str]:
    return [canonical(rule.draft) for rule in await market.store.of(HERE)]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("/subscribe negfunding ETH", "ETH negfunding for 15m every 1h"),
        ("/subscribe negfunding", "* negfunding for 15m every 1h"),
        ("/subscribe negfunding all", "* negfunding for 15m every 1h"),
        ("/subscribe NEGFUNDING ethusdt, $sol eth", "ETH,SOL negfunding for 15m every 1h"),
        ("/subscribe ETH divergence", "ETH divergence 4h for 5m every 1h"),
    ],
)
async def test_a_subscription_is_the_rule_of_the_bare_signal(line: str, text: str) -> None:
    market = await desk()

    message = await ask(market, line)

    assert dict(message.data)["sentence"] == text
    assert await texts(market) == [text]


@pytest.mark.parametrize(
    ("line", "says", "offers"),
    [
        ("/subscribe negfund ETH", "I do not know the signal negfund.", ["/subscribe negfunding ETH"]),
        ("/subscribe whale ETH", f"There are: {', '.join(BY_NAME)}.", []),
        ("/subscribe negfunding ETHH SOL", "I do not follow ETHH.", ["/subscribe negfunding ETH SOL"]),
        (
            "/subscribe negfunding divergence",
            "One signal at a time.",
            ["/subscribe negfunding", "/subscribe divergence"],
        ),
    ],
)
async def test_a_mistake_saves_nothing_and_offers_the_line_mended(line: str, says: str, offers: list[str]) -> None:
    market = await desk()

    message = await ask(market, line)

    assert says in message.headline[0].text
    assert [button.command for button in message.buttons] == offers
    assert await texts(market) == []


async def test_without_a_signal_it_lists_them_with_their_meaning() -> None:
    text = await said(await desk(), "/subscribe")

    assert "negfunding · shorts pay longs" in text
    assert "liqspike · liquidations far above normal" in text


async def test_the_same_subscription_twice_is_one_rule() -> None:
    market = await desk()
    await ask(market, "/subscribe negfunding ETH", seen="1")

    assert "Rule #1 says this already" in await said(market, "/subscribe negfunding eth")
    assert len(await texts(market)) == 1


async def test_unsubscribing_ends_every_bare_rule_of_the_signal_and_no_other() -> None:
    market = await desk()
    for line in ("/subscribe negfunding ETH", "/subscribe negfunding SOL"):
        await ask(market, line)
    await save(market, "ETH negfunding < -0.02%")

    message = await ask(market, "/unsubscribe negfunding")

    assert dict(message.data)["removed"] == [1, 2]
    assert await texts(market) == ["ETH negfunding < -0.02% for 15m every 1h"]


async def test_unsubscribing_by_number_deletes_that_rule() -> None:
    market = await desk()
    await ask(market, "/subscribe negfunding ETH")

    assert "Rule #1 deleted" in await said(market, "/unsubscribe #1")
    assert await texts(market) == []


async def test_unsubscribing_from_nothing_says_so() -> None:
    market = await desk()
    await ask(market, "/subscribe negfunding ETH")

    message = await ask(market, "/unsubscribe negfundin")

    assert "Nothing here is subscribed to negfundin." in message.headline[0].text
    assert [button.command for button in message.buttons] == ["/unsubscribe negfunding"]
    assert len(await texts(market)) == 1
