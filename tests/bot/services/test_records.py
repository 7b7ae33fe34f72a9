"""Records are made of what is asked, are the studies of the stored bars, and stand in the alerts that fire."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.store.base import StoreUnavailable
from adapters.store.memory import MemoryStore
from adapters.store.record_port import Made, RecordStore
from bot.records import numbers
from bot.services.evaluator import Evaluator
from bot.services.records import GOOD_FOR, LOOK_AGAIN, SOONER, Records
from bot.services.wanted import Wanted
from signals.aggregate import Cycle
from signals.model import Direction, Metric
from signals.occurrences import occurrences
from signals.panel import STORED, to_ms
from signals.part import WHOLE
from signals.questions import usual
from signals.recorded import ALL_COINS, recorded
from signals.registry import BY_NAME, SIGNALS
from signals.rules.canonical import question, question_of
from signals.rules.lifecycle import Change
from tests import virtual
from tests.bot.commands.desks import NOW, STEP, desk_with_prices
from tests.bot.services.markets import asked, until
from tests.bot.services.test_evaluator import told_of_all

NEGFUNDING = question(usual(BY_NAME["negfunding"]))
FEW_SIGNALS = [BY_NAME["negfunding"], BY_NAME["fundingcross"]]
OWN = "funding < -0.015% for 1h"


async def test_every_bare_signal_and_the_questions_of_rules_have_the_studies_of_their_bars() -> None:
    store = (await desk_with_prices()).store
    rule = await asked(store, "ETH funding < -0.015% for 1h")

    await Records(store, FEW_SIGNALS).round()

    bars = (await store.panel(STEP, STORED, 9_999)).of(("BTC", "ETH", "SOL"))
    seen = occurrences(usual(BY_NAME["negfunding"]), bars.coins, bars, BY_NAME)
    bare = await store.records("LIVE", NEGFUNDING)
    assert bare.keys() == {ALL_COINS, "BTC", "ETH", "SOL"}
    assert bare["BTC"].studies == recorded(seen.of("BTC"), Direction.UP)
    assert bare[ALL_COINS].studies == recorded(seen, Direction.UP)
    assert bare["BTC"].studies[2].entry.events > 20
    own = await store.records("LIVE", question(rule.draft))
    assert own.keys() == {ALL_COINS, "ETH"}
    assert await store.records_of("LIVE", [(OWN, "ETH"), (OWN, "BTC")]) == {(OWN, "ETH"): own["ETH"]}


async def test_of_very_many_rules_some_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.services.records.MOST_READ", 3)
    store = (await desk_with_prices()).store
    rules = [await asked(store, f"ETH funding < -0.01{n}% for 1h") for n in range(5)]

    await Records(store, FEW_SIGNALS).round()

    assert [bool(await store.records("LIVE", question(rule.draft))) for rule in rules] == [True] * 3 + [False] * 2


async def test_what_no_bar_tells_is_known_to_be_without_a_study() -> None:
    store = (await desk_with_prices()).store
    rule = await asked(store, "ETH ls.top > 2")

    await Records(store, FEW_SIGNALS).round()

    assert await store.records("LIVE", question(rule.draft)) == {c: Made(NOW, ()) for c in (ALL_COINS, "ETH")}


@pytest.mark.parametrize(
    ("age", "newcomer", "is_made_anew"),
    [
        (SOONER, False, False),
        (SOONER - STEP / 60, True, False),
        (SOONER, True, True),
        (GOOD_FOR, False, True),
    ],
)
async def test_a_record_is_made_anew_when_it_is_old_or_coins_came(
    age: timedelta, newcomer: bool, is_made_anew: bool
) -> None:
    store = (await desk_with_prices()).store
    loop = Records(store, FEW_SIGNALS)
    await loop.round()
    latest = await store.latest()
    assert latest is not None
    more = {"XRP": latest.readings["ETH"]} if newcomer else {}

    await store.close(Cycle(NOW + age, latest.label, {**latest.readings, **more}, ()))
    await loop.round()

    made = await store.records("LIVE", NEGFUNDING)
    assert made["ETH"].at == (NOW + age if is_made_anew else NOW)
    assert ("XRP" in made) is (newcomer and is_made_anew)


class Away(MemoryStore):
    """A store that keeps no records while it is away."""

    away = False

    async def keep_records(self, label: str, question: str, made: Mapping[str, Made]) -> None:
        if self.away:
            raise StoreUnavailable("away")
        await super().keep_records(label, question, made)


@pytest.mark.parametrize("away", [False, True])
async def test_a_record_is_made_anew_where_the_past_was_filled_in_also_if_the_store_is_away(away: bool) -> None:
    store = Away()
    await desk_with_prices(store=store)
    loop = Records(store, FEW_SIGNALS)
    await loop.round()
    latest, oldest = await store.latest(), (await store.panel(STEP, STORED, 9_999)).rows(0, 1)
    assert latest is not None
    await store.close(Cycle(NOW + SOONER, latest.label, latest.readings, ()))
    await store.extend([replace(oldest, times=oldest.times - to_ms(NOW) + to_ms(NOW - STEP))])

    store.away = away
    with pytest.raises(StoreUnavailable) if away else nullcontext():
        await loop.round()
    store.away = False
    await loop.round()

    assert (await store.records("LIVE", NEGFUNDING))["ETH"].at == NOW + SOONER


async def test_a_new_rule_has_its_record_soon() -> None:
    store = (await desk_with_prices()).store
    loop = Records(store, FEW_SIGNALS)
    await loop.round()

    rule = await asked(store, "ETH funding < -0.015% for 1h")

    async with asyncio.timeout(5):
        while "ETH" not in await store.records("LIVE", question(rule.draft)):
            await loop.round()
            await asyncio.sleep(0)  # so that the time can run out


def after(latest: Cycle, hours: int, rate: float) -> Cycle:
    """That many hours later, with that funding of each coin."""
    at = latest.at + hours * STEP
    readings = {
        coin: {
            metric: replace(of, at=at, value=rate if metric is Metric.FUNDING else of.value)
            for metric, of in by.items()
        }
        for coin, by in latest.readings.items()
    }
    return Cycle(at, latest.label, readings, ())


async def test_an_alert_that_fires_carries_what_was_known_of_its_question_on_its_coin() -> None:
    store = (await desk_with_prices()).store
    rule = await asked(store, "ETH,BTC funding < -0.015% for 1h every off")
    await Records(store, FEW_SIGNALS).round()
    made = await store.records("LIVE", OWN)
    evaluator = Evaluator(store, SIGNALS, STEP)
    await evaluator._load()  # as `run` begins
    latest = await store.latest()
    assert latest is not None

    for hours, rate in enumerate((0.0001, -0.0002, -0.0002, -0.0002, 0.0001, 0.0001), start=1):
        await evaluator.judge(after(latest, hours, rate))

    events = await told_of_all(store, [rule])
    fired = [event for event in events if event.change is Change.FIRED]
    assert {event.coin for event in fired} == {"ETH", "BTC"}
    assert all(event.record == made[event.coin].studies[2] for event in fired)
    assert all(event.record is None for event in events if event.change is not Change.FIRED)
    assert json.dumps(numbers(made["ETH"].studies[2]))


async def test_an_alert_that_fires_without_a_record_has_one_made_of_its_question_on_its_coin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.services.records.MOST_QUESTIONS", 0)
    store = (await desk_with_prices()).store
    rules = [await asked(store, f"ETH,BTC {OWN} every off"), await asked(store, "SOL funding > 90% for 1h")]
    evaluator, loop, latest = Evaluator(store, SIGNALS, STEP), Records(store, FEW_SIGNALS), await store.latest()
    await evaluator._load()  # as `run` begins
    assert latest is not None
    for hours, rate in enumerate((0.0001, -0.0002, -0.0002), start=1):
        await evaluator.judge(after(latest, hours, rate))
    first = [event for event in await told_of_all(store, rules) if event.change is Change.FIRED]

    await loop.round()
    for hours, rate in enumerate((0.0001, 0.0001, -0.0002, -0.0002), start=4):
        await evaluator.judge(after(latest, hours, rate))

    fired = [event for event in await told_of_all(store, rules) if event.change is Change.FIRED]
    later = [event for event in fired if event not in first]
    made = await store.records("LIVE", OWN)
    assert made.keys() == {ALL_COINS, "BTC", "ETH"}
    assert [event.record for event in first] == [None, None]
    assert {event.coin: event.record for event in later} == {coin: made[coin].studies[2] for coin in ("BTC", "ETH")}
    assert await store.records("LIVE", question(rules[1].draft)) == {}


def test_a_second_coin_that_fires_the_same_question_has_its_record_at_the_next_look() -> None:
    """The record of the first coin is a moment old, and its question would be made anew after SOONER alone."""

    async def live() -> tuple[float, set[str]]:
        store = (await desk_with_prices()).store
        wants, clock = Wanted(store, WHOLE), asyncio.get_running_loop().time
        looking = asyncio.create_task(Records(store, FEW_SIGNALS).run())
        await wants.want([(OWN, "ETH")])
        await until(lambda: has_record(store, "ETH"))
        began = clock()
        await wants.want([(OWN, "BTC")])
        await until(lambda: has_record(store, "BTC"))
        took, made = clock() - began, await store.records("LIVE", OWN)
        looking.cancel()
        return took, set(made)

    took, made = virtual.run(live)

    assert took <= LOOK_AGAIN + 1
    assert made == {ALL_COINS, "ETH", "BTC"}


async def test_what_alerts_fired_without_is_made_before_all_else_also_when_it_comes_in_between() -> None:
    store, order = (await desk_with_prices()).store, list[str]()
    wants, keep = Wanted(store, WHOLE), store.keep_records
    later = question_of("ETH funding < -0.011% for 1h")

    async def noted(label: str, name: str, found: Mapping[str, Made]) -> None:
        await keep(label, name, found)
        order.append(name)
        if len(order) == 2:  # while those of signals are made
            await wants.want([(later, "ETH")])

    await wants.want([(OWN, "ETH"), (OWN, "NOSUCH")])
    store.keep_records = noted  # type: ignore[method-assign] # noted, and done as ever
    loop = Records(store, FEW_SIGNALS)
    await loop.round()
    await loop.round()

    assert order == [OWN, order[1], later, order[3]]
    assert {order[1], order[3]} == {question(usual(signal)) for signal in FEW_SIGNALS}


async def has_record(store: RecordStore, coin: str) -> bool:
    return coin in await store.records("LIVE", OWN)
