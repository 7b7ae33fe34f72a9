"""What is typed finds its command, or a way to one."""

from dataclasses import replace

import pytest

from adapters.chat.base import Tone
from adapters.chat.rendering import render
from adapters.store.memory import MemoryStore
from bot.commands.registry import COMMANDS
from signals.registry import SIGNALS
from signals.rules.metrics import METRICS
from tests.bot.commands.desks import ask, desk, said


def test_the_menu_has_its_order() -> None:
    assert list(COMMANDS) == [
        *("help", "start", "funding", "oi", "ls", "liq", "ratio", "top", "signals", "track"),
        *("subscribe", "unsubscribe", "presets", "alert", "backtest", "alerts", "edit", "pause", "resume", "delete"),
        *("watch", "unwatch", "watchlist", "mute", "unmute", "snooze", "why", "ack", "settings", "digest", "mention"),
        *("test", "import", "export", "status", "stop", "use", "privacy", "forget", "about", "admin"),
    ]


@pytest.mark.parametrize(
    ("typed", "says", "offers"),
    [
        ("/fundng ETH", "There is no /fundng.", ["/funding ETH"]),
        ("/alrt ETH price > 4000", "There is no /alrt.", ["/alert ETH price > 4000"]),
        ("/subs", "There is no /subs.", ["/subscribe"]),
        ("/xyzzy", "There is no /xyzzy. See /help.", ["/help"]),
        ("/", "There is no /. See /help.", ["/help"]),
        ("/🚀 ETH", "There is no /🚀. See /help.", ["/help"]),
    ],
)
async def test_a_mistyped_command_is_offered_with_its_arguments(typed: str, says: str, offers: list[str]) -> None:
    message = await ask(await desk(), typed)

    assert message.headline[0].text == says
    assert [button.command for button in message.buttons] == offers


async def test_a_rule_without_its_command_is_offered_as_one() -> None:
    market = await desk()

    message = await ask(market, "eth funding < -0.01%")

    assert [button.command for button in message.buttons] == ["/alert eth funding < -0.01%"]
    assert "There is no /eth" in await said(replace(market, store=MemoryStore()), "eth funding < -0.01%")


@pytest.mark.parametrize(
    ("typed", "says", "offers"),
    [
        (
            "ETH funding < -0.01",
            "-0.01 without a % sign can mean two things, 100 times apart. Which one?",
            ["/alert ETH funding < -0.01%", "/alert ETH funding < -1%"],
        ),
        ("ETH fundin < -0.01%", "I do not know the metric fundin.", ["/alert ETH funding < -0.01%"]),
        ("ETH fundin < -0.01", "I do not know the metric fundin. Do you mean funding?", []),
        (
            "ETH price rises 5",
            "Over what time, and do you mean 5%?",
            [f"/alert ETH price {window} rises by 5%" for window in ("15m", "1h", "4h", "24h")],
        ),
        (
            "ETH < 4000",
            "Compare what? Put it before “<”: price, funding, oi and the like.",
            ["/alert ETH price < 4000"],
        ),
        ("price > 65000", "Which coin? Put it first: ETH funding …", []),
        ("funding < -0.01%", "Which coin? Put it first: ETH funding …", []),
        ("oi 4h falls by 5%", "Which coin? Put it first: ETH funding …", []),
        ("funding BTC ETH", "One coin at a time, such as: /funding ETH", ["/funding BTC", "/funding ETH"]),
        ("ETH is 5% up", "There is no /ETH. See /help.", ["/help"]),
    ],
)
async def test_what_is_nearly_a_rule_is_mended_as_one(typed: str, says: str, offers: list[str]) -> None:
    message = await ask(await desk(), typed)

    assert message.headline[0].text == says
    assert [button.command for button in message.buttons] == offers


async def test_a_member_without_rights_is_told_who_may() -> None:
    message = await ask(await desk(), "/delete 1", owner=False)

    assert message.headline[0].text == "Only those who look after this place may use /delete here."


async def test_an_owner_may_change_the_rules_of_the_place() -> None:
    message = await ask(await desk(), "/subscribe negfunding ETH", owner=True)

    assert dict(message.data)["rule"] == 1


@pytest.mark.parametrize(
    "line", ["/funding", "/oi ETH", "/alert ETH price > 1", "/subscribe negfunding", "/mute ETH 2h"]
)
async def test_without_a_market_it_says_that_there_is_none_yet(line: str) -> None:
    empty = replace(await desk(), store=MemoryStore())

    assert "I have no market data yet. Ask again in a minute." in await said(empty, line)


@pytest.mark.parametrize("word", [*METRICS, *(signal.name for signal in SIGNALS)])
async def test_every_metric_and_every_signal_is_explained_with_a_line_that_works(word: str) -> None:
    market = await desk()
    message = await ask(market, f"/help {word}")
    text = render(message, colour=False)

    assert text.startswith("📖 ")
    assert f"{word} · " in text or word in COMMANDS
    for button in message.buttons:
        assert (await ask(market, button.command)).tone is not Tone.TROUBLE
        assert "error" not in dict((await ask(market, button.command)).data)


async def test_help_says_who_the_top_traders_are_and_explains_the_language_of_rules() -> None:
    market = await desk()

    assert "the largest 20% of accounts by margin, not by result" in await said(market, "/help ls")
    assert "the largest 20% of accounts by margin, not by result" in await said(market, "/help ls.top")
    assert await said(market, "/help rules") == await said(market, "/help alert")
    assert "There is no command, metric or signal zzzzz; see /help." in await said(market, "/help zzzzz")
    assert [button.command for button in (await ask(market, "/help negfundin")).buttons] == ["/help negfunding"]


async def test_a_command_that_is_not_there_has_no_help_but_a_near_one() -> None:
    message = await ask(await desk(), "/help fundin")

    assert [button.command for button in message.buttons] == ["/help funding"]
