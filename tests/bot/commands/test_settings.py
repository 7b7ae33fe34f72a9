"""What a place asks for is shown, pressed, typed, and mended."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import time, timedelta

import pytest

from adapters.chat.base import Invocation, Message, Place
from adapters.chat.rendering import render
from adapters.store.base import Claim, Epoch, Final, RuleChange
from adapters.store.place_settings import PLAIN, Charts, Daily, Noise, PlaceSettings, Quiet, Units, usual
from bot.commands.base import Desk
from bot.commands.registry import answer
from bot.commands.settable import SETTINGS
from signals.rules.lifecycle import AlertState, Phase
from tests.adapters.store.stories import event
from tests.bot.commands.desks import HERE, NOW, ask, desk, press, put, said, save

HOUR = timedelta(hours=1)
GROUP = Place("telegram", "-100123")


async def asked(market: Desk, place: Place = HERE) -> PlaceSettings:
    return await market.store.settings(place)


@pytest.fixture(scope="module")
def market() -> Desk:
    """One for all mistakes, which change nothing."""
    return asyncio.run(desk())


def commands(message: Message) -> Sequence[str]:
    return [button.command for button in message.buttons]


async def test_all_of_it_is_shown_in_one_screen() -> None:
    assert (
        await said(await desk(), "/settings")
        == """\
