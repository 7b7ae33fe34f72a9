"""Presets are sentences of the language, shown before they are saved, all or none."""

import pytest

from bot.presets import PRESETS
from signals.rules.canonical import canonical
from signals.rules.language import parse
from signals.rules.model import Draft
from tests.bot.commands.desks import HERE, ask, desk, desk_with_past, press, said, save
from tests.signals.rules.vocabulary import VOCABULARY


@pytest.mark.parametrize("name", PRESETS)
def test_each_sentence_is_a_rule_in_its_canonical_form(name: str) -> None:
    for sentence in PRESETS[name].about(["ETH", "BTC", "PEPE"]):
        draft = parse(sentence, VOCABULARY)
        assert isinstance(draft, Draft), sentence
        assert canonical(draft).startswith("BTC,ETH ")
        assert not {word for word in draft.filled if word.startswith(("for", "every"))}


def test_a_market_without_the_largest_coins_is_spoken_of_by_its_own() -> None:
    assert PRESETS["calm"].about(["PEPE", "DOGE"])[0].startswith("DOGE,PEPE ")


@pytest.mark.parametrize("name", PRESETS)
async def test_a_preset_is_shown_before_it_is_saved_and_applied_by_its_button(name: str) -> None:
    market = await desk()

    shown = await ask(market, f"/presets {name}")
    assert await market.store.of(HERE) == []
    await press(market, shown, "Apply")

    saved = [canonical(rule.draft) for rule in await market.store.of(HERE)]
    assert saved == [row["sentence"] for row in dict(shown.data)["rules"]]
    assert len(saved) >= 3


async def test_it_tells_how_often_it_would_have_fired() -> None:
    text = await said(await desk_with_past(), "/presets calm")

    assert "BTC,ETH,SOL funding < -0.02% for 1h every 8h · never" in text


async def test_a_preset_without_room_for_all_saves_none() -> None:
    market = await desk(limit=3)
    await save(market, "ETH price > 4000")

    assert "No room: this place uses 1 of its 3 rules" in await said(market, "/presets calm apply")
    assert len(await market.store.of(HERE)) == 1


async def test_applied_twice_it_saves_what_is_not_here_yet() -> None:
    market = await desk()
    await ask(market, "/presets calm apply", seen="1")
    await ask(market, "/delete 2", seen="2")

    text = await said(market, "/presets calm apply")

    assert "1 rule saved · 2 lines said what is here already" in text
    assert [rule.number for rule in await market.store.of(HERE)] == [1, 3, 4]


async def test_a_title_names_a_preset_and_a_slip_is_mended() -> None:
    market = await desk()

    assert "Liquidations night" in await said(market, "/presets liquidations night")
    message = await ask(market, "/presets clam")
    assert [button.command for button in message.buttons] == ["/presets calm"]
