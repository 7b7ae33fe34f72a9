"""One rival of `bench/delivery.py` in a process of its own: alerts, each to a chat of its own, until all are taken.

Ours is the whole sender: lanes in the store, claims, gates, rendering, the front, and an outcome on record for each.
Theirs is the library alone with its own limiter: nothing is on disk, and what is not sent when it dies is gone.
"""

import asyncio
import json
import logging
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from telegram import InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

from adapters.chat.base import Delivery, Outcome, Place, Sent
from adapters.chat.pace import Pace, Pacer, pace_of
from adapters.chat.telegram.front import Telegram
from adapters.chat.telegram.markup import pages
from adapters.chat.telegram.settings import TelegramSettings
from adapters.store import embedded
from adapters.store.base import Fanned, RuleChange, Saved, Store
from adapters.store.memory import MemoryStore
from adapters.store.place_settings import PlaceSettings
from adapters.store.redis import open_redis
from bench.demo import resident_mb
from bench.telegram import AT_ONCE, Nothing
from bot.clock import Clock
from bot.services.sender import Sender
from bot.services.voice import Voice
from bot.telling import told
from signals.event import Event
from signals.rules.model import Rule
from tests.adapters.store.stories import MANY, T0, draft, event

FIRST = 1000
TRIES_OF_THEIRS = 1000
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


def places(chats: int) -> Sequence[Place]:
    return [Place("telegram", str(FIRST + number)) for number in range(chats)]


def alert_of(number: int, rule: Rule) -> Event:
    """The alert of that chat."""
    return event(rule, f"E{number:06}")


async def filled(store: Store, chats: int) -> None:
    """A rule in every chat, and an alert of it in its lane."""
    for number, place in enumerate(places(chats)):
        saved = await store.add(place, draft(), f"{number}", T0, MANY)
        assert isinstance(saved, Saved)
        await store.subscribe("telegram", RuleChange(saved.rule.change, saved.rule.id, saved.rule))
        assert await store.fan_out("telegram", alert_of(number, saved.rule), 10, T0) is Fanned.DONE


class Counting:
    """The front, and how many of its messages were taken."""

    name = "telegram"

    def __init__(self, front: Telegram, chats: int) -> None:
        self._front = front
        self._chats = chats
        self.times: list[float] = []
        self.done = asyncio.Event()

    async def send(self, delivery: Delivery) -> Outcome:
        """As the front does."""
        outcome = await self._front.send(delivery)
        if isinstance(outcome, Sent):
            self.times.append(time.perf_counter())
        if len(self.times) == self._chats:
            self.done.set()
        return outcome


def pace(times: Sequence[float]) -> float:
    """Messages a second from the first to the last."""
    return (len(times) - 1) / (max(times) - min(times))


@asynccontextmanager
async def measured(row: dict[str, float]) -> AsyncIterator[None]:
    """What is done inside, in seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    row["wall_s"], row["cpu_s"] = time.perf_counter() - wall, time.process_time() - cpu
    row["peak_mb"] = resident_mb("self")


async def ours(store: Store, settings: TelegramSettings, chats: int, *, paced: bool) -> Mapping[str, float]:
    await filled(store, chats)
    row: dict[str, float] = {"before_mb": resident_mb("self", "VmRSS")}
    wall = Clock(T0)
    front = Telegram(settings, Nothing(), wall.now, wall.now)
    counting = Counting(front, chats)
    pacer = Pacer(pace_of("telegram") if paced else Pace(), asyncio.get_running_loop().time())
    sender = Sender(store, counting, "bench", wall, wall, Voice(told), pacer)
    async with measured(row):
        task = asyncio.create_task(sender.run())
        await counting.done.wait()
        task.cancel()  # which waits until every outcome is on record
        await asyncio.gather(task, return_exceptions=True)
    await front.aclose()
    return row | {"pace": pace(counting.times)}


async def ours_embedded(settings: TelegramSettings, chats: int, *, paced: bool) -> Mapping[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        server = embedded.start(Path(folder))
        store = await open_redis(server.url)
        try:
            return await ours(store, settings, chats, paced=paced)
        finally:
            await store.aclose()
            server.stop()


async def theirs(settings: TelegramSettings, chats: int, *, paced: bool) -> Mapping[str, float]:
    """The library's own call; what its limiter lets through too early is refused and repeated by the limiter."""
    store = MemoryStore()
    await filled(store, chats)
    events = [alert_of(number, (await store.of(place))[0]) for number, place in enumerate(places(chats))]
    row: dict[str, float] = {"before_mb": resident_mb("self", "VmRSS")}
    limits = {} if paced else {"overall_max_rate": 0, "group_max_rate": 0}
    limiter = AIORateLimiter(max_retries=TRIES_OF_THEIRS, **limits)
    request, updates = HTTPXRequest(connection_pool_size=AT_ONCE, pool_timeout=600), HTTPXRequest()
    base = f"{settings.url}/bot"
    bot = ExtBot(settings.token, base, request=request, get_updates_request=updates, rate_limiter=limiter)
    numbers, times = iter(range(chats)), list[float]()

    async def one_after_another() -> None:
        for number in numbers:
            message = told([events[number]], T0, PlaceSettings())
            row_ = [InlineKeyboardButton(of.label, callback_data=f"n{of.command}") for of in message.buttons]
            await bot.send_message(
                FIRST + number,
                pages(message)[0].html,
                parse_mode=ParseMode.HTML,
                disable_notification=message.silent,
                reply_markup=InlineKeyboardMarkup([row_]),
                link_preview_options=_NO_PREVIEW,
            )
            times.append(time.perf_counter())

    async with bot, measured(row):
        await asyncio.gather(*(one_after_another() for _ in range(chats if paced else AT_ONCE)))
    return row | {"pace": pace(times)}


RIVALS = {
    "ours on the embedded store": ours_embedded,
    "ours on the memory store": lambda settings, chats, paced: ours(MemoryStore(), settings, chats, paced=paced),
    "library with its limiter": theirs,
}


def main() -> None:
    who, url, token, chats, paced = sys.argv[1:]
    settings = TelegramSettings(token, url)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    row = asyncio.run(RIVALS[who](settings, int(chats), paced=paced == "paced"))
    print(json.dumps(row))


if __name__ == "__main__":
    main()
