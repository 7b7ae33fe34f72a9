"""`/why` tells an alert as it was judged and how it fared; `/top` more of both ends."""

import json
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from adapters.chat.rendering import render
from adapters.store.base import Final
from bot.commands.base import Desk
from bot.records import lines
from bot.services.aftermath import Aftermath
from signals.aggregate import Cycle
from signals.event import Event
from signals.model import Direction, Metric
from signals.occurrences import occurrences
from signals.panel import STORED, Panel, to_ms
from signals.recorded import recorded, told_of
from signals.registry import BY_NAME, SIGNALS
from signals.rules.canonical import canonical
from signals.rules.lifecycle import AlertState, Change, Phase
from signals.rules.model import Rule
from tests.bot.commands.desks import HERE, NOW, STEP, ask, command_of, desk, desk_with_prices, put, said, save
from tests.bot.events import FUNDING

FIRED = AlertState(Phase.FIRING, armed=True, fired_at=NOW)


async def told(market: object, rule: Rule, change: Change, minutes: int, episode: str = "7F3KABCDEFGH2345") -> Event:
    at = NOW + timedelta(minutes=minutes)
    event = replace(
        FUNDING, id=f"{change}{minutes}".upper()[:16], episode=episode, rule_id=rule.id, rule_number=rule.number,
        revision=rule.revision, change=change, at=at, since=NOW - timedelta(minutes=15), fired_at=NOW,
        change_number=0, sentence=canonical(rule.draft),
    )  # fmt: skip
    await put(market, rule, event, FIRED if change is not Change.RESOLVED else AlertState(armed=True))
    return event


async def test_an_alert_is_told_with_each_step_and_how_it_fared() -> None:
    market = await desk()
    await save(market, "ETH funding < -0.01%")
    (rule,) = await market.store.of(HERE)
    await market.store.subscribe_all("terminal", await market.store.last_change(), market.store.rules())
    for change, minutes in ((Change.FIRED, 0), (Change.REMINDED, 60), (Change.RESOLVED, 90)):
        event = await told(market, rule, change, minutes)
        await market.store.fan_out("terminal", event, 10, event.at)
    epoch = await market.store.lead("terminal", "me", NOW, timedelta(seconds=10))
    claim = await market.store.claim(epoch, NOW, timedelta(seconds=9))
    await market.store.finish(claim, Final.SENT, "", "m1", NOW)
    claim = await market.store.claim(epoch, NOW, timedelta(seconds=9))
    await market.store.finish(claim, Final.SKIPPED, "muted ETH", "", NOW)

    shown = await said(market, "/why a-7f3k")

    assert "ETH funding < -0.01% for 15m every 1h · rule #1" in shown
    assert "5 Jan 2026 11:45 UTC · first past the line" in shown
    assert "5 Jan 2026 12:00 UTC · fired at −0.0121% per 8h · sent" in shown
    assert "5 Jan 2026 13:00 UTC · reminded at −0.0121% per 8h · held back (muted ETH)" in shown
    assert "5 Jan 2026 13:30 UTC · resolved at −0.0121% per 8h · on its way" in shown
    assert "over since 5 Jan 2026 13:30 UTC" in shown


async def test_without_a_name_the_last_are_offered_and_names_that_fit_two_are_asked_back() -> None:
    market = await desk()
    assert "No alert has fired here yet" in await said(market, "/why")
    await save(market, "ETH funding < -0.01%")
    (rule,) = await market.store.of(HERE)
    for minutes, episode in ((0, "7F3KAAAAAAAAAAAA"), (5, "7F3KBBBBBBBBBBBB")):
        await told(market, rule, Change.FIRED, minutes, episode)

    last, both = await ask(market, "/why"), await ask(market, "/why 7F3K")

    assert [button.command for button in last.buttons] == ["/why A-7F3KBBBB", "/why A-7F3KAAAA"]
    assert [button.command for button in both.buttons] == ["/why A-7F3KAAAA", "/why A-7F3KBBBB"]
    assert "not over yet" in await said(market, command_of(both, "/why A-7F3KAAAA"))
    assert "There is no alert A-QQQQ here" in await said(market, "/why A-QQQQ")


