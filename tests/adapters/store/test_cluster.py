"""A cluster loses a primary in the middle: it is said, nothing waits for ever, and all goes on with its replica."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.store import keys
from adapters.store.base import Saved, StoreUnavailable, StoreWontWrite
from adapters.store.redis import open_client, open_redis
from tests.adapters.store.stories import HOME, MANY, T0, draft
from tests.cluster import Cluster, cluster


@pytest.fixture
def three(tmp_path: Path) -> Iterator[Cluster]:
    with cluster(tmp_path) as made:
        yield made


def keeps(three: Cluster, key: str) -> int:
    """The number of the node that keeps the key."""
    slot = int(three.nodes[0].say("CLUSTER", "KEYSLOT", key).removeprefix(":"))
    return slot * 3 // 16_384


async def test_a_lost_primary_is_said_and_its_replica_goes_on_with_what_was_saved(three: Cluster) -> None:
    first = keeps(three, "{u}schema")
    store = await open_redis(f"redis://127.0.0.1:{three.nodes[(first + 1) % 3].port}/0")
    saved = await store.add(HOME, draft("1"), "update-1", T0, MANY)
    assert isinstance(saved, Saved)
    three.nodes[first].wait_for_replica()

    three.nodes[first].kill()
    async with asyncio.timeout(5):
        with pytest.raises(StoreUnavailable):
            await store.of(HOME)
    async with asyncio.timeout(20):
        while True:
            try:
                kept = await store.of(HOME)
                break
            except StoreUnavailable:
                await asyncio.sleep(0.1)

    assert kept == [saved.rule]
    again = await store.add(HOME, draft("2"), "update-2", T0, MANY)
    assert isinstance(again, Saved)
    assert again.rule.number == 2
    assert (await store.info()).detail.startswith("a cluster of 3 primaries")
    await store.aclose()


async def test_a_cluster_that_has_no_server_for_a_key_is_away_and_refuses_nothing(three: Cluster) -> None:
    first = keeps(three, "{u}schema")
    store = await open_redis(three.url)
    assert await store.of(HOME) == []

    for node in three.nodes[:3]:
        slot = node.say("CLUSTER", "KEYSLOT", "{u}").removeprefix(":").strip()
        assert node.say("CLUSTER", "DELSLOTS", slot).startswith("+OK")

    with pytest.raises(StoreUnavailable, match="no server for a part of the keys"):
        await store.of(HOME)
    with pytest.raises(StoreUnavailable, match="no server for a part of the keys"):
        await store.add(HOME, draft("1"), "update-1", T0, MANY)
    three.nodes[first].say("CLUSTER", "ADDSLOTS", slot)
    await store.aclose()


async def test_what_a_takeover_may_cost_is_said(three: Cluster) -> None:
    store = await open_redis(three.url)
    assert "are gone, which may cost alerts and saved rules" in (await store.info()).detail

    for node in three.nodes:
        assert node.say("CONFIG", "SET", "min-replicas-to-write", "1").startswith("+OK")

    assert (await store.info()).detail.endswith("a takeover loses next to nothing")
    await store.aclose()


async def test_a_primary_without_enough_replicas_is_waited_for_also_where_many_steps_go_at_once(three: Cluster) -> None:
    client = await open_client(f"redis://127.0.0.1:{three.nodes[0].port}/0")
    for node in three.nodes:
        assert node.say("CONFIG", "SET", "min-replicas-to-write", "7").startswith("+OK")

    with pytest.raises(StoreWontWrite, match="min-replicas-to-write"):
        await client.steps("keep_number", [([keys.CHANGES], [9, 100])] * 2)

    for node in three.nodes:
        assert node.say("CONFIG", "SET", "min-replicas-to-write", "0").startswith("+OK")
    await client.aclose()


async def test_the_cluster_is_found_from_each_of_its_nodes(three: Cluster) -> None:
    for node in three.nodes:
        client = await open_client(f"redis://127.0.0.1:{node.port}/0")
        assert await client.do("SET", f"{{{node.port}}}", "here") == b"OK"
        assert len(await client.primaries()) == 3
        await client.aclose()


async def test_a_connection_that_another_task_has_just_closed_is_a_store_that_does_not_answer(three: Cluster) -> None:
    client = await open_client(three.url)
    assert await client.do("PING", at=(await client.primaries())[0].node) == b"PONG"
    connection = client._redis.get_primaries()[0]._connections[0]
    writer, connection._writer = connection._writer, None

    with pytest.raises(StoreUnavailable):
        await client._spoken(connection._send_packed_command(b"PING"))
    connection._writer = writer
    await client.aclose()