⚙️ Settings of this place
timezone · UTC, until you choose one; now 12:00 UTC
quiet · off
digest · off
budget · off
venue · off
charts · on, a picture with each alert
resolved · on
noise · normal, low trust comes without sound
units · funding per 8h first
Room: 0 of 50 rules, 0 of 3 rules on all coins.
Press one, or write /settings and its name, then a value.
[1] Timezone  [2] Quiet  [3] Digest  [4] Budget  [5] Venue  [6] Charts  [7] Resolved  [8] Noise  [9] Units
"""
    )


@pytest.mark.parametrize(
    ("typed", "stands"),
    [
        ("timezone Europe/Berlin", {"zone": "Europe/Berlin"}),
        ("TIMEZONE asia/kathmandu", {"zone": "Asia/Kathmandu"}),
        ("zone america/new york", {"zone": "America/New_York"}),
        ("quiet 23:00-07:00", {"quiet": Quiet(time(23), time(7))}),
        ("quiet 11pm to 7am silent", {"quiet": Quiet(time(23), time(7), silent=True)}),
        ("quiet 22-6 hold", {"quiet": Quiet(time(22), time(6))}),
        ("digest 8:30", {"digest": Daily(time(8, 30), NOW)}),
        ("budget 5", {"budget": 5}),
        ("venue bybit", {"venue": "bybit"}),
        ("charts button", {"charts": Charts.BUTTON}),
        ("charts OFF", {"charts": Charts.OFF}),
        ("resolved off", {"resolved": False}),
        ("noise loud", {"noise": Noise.LOUD}),
        ("units year", {"units": Units.YEAR}),
    ],
)
async def test_a_value_is_set_alone_and_said_back(typed: str, stands: dict[str, object]) -> None:
    market = await desk()

    message = await ask(market, f"/settings {typed}")

    assert await asked(market) == replace(PLAIN, **stands)
    assert message.headline[0].text == f"Saved: {'timezone' if 'zone' in stands else next(iter(stands))}"


@pytest.mark.parametrize(
    ("before", "off"),
    [("quiet 23-7", "quiet off"), ("digest 8", "digest off"), ("budget 5", "budget off"), ("venue bybit", "venue off")],
)
async def test_what_was_set_can_be_off_again(before: str, off: str) -> None:
    market = await desk()
    await ask(market, f"/settings {before}")
    assert await asked(market) != PLAIN

    await ask(market, f"/settings {off}")

    assert await asked(market) == PLAIN


@pytest.mark.parametrize("name", SETTINGS)
async def test_each_value_on_a_button_can_be_pressed(name: str) -> None:
    market = await desk()
    page = await ask(market, f"/settings {name}")
    offered = [button for button in page.buttons if button.command != "/settings"]
    assert offered

    for button in offered:
        message = await ask(market, button.command)

        assert message.headline[0].text == f"Saved: {name}"
        again = await asked(market)
        assert again != PLAIN or button.command == "/settings venue off"
        await market.store.change(HERE, lambda _: PLAIN, button.command + "back")


@pytest.mark.parametrize(
    ("typed", "says", "repairs"),
    [
        ("timezone Berlin", "Do you mean Europe/Berlin?", ["/settings timezone Europe/Berlin"]),
        ("timezone gmt-3", "Which one do you mean?", ["/settings timezone America/Sao_Paulo"]),
        ("timezone Nowhere", "I know no time zone Nowhere.", ["/settings timezone Europe/London"]),
        ("timezne Berlin", "There is no setting timezne.", ["/settings timezone"]),
        ("colour red", "There is no setting colour. There are: timezone, quiet", []),
        ("quiet night", "From when to when?", ["/settings quiet 22:00-07:00"]),
        ("quiet 25:00-07:00", "From when to when?", ["/settings quiet 22:00-07:00"]),
        ("quiet silent", "From when to when?", ["/settings quiet 22:00-07:00"]),
        ("quiet 7-7", "Quiet hours end at another time than they begin.", ["/stop"]),
        ("digest noonish", "At what time?", ["/settings digest 08:00"]),
        ("budget 0", "How many alerts a day?", ["/settings budget 5"]),
        ("budget 1001", "How many alerts a day?", ["/settings budget 5"]),
        ("budget many", "How many alerts a day?", ["/settings budget 5"]),
        ("venue bybt", "I read no bybt.", ["/settings venue bybit"]),
        ("charts maybe", "charts takes one of these: on, button, off.", ["/settings charts on"]),
        ("charts buton", "charts takes one of these", ["/settings charts button"]),
        ("noise none", "noise takes one of these: all, normal, loud.", ["/settings noise all"]),
    ],
)
async def test_a_mistake_changes_nothing_and_is_mended_by_a_button(
    typed: str, says: str, repairs: Sequence[str], market: Desk
) -> None:
    message = await ask(market, f"/settings {typed}")

    assert message.headline[0].text.startswith(says)
    assert commands(message)[: len(repairs)] == repairs
    assert await asked(market) == PLAIN


async def test_quiet_hours_that_are_set_change_their_kind_alone() -> None:
    market = await desk()
    await ask(market, "/settings quiet 22:15-06:45")

    await ask(market, "/settings quiet silent")

    assert (await asked(market)).quiet == Quiet(time(22, 15), time(6, 45), silent=True)


async def test_a_budget_without_a_digest_offers_one() -> None:
    market = await desk()

    assert "/settings digest 08:00" in commands(await ask(market, "/settings budget 5"))
    await ask(market, "/settings digest 20:00")
    assert "/settings digest 08:00" not in commands(await ask(market, "/settings budget 6"))


async def test_a_shared_place_begins_with_a_budget_and_a_button_and_only_its_admins_set_it() -> None:
    market = await desk()

    async def of(line: str, *, owner: bool) -> Message:
        name, _, arguments = line.removeprefix("/").partition(" ")
        return await answer(Invocation(GROUP, "x", name, arguments, line, NOW, owner=owner), market)

    shown = render(await of("/settings", owner=True), colour=False)
    assert "budget · at most 20 alerts a day" in shown
    assert "charts · a button on each alert" in shown
    refused = await of("/settings budget 1", owner=False)
    assert dict(refused.data)["code"] == "rights"
    assert await asked(market, GROUP) == usual(GROUP)
    await of("/settings budget off", owner=True)
    assert (await asked(market, GROUP)).budget is None
    assert await asked(market, HERE) == PLAIN


async def test_the_first_private_rule_asks_for_the_clock_once() -> None:
    market = await desk()

    first = await save(market, "ETH price > 4000")
    assert [button.label for button in first.buttons][2:] == [
        *("London 12:00", "Singapore 20:00", "Berlin 13:00", "Kolkata 17:30")
    ]
    second = await save(market, "BTC price > 90000")
    assert len(second.buttons) == 2

    await press(market, first, "Kolkata 17:30")
    assert (await asked(market)).zone == "Asia/Kolkata"


async def test_who_has_chosen_a_zone_is_not_asked() -> None:
    market = await desk()
    await ask(market, "/settings timezone UTC")

    assert len((await save(market, "ETH price > 4000")).buttons) == 2


async def test_a_first_import_and_a_first_preset_ask_too() -> None:
    for line, label in (("/import ETH price > 4000; BTC price > 90000", "Save"), ("/presets calm", "Apply")):
        market = await desk()

        message = await press(market, await ask(market, line), label)

        assert "/settings timezone Europe/Berlin" in commands(message)


async def test_every_answer_tells_times_in_the_zone_of_the_place() -> None:
    market = await desk(silent=("bybit",))
    await save(market, "ETH price > 4000 until 2026-01-06")
    await ask(market, "/settings timezone Asia/Kathmandu")

    assert "17:45:00 UTC+5:45" in await said(market, "/funding ETH")
    assert "since 14:45 UTC+5:45" in await said(market, "/oi ETH")
    assert "until 19:45 UTC+5:45" in await said(market, "/mute ETH 2h")
    assert "Bybit silent since 14:45 UTC+5:45" in await said(market, "/status")
    assert "now 17:45 UTC+5:45" in await said(market, "/settings")
    assert "muted until 19:45 UTC+5:45" in await said(market, "/alerts")


async def test_a_date_without_a_time_ends_in_the_zone_of_the_place() -> None:
    market = await desk()
    await ask(market, "/settings timezone Europe/Berlin")

    await save(market, "ETH price > 4000 until 2026-01-06")

    (rule,) = await market.store.of(HERE)
    assert rule.draft.until is not None
    assert rule.draft.until.isoformat() == "2026-01-06T22:59:00+00:00"


@pytest.mark.parametrize("line", ["/funding ETH", "/oi ETH", "/ls ETH"])
async def test_the_venue_of_the_place_stands_first_in_tables(line: str) -> None:
    market = await desk()
    before = (await ask(market, line)).table
    await ask(market, "/settings venue hyperliquid")
    after = (await ask(market, line)).table

    assert before is not None
    assert after is not None
    names = [row[0] for row in before.rows[:3]]
    assert names == ["Binance", "Bybit", "Hyperliquid"]
    assert [row[0] for row in after.rows[:3]] == ["Hyperliquid", "Binance", "Bybit"]


async def test_what_quiet_hours_hold_is_told_at_once_where_they_are_ended_early() -> None:
    market = await desk()
    await ask(market, "/settings quiet 11:00-13:00")
    await save(market, "ETH funding < -0.01%")
    (rule,) = await market.store.of(HERE)
    await market.store.subscribe("terminal", RuleChange(rule.change, rule.id, rule))
    held = event(rule, "HELD", NOW - HOUR / 2)
    await put(market, rule, held, AlertState(Phase.FIRING, at=held.at, armed=True, fired_at=held.at, told_at=held.at))
    await market.store.fan_out("terminal", held, 9, NOW)
    epoch = await market.store.lead("terminal", "main", NOW, HOUR)
    assert isinstance(epoch, Epoch)
    claim = await market.store.claim(epoch, NOW, HOUR)
    assert isinstance(claim, Claim)
    await market.store.finish(claim, Final.SKIPPED, "quiet hours", "", NOW)

    await ask(market, "/settings charts off")
    assert await market.store.waiting(HERE) == 0
    await ask(market, "/settings quiet off")

    claim = await market.store.claim(epoch, NOW, HOUR)
    assert isinstance(claim, Claim)
    assert claim.notice is not None
    assert claim.notice.headline == "Quiet hours are over: 1 alert held"
    assert claim.notice.lines == ("11:30 UTC · ETH · funding below your line",)


async def test_an_export_holds_the_settings_as_data() -> None:
    market = await desk()
    await ask(market, "/settings quiet 23:00-07:00 silent")
    await ask(market, "/settings digest 8")

    settings = dict((await ask(market, "/export")).data)["settings"]

    assert isinstance(settings, dict)
    assert settings["quiet"] == {"start": "23:00", "end": "07:00", "silent": True}
    assert (settings["timezone"], settings["digest"], settings["budget"]) == ("UTC", "08:00", None)


@pytest.mark.parametrize(
    ("line", "held"),
    [
        ("/settings quiet 11:00-13:00", "quiet hours, /settings quiet"),
        ("/settings quiet 11:00-13:00 silent", ""),
        ("/settings noise loud", "only loud alerts, /settings noise"),
    ],
)
async def test_a_sample_says_what_a_real_alert_would_meet(line: str, held: str) -> None:
    market = await desk()
    await save(market, "ETH price > 4000")
    await ask(market, line)

    assert dict((await ask(market, "/test #1")).data)["held"] == held


async def test_who_says_something_can_be_written_to_again() -> None:
    market = await desk()
    await market.store.change(HERE, lambda of: replace(of, gone="blocked"), "gone")

    await ask(market, "/status")

    assert (await asked(market)).gone == ""
