"""On a store with a second server a rule is said to be in doubt until that one has it."""

import signal
from pathlib import Path

import pytest

from adapters.chat.rendering import render
from adapters.store.redis import open_redis
from tests.bot.commands.desks import ask, desk, press, save
from tests.cluster import cluster

DOUBT = "One server has it so far, and the other is late"


async def test_what_is_saved_while_the_replica_is_late_says_so(tmp_path: Path) -> None:
    with cluster(tmp_path) as three:
        slot = int(three.nodes[0].say("CLUSTER", "KEYSLOT", "{u}copied").removeprefix(":"))
        primary = three.nodes[slot * 3 // 16_384]
        primary.wait_for_replica()
        store = await open_redis(three.url)
        market = await desk(store=store)

        assert DOUBT not in render(await save(market, "ETH price > 4000"), colour=False)

        replica = three.node(three.pairs()[primary.port])
        replica.process.send_signal(signal.SIGSTOP)
        assert DOUBT in render(await save(market, "ETH price > 5000"), colour=False)
        several = await ask(market, "/import BTC price > 190000; BTC price > 195000")
        assert DOUBT in render(await press(market, several, "Save"), colour=False)
        replica.process.send_signal(signal.SIGCONT)
        await store.aclose()


@pytest.mark.parametrize("copies", [0, 1])
async def test_where_there_is_no_second_server_nothing_is_in_doubt(tmp_path: Path, copies: int) -> None:
    with cluster(tmp_path, replicas=copies) as three:
        store = await open_redis(three.url)
        three.nodes[0].wait_for_replica() if copies else None
        assert await store.copied()
        await store.aclose()
