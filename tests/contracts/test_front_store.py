"""What every store promises to fronts: notes, addresses, who is let in, and that a place can be forgotten."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.chat.base import Place
from adapters.store.alert_port import Commit, Committed
from adapters.store.base import (
    Behind,
    Claim,
    Epoch,
    Fanned,
    Final,
    Idle,
    KeptDraft,
    RuleChange,
    Saved,
    Store,
    WatchChange,
)
from adapters.store.client import Client
from adapters.store.front_port import PlatformNotes, name_of
from adapters.store.memory import MemoryStore
from adapters.store.paging import names_like
from adapters.store.place_settings import Mute, usual
from adapters.store.redis import open_client
from adapters.store.registry import MEMORY, open_store
from signals.notice import About, Notice
from signals.rules.lifecycle import Change
from signals.rules.model import Rule
from tests.adapters.store.stories import LEASE, MANY, MINUTE, T0, TTL, draft, event, firing, lead
from tests.servers import emptied, valkey

ANN = Place("telegram", "7711223344")
BOB = Place("telegram", "77112233445")
"""Somebody whose id begins like Ann's."""
GROUP, SUPER = Place("telegram", "-123"), Place("telegram", "-100123")


@pytest.fixture
async def client(url: str) -> AsyncIterator[Client | None]:
    """The server behind the store, emptied, where there is one."""
    if url == MEMORY:
        yield None
        return
    await emptied(url)
    direct = await open_client(url)
    yield direct
    await direct.aclose()


@pytest.fixture
async def store(url: str, client: Client | None) -> AsyncIterator[Store]:
    assert (client is None) is (url == MEMORY)
    opened = await open_store(url)
    yield opened
    await opened.aclose()


Contents = Callable[[], Awaitable[Mapping[str, str]]]


@pytest.fixture
def contents(store: Store, client: Client | None) -> Contents:
    """All that the store holds, by key, as text."""

    async def read() -> Mapping[str, str]:
        if isinstance(store, MemoryStore):
            return {name: repr(value) for name, value in vars(store).items()}
        assert client is not None
        return await _everything(client)

    return read


async def _everything(client: Client) -> Mapping[str, str]:
    read = {
        b"string": ("GET",),
        b"hash": ("HGETALL",),
        b"list": ("LRANGE", 0, -1),
        b"set": ("SMEMBERS",),
        b"zset": ("ZRANGE", 0, -1),
        b"stream": ("XRANGE", "-", "+"),
    }
    found = {}
    async for key in names_like(client, "*", 1000):
        kind = await client.do("TYPE", key)
        assert isinstance(kind, bytes)
        command, *rest = read[kind]
        found[key] = repr(await client.do(command, key, *rest)) + repr(await client.do("DUMP", key))
    return found


def where(contents: Mapping[str, str], place: Place) -> list[str]:
    """The keys that hold the id of the place, in their names or in what they hold."""
    longer = place.id + "5"
    return sorted(key for key, text in contents.items() if place.id in (key + text).replace(longer, ""))


async def soon(changes: AsyncIterator[object], count: int) -> list[object]:
    found: list[object] = []
    async with asyncio.timeout(10), aclosing(changes) as items:  # type: ignore[type-var] # it is a generator
        async for item in items:
            found.append(item)
            if len(found) == count:
                break
    return found


# notes and addresses


async def test_a_note_is_read_while_it_lives_and_on_its_own_platform(store: Store) -> None:
    notes, others = PlatformNotes(store, "telegram"), PlatformNotes(store, "discord")
    await notes.write("menu", "", timedelta(hours=1))
    await notes.write("menu", "hash 1 🔻", timedelta(hours=1))
    await notes.write("short", "x", timedelta(milliseconds=40))

    assert await notes.read("menu") == "hash 1 🔻"
    assert await others.read("menu") is None
    assert await notes.read("none") is None
    await asyncio.sleep(0.08)
    assert await notes.read("short") is None


