"""One event for ten thousand subscribers: each gets one entry, also over a crash, and no step holds the server up."""

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.chat.base import Place
from adapters.store import embedded, keys
from adapters.store.base import Fanned, Saved
from adapters.store.client import Client
from adapters.store.redis import open_redis
from bot.services.fanout import PAGE
from signals.event import Event
from tests.adapters.store.stories import MANY, T0, draft, event

SUBSCRIBERS = 10_000
LONGEST = 0.050
"""Seconds for which one step may keep the server to itself, and with it every alert and answer."""


async def subscribed(url: str) -> Event:
    """An alert of a rule that so many places are told of."""
    store, client = await open_redis(url), Client(url)
    saved = await store.add(Place("telegram", "1"), draft(), "1", T0, MANY)
    assert isinstance(saved, Saved)
    many = [word for number in range(SUBSCRIBERS) for word in (0, str(10**9 + number))]
    await client.do("ZADD", keys.subscribers("telegram", saved.rule.id), *many)
    await client.aclose()
    await store.aclose()
    return replace(event(saved.rule), change_number=0)


async def computed(client: Client) -> float:
    """Seconds that the server has computed: another program that takes the processor is not counted."""
    said = await client.do("INFO", "cpu")
    assert isinstance(said, bytes)
    told = dict(line.split(":") for line in said.decode().splitlines() if ":" in line)
    return float(told["used_cpu_user"]) + float(told["used_cpu_sys"])


async def expanded(url: str, alert: Event, most: int) -> list[float]:
    """What each of at most so many pages cost the server."""
    store, client, took = await open_redis(url), Client(url), list[float]()
    done = None
    while done is not Fanned.DONE and len(took) < most:
        before = await computed(client)
        done = await store.fan_out("telegram", alert, PAGE, T0)
        took.append(await computed(client) - before)
    await client.aclose()
    await store.aclose()
    return took


@pytest.mark.parametrize("crashes", [False, True])
async def test_each_of_ten_thousand_gets_one_entry_and_no_step_takes_fifty_milliseconds(
    tmp_path: Path, *, crashes: bool
) -> None:
    server = embedded.start(tmp_path)
    try:
        alert = await subscribed(server.url)
        pages = SUBSCRIBERS // PAGE
        took = await expanded(server.url, alert, pages // 2)
        if crashes:
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            while not server.gone():  # noqa: ASYNC110 - its process is still ending
                await asyncio.sleep(0.01)
            server.start_again()
            server.wait_until_ready()
        took += await expanded(server.url, alert, 2 * pages)
        client = Client(server.url)
        lane = await client.do("ZRANGE", keys.of_platform("telegram", "lane"), 0, -1)
        await client.aclose()
    finally:
        server.stop()

    assert isinstance(lane, list)
    assert sorted(entry.decode().partition(":")[0] for entry in lane if isinstance(entry, bytes)) == [
        str(10**9 + number) for number in range(SUBSCRIBERS)
    ]
    assert pages <= len(took) <= pages + 2
    assert max(took) < LONGEST
