"""Short histories that every store must survive: steps of a delivery called twice, late, or by a former sender."""

import pytest

from adapters.store.base import Claim, Epoch, Final, Idle, Store
from tests.adapters.store.stories import HOME, LEASE, MINUTE, T0, TTL, claimed, lead, queued

LATER = T0 + 2 * TTL


async def overtaken(store: Store, *ids: str) -> tuple[Claim, Claim, Epoch]:
    """The first entry as a sender holds it that was stopped for too long, and as its successor does."""
    await queued(store, *ids)
    old = await claimed(store, await lead(store))
    epoch = await store.lead("terminal", "standby", LATER, TTL)
    assert isinstance(epoch, Epoch)
    new = await store.claim(epoch, LATER, LEASE)
    assert isinstance(new, Claim)
    return old, new, epoch


async def outcomes(store: Store) -> list[tuple[str, Final]]:
    return [(entry.rpartition(":")[2], how) for entry, how, _ in (await store.outcomes(HOME, 99))[::-1]]


async def test_where_the_former_sender_finished_first_what_follows_need_not_wait_for_a_lease(store: Store) -> None:
    old, new, epoch = await overtaken(store, "AAAA", "BBBB")
    await store.finish(old, Final.SENT, "", "m1", T0)
    assert await store.claim(epoch, LATER, LEASE) == Idle(LATER + LEASE)

    await store.finish(new, Final.SENT, "", "m2", LATER)
    following = await store.claim(epoch, LATER, LEASE)

    assert isinstance(following, Claim)
    assert (following.entry.rpartition(":")[2], following.ambiguous) == ("BBBB", 0)
    assert await outcomes(store) == [("AAAA", Final.SENT)]


async def test_a_finish_that_is_repeated_leaves_what_is_in_flight_by_then(store: Store) -> None:
    await queued(store, "AAAA", "BBBB")
    epoch = await lead(store)
    one = await claimed(store, epoch)
    await store.finish(one, Final.SENT, "", "m1", T0)
    await claimed(store, epoch)

    await store.finish(one, Final.SENT, "", "m1", T0)

    assert await store.claim(epoch, T0, LEASE) == Idle(T0 + LEASE)
    assert await outcomes(store) == [("AAAA", Final.SENT)]


async def test_a_finish_that_is_repeated_does_not_shorten_a_later_wait(store: Store) -> None:
    await queued(store, "AAAA", "BBBB", "CCCC")
    epoch = await lead(store)
    one = await claimed(store, epoch)
    await store.finish(one, Final.SENT, "", "m1", T0)
    await store.finish(await claimed(store, epoch), Final.SENT, "", "m2", T0 + 5 * MINUTE)

    await store.finish(one, Final.SENT, "", "m1", T0)

    assert await store.claim(epoch, T0 + MINUTE, LEASE) == Idle(T0 + 5 * MINUTE)


@pytest.mark.parametrize(("certain", "ambiguous"), [(True, 0), (False, 1)])
async def test_what_is_given_back_twice_counts_once(store: Store, certain: bool, ambiguous: int) -> None:
    await queued(store, "AAAA")
    epoch = await lead(store)
    one = await claimed(store, epoch)

    for _ in range(2):
        await store.retry(one, T0 + MINUTE, certain=certain)

    assert await store.claim(epoch, T0, LEASE) == Idle(T0 + MINUTE)
    assert (await claimed(store, epoch, 1)).ambiguous == ambiguous


async def test_a_success_that_is_told_after_the_entry_was_given_back_is_recorded(store: Store) -> None:
    await queued(store, "AAAA", "BBBB")
    epoch = await lead(store)
    one = await claimed(store, epoch)
    await store.retry(one, T0 + 5 * MINUTE, certain=False)

    await store.finish(one, Final.SENT, "", "m1", T0)
    await store.retry(one, T0 + 9 * MINUTE, certain=False)

    assert await outcomes(store) == [("AAAA", Final.SENT)]
    assert (await claimed(store, epoch)).entry.rpartition(":")[2] == "BBBB"


async def test_a_former_sender_can_neither_give_back_nor_kill_what_its_successor_holds(store: Store) -> None:
    old, new, epoch = await overtaken(store, "AAAA")

    for _ in range(9):
        assert await store.retry(old, T0, certain=True, poison=True) is None

    assert await store.claim(epoch, LATER, LEASE) == Idle(LATER + LEASE)
    await store.finish(new, Final.SENT, "", "m1", LATER)
    assert await outcomes(store) == [("AAAA", Final.SENT)]


@pytest.mark.parametrize("owner", ["standby", "main"])
async def test_a_former_leader_neither_renews_nor_gives_away_what_is_not_its_own(store: Store, owner: str) -> None:
    old = await lead(store)
    new = await store.lead("terminal", owner, LATER, TTL)
    assert isinstance(new, Epoch)

    assert not await store.renew(old, LATER, 99 * TTL)
    await store.resign(old)

    assert await store.renew(new, LATER, TTL)


async def test_the_epoch_grows_with_the_clock_so_that_a_store_that_forgot_does_not_give_an_old_one(
    store: Store,
) -> None:
    epochs = [await store.lead("terminal", "main", T0 + n * MINUTE, TTL) for n in (0, 0, 5)]

    numbers = [epoch.number for epoch in epochs if isinstance(epoch, Epoch)]
    assert numbers == sorted({*numbers})
    assert numbers[0] >= T0.timestamp() * 1000
    assert numbers[2] >= (T0 + 5 * MINUTE).timestamp() * 1000