async def hours(market: Desk, count: int) -> None:
    """So many more hours of the market, in which the price of ETH rises by 1 % an hour, with who follows alerts up."""
    for hour in range(1, count + 1):
        at = NOW + timedelta(hours=hour)
        times, price = np.array([to_ms(at)], np.int64), np.array([[3_090.0 * 1.01**hour]], np.float32)
        bar = Panel(times, ("ETH",), timedelta(hours=1), {Metric.PRICE: price}, {})
        await market.store.close(Cycle(at, "LIVE", {"ETH": {}}, (), (bar,)))
        await Aftermath(market.store, SIGNALS).round()


async def test_what_followed_is_told_as_far_as_it_is_known() -> None:
    market = await desk()
    await save(market, "ETH funding < -0.01%")
    (rule,) = await market.store.of(HERE)
    await told(market, rule, Change.FIRED, 0)
    assert "What followed is looked up when its bar is closed." in await said(market, "/why a-7f3k")

    await hours(market, 5)

    shown = await ask(replace(market, now=NOW + timedelta(hours=5)), "/why a-7f3k")
    assert "What followed, from $3,091" in render(shown, colour=False)
    assert "1h later +0.96% · 4h later +4.02% · 24h later: known from 6 Jan 2026 12:00 UTC on" in render(
        shown, colour=False
    )
    first, _, last = dict(shown.data)["followed"]
    assert first["move"] == pytest.approx(3_090 * 1.01 / (3_000 * 1.001**30) - 1, abs=1e-6)
    assert (last["horizon_h"], last["move"]) == (24.0, None)


async def test_an_alert_is_told_of_when_its_rule_and_its_steps_are_gone() -> None:
    market = await desk()
    await save(market, "ETH funding < -0.01%")
    (rule,) = await market.store.of(HERE)
    await told(market, rule, Change.FIRED, 0)
    await hours(market, 30)

    await ask(market, "/delete 1")
    await market.store.forget(rule.id, None)

    assert (
        await said(replace(market, now=NOW + timedelta(days=400)), "/why A-7F3K")
        == """📊 Why A-7F3K · ETH · fired 5 Jan 2026 12:00 UTC
ETH funding < -0.01% for 15m every 1h · rule #1
Fired at −0.0121% per 8h.
What followed, from $3,091
1h later +0.96% · 4h later +4.02% · 24h later +26.92%
Its steps and reasons are kept for 90 days, as long as its rule is there.
"""
    )
    document = (await ask(market, "/export")).document
    assert document is not None
    (fired,) = json.loads(document.content)["fired"]
    assert (fired["alert"], fired["followed"][2]["horizon_h"]) == ("7F3KABCDEFGH2345", 24.0)


async def test_the_top_shows_more_than_a_coins_own_command() -> None:
    market = await desk()

    assert "There is no top of fundin" in await said(market, "/top fundin")
    assert [button.command for button in (await ask(market, "/top fundin")).buttons] == ["/top funding"]
    for name in ("funding", "oi", "liq", "ls", "ratio"):
        assert (await ask(market, f"/top {name}")).headline == (await ask(market, f"/{name}")).headline


async def test_what_was_not_known_when_it_fired_is_looked_up_when_somebody_asks() -> None:
    market = await desk_with_prices()
    await save(market, "ETH funding < -0.015% for 1h")
    (rule,) = await market.store.of(HERE)
    await told(market, rule, Change.FIRED, 0)

    shown = await said(market, "/why a-7f3k")

    bars = (await market.store.panel(STEP, STORED, 9_999)).of(("ETH",))
    seen = occurrences(rule.draft, ("ETH",), bars, BY_NAME)
    study = told_of(recorded(seen, Direction.UP))
    assert study is not None
    assert all("".join(span.text for span in line) in shown for line in lines(study, "ETH"))
    assert "not known yet" not in shown


async def test_of_a_rule_that_says_something_else_by_now_nothing_is_looked_up() -> None:
    market = await desk_with_prices()
    await save(market, "ETH funding < -0.015% for 1h")
    (rule,) = await market.store.of(HERE)
    await told(market, replace(rule, revision=rule.revision + 1), Change.FIRED, 0)

    assert "ETH: what followed before is not known yet." in await said(market, "/why a-7f3k")
