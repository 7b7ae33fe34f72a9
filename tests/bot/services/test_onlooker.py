"""The evaluator keeps what people ask about: of the last judged moment."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from adapters.store.alert_port import Mark
from adapters.store.memory import MemoryStore
from bot.clock import AS_FAST_AS_IT_GOES, Clock
from bot.services.evaluator import Evaluator
from bot.services.poller import Poller
from signals.base import Signal
from signals.glance import Glance
from signals.negfunding import NegFunding
from signals.panel import Panel, Series
from signals.part import Part
from signals.registry import SIGNALS
from tests import virtual
from tests.bot.services.markets import running, until
from tests.bot.services.moves import MINUTE, Moves

START = datetime.fromisoformat("2026-01-05T12:10Z")
END = START + timedelta(hours=2)


class Broken(NegFunding):
    """A signal that fails whenever it is asked."""

    def score(self, panel: Panel, window: timedelta, rows: int | None = None, side: str = "") -> Series:
        raise ZeroDivisionError


def lived(speed: float, signals: Sequence[Signal] = SIGNALS) -> Glance:
    """What was seen at the end of two hours of a coin that rises a dollar a minute."""

    async def live() -> Glance:
        store, market = MemoryStore(), Moves(lambda at: 100.0 + (at - START) / MINUTE, START)
        market.end = END  # type: ignore[assignment] # a market that ends

        async def seen() -> bool:
            looked = await store.looked()
            return looked is not None and looked[0].at == END

        async with running(Poller(market, store, Clock(START, speed)).run, Evaluator(store, signals, MINUTE).run):
            await until(seen)
        looked = await store.looked()
        assert looked is not None
        return looked[1]

    return virtual.run(live)


@pytest.mark.parametrize("speed", [600.0, AS_FAST_AS_IT_GOES])
def test_the_last_moment_is_kept_however_fast_the_market_is_played(speed: float) -> None:
    glance = lived(speed)

    assert glance.coins == ("BTC",)
    assert glance.rows["price", timedelta(hours=1)].values == pytest.approx([220.0 / 160.0 - 1.0])


def test_a_signal_that_cannot_be_computed_is_unknown_and_the_others_are_kept() -> None:
    glance = lived(AS_FAST_AS_IT_GOES, [Broken(), *(of for of in SIGNALS if of.name != "negfunding")])

    assert glance.rows["negfunding", NegFunding().windows[0]].values is None
    assert glance.rows["price", timedelta(hours=1)].values is not None


@pytest.mark.parametrize(("number", "looks"), [(1, True), (2, False)])
def test_of_those_that_share_the_coins_out_the_first_one_looks_for_all(number: int, looks: bool) -> None:
    part = Part(number, 2)

    async def live() -> bool:
        store, market = MemoryStore(), Moves(lambda at: 100.0 + (at - START) / MINUTE, START)
        await store.share_out(1, 2, None, Mark())

        async def judged() -> bool:
            at, _ = await store.left(part)
            return at is not None and at >= START + 5 * MINUTE

        async with running(Poller(market, store, Clock(START, 60.0)).run, Evaluator(store, SIGNALS, MINUTE, part).run):
            await until(judged)
            return await store.looked() is not None

    assert virtual.run(live) == looks
