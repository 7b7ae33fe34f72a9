"""Fired alerts are followed up over restarts and gaps, once, and what followed is what the bars say."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from adapters.store.alert_port import Commit
from adapters.store.memory import MemoryStore
from bot.services.aftermath import Aftermath
from signals.aftermath import Outcome, outcomes
from signals.aggregate import Cycle
from signals.model import Metric
from signals.panel import Panel, to_ms
from signals.registry import SIGNALS
from signals.remembered import Remembered
from signals.rules.canonical import question_of
from tests.adapters.store.stories import HOME, MINUTE, T0, bar, event, firing, subscribed

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STOCK = "ETH negfunding for 15m every 1h"


class Market:
    """A market of minutes in which an alert has fired, with whoever follows it up."""

    def __init__(self, price: Callable[[int], float], label: str = "LIVE") -> None:
        self.store = MemoryStore()
        self.price = price
        self.label = label
        self.follower: Aftermath | None = None
        """Who lives on; None where each look is that of a new process."""

    async def fire(self, sentence: str = STOCK) -> None:
        await self.minute(0)
        rule = await subscribed(self.store)
        one = replace(event(rule), sentence=sentence, label=self.label)
        await self.store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), one))

    async def minute(self, minute: int) -> None:
        """That minute is closed, with the bars that end with it."""
        at = T0 + minute * MINUTE
        steps = [MINUTE, *(s for s in (5 * MINUTE, HOUR) if (at - T0) % s == timedelta(0))]
        bars = tuple(bar(at, self.price(minute), step) for step in steps)
        await self.store.close(Cycle(at, self.label, {"ETH": {}}, (), bars))

    async def goes(self, *minutes: int, look: Callable[[int], bool] = lambda _: True) -> None:
        for minute in range(*minutes):
            await self.minute(minute)
            if look(minute):
                await (self.follower or Aftermath(self.store, SIGNALS)).round()

    async def alert(self) -> Remembered:
        (found,) = await self.store.remembered(HOME, "")
        return found

    async def followed(self) -> list[Outcome]:
        return list(outcomes(await self.alert()))


def steady(minute: int) -> float:
    return 100.0 + minute


def near(minute: int) -> bool:
    """Minutes in which something can be found out, and a few around them."""
    return any(abs(minute - at) <= 2 for at in (0, 60, 240, 1440))


async def test_an_alert_is_followed_up_by_whoever_is_there_when_its_time_comes() -> None:
    market = Market(steady)
    await market.fire()

    await market.goes(1, 1445, look=near)

    assert [of.move for of in await market.followed()] == pytest.approx([0.6, 2.4, 14.4])
    assert [of.later for of in await market.followed()] == pytest.approx([161 / 101 - 1, 341 / 101 - 1, 1541 / 101 - 1])
    assert await market.store.followed(T0 + 99 * DAY, 9) == []


async def test_a_bare_signal_makes_a_case_of_its_coin_under_its_label_and_other_rules_none() -> None:
    for sentence, count in ((STOCK, 1), ("ETH funding < -0.01% for 15m every 1h", 0), ("ETH negfunding for 1h", 0)):
        market = Market(steady, "SIMULATED")
        await market.fire(sentence)
        await market.goes(1, 3)

        cases = await market.store.cases("SIMULATED", question_of(sentence), ["ETH"])

        assert len(cases) == count
        assert await market.store.cases("LIVE", "negfunding for 15m", ["ETH"]) == []
        assert [of.prices for of in cases] == [(await market.alert()).prices] * count


async def test_one_that_stood_still_for_hours_finds_what_it_missed_though_it_has_looked_in_vain_before() -> None:
    market = Market(lambda minute: 100.0 + minute if minute >= 8 else float("nan"))
    await market.fire()
    one = Aftermath(market.store, SIGNALS)

    for minute in range(1, 300):
        await market.minute(minute)
        if minute in (1, 62, 299):
            await one.round()

    assert (await market.alert()).prices == (None, None, 160.0, 161.0, 340.0, 341.0, None, None)


async def test_who_was_away_for_hours_finds_the_same_on_what_is_kept() -> None:
    market = Market(steady)
    await market.fire()

    await market.goes(1, 1445, look=lambda minute: minute > 1441)

    assert [of.move for of in await market.followed()] == pytest.approx([0.6, 2.4, 14.4])


@pytest.mark.parametrize("lives_on", [False, True])
async def test_prices_of_a_gap_are_unknown_until_the_past_is_filled_in(lives_on: bool) -> None:
    market = Market(lambda minute: float("nan") if 30 <= minute < 90 else steady(minute))
    market.follower = Aftermath(market.store, SIGNALS) if lives_on else None
    await market.fire()
    await market.goes(1, 300, look=lambda minute: near(minute) or minute % 60 == 1)
    assert [of.move for of in await market.followed()] == [None, pytest.approx(2.4), None]

    times = np.array([to_ms(T0 + m * MINUTE) for m in (60, 61)], np.int64)
    past = Panel(times, ("ETH",), MINUTE, {Metric.PRICE: np.array([[160.0], [161.0]], np.float32)}, {})
    await market.store.extend([past])
    await market.goes(300, 362, look=lambda minute: minute > 359)

    assert [of.move for of in await market.followed()][:2] == pytest.approx([0.6, 2.4])


class Counted(MemoryStore):
    """Notes how many bars are read at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.read = list[int]()

    async def panel(
        self, step: timedelta, metrics: Collection[Metric], rows: int, coins: tuple[str, ...] | None = None
    ) -> Panel:
        self.read.append(rows)
        return await super().panel(step, metrics, rows, coins)


async def test_what_was_sought_in_vain_is_not_read_again_before_there_is_more() -> None:
    market = Market(lambda minute: float("nan") if 55 <= minute <= 70 else 100.0)
    market.store = store = Counted()
    await market.fire()
    follower = Aftermath(store, SIGNALS)

    for minute in range(1, 400):
        await market.minute(minute)
        await follower.round()

    assert len([rows for rows in store.read if rows > 20]) == 1


async def test_it_looks_at_nothing_before_there_is_a_market() -> None:
    store = MemoryStore()
    await Aftermath(store, SIGNALS).round()

    assert await store.followed(datetime.max.replace(tzinfo=T0.tzinfo), 9) == []