async def test_a_place_that_moved_keeps_its_name_and_chains_of_addresses_are_one(store: Store) -> None:
    later, last = Place("telegram", "-100456"), Place("telegram", "-100789")
    assert await store.addresses("telegram") == {}

    for _ in range(2):
        await store.readdress(GROUP, SUPER)
    assert await store.addresses("telegram") == {GROUP.id: SUPER.id}
    for _ in range(2):
        await store.readdress(SUPER, later)
    assert await store.addresses("telegram") == {GROUP.id: later.id, SUPER.id: later.id}
    await store.readdress(GROUP, last)
    await store.readdress(BOB, BOB)

    known = await store.addresses("telegram")
    assert known == {GROUP.id: last.id, SUPER.id: later.id}
    assert [name_of(place, known) for place in (last, later, BOB)] == [GROUP, SUPER, BOB]
    assert name_of(later, {SUPER.id: later.id, GROUP.id: later.id}) == GROUP
    assert await store.addresses("discord") == {}


async def test_addresses_may_be_learned_in_any_order_and_a_place_may_move_back(store: Store) -> None:
    later = Place("telegram", "-100456")
    await store.readdress(SUPER, later)
    await store.readdress(GROUP, SUPER)
    assert await store.addresses("telegram") == {GROUP.id: later.id, SUPER.id: later.id}

    await store.readdress(later, GROUP)

    assert await store.addresses("telegram") == {SUPER.id: GROUP.id, later.id: GROUP.id}


# who is let in, and quiet


async def test_who_is_allowed_and_who_is_stopped_are_one_set_each(store: Store) -> None:
    for _ in range(2):
        await store.allow(ANN)
        await store.allow(GROUP)
    await store.deny(GROUP)

    assert await store.allowed() == {ANN}
    assert await store.denied() == {GROUP}
    await store.allow(GROUP)
    assert await store.allowed() == {ANN, GROUP}
    assert await store.denied() == frozenset()


async def test_a_platform_is_quiet_until_the_latest_moment_asked_for(store: Store) -> None:
    assert await store.quiet("telegram", T0) is None
    await store.quieten("telegram", T0 + 2 * MINUTE)
    await store.quieten("telegram", T0 + MINUTE)

    assert await store.quiet("telegram", T0) == T0 + 2 * MINUTE
    assert await store.quiet("telegram", T0 + 2 * MINUTE) is None
    assert await store.quiet("discord", T0) is None


# forgetting


async def lived(store: Store, place: Place) -> Rule:
    """A place that has left something in every corner: told, waiting, in flight, put off, refused, answered."""
    name, epochs = str(place), await lead(store, platform=place.platform)
    added = [await store.add(place, draft(f"note of {place.id}"), f"{name} {n}", T0, MANY) for n in range(3)]
    rule, edited, removed = [one.rule for one in added if isinstance(one, Saved)]
    await store.edit(edited.id, place, draft("other"), 1, f"{name} e", T0, MANY)
    await store.pause(edited.id, place, f"{name} p", T0, paused=True)
    await store.remove(removed.id, place, f"{name} r")
    await store.watch(place, lambda _: ("ETH", "BTC"), f"{name} w", MANY)
    await store.keep_draft(place, "token", KeptDraft(draft(), rule.id, 1), T0, MANY)
    await store.drop_draft(place, "other", f"{name} d")
    await store.change(place, lambda of: replace(of, mutes=(Mute("ETH", None, T0),)), f"{name} s")
    await store.admit(place, T0.date(), "entry", 5)
    for change in await store.changed(0, await store.last_change()):
        await store.subscribe(place.platform, change)
    for n, id_ in enumerate(("SENT", "LATE", "WAIT", "NEWS")):
        told = replace(event(rule, f"{id_}{place.id[-2:]}"), episode=f"SENT{place.id[-2:]}", change=Change.FIRED)
        await store.commit(Commit((rule.id, "ETH"), 1, n, T0 + n * MINUTE, firing(T0 + n * MINUTE), told))
        if id_ != "NEWS":
            assert await store.fan_out(place.platform, told, 10, T0) is Fanned.DONE
        if id_ == "SENT":
            await store.ack(told)
    sample = Notice(f"NOTICE{place.id[-2:]}", About.SAMPLE, T0, "LIVE", f"for {name}")
    await store.post(place, sample, T0)
    one = await store.claim(epochs, T0, LEASE)
    assert isinstance(one, Claim)
    await store.finish(one, Final.SENT, "", "m1", T0)
    two = await store.claim(epochs, T0, LEASE)
    assert isinstance(two, Claim)
    await store.retry(two, T0, certain=False, poison=True)
    await store.claim(epochs, T0, LEASE)
    for read in await store.followed(T0 + 9 * MINUTE, 9):
        if read.place == place:
            await store.follow(read, replace(read.alert, prices=(1.0,)), T0 + MINUTE, "negfunding for 15m")
    await store.spend(f"flood:{name}", (), 1, 9, MINUTE, T0)
    await store.block(f"flood:{name}", T0 + MINUTE)
    await store.keep_note(place.platform, f"menu:{place.id}", "hash", timedelta(hours=1))
    await store.keep_note(place.platform, f"file {place.id[-2:]}", f'{{"chat": {place.id}}}', timedelta(hours=1))
    await store.readdress(place, Place(place.platform, place.id[::-1]))
    await store.allow(place)
    return rule


