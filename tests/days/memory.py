"""How much memory the service takes day after day, beside the bars that its store is to keep."""

import asyncio
import gc
import logging
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from adapters.chat.pace import Pacer, pace_of
from adapters.store.memory import MemoryStore
from bot.clock import Clock
from bot.services.aftermath import Aftermath
from bot.services.evaluator import Evaluator
from bot.services.fanout import Fanout
from bot.services.notices import Notices
from bot.services.poller import Poller
from bot.services.sender import Sender
from bot.services.voice import Voice
from bot.telling import told
from signals.registry import SIGNALS
from tests import virtual
from tests.adapters.store.stories import HOME
from tests.bot.services.markets import running
from tests.bot.services.test_delivery import Chat
from tests.days.market import STEP, Market
from tests.days.schedule import DAY, START, Schedule
from tests.days.service import MANY, TRUE, rule_of
from tests.days.truth import drawn

SPEED = 600.0
"""How much faster the market goes than the clocks of sender and leases: a day takes 144 of their seconds."""

LOOKED_AT = DAY / 4
MOST = 1_000_000 / 1440
"""Bytes that a moment may add: a megabyte a day of minutes."""


@dataclass(frozen=True)
class Grown:
    """Bytes that were in use at the end of each quarter of a day, and how many alerts were sent."""

    bytes: Sequence[int]
    alerts: int

    def a_moment(self, since: timedelta) -> float:
        """Bytes by which each moment after that time made it more."""
        quarters = self.bytes[since // LOOKED_AT - 1 :]
        return (quarters[-1] - quarters[0]) / ((len(quarters) - 1) * (LOOKED_AT // STEP))


async def lived(seed: int, days: float) -> Grown:
    """Every loop for so many days on a market in which rules fire; tracemalloc must be on."""
    store, clock, wall = MemoryStore(), Clock(START, SPEED), Clock(START)
    market = Market(drawn(seed, days), Schedule(seed, days, 0.0), clock.now)
    for sentence in TRUE:
        await store.add(HOME, rule_of(sentence), sentence, START, MANY)
    await store.change(HOME, lambda of: replace(of, budget=None), "no budget")
    chat, pacer = Chat(), Pacer(pace_of("terminal"), 0.0)
    loops = (
        Poller(market, store, clock).run,
        Evaluator(store, SIGNALS, STEP).run,
        Fanout(store, ["terminal"], wall.now).run,
        Notices(store, SIGNALS, clock.now).run,
        Aftermath(store, SIGNALS).run,
        Sender(store, chat, "main", wall, clock, Voice(told), pacer).run,
    )
    used, alerts = list[int](), 0
    async with running(*loops):
        for _ in range(round(days * DAY / LOOKED_AT)):
            await asyncio.sleep(LOOKED_AT / timedelta(seconds=1) / SPEED)
            alerts += len(chat.sent)
            chat.sent.clear()
            _leave_a_day_of_bars(store)
            gc.collect()
            used.append(tracemalloc.get_traced_memory()[0])
    return Grown(used, alerts)


def _leave_a_day_of_bars(store: MemoryStore) -> None:
    """Bars are what a store is for: they end by themselves after 8 and 90 days, for which nobody waits here."""
    for step, kept in store._bars.items():
        for at in sorted(kept)[: -(DAY // step)]:
            del kept[at]


def report(seed: int, days: float) -> dict[str, object]:
    """What was measured after the first day."""
    grown = measured(seed, days)
    added = grown.a_moment(DAY)
    return {
        "seed": seed,
        "days": days,
        "bytes": grown.bytes,
        "alerts": grown.alerts,
        "bytes_a_moment": round(added, 1),
        "sound": added < MOST,
        "again": f"scripts/campaign days --memory --days {days:g} --first {seed} --seeds 1",
    }


def measured(seed: int, days: float) -> Grown:
    """The same in virtual time."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    tracemalloc.start()
    try:
        return virtual.run(lambda: lived(seed, days))
    finally:
        tracemalloc.stop()
        structlog.reset_defaults()
