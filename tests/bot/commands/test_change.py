"""`/edit`, `/pause`, `/resume`, `/delete`, *Undo* and *Arm*: a rule keeps its number, and its revision grows."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.chat.base import Place
from adapters.chat.rendering import render
from adapters.store.base import Gone, Saved, StoreUnavailable
from adapters.store.memory import MemoryStore
from bot.commands.base import Desk
from signals.rules.canonical import canonical
from signals.rules.model import Rule
from tests.bot.commands.desks import HERE, NOW, ask, command_of, desk, press, said, save
from tests.signals.rules.vocabulary import rule

FUNDING = "ETH funding < -0.01% for 15m every 1h"


async def one(market: Desk) -> Rule:
    (only,) = await market.store.of(HERE)
    return only


async def with_rule(sentence: str = FUNDING) -> Desk:
    market = await desk()
    await save(market, sentence)
    return market


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("every 4h", "ETH funding < -0.01% for 15m every 4h"),
        ("for 30m", "ETH funding < -0.01% for 30m every 1h"),
        ("cooldown 2h", "ETH funding < -0.01% for 15m every 2h"),
        ("once", "ETH funding < -0.01% for 15m once"),
        ("clear -0.004%", "ETH funding < -0.01% clear -0.004% for 15m every 1h"),
        ("loud ungated", "ETH funding < -0.01% for 15m every 1h loud ungated"),
        ("shadow 7d", "ETH funding < -0.01% for 15m every 1h shadow 7d"),
        ("note for every occasion", 'ETH funding < -0.01% for 15m every 1h note "for every occasion"'),
        ("ETH funding < -0.02%", "ETH funding < -0.02% for 15m every 1h"),
        ("BTC price > 70000", "BTC price > $70000 for 0s every 1h"),
    ],
)
async def test_a_rule_is_changed_by_words_or_by_a_whole_sentence(words: str, text: str) -> None:
    market = await with_rule()

    saved = await press(market, await ask(market, f"/edit #1 {words}"), "Save")

    changed = await one(market)
    assert canonical(changed.draft) == text
    assert (changed.number, changed.revision) == (1, 2)
    assert saved.headline[0].text == "Rule #1 changed, revision 2"


@pytest.mark.parametrize("words", ["loud", "note for every occasion", "until 7d"])
async def test_times_that_are_not_named_stay(words: str) -> None:
    market = await with_rule("ETH funding < -0.01% for 1h every 8h")

    await press(market, await ask(market, f"/edit #1 {words}"), "Save")

    assert canonical((await one(market)).draft).startswith("ETH funding < -0.01% for 1h every 8h ")


async def test_what_the_words_do_not_name_stays() -> None:
    market = await with_rule("ETH funding < -0.01% clear -0.002% for 1h every 8h quiet note mine")

    await press(market, await ask(market, "/edit 1 for 2h"), "Save")

    assert (
        canonical((await one(market)).draft) == 'ETH funding < -0.01% clear -0.002% for 2h every 8h quiet note "mine"'
    )


async def test_a_change_waits_for_its_button() -> None:
    market = await with_rule()

    proposed = await ask(market, "/edit #1 every 4h")

    assert canonical((await one(market)).draft) == FUNDING
    assert "change of rule #1" in proposed.headline[1].text
    assert command_of(proposed, "Adjust")
    adjusted = await press(market, proposed, "Adjust")
    assert dict(adjusted.data)["line"] == "/edit #1 ETH funding < -0.01% for 15m every 4h"


async def test_who_comes_second_is_told_what_the_rule_says_by_now() -> None:
    market = await with_rule()
    first, second = await ask(market, "/edit #1 every 4h"), await ask(market, "/edit #1 every 8h")
    await press(market, first, "Save")

    late = await press(market, second, "Save")

    assert dict(late.data)["code"] == "moved"
    assert canonical((await one(market)).draft).endswith("every 4h")
    await press(market, await ask(market, command_of(late, "Change it all the same")), "Save")
    assert canonical((await one(market)).draft).endswith("every 8h")


async def test_a_change_of_a_rule_that_is_gone_is_offered_as_a_new_rule() -> None:
    market = await with_rule()
    proposed = await ask(market, "/edit #1 every 4h")
    await ask(market, "/delete 1")

    late = await press(market, proposed, "Save")

    assert [button.command for button in late.buttons] == ["/alert ETH funding < -0.01% for 15m every 4h"]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/edit", "Which rule?"),
        ("/edit #9 for 30m", "There is no rule #9 here now"),
        ("/edit #1 fr 30m", "I do not understand “fr”."),
        ("/edit #1 nonsense", "“nonsense” is neither a coin that I follow nor a word of a rule. Behind #1 stands a"),
        ("/edit #1 nonsense 15m", "or one or more of: clear, every, for, loud, note,"),
        ("/edit #1 ETHH funding < 0%", "I do not follow ETHH."),
        ("/edit #1 every 1h", "Rule #1 says this already"),
        ("/edit #1", "/edit #1 ETH funding < -0.01% for 15m every 1h"),
    ],
)
async def test_a_mistaken_change_changes_nothing(line: str, says: str) -> None:
    market = await with_rule()

    assert says in await said(market, line)
    assert (await one(market)).revision == 1


async def test_a_mended_word_keeps_the_rest_of_the_rule() -> None:
    market = await with_rule("ETH funding < -0.01% for 15m every 8h")

    message = await ask(market, "/edit #1 fr 30m")
    await press(market, await ask(market, message.buttons[0].command), "Save")

    assert canonical((await one(market)).draft) == "ETH funding < -0.01% for 30m every 8h"


async def test_a_paused_rule_is_kept_and_resumed_as_a_new_revision() -> None:
    market = await with_rule()

    paused = await ask(market, "/pause #1")
    assert (await one(market)).paused
    assert "#1" in await said(market, "/alerts")
    assert "paused" in await said(market, "/alerts")
    await press(market, paused, "Resume")

    assert not (await one(market)).paused
    assert (await one(market)).revision == 3
    assert "Rule #1 is on already" in await said(market, "/resume #1")


async def test_all_rules_sleep_and_wake_together() -> None:
    market = await with_rule()
    await save(market, "BTC price > 70000")

    await ask(market, "/pause all", seen="p")
    assert [rule.paused for rule in await market.store.of(HERE)] == [True, True]

    await ask(market, "/resume", seen="r")
    assert [rule.paused for rule in await market.store.of(HERE)] == [False, False]
    assert "Which rule?" in await said(market, "/pause")


async def test_a_deleted_rule_comes_back_by_its_button_under_the_next_number() -> None:
    market = await with_rule()

    deleted = await ask(market, "/delete 1")
    assert await market.store.of(HERE) == []
    await press(market, deleted, "Undo")

    assert (await one(market)).number == 2
    assert canonical((await one(market)).draft) == FUNDING


async def test_undo_works_for_ten_minutes() -> None:
    market = await with_rule()
    deleted = await ask(market, "/delete 1")
    assert "Undo, for 10m" in render(deleted, colour=False)

    late = await press(replace(market, now=NOW + timedelta(minutes=10)), deleted, "Undo")

    assert "older than 10m" in render(late, colour=False)
    assert await market.store.of(HERE) == []
    await press(replace(market, now=NOW + timedelta(minutes=9)), deleted, "Undo")
    assert len(await market.store.of(HERE)) == 1


async def test_a_rule_that_slept_comes_back_asleep() -> None:
    market = await with_rule()
    await ask(market, "/pause #1")

    await press(market, await ask(market, "/delete 1"), "Undo")

    assert (await one(market)).paused


async def test_a_rule_that_slept_comes_back_asleep_also_where_the_store_went_away_in_between() -> None:
    class Away(MemoryStore):
        away = False

        async def pause(self, rule_id: str, place: Place, seen: str, at: datetime, *, paused: bool) -> Saved | Gone:
            if self.away:
                raise StoreUnavailable("away")
            return await super().pause(rule_id, place, seen, at, paused=paused)

    store = Away()
    market = await desk(store=store)
    await save(market, FUNDING)
    await ask(market, "/pause #1")
    deleted = await ask(market, "/delete 1")

    store.away = True
    with pytest.raises(StoreUnavailable):
        await press(market, deleted, "Undo")
    store.away = False
    await press(market, deleted, "Undo")

    assert (await one(market)).paused


async def test_a_rule_in_shadow_is_armed_by_its_button() -> None:
    market = await with_rule(f"{FUNDING} shadow 7d")
    assert "in shadow until 12 Jan 2026 12:00 UTC" in await said(market, "/alerts")

    await ask(market, "/arm 1")

    assert canonical((await one(market)).draft) == FUNDING
    assert "sends its alerts already" in await said(market, "/arm #1")


async def test_a_number_that_is_not_here_deletes_nothing() -> None:
    market = await with_rule()

    assert "There is no rule #2 here now" in await said(market, "/delete 2")
    assert "Which rule?" in await said(market, "/delete ETH")
    assert "Which rule?" in await said(market, "/delete 1 2")
    assert len(await market.store.of(HERE)) == 1


async def test_a_rule_of_another_place_cannot_be_seen_changed_or_deleted() -> None:
    market = await desk()
    elsewhere = Place("terminal", "elsewhere")
    await market.store.add(elsewhere, rule("ETH price > 4000"), "s", NOW, market.quota)

    for line in ("/delete 1", "/edit #1 for 1h", "/pause #1", "/arm 1", "/test #1"):
        assert "There is no rule #1" in await said(market, line)
    assert "No rules here yet" in await said(market, "/alerts")
    assert len(await market.store.of(elsewhere)) == 1