async def test_a_place_that_is_forgotten_has_left_nothing_and_others_have_lost_nothing(
    store: Store, contents: Contents
) -> None:
    await lived(store, BOB)
    before = await _of(store, BOB)
    rule = await lived(store, ANN)
    held = where(await contents(), ANN)
    assert len(held) > (8 if isinstance(store, MemoryStore) else 20)

    await store.erase(ANN, T0)
    waits = where(await contents(), ANN)
    await store.erased(ANN)

    assert len(waits) <= 2  # the changes, and that it is not done yet
    assert where(await contents(), ANN) == []
    assert await store.erasing() == {}
    assert await _of(store, BOB) == before
    assert await store.of(ANN) == []
    assert rule.id not in {one.id async for page in store.rules() for one in page}


async def _of(store: Store, place: Place) -> object:
    """What a place has."""
    rules = await store.of(place)
    ids = [rule.id for rule in rules]
    return (
        rules,
        await store.watchlist(place),
        await store.settings(place),
        await store.draft(place, "token", T0),
        await store.recent(ids, 9),
        await store.states_of(ids),
        await store.fires(ids, T0),
        await store.waiting(place),
        await store.outcomes(place, 9),
        await store.message_of(place, f"SENT{place.id[-2:]}"),
        await store.note(place.platform, f"menu:{place.id}"),
        await store.blocked(f"flood:{place}", T0),
        (await store.addresses(place.platform)).get(place.id),
        place in await store.allowed(),
    )


async def test_whoever_comes_late_brings_nothing_of_a_forgotten_place_back(store: Store, contents: Contents) -> None:
    rule = await lived(store, ANN)
    epoch = await store.lead(ANN.platform, "main", T0, TTL)
    assert isinstance(epoch, Epoch)
    claim = await store.claim(epoch, T0 + 2 * MINUTE, LEASE)
    assert isinstance(claim, Claim)
    told = event(rule, "TOO LATE", T0 + 9 * MINUTE)

    await store.erase(ANN, T0)
    for _ in range(2):
        late = Commit((rule.id, "ETH"), 1, 4, T0 + 9 * MINUTE, firing(T0 + 9 * MINUTE), told)
        assert await store.commit(late) == [Committed.OLD]
        assert await store.fan_out(ANN.platform, told, 10, T0) is Fanned.DONE
        await store.finish(claim, Final.SENT, "", "m9", T0)
        await store.retry(claim, T0, certain=False)
        assert await store.claim(epoch, T0 + 9 * MINUTE, LEASE) == Idle(None)
        await store.erased(ANN)

    assert where(await contents(), ANN) == []


async def test_readers_of_changes_hear_that_the_rules_of_a_forgotten_place_are_gone(store: Store) -> None:
    added = await store.add(ANN, draft(), "1", T0, MANY)
    assert isinstance(added, Saved)
    await store.watch(ANN, lambda _: ("ETH",), "2", MANY)

    await store.erase(ANN, T0)

    assert await store.erasing() == {ANN: T0}
    assert await soon(store.changes(2), 2) == [
        RuleChange(3, added.rule.id, None),
        WatchChange(4, str(ANN), ("ETH",), ()),
    ]


