"""`/chart`: what buttons show, and that only what is here is shown."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.chat.base import Invocation, Message, Place
from adapters.chat.chart import Shape
from bot.commands.base import Desk
from bot.commands.registry import answer
from signals.rules.lifecycle import AlertState, Change, Phase
from tests.bot.commands.desks import HERE, NOW, ask, command_of, desk, desk_with_past, press, put, save
from tests.bot.events import FUNDING

HOUR = timedelta(hours=1)
GROUP = Place("terminal", "-100")


def title(message: Message) -> str:
    return message.chart.title if message.chart else ""


async def asked_in(desk: Desk, place: Place, line: str) -> Message:
    name, _, arguments = line.removeprefix("/").partition(" ")
    return await answer(Invocation(place, "somebody", name, arguments, line, NOW, operator=True), desk)


@pytest.mark.parametrize("topic", ["funding", "oi", "ls", "liq", "ratio"])
async def test_an_answer_about_a_coin_has_the_button_and_pressing_it_gives_the_chart(topic: str) -> None:
    market = await desk()

    about, whole = await ask(market, f"/{topic} eth"), await ask(market, f"/{topic}")
    shown = await press(market, about, "Chart")

    assert about.chart is None
    assert command_of(about, "Chart") == f"/chart {topic} ETH"
    assert not [button for button in whole.buttons if button.label == "Chart"]
    assert title(shown).startswith("ETH ")
    assert [panel.is_price for panel in shown.chart.panels] == [True, False] if shown.chart else []
    assert command_of(shown, "Chart") == f"/chart {topic} ETH"


async def test_a_span_can_be_named_and_longer_ones_than_there_is_past_show_what_there_is() -> None:
    market = await desk()

    short, long = await ask(market, "/chart liq BTC 6h"), await ask(market, "/chart oi BTC 30d")

    assert short.chart is not None
    assert long.chart is not None
    assert len(short.chart.times) == 6
    assert short.chart.panels[1].curves[0].shape is Shape.BARS
    assert len(long.chart.times) == 31


async def test_a_rule_is_shown_with_its_line_and_where_it_fired() -> None:
    market = await desk()
    await save(market, "BTC,ETH funding < -0.01% for 15m")
    (rule,) = await market.store.of(HERE)
    fired = replace(
        FUNDING, rule_id=rule.id, rule_number=1, at=NOW - 3 * HOUR, fired_at=NOW - 3 * HOUR, sentence="ETH funding"
    )
    await put(market, rule, fired, AlertState(phase=Phase.FIRING), "ETH")

    last, named = await ask(market, "/chart #1"), await ask(market, "/chart #1 btc")

    assert (title(last), title(named)) == ("ETH funding", "BTC funding")
    assert last.chart is not None
    assert named.chart is not None
    assert (last.chart.marks, named.chart.marks) == ((NOW - 3 * HOUR,), ())
    assert last.chart.panels[1].limits[0].line == -0.0001


async def test_an_alert_is_shown_as_it_was_judged_also_after_its_rule_was_changed() -> None:
    market = await desk()
    await save(market, "ETH funding < -0.01% for 15m")
    (rule,) = await market.store.of(HERE)
    at = NOW - 2 * HOUR
    event = replace(
        FUNDING, rule_id=rule.id, at=at, fired_at=at, sentence="ETH funding < -0.01% for 15m every 1h", name="funding"
    )
    await put(market, rule, event, AlertState(phase=Phase.FIRING))
    over = replace(event, id="OVER", change=Change.RESOLVED, at=NOW - HOUR)
    await put(market, rule, over, AlertState(phase=Phase.IDLE))
    before = await ask(market, "/chart A-A7FK")
    await press(market, await ask(market, "/edit #1 ETH funding < -0.05%"), "Save")

    for line in ("/chart A-A7FK", f"/chart {event.episode}", "/chart a7fk3qz2"):
        shown = await ask(market, line)
        assert shown.chart is not None
        assert shown.chart.panels[1].limits[0].line == -0.0001
        assert (shown.chart.marks, shown.chart.zones) == ((at,), ((at, NOW - HOUR),))
        assert shown.chart == before.chart
        assert shown.chart.name == "A-A7FK"


async def test_a_dry_run_carries_its_chart_with_marks_where_it_would_have_fired() -> None:
    market = await desk_with_past()

    proposed = await ask(market, "/alert ETH funding < -0.01% for 15m")

    token = dict(proposed.data)["token"]
    assert proposed.chart is not None
    assert proposed.chart.marks
    assert command_of(proposed, "Chart") == f"/chart {token} ETH"
    again = await press(market, proposed, "Chart")
    assert again.chart is not None
    assert again.chart.panels[1].limits == proposed.chart.panels[1].limits


async def test_in_a_shared_place_there_is_just_the_button() -> None:
    market = await desk_with_past()

    proposed = await asked_in(market, GROUP, "/alert ETH funding < -0.01% for 15m")

    assert proposed.chart is None
    assert [button.label for button in proposed.buttons][:4] == ["Save", "Adjust", "Cancel", "Chart"]


async def test_what_is_of_another_place_is_not_found() -> None:
    market = await desk_with_past()
    token = dict((await asked_in(market, GROUP, "/alert ETH funding < -0.01% for 15m")).data)["token"]
    await save(market, "ETH funding < -0.05%")
    (rule,) = await market.store.of(HERE)
    await put(market, rule, replace(FUNDING, rule_id=rule.id, at=NOW, fired_at=NOW), AlertState(phase=Phase.FIRING))

    own = await ask(market, "/chart A-A7FK")
    foreign = [
        await ask(market, f"/chart {token}"),
        *[await asked_in(market, GROUP, line) for line in ("/chart A-A7FK", "/chart #1")],
    ]

    assert own.chart is not None
    assert [dict(message.data).get("code") for message in foreign] == ["mistake"] * 3


@pytest.mark.parametrize(
    ("line", "repair"),
    [
        ("/chart", "/chart funding ETH"),
        ("/chart fundng ETH", "/chart funding ETH"),
        ("/chart funding", "/chart funding ETH"),
        ("/chart funding ETHH", "/chart funding ETH"),
        ("/chart funding ETH 5m", "/chart funding ETH 24h"),
        ("/chart funding ETH soon", "/chart funding ETH 7d"),
        ("/chart #7", "/alerts"),
        ("/chart A-ZZZZ", "/chart funding ETH"),
    ],
)
async def test_what_cannot_be_drawn_is_answered_with_what_can(line: str, repair: str) -> None:
    message = await ask(await desk(), line)

    assert message.chart is None
    assert repair in [button.command for button in message.buttons]