async def test_a_reader_that_has_not_heard_of_it_loads_everything_again_and_numbers_go_on(store: Store) -> None:
    added = await store.add(ANN, draft(), "1", T0, MANY)
    kept = await store.add(BOB, draft(), "2", T0, MANY)
    assert isinstance(added, Saved)
    assert isinstance(kept, Saved)
    await store.erase(ANN, T0)
    await store.erased(ANN)

    last = await store.last_change()
    later = await store.add(BOB, draft(), "3", T0, MANY)

    assert isinstance(later, Saved)
    assert await store.changed(last, later.rule.change) == [RuleChange(last + 1, later.rule.id, later.rule)]
    for since in (0, 2):
        with pytest.raises(Behind):
            await store.changed(since, later.rule.change)
        with pytest.raises(Behind):
            await soon(store.changes(since), 9)


async def test_events_of_others_are_still_given_and_no_new_one_is_missed(store: Store) -> None:
    rules = [await lived(store, place) for place in (ANN, BOB)]
    reader = store.events()
    while (given := await anext(reader)).id != "NEWS45":
        await store.ack(given)
    await store.ack(given)

    await store.erase(ANN, T0)
    fresh = event(rules[1], "FRESH", T0 + 9 * MINUTE)
    await store.commit(Commit((rules[1].id, "ETH"), 1, 4, fresh.at, firing(fresh.at), fresh))
    async with asyncio.timeout(10):
        assert await anext(reader) == fresh


async def test_a_platform_that_loads_everything_again_drops_the_subscriptions_of_rules_that_are_gone(
    store: Store,
) -> None:
    added = await store.add(ANN, draft(), "1", T0, MANY)
    assert isinstance(added, Saved)
    await store.subscribe_all("telegram", 1, store.rules())
    await store.remove(added.rule.id, ANN, "2")

    await store.subscribe_all("telegram", 2, store.rules())

    assert await store.fan_out("telegram", event(added.rule), 10, T0) is Fanned.DONE
    assert await store.waiting(ANN) == 0


async def test_somebody_who_comes_back_begins_anew_and_no_rule_has_the_id_of_an_earlier_one(store: Store) -> None:
    await lived(store, ANN)
    await store.erase(ANN, T0)
    await store.erased(ANN)

    back = await store.add(ANN, draft("back"), f"{ANN} 0", T0, MANY)
    more = await store.add(ANN, draft("more"), f"{ANN} 1", T0, MANY)

    assert isinstance(back, Saved)
    assert isinstance(more, Saved)
    assert [back.rule.number, more.rule.number] == [4, 5]
    assert [rule.draft.note for rule in await store.of(ANN)] == ["back", "more"]
    assert await store.settings(ANN) == usual(ANN)
    fired = Commit((back.rule.id, "ETH"), 1, 0, T0 + 9 * MINUTE, firing(T0 + 9 * MINUTE), None)
    assert await store.commit(fired) == [Committed.OK]


async def test_the_same_update_of_two_places_is_two(store: Store) -> None:
    one = await store.add(ANN, draft(), "7", T0, MANY)
    two = await store.add(BOB, draft(), "7", T0, MANY)

    assert isinstance(one, Saved)
    assert isinstance(two, Saved)
    assert (one.rule.place, two.rule.place) == (str(ANN), str(BOB))


MOVES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=8)


@settings(max_examples=60, deadline=None)
@given(MOVES)
def test_no_address_is_ever_a_place_that_moved_itself(moves: list[tuple[int, int]]) -> None:
    async def moved() -> Mapping[str, str]:
        store = MemoryStore()
        for old, new in moves:
            await store.readdress(Place("telegram", str(old)), Place("telegram", str(new)))
        return await store.addresses("telegram")

    known = asyncio.run(moved())

    assert not set(known) & set(known.values())


async def test_the_file_of_the_embedded_server_is_written_anew_without_who_was_forgotten(tmp_path: Path) -> None:
    def held() -> bool:
        for path in tmp_path.rglob("*"):
            with suppress(OSError):  # a folder or a socket, or it is replaced just now
                if ANN.id.encode() in path.read_bytes():
                    return True
        return False

    with valkey(tmp_path) as url:
        store = await open_store(url)
        await lived(store, ANN)
        written = held()
        await store.erase(ANN, T0)
        await store.erased(ANN)
        async with asyncio.timeout(10):
            while held():  # noqa: ASYNC110 - the server tells nobody
                await asyncio.sleep(0.05)
        await store.aclose()

    assert written
