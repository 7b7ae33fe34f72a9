"""What every store promises: in memory, on the embedded server, and on Debian's redis-server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import fields, replace
from datetime import datetime, time, timedelta
from math import inf
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from adapters.chat.base import Place
from adapters.store.alert_port import FIRES_KEPT, Commit, Committed, Kept, Mark
from adapters.store.base import (
    DRAFTS_FOR,
    MAX_TRIES,
    Behind,
    Claim,
    Epoch,
    Fanned,
    Fenced,
    Final,
    Full,
    Gone,
    Held,
    Idle,
    KeptDraft,
    Moved,
    New,
    Quota,
    RuleChange,
    Saved,
    Store,
    WatchChange,
)
from adapters.store.client import Client
from adapters.store.memory import MemoryStore
from adapters.store.place_settings import Charts, Daily, Mute, Noise, PlaceSettings, Quiet, Units, usual
from adapters.store.redis import RedisStore
from adapters.store.registry import MEMORY, open_store
from signals.model import ALL, Cell, Metric, Yardstick
from signals.notice import About, Notice
from signals.panel import KEEP, Panel, to_ms
from signals.rules.lifecycle import AlertState, Change
from signals.rules.model import EVERY_COIN, Draft, Rule
from signals.standing import Standing
from tests.adapters.store.stories import (
    HOME,
    LEASE,
    MANY,
    MINUTE,
    PENDING,
    T0,
    TTL,
    bar,
    claimed,
    cycle,
    draft,
    event,
    firing,
    lead,
    queued,
    subscribed,
)
from tests.servers import DEBIAN, redis_server, valkey

T = TypeVar("T")
NO_DEBIAN = pytest.mark.skipif(DEBIAN is None, reason="redis-server is not on PATH; CI installs it")
SOON = 10.0


@pytest.fixture(scope="module", params=["memory", "embedded", pytest.param("redis-server", marks=NO_DEBIAN)])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    servers: dict[str, Callable[[Path], object]] = {"embedded": valkey, "redis-server": redis_server}
    if request.param == "memory":
        yield MEMORY
        return
    with servers[request.param](tmp_path_factory.mktemp("store")) as found:  # type: ignore[attr-defined] # both are context managers
        yield found


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    if url != MEMORY:
        client = Client(url)
        await client.do("FLUSHALL")
        await client.aclose()
    opened = await open_store(url)
    yield opened
    await opened.aclose()


async def first(source: AsyncIterator[T], count: int) -> list[T]:
    """The first so many of a source that never ends."""
    found: list[T] = []
    async with asyncio.timeout(SOON), aclosing(source) as items:  # type: ignore[type-var] # they are generators
        async for item in items:
            found.append(item)
            if len(found) == count:
                break
    return found


async def everything_of(pages: AsyncIterator[Sequence[T]]) -> Sequence[T]:
    """All that the pages hold."""
    return [one async for page in pages for one in page]


async def saved(store: Store, what: Draft | None = None, seen: str = "1", place: Place = HOME) -> Rule:
    """A rule of the place, stored."""
    added = await store.add(place, what or draft(), seen, T0, MANY)
    assert isinstance(added, Saved)
    return added.rule


def everywhere(note: str = "") -> Draft:
    """A draft on every coin."""
    return replace(draft(note), coins=(EVERY_COIN,))


# markets


async def test_an_empty_store_knows_nothing(store: Store) -> None:
    panel = await store.panel(MINUTE, [Metric.PRICE], 10)

    assert await store.latest() is None
    assert panel.shape == (0, 0)
    assert await store.steps() == []
    assert await store.judged() is None
    assert await store.last_change() == 0
    assert await everything_of(store.rules()) == []
    assert await store.watchlists() == {}
    assert await store.watchlist(HOME) == ()
    assert await store.of(HOME) == []
    assert await store.settings(HOME) == PlaceSettings()
    assert await everything_of(store.states()) == []
    assert await store.applied("terminal") == 0


async def test_the_last_closed_moment_is_given_back_exactly_and_without_bars(store: Store) -> None:
    closed = cycle()

    await store.close(closed)

    assert await store.latest() == replace(closed, bars=())


async def test_readers_are_given_missed_moments_first_and_then_new_ones_with_their_bars(store: Store) -> None:
    for minute in range(3):
        await store.close(cycle(T0 + minute * MINUTE, 100.0 + minute))
    reader = asyncio.create_task(first(store.cycles(T0), 3))
    await asyncio.sleep(0)

    await store.close(cycle(T0 + 3 * MINUTE, 103.0, with_hour=True))

    found = await reader
    assert [c.at for c in found] == [T0 + m * MINUTE for m in (1, 2, 3)]
    assert [bars.step for bars in found[-1].bars] == [MINUTE, timedelta(hours=1)]
    assert found[-1].bars[0][Metric.PRICE].tolist() == [[103.0, 103.0]]
    assert np.isnan(found[-1].bars[0][Metric.FUNDING]).all()
    assert found[-1].bars[0].leg(Metric.PRICE, "okx").tolist() == [[103.0, 103.0]]


async def test_a_moment_closed_twice_or_out_of_order_changes_nothing(store: Store) -> None:
    await store.close(cycle(T0, 1.0))
    await store.close(cycle(T0 + MINUTE, 2.0))

    await store.close(cycle(T0 + MINUTE, 9.0))
    await store.close(cycle(T0, 9.0))

    assert [c.readings["BTC"][Metric.PRICE].value for c in await first(store.cycles(None), 2)] == [1.0, 2.0]
    assert (await store.panel(MINUTE, [Metric.PRICE], 9))[Metric.PRICE].tolist() == [[1.0, 1.0], [2.0, 2.0]]


async def test_panels_hold_the_last_rows_with_just_the_metrics_asked_for(store: Store) -> None:
    for minute in range(4):
        await store.close(cycle(T0 + minute * MINUTE, float(minute)))

    panel = await store.panel(MINUTE, [Metric.PRICE], 3)

    assert panel.times.tolist() == [to_ms(T0 + m * MINUTE) for m in (1, 2, 3)]
    assert panel.coins == ("BTC", "ETH")
    assert panel[Metric.PRICE].tolist() == [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]
    assert panel.leg(Metric.PRICE, "okx").tolist() == [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]
    assert set(panel.matrices) == {Metric.PRICE}
    assert await store.steps() == [MINUTE]


async def test_a_panel_of_some_coins_is_those_columns_of_the_whole_one(store: Store) -> None:
    many = tuple(f"C{number:03}" for number in range(300))  # more than the shortest heads of lists and bytes hold
    for minute, coins in enumerate((many[:7], many[:7], many, many[::-1])):
        price = np.arange(len(coins), dtype=np.float32)[np.newaxis] + minute
        legs = {} if minute == 1 else {Metric.PRICE: {"okx": price, "gate/C": -price}}
        others = {} if minute == 0 else {Metric.FUNDING: price / 1000}
        at = np.array([to_ms(T0 + minute * MINUTE)], np.int64)
        bars = Panel(at, coins, MINUTE, {Metric.PRICE: price, **others}, legs)
        await store.close(replace(cycle(T0 + minute * MINUTE), bars=(bars,)))
    wanted, metrics = ("C299", "C003", "NONE"), [Metric.PRICE, Metric.FUNDING]

    whole, some = await store.panel(MINUTE, metrics, 9), await store.panel(MINUTE, metrics, 9, wanted)

    assert whole.coins == many
    assert whole[Metric.PRICE][:, 3].tolist() == [3.0, 4.0, 5.0, 299.0]
    assert sorted(some.coins) == ["C003", "C299"]
    for coin in some.coins:
        one, all_of = some.of((coin,)), whole.of((coin,))
        assert one.times.tolist() == all_of.times.tolist()
        for slot, matrix in all_of.slots():
            np.testing.assert_array_equal(dict(one.slots())[slot], matrix)
    assert (await store.panel(MINUTE, metrics, 9, ())).coins == ()


async def test_bars_of_the_past_fill_holes_and_are_no_news(store: Store) -> None:
    await store.close(cycle(T0, 5.0))

    past = [bar(T0 - 2 * MINUTE, 3.0, coins=("ETH", "SOL")), bar(T0 - MINUTE, 4.0), bar(T0, 9.0)]
    await store.extend(past)

    panel = await store.panel(MINUTE, [Metric.PRICE], 9)
    eth, sol = panel.column("ETH"), panel.column("SOL")
    assert panel[Metric.PRICE][:, eth].tolist() == [3.0, 4.0, 5.0]
    assert panel[Metric.PRICE][0, sol] == 3.0
    assert np.isnan(panel[Metric.PRICE][1:, sol]).all()
    assert [c.at for c in await first(store.cycles(None), 1)] == [T0]


async def test_the_past_is_taken_where_the_stored_value_is_unknown_and_known_ones_stay(store: Store) -> None:
    await store.close(cycle(T0, 5.0))
    await store.close(cycle(T0 + MINUTE, 6.0))
    rates = np.full((1, 2), 0.5, np.float32)

    await store.extend([replace(bar(T0, 9.0), matrices={Metric.PRICE: rates * 18, Metric.FUNDING: rates})])

    panel = await store.panel(MINUTE, [Metric.PRICE, Metric.FUNDING], 9)
    assert panel[Metric.PRICE].tolist() == [[5.0, 5.0], [6.0, 6.0]]
    assert panel[Metric.FUNDING][0].tolist() == [0.5, 0.5]
    assert np.isnan(panel[Metric.FUNDING][1]).all()


async def test_coins_and_venues_of_the_past_are_added_to_a_bar(store: Store) -> None:
    await store.close(cycle(T0, 5.0))
    await store.close(cycle(T0 + MINUTE, 6.0))
    past = bar(T0, 9.0, coins=("SOL", "ETH"))

    await store.extend([replace(past, legs={Metric.PRICE: {"okx": past[Metric.PRICE], "gate": past[Metric.PRICE]}})])

    panel = await store.panel(MINUTE, [Metric.PRICE], 9)
    btc, eth, sol = (panel.coins.index(coin) for coin in ("BTC", "ETH", "SOL"))
    assert panel[Metric.PRICE][0, [btc, eth, sol]].tolist() == [5.0, 5.0, 9.0]
    assert panel.leg(Metric.PRICE, "okx")[0, [btc, eth, sol]].tolist() == [5.0, 5.0, 9.0]
    assert panel.leg(Metric.PRICE, "gate")[0, [eth, sol]].tolist() == [9.0, 9.0]
    assert np.isnan(panel.leg(Metric.PRICE, "gate")[0, btc])


async def test_nothing_is_past_that_is_not_older_than_the_last_closed_moment(store: Store) -> None:
    await store.close(cycle(T0, 5.0))

    await store.extend([bar(T0, 9.0, coins=("SOL",)), bar(T0 + MINUTE, 9.0)])

    panel = await store.panel(MINUTE, [Metric.PRICE], 9)
    assert panel.coins == ("BTC", "ETH")
    assert panel.times.tolist() == [to_ms(T0)]
    assert await store.backfilled() == 0


async def test_a_reader_can_tell_that_the_past_was_filled_in_and_a_repeat_is_none(store: Store) -> None:
    assert await store.backfilled() == 0
    past = [bar(T0 - MINUTE, 4.0), bar(T0 - timedelta(hours=1), 4.0, timedelta(hours=1))]
    await store.extend(past)
    first_time = await store.backfilled()

    await store.extend(past)
    again = await store.backfilled()
    await store.extend([bar(T0 - MINUTE, 4.0, coins=("SOL",))])

    assert 0 < first_time == again < await store.backfilled()


async def test_two_that_fill_in_the_same_bars_at_once_lose_nothing(store: Store) -> None:
    times = [T0 + n * MINUTE for n in range(40)]
    coins = ("BTC", "ETH", "SOL", "XRP")

    await asyncio.gather(*(store.extend(_rows(times, float(n), coins[n])) for n in range(4)))

    panel = await store.panel(MINUTE, [Metric.PRICE], 99)
    columns = [panel.coins.index(coin) for coin in coins]
    assert panel[Metric.PRICE][:, columns].tolist() == [[0.0, 1.0, 2.0, 3.0]] * 40


def _rows(times: Sequence[datetime], value: float, coin: str) -> list[Panel]:
    """One panel with a bar at each of these times."""
    prices = np.full((len(times), 1), value, np.float32)
    return [Panel(np.array([to_ms(at) for at in times]), (coin,), MINUTE, {Metric.PRICE: prices}, {})]


async def test_no_more_bars_are_kept_than_windows_need(store: Store) -> None:
    rows = KEEP[MINUTE] // MINUTE
    await store.extend([bar(T0 + n * MINUTE, float(n), coins=("BTC",)) for n in range(rows)])

    await store.close(replace(cycle(T0 + rows * MINUTE, 7.0)))

    panel = await store.panel(MINUTE, [Metric.PRICE], rows + 9)
    assert len(panel.times) == rows
    assert panel[Metric.PRICE][0, 0] == 1.0
    assert panel[Metric.PRICE][-1, 0] == 7.0


async def test_the_moment_after_a_given_one_is_the_next_to_the_millisecond(store: Store) -> None:
    await store.close(cycle(T0, 1.0))
    await store.close(cycle(T0 + MINUTE, 2.0))

    assert [of.at for of in await first(store.cycles(T0 - timedelta(milliseconds=1)), 2)] == [T0, T0 + MINUTE]
    assert [of.at for of in await first(store.cycles(T0), 1)] == [T0 + MINUTE]


# rules and settings


async def test_rules_are_numbered_per_place_and_numbers_are_never_used_again(store: Store) -> None:
    other = Place("telegram", "-100123.45")
    one = await store.add(HOME, draft("a"), "1", T0, MANY)
    two = await store.add(HOME, draft("b"), "2", T0, MANY)
    elsewhere = await store.add(other, draft("c"), "3", T0, MANY)
    assert isinstance(one, Saved)
    assert isinstance(two, Saved)
    assert isinstance(elsewhere, Saved)

    assert await store.remove(two.rule.id, HOME, "4")
    three = await store.add(HOME, draft("d"), "5", T0, MANY)

    assert isinstance(three, Saved)
    assert [one.rule.number, two.rule.number, three.rule.number, elsewhere.rule.number] == [1, 2, 3, 1]
    assert await store.of(HOME) == [one.rule, three.rule]
    assert await store.of(other) == [elsewhere.rule]
    assert one.rule.draft == draft("a")
    assert one.rule.created == T0
    assert await store.last_change() == 5
    assert {rule.id for rule in await everything_of(store.rules())} == {one.rule.id, three.rule.id, elsewhere.rule.id}


async def test_an_update_that_comes_twice_acts_once_and_is_answered_alike(store: Store) -> None:
    saved = await store.add(HOME, draft(), "7", T0, MANY)
    again = await store.add(HOME, draft(), "7", T0 + MINUTE, MANY)
    assert isinstance(saved, Saved)
    assert isinstance(again, Saved)
    assert (again.rule.id, again.rule.number) == (saved.rule.id, saved.rule.number)
    assert len(await store.of(HOME)) == 1

    assert await store.remove(saved.rule.id, HOME, "8")
    assert await store.remove(saved.rule.id, HOME, "8")
    assert not await store.remove(saved.rule.id, HOME, "9")


async def test_a_place_has_only_as_many_rules_as_it_may(store: Store) -> None:
    await store.add(HOME, draft("a"), "1", T0, Quota(1))

    assert await store.add(HOME, draft("b"), "2", T0, Quota(1)) == Full(1, "rules")
    assert await store.add(HOME, draft("b"), "2", T0, Quota(1)) == Full(1, "rules")
    assert len(await store.of(HOME)) == 1


async def test_nobody_removes_the_rule_of_another_place(store: Store) -> None:
    saved = await store.add(HOME, draft(), "1", T0, MANY)
    assert isinstance(saved, Saved)

    assert not await store.remove(saved.rule.id, Place("terminal", "other"), "2")
    assert not await store.remove("terminal:local/99", HOME, "3")
    assert await store.of(HOME) == [saved.rule]


async def test_changes_come_in_order_missed_ones_first(store: Store) -> None:
    saved = await store.add(HOME, draft("a"), "1", T0, MANY)
    assert isinstance(saved, Saved)
    reader = asyncio.create_task(first(store.changes(0), 3))
    await asyncio.sleep(0)

    await store.remove(saved.rule.id, HOME, "2")
    later = await store.add(HOME, draft("b"), "3", T0, MANY)

    assert isinstance(later, Saved)
    assert await reader == [
        RuleChange(1, saved.rule.id, saved.rule),
        RuleChange(2, saved.rule.id, None),
        RuleChange(3, later.rule.id, later.rule),
    ]
    assert [c.number for c in await first(store.changes(2), 1)] == [3]


async def test_an_edit_is_the_next_revision_of_the_same_rule(store: Store) -> None:
    rule = await saved(store)

    edited = await store.edit(rule.id, HOME, draft("other"), 1, "2", T0 + MINUTE, MANY)

    said = replace(rule, revision=2, draft=draft("other"), created=T0 + MINUTE, change=2)
    assert edited == Saved(said)
    assert await store.of(HOME) == [said]
    assert await first(store.changes(1), 1) == [RuleChange(2, rule.id, said)]


async def test_an_edit_of_a_revision_that_is_no_more_changes_nothing(store: Store) -> None:
    rule = await saved(store)
    edited = await store.edit(rule.id, HOME, draft("first"), 1, "2", T0, MANY)
    assert isinstance(edited, Saved)

    late = await store.edit(rule.id, HOME, draft("second"), 1, "3", T0, MANY)

    assert late == Moved(edited.rule)
    assert await store.of(HOME) == [edited.rule]


async def test_an_edit_that_comes_twice_is_one_revision_and_is_answered_alike(store: Store) -> None:
    rule = await saved(store)
    once = await store.edit(rule.id, HOME, draft("other"), 1, "2", T0, MANY)
    await store.edit(rule.id, HOME, draft("later"), 2, "3", T0, MANY)

    assert await store.edit(rule.id, HOME, draft("other"), 1, "2", T0, MANY) == once
    assert [rule.revision for rule in await store.of(HOME)] == [3]


async def test_a_paused_rule_stays_paused_until_it_is_resumed_each_a_revision(store: Store) -> None:
    rule = await saved(store)
    paused = await store.pause(rule.id, HOME, "2", T0 + MINUTE, paused=True)
    again = await store.pause(rule.id, HOME, "3", T0 + 2 * MINUTE, paused=True)
    edited = await store.edit(rule.id, HOME, draft("other"), 2, "4", T0 + 3 * MINUTE, MANY)
    resumed = await store.pause(rule.id, HOME, "5", T0 + 4 * MINUTE, paused=False)

    assert paused == again == Saved(replace(rule, revision=2, created=T0 + MINUTE, change=2, paused=True))
    assert isinstance(edited, Saved)
    assert (edited.rule.revision, edited.rule.paused, edited.rule.change) == (3, True, 3)
    assert resumed == Saved(replace(edited.rule, revision=4, created=T0 + 4 * MINUTE, change=4, paused=False))
    assert await store.of(HOME) == [resumed.rule]
    assert [change.number for change in await first(store.changes(0), 4)] == [1, 2, 3, 4]


async def test_what_is_not_here_can_be_neither_edited_nor_paused(store: Store) -> None:
    rule = await saved(store)
    elsewhere = Place("terminal", "other")

    for number, (place, id_) in enumerate([(elsewhere, rule.id), (HOME, "terminal:local/99"), (HOME, "nonsense")]):
        assert await store.edit(id_, place, draft("other"), 1, f"e{number}", T0, MANY) == Gone()
        assert await store.pause(id_, place, f"p{number}", T0, paused=True) == Gone()

    await store.remove(rule.id, HOME, "2")
    assert await store.edit(rule.id, HOME, draft("other"), 1, "3", T0, MANY) == Gone()
    assert await store.pause(rule.id, HOME, "4", T0, paused=True) == Gone()
    assert await store.last_change() == 2


async def test_only_few_rules_of_a_place_may_be_on_every_coin(store: Store) -> None:
    quota = Quota(50, every_coin=2)
    wide = [await saved(store, everywhere(), f"w{n}") for n in range(2)]
    narrow = await saved(store, draft(), "n")

    assert await store.add(HOME, everywhere(), "1", T0, quota) == Full(2, "every_coin")
    assert await store.edit(narrow.id, HOME, everywhere(), 1, "2", T0, quota) == Full(2, "every_coin")
    assert isinstance(await store.edit(wide[0].id, HOME, everywhere("other"), 1, "3", T0, quota), Saved)
    assert isinstance(await store.edit(wide[1].id, HOME, draft(), 1, "4", T0, quota), Saved)
    assert isinstance(await store.edit(narrow.id, HOME, everywhere(), 1, "5", T0, quota), Saved)
    assert isinstance(await store.add(Place("terminal", "other"), everywhere(), "6", T0, quota), Saved)
    assert isinstance(await store.pause(narrow.id, HOME, "7", T0, paused=True), Saved)
    assert await store.add(HOME, everywhere(), "8", T0, quota) == Full(2, "every_coin")


async def test_several_rules_and_coins_are_saved_in_one_step(store: Store) -> None:
    await store.watch(HOME, ("BTC",), "w", MANY)
    new = [New(draft("a")), New(everywhere(), paused=True)]

    added = await store.add_all(HOME, new, ("ETH", "BTC"), "1", T0, MANY)

    assert added == await store.of(HOME)
    assert [(rule.number, rule.revision, rule.change, rule.paused) for rule in await store.of(HOME)] == [
        (1, 1, 2, False),
        (2, 1, 3, True),
    ]
    assert await store.watchlist(HOME) == ("BTC", "ETH")
    assert await store.add_all(HOME, new, ("ETH", "BTC"), "1", T0, MANY) == added
    changes = await first(store.changes(1), 3)
    assert [type(change) for change in changes] == [RuleChange, RuleChange, WatchChange]
    assert await store.add_all(HOME, [], ("ETH",), "2", T0, MANY) == []
    assert await store.last_change() == 4


@pytest.mark.parametrize(
    ("new", "coins", "what"),
    [
        ([New(draft("c")), New(draft("d"))], ("SOL",), "rules"),
        ([New(everywhere("c"))], ("SOL",), "every_coin"),
        ([New(draft("c"))], ("SOL", "XRP"), "watched"),
        ([], ("SOL", "XRP"), "watched"),
    ],
)
async def test_where_there_is_no_room_for_all_nothing_is_saved(
    store: Store, new: Sequence[New], coins: tuple[str, ...], what: str
) -> None:
    quota = Quota(3, every_coin=1, watched=2)
    await store.add_all(HOME, [New(everywhere()), New(draft("b"))], ("BTC",), "1", T0, quota)
    last = await store.last_change()

    for _ in range(2):
        full = await store.add_all(HOME, new, coins, "2", T0, quota)
        assert isinstance(full, Full)
        assert full.what == what

    assert len(await store.of(HOME)) == 2
    assert await store.watchlist(HOME) == ("BTC",)
    assert await store.last_change() == last
    (third,) = await store.add_all(HOME, [New(draft("e"))], ("SOL",), "3", T0, quota)
    assert third.number == 3


async def test_all_rules_come_in_pages_each_once(store: Store) -> None:
    places = [Place("telegram", str(n)) for n in range(70)]
    rules = [await saved(store, draft(f"{n}"), f"{place}{n}", place) for place in places for n in range(2)]
    gone = await saved(store, draft(), "gone", Place("telegram", "left"))
    await store.remove(gone.id, Place("telegram", "left"), "away")

    pages = [page async for page in store.rules()]

    assert len(pages) > 1
    assert sorted((rule for page in pages for rule in page), key=lambda rule: rule.change) == rules


@pytest.mark.usefixtures("store")
async def test_a_reader_that_fell_too_far_behind_is_told_so(url: str) -> None:
    short = MemoryStore(changes_kept=3) if url == MEMORY else RedisStore(Client(url), changes_kept=3)
    for n in range(5):
        await saved(short, draft(f"{n}"), f"{n}")

    assert [change.number for change in await first(short.changes(2), 3)] == [3, 4, 5]
    assert [change.number for change in await short.changed(2, 4)] == [3, 4]
    assert await short.changed(5, 5) == []
    with pytest.raises(Behind):
        await first(short.changes(1), 1)
    with pytest.raises(Behind):
        await short.changed(1, 5)
    assert await short.last_change() == 5
    await short.aclose()


async def test_a_watchlist_is_replaced_and_every_change_of_it_is_told(store: Store) -> None:
    assert await store.watch(HOME, ("ETH", "BTC"), "1", MANY) == ("ETH", "BTC")
    await store.watch(Place("telegram", "-1"), ("SOL",), "2", MANY)
    assert await store.watch(HOME, ("BTC",), "3", MANY) == ("BTC",)
    assert await store.watch(HOME, ("ETH", "BTC"), "1", MANY) == ("ETH", "BTC")

    assert await store.watchlist(HOME) == ("BTC",)
    assert await store.watchlists() == {"terminal:local": ("BTC",), "telegram:-1": ("SOL",)}
    assert await first(store.changes(0), 3) == [
        WatchChange(1, "terminal:local", (), ("ETH", "BTC")),
        WatchChange(2, "telegram:-1", (), ("SOL",)),
        WatchChange(3, "terminal:local", ("ETH", "BTC"), ("BTC",)),
    ]


async def test_a_watchlist_holds_only_so_many_coins(store: Store) -> None:
    quota = Quota(50, watched=2)

    assert await store.watch(HOME, ("A", "B", "C"), "1", quota) == Full(2, "watched")
    assert await store.watch(HOME, ("A", "B"), "2", quota) == ("A", "B")
    assert await store.watch(HOME, ("A", "B", "C"), "3", quota) == Full(2, "watched")
    assert await store.watchlist(HOME) == ("A", "B")
    assert await store.last_change() == 1


async def test_a_watchlist_without_coins_is_none(store: Store) -> None:
    await store.watch(HOME, ("ETH",), "1", MANY)

    assert await store.watch(HOME, (), "2", MANY) == ()

    assert await store.watchlist(HOME) == ()
    assert await store.watchlists() == {}
    assert await first(store.changes(1), 1) == [WatchChange(2, "terminal:local", ("ETH",), ())]


async def test_a_draft_is_kept_as_it_is_until_it_is_dropped(store: Store) -> None:
    kept = KeptDraft(replace(draft(), filled=("for 15m",)), "terminal:local/3", 2)
    assert await store.keep_draft(HOME, "a", kept, T0, MANY) is None

    found = await store.draft(HOME, "a", T0)
    assert found == kept
    assert found.draft.filled == ("for 15m",)
    assert await store.draft(Place("terminal", "other"), "a", T0) is None
    assert await store.draft(HOME, "b", T0) is None

    await store.drop_draft(HOME, "a", "1")
    assert await store.draft(HOME, "a", T0) is None
    await store.keep_draft(HOME, "a", kept, T0, MANY)
    await store.drop_draft(HOME, "a", "1")
    assert await store.draft(HOME, "a", T0) == kept


async def test_a_place_has_only_so_many_drafts_and_old_ones_make_room(store: Store) -> None:
    kept, quota = KeptDraft(draft(), None, 0), Quota(50, drafts=2)
    assert [await store.keep_draft(HOME, token, kept, T0, quota) for token in "ab"] == [None, None]

    assert await store.keep_draft(HOME, "c", kept, T0 + DRAFTS_FOR - MINUTE, quota) == Full(2, "drafts")
    assert await store.keep_draft(HOME, "b", replace(kept, revision=7), T0 + MINUTE, quota) is None
    assert await store.draft(HOME, "b", T0) == replace(kept, revision=7)
    assert await store.keep_draft(HOME, "c", kept, T0 + DRAFTS_FOR, quota) is None
    assert [await store.draft(HOME, token, T0) is None for token in "abc"] == [True, False, False]


async def test_a_draft_that_has_ended_is_not_given_back(store: Store) -> None:
    kept = KeptDraft(draft(), None, 0)
    await store.keep_draft(HOME, "day", kept, T0, MANY)
    await store.keep_draft(HOME, "short", kept, T0, MANY, 10 * MINUTE)

    assert await store.draft(HOME, "day", T0 + DRAFTS_FOR - MINUTE) == kept
    assert await store.draft(HOME, "day", T0 + DRAFTS_FOR) is None
    assert await store.draft(HOME, "short", T0 + 9 * MINUTE) == kept
    assert await store.draft(HOME, "short", T0 + 10 * MINUTE) is None


ASKED = PlaceSettings(
    stopped=True,
    barred=True,
    gone="blocked",
    mutes=(Mute("ETH", T0 + MINUTE, T0), Mute("*", None, T0)),
    zone="Asia/Kathmandu",
    quiet=Quiet(time(23), time(7, 30), silent=True),
    digest=Daily(time(8), T0),
    budget=5,
    venue="okx",
    charts=Charts.OFF,
    resolved=False,
    noise=Noise.LOUD,
    units=Units.YEAR,
    acts_on="telegram:-100123.45",
    mentions=((3, "123456789012345678"),),
    acked=("A7FK3QZ2WXYB5C6D",),
)
SHARED = Place("telegram", "-100123.45")


async def test_whatever_a_place_asks_for_is_given_back(store: Store) -> None:
    assert all(getattr(ASKED, each.name) != each.default for each in fields(PlaceSettings))

    assert await store.change(HOME, lambda _: ASKED, "1") == ASKED

    assert await store.settings(HOME) == ASKED
    assert await store.settings(SHARED) == usual(SHARED) == PlaceSettings(budget=20, charts=Charts.BUTTON)


async def test_settings_change_once_per_update_and_can_be_plain_again(store: Store) -> None:
    await store.change(SHARED, lambda of: replace(of, budget=None, charts=Charts.ON), "1")
    assert await store.settings(SHARED) == PlaceSettings()

    assert await store.change(SHARED, lambda of: replace(of, stopped=True), "1") == PlaceSettings()
    assert await store.change(SHARED, lambda of: replace(of, stopped=True), "2") == PlaceSettings(stopped=True)
    assert await store.change(SHARED, lambda of: replace(of, stopped=False), "3") == PlaceSettings()


async def test_changes_at_the_same_time_all_count_also_of_the_same_thing(store: Store) -> None:
    def zone(of: PlaceSettings) -> PlaceSettings:
        return replace(of, zone="Europe/Berlin")

    def acked(episode: str) -> Callable[[PlaceSettings], PlaceSettings]:
        return lambda of: replace(of, acked=(*of.acked, episode))

    changes = [zone, *(acked(f"E{n}") for n in range(9)), lambda of: replace(of, resolved=False)]
    await asyncio.gather(*(store.change(HOME, how, f"{n}") for n, how in enumerate(changes)))

    found = await store.settings(HOME)
    assert (found.zone, found.resolved) == ("Europe/Berlin", False)
    assert sorted(found.acked) == [f"E{n}" for n in range(9)]


async def test_a_day_admits_so_many_entries_and_each_again(store: Store) -> None:
    day = T0.date()

    assert [await store.admit(HOME, day, entry, 2) for entry in ("a", "b", "c", "a", "b")] == [
        True,
        True,
        False,
        True,
        True,
    ]
    assert await store.admit(SHARED, day, "c", 2)


async def test_what_is_admitted_in_any_case_counts_and_another_day_begins_anew_but_never_an_older_one(
    store: Store,
) -> None:
    day, next_day = T0.date(), T0.date() + timedelta(days=1)
    assert [await store.admit(HOME, day, entry, None) for entry in ("a", "b")] == [True, True]
    assert not await store.admit(HOME, day, "c", 2)

    assert await store.admit(HOME, next_day, "c", 1)
    assert not await store.admit(HOME, day, "d", 1)


# phases and events


async def test_a_state_is_stored_with_its_version_and_its_event(store: Store) -> None:
    rule = await subscribed(store)
    fired = event(rule)

    assert await store.state(rule.id, "ETH", 1) == (0, AlertState())
    assert await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), fired)) is Committed.OK
    assert await store.commit(Commit((rule.id, "BTC"), 1, 0, T0, PENDING, None)) is Committed.OK

    assert await store.state(rule.id, "ETH", 1) == (1, firing())
    assert sorted(kept.subject for kept in await everything_of(store.states())) == [(rule.id, "BTC"), (rule.id, "ETH")]
    assert await first(store.events(), 1) == [fired]
    assert await store.recent([rule.id], 5) == [fired]


async def test_the_same_commit_asked_twice_is_one(store: Store) -> None:
    rule = await subscribed(store)
    await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule)))

    assert await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule))) is Committed.ALREADY

    assert await store.recent([rule.id], 5) == [event(rule)]


async def test_late_data_and_other_evaluators_change_nothing(store: Store) -> None:
    rule = await subscribed(store)
    await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule)))
    later = Commit((rule.id, "ETH"), 1, 0, T0 + MINUTE, firing(T0 + MINUTE), event(rule, "BBBB"))

    assert await store.commit(Commit((rule.id, "ETH"), 1, 1, T0 - MINUTE, firing(T0 - MINUTE), None)) is Committed.OLD
    assert await store.commit(Commit((rule.id, "ETH"), 1, 1, T0, firing(T0), event(rule, "BBBB"))) is Committed.OLD
    assert await store.commit(later) is Committed.CONFLICT
    assert await store.commit(replace(later, version=5)) is Committed.CONFLICT

    assert await store.state(rule.id, "ETH", 1) == (1, firing())
    assert await store.recent([rule.id], 5) == [event(rule)]


async def test_events_come_in_order_until_they_are_acked_even_to_a_new_reader(store: Store) -> None:
    rule = await subscribed(store)
    told = [event(rule, id_, T0 + n * MINUTE) for n, id_ in enumerate("ABC")]
    for n, one in enumerate(told):
        await store.commit(Commit((rule.id, "ETH"), 1, n, one.at, firing(one.at), one))
    assert await first(store.events(), 3) == told

    await store.ack(told[0])
    await store.ack(told[0])

    assert await first(store.events(), 2) == told[1:]
    assert await store.recent([rule.id], 2) == [told[2], told[1]]


async def test_a_forgotten_rule_leaves_no_states(store: Store) -> None:
    rule = await subscribed(store)
    await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule)))

    await store.remove(rule.id, HOME, "away")
    await store.forget(rule.id, None)
    late = Commit((rule.id, "ETH"), 9, 0, T0 + MINUTE, firing(T0 + MINUTE), event(rule, "LATE"))
    assert await store.commit(late) is Committed.OLD
    await store.forget(rule.id, 3)
    assert await store.commit(late) is Committed.OLD

    assert await everything_of(store.states()) == []
    assert await store.recent([rule.id], 5) == []


async def test_a_subject_at_rest_again_leaves_no_state_and_begins_anew(store: Store) -> None:
    rule = await subscribed(store)
    await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule)))
    over = Commit((rule.id, "ETH"), 1, 1, T0 + MINUTE, None, event(rule, "OVER", T0 + MINUTE, change=Change.RESOLVED))

    assert await store.commit(over) is Committed.OK
    assert await store.commit(over) is Committed.ALREADY

    assert await store.state(rule.id, "ETH", 1) == (0, AlertState())
    assert await everything_of(store.states()) == []
    assert [one.id for one in await store.recent([rule.id], 5)] == ["OVER", "AAAA"]
    again = Commit((rule.id, "ETH"), 1, 0, T0 + 2 * MINUTE, firing(T0 + 2 * MINUTE), event(rule, "MORE"))
    assert await store.commit(again) is Committed.OK


async def test_what_was_judged_whole_cannot_be_acted_on_again(store: Store) -> None:
    rule = await subscribed(store)
    fired = Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule))
    await store.commit(fired)
    await store.mark_judged(T0)

    assert await store.commit(fired) is Committed.ALREADY
    assert await store.commit(replace(fired, subject=(rule.id, "BTC"))) is Committed.OLD
    assert await store.commit(replace(fired, subject=(rule.id, "BTC"), at=T0 + MINUTE)) is Committed.OK


async def test_an_older_revision_cannot_act_and_a_newer_one_begins_anew(store: Store) -> None:
    rule = await subscribed(store)
    old = Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule))
    await store.commit(old)
    newer = replace(old, revision=2, event=event(rule, "NEW2"))

    assert await store.state(rule.id, "ETH", 2) == (0, AlertState())
    assert await store.commit(newer) is Committed.OK
    assert await store.commit(replace(old, version=1, at=T0 + MINUTE, event=None)) is Committed.OLD

    assert await store.state(rule.id, "ETH", 2) == (1, firing())
    assert await store.states_of([rule.id, "none/1"]) == [Kept((rule.id, "ETH"), 2, 1, firing())]


async def test_a_revision_that_is_forgotten_cannot_act_while_later_ones_stand(store: Store) -> None:
    rule = await subscribed(store)
    old = Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule))
    await store.commit(old)
    await store.commit(replace(old, subject=(rule.id, "BTC+"), revision=2, event=None))

    await store.forget(rule.id, 2)
    await store.forget(rule.id, 1)

    assert [kept.subject for kept in await everything_of(store.states())] == [(rule.id, "BTC+")]
    assert await store.commit(replace(old, at=T0 + MINUTE)) is Committed.OLD
    assert await store.commit(replace(old, subject=(rule.id, "SOL"))) is Committed.OLD
    assert await store.commit(replace(old, revision=2, event=None)) is Committed.OK
    assert await store.recent([rule.id], 5) == [event(rule)]


async def test_a_rule_that_is_there_is_never_forgotten_whole(store: Store) -> None:
    """Who loads states may know nothing of a rule that is paused, or that was saved just now."""
    rule = await subscribed(store)
    old = Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule))
    await store.commit(old)
    await store.forget(rule.id, None)
    assert [kept.revision for kept in await store.states_of([rule.id])] == [1]
    await store.pause(rule.id, HOME, "2", T0, paused=True)

    await store.forget(rule.id, None)

    assert await store.states_of([rule.id]) == []
    assert await store.recent([rule.id], 5) == [event(rule)]
    assert await store.commit(replace(old, at=T0 + MINUTE)) is Committed.OLD
    assert await store.commit(replace(old, revision=2, at=T0 + MINUTE)) is Committed.OK


async def test_what_is_judged_in_the_shadow_is_counted_and_told_to_nobody(store: Store) -> None:
    rule = await subscribed(store)
    shadow = replace(event(rule), shadow=True)
    await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), shadow))
    await store.commit(Commit((rule.id, "BTC"), 1, 0, T0, firing(), event(rule, "LOUD")))

    assert [one.id for one in await first(store.events(), 1)] == ["LOUD"]
    assert shadow in await store.recent([rule.id], 5)
    assert await store.fires([rule.id], T0) == {rule.id: [T0, T0]}


async def test_firings_are_counted_per_rule_from_a_moment_on_and_only_so_many(store: Store) -> None:
    rule = await subscribed(store)
    quiet = await saved(store, draft("quiet"), "quiet")
    times = [T0 + n * MINUTE for n in range(FIRES_KEPT + 2)]
    for version, at in enumerate(times):
        change = Change.REMINDED if at == times[-1] else Change.FIRED
        told = event(rule, f"F{version}", at, change)
        await store.commit(Commit((rule.id, "ETH"), 1, version, at, firing(at), told))

    fires = await store.fires([rule.id, quiet.id], T0)

    assert fires == {rule.id: times[1:-1], quiet.id: []}
    assert await store.fires([rule.id], times[-3]) == {rule.id: times[-3:-1]}
    await store.remove(rule.id, HOME, "away")
    await store.forget(rule.id, None)
    assert await store.fires([rule.id], T0) == {rule.id: []}


async def test_the_judged_moment_and_what_it_left_only_move_forward(store: Store) -> None:
    assert await store.mark() == Mark(None, ())
    cell = Cell("ETH", ALL, "funding", timedelta(0), Yardstick.SPREADS)
    left = Mark(7, (Standing(cell, -0.5, inf, 1, -(2**62), 2**60),))

    await store.mark_judged(T0 + MINUTE, left)
    await store.mark_judged(T0, Mark(8))

    assert await store.judged() == T0 + MINUTE
    assert await store.mark() == left


# deliveries


async def test_an_event_waits_for_its_own_subscription(store: Store) -> None:
    saved = await store.add(HOME, draft(), "1", T0, MANY)
    assert isinstance(saved, Saved)
    assert await store.fan_out("terminal", event(saved.rule), 10, T0) is Fanned.WAIT

    await store.subscribe("terminal", RuleChange(saved.rule.change, saved.rule.id, saved.rule))

    assert await store.fan_out("terminal", event(saved.rule), 10, T0) is Fanned.DONE
    assert await store.waiting(HOME) == 1


async def test_each_place_gets_one_entry_however_often_it_is_asked_and_however_long_the_pages(store: Store) -> None:
    rule = await subscribed(store)
    for n in range(4):
        place = Place("terminal", f"p{n}")
        await store.subscribe("terminal", RuleChange(rule.change + 1 + n, rule.id, replace(rule, place=str(place))))

    answers = [await store.fan_out("terminal", event(rule), 2, T0) for _ in range(5)]

    assert answers == [Fanned.MORE, Fanned.MORE, Fanned.DONE, Fanned.DONE, Fanned.DONE]
    places = [HOME, *(Place("terminal", f"p{n}") for n in range(4))]
    assert [await store.waiting(place) for place in places] == [1] * 5


async def test_a_platform_that_fell_behind_takes_over_all_rules_at_once(store: Store) -> None:
    rule = await saved(store)
    foreign = await saved(store, draft(), "2", Place("telegram", "7"))

    await store.subscribe_all("terminal", 2, store.rules())
    await store.subscribe_all("terminal", 1, store.rules())

    assert await store.applied("terminal") == 2
    assert await store.fan_out("terminal", event(rule), 10, T0) is Fanned.DONE
    assert await store.fan_out("terminal", event(foreign, "BBBB"), 10, T0) is Fanned.DONE
    assert await store.waiting(HOME) == 1
    assert await store.waiting(Place("terminal", "7")) == 0


async def test_a_changed_watchlist_is_taken_note_of_and_changes_no_subscription(store: Store) -> None:
    rule = await subscribed(store)

    await store.subscribe("terminal", WatchChange(rule.change + 1, rule.place, (), ("ETH",)))

    assert await store.applied("terminal") == rule.change + 1
    assert await store.fan_out("terminal", event(rule), 10, T0) is Fanned.DONE
    assert await store.waiting(HOME) == 1


async def test_platforms_only_serve_their_own_places(store: Store) -> None:
    rule = await subscribed(store)
    await store.subscribe("telegram", RuleChange(rule.change, rule.id, rule))

    assert await store.fan_out("telegram", event(rule), 10, T0) is Fanned.DONE
    assert isinstance(await store.claim(await lead(store, platform="telegram"), T0, LEASE), Idle)


async def test_a_removed_rule_has_no_subscribers_and_old_changes_do_not_bring_them_back(store: Store) -> None:
    rule = await subscribed(store)
    await store.subscribe("terminal", RuleChange(rule.change + 1, rule.id, None))
    await store.subscribe("terminal", RuleChange(rule.change, rule.id, rule))

    assert await store.applied("terminal") == rule.change + 1
    assert await store.fan_out("terminal", event(rule), 10, T0) is Fanned.DONE
    assert await store.waiting(HOME) == 0


async def test_entries_of_a_place_are_claimed_in_order_one_at_a_time(store: Store) -> None:
    await queued(store, "AAAA", "BBBB")
    epoch = await lead(store)

    one = await claimed(store, epoch)
    meanwhile = await store.claim(epoch, T0, LEASE)
    await store.finish(one, Final.SENT, "", "m1", T0 + MINUTE)
    too_soon = await store.claim(epoch, T0, LEASE)
    two = await claimed(store, epoch, 1)

    assert (one.place, one.ambiguous, one.tries) == (HOME, 0, 0)
    assert one.event is not None
    assert one.event.id == "AAAA"
    assert meanwhile == Idle(T0 + LEASE)
    assert too_soon == Idle(T0 + MINUTE)
    assert two.event is not None
    assert two.event.id == "BBBB"
    assert await store.waiting(HOME) == 1


async def test_every_entry_ends_in_one_outcome(store: Store) -> None:
    await queued(store, "AAAA", "BBBB")
    epoch = await lead(store)
    one = await claimed(store, epoch)
    await store.finish(one, Final.SENT, "", "m1", T0)
    await store.finish(one, Final.DEAD, "again", "m2", T0)
    two = await claimed(store, epoch)
    await store.finish(two, Final.SKIPPED, "muted ETH", "", T0)

    assert await store.outcomes(HOME, 9) == [
        (two.entry, Final.SKIPPED, "muted ETH"),
        (one.entry, Final.SENT, ""),
    ]
    assert await store.message_of(HOME, "AAAA") == "m1"
    assert await store.claim(epoch, T0, LEASE) == Idle(None)


async def test_a_certain_failure_is_not_ambiguous_and_an_ambiguous_one_stays_so(store: Store) -> None:
    await queued(store, "AAAA")
    epoch = await lead(store)
    certain = await claimed(store, epoch)
    await store.retry(certain, T0 + MINUTE, certain=True)
    assert await store.claim(epoch, T0, LEASE) == Idle(T0 + MINUTE)
    second = await claimed(store, epoch, 1)
    await store.retry(second, T0 + 2 * MINUTE, certain=False)
    third = await claimed(store, epoch, 2)
    await store.retry(third, T0 + 3 * MINUTE, certain=True)
    fourth = await claimed(store, epoch, 3)

    assert [c.ambiguous for c in (certain, second, third, fourth)] == [0, 0, 1, 1]
    assert {c.entry for c in (certain, second, third, fourth)} == {certain.entry}


async def test_a_lease_that_ran_out_makes_the_next_try_ambiguous(store: Store) -> None:
    await queued(store, "AAAA")
    epoch = await lead(store)
    await claimed(store, epoch)

    again = await claimed(store, epoch, 2)

    assert again.ambiguous == 1


async def test_a_newer_leader_takes_over_what_was_in_flight_and_fences_the_old_one(store: Store) -> None:
    await queued(store, "AAAA", "BBBB")
    old = await lead(store)
    in_flight = await claimed(store, old)
    assert await store.lead("terminal", "standby", T0, TTL) == Held(TTL)

    new = await store.lead("terminal", "standby", T0 + 2 * TTL, TTL)

    assert isinstance(new, Epoch)
    assert new.number > old.number
    with pytest.raises(Fenced):
        await store.claim(old, T0 + 2 * TTL, LEASE)
    assert not await store.renew(old, T0 + 2 * TTL, TTL)
    taken = await store.claim(new, T0 + 2 * TTL, LEASE)
    assert isinstance(taken, Claim)
    assert (taken.entry, taken.ambiguous) == (in_flight.entry, 1)
    await store.finish(in_flight, Final.SENT, "", "m1", T0)
    assert await store.claim(new, T0 + 2 * TTL, LEASE) == Idle(T0 + 2 * TTL + LEASE)
    await store.finish(taken, Final.SENT, "", "m2", T0 + 2 * TTL)
    assert await store.message_of(HOME, "AAAA") == "m1"


async def test_a_restarted_leader_leads_again_at_once_and_a_resigned_one_lets_others_in(store: Store) -> None:
    first_ = await lead(store)
    again = await lead(store)
    assert again.number > first_.number
    assert await store.renew(again, T0 + TTL / 2, TTL)
    assert await store.lead("terminal", "standby", T0 + TTL, TTL) == Held(TTL / 2)

    await store.resign(first_)
    assert isinstance(await store.lead("terminal", "standby", T0 + TTL, TTL), Held)
    await store.resign(again)

    assert isinstance(await store.lead("terminal", "standby", T0 + TTL, TTL), Epoch)


async def test_parked_retries_keep_their_time_over_a_takeover(store: Store) -> None:
    await queued(store, "AAAA")
    epoch = await lead(store)
    await store.retry(await claimed(store, epoch), T0 + 5 * MINUTE, certain=True)

    again = await lead(store)

    assert await store.claim(again, T0 + MINUTE, LEASE) == Idle(T0 + 5 * MINUTE)


async def test_a_new_entry_does_not_open_a_lane_that_waits(store: Store) -> None:
    await queued(store, "AAAA")
    epoch = await lead(store)
    await store.retry(await claimed(store, epoch), T0 + 5 * MINUTE, certain=True)

    rule = (await store.of(HOME))[0]
    await store.fan_out("terminal", event(rule, "BBBB"), 10, T0)

    assert await store.claim(epoch, T0 + MINUTE, LEASE) == Idle(T0 + 5 * MINUTE)


async def test_what_is_refused_too_often_dies_and_the_lane_goes_on(store: Store) -> None:
    await queued(store, "AAAA", "BBBB")
    epoch = await lead(store)

    ends = [await store.retry(await claimed(store, epoch), T0, certain=True, poison=True) for _ in range(MAX_TRIES)]

    assert ends == [None] * (MAX_TRIES - 1) + [Final.DEAD]
    (dead,) = await store.outcomes(HOME, 9)
    assert dead[1] is Final.DEAD
    following = await claimed(store, epoch)
    assert following.event is not None
    assert (following.event.id, following.tries) == ("BBBB", 0)


async def test_a_claim_that_is_no_longer_ours_cannot_be_given_back(store: Store) -> None:
    await queued(store, "AAAA")
    old = await claimed(store, await lead(store))
    new_epoch = await lead(store)
    await claimed(store, new_epoch)

    assert await store.retry(old, T0 + 9 * MINUTE, certain=True) is None

    assert await store.claim(new_epoch, T0, LEASE) == Idle(T0 + LEASE)


async def test_the_message_of_a_firing_is_found_by_its_episode(store: Store) -> None:
    rule = await subscribed(store)
    epoch = await lead(store)
    await store.fan_out("terminal", event(rule), 10, T0)
    await store.finish(await claimed(store, epoch), Final.SENT, "", "m1", T0)
    await store.fan_out("terminal", event(rule, "RRRR", change=Change.RESOLVED), 10, T0)
    await store.finish(await claimed(store, epoch), Final.SENT, "", "m2", T0)

    assert await store.message_of(HOME, "AAAA") == "m1"
    assert await store.message_of(HOME, "ZZZZ") is None


async def test_a_notice_waits_in_the_lane_behind_what_is_there_and_is_posted_once(store: Store) -> None:
    await queued(store, "AAAA")
    said = Notice("NOTICENOTICENOTI", About.SHADOW, T0, "LIVE", "over", ("one",), ("typed",), (("Arm", "/arm 1"),))

    posted = [await store.post(HOME, said, T0) for _ in range(2)]
    epoch = await lead(store)
    one = await claimed(store, epoch)
    await store.finish(one, Final.SENT, "", "m1", T0)
    two = await claimed(store, epoch)
    await store.finish(two, Final.SENT, "", "", T0)

    assert posted == [True, False]
    assert (one.notice, two.event, two.notice) == (None, None, said)
    assert await store.post(HOME, said, T0) is False
    assert [reason for _, _, reason in await store.outcomes(HOME, 5)] == ["", ""]


async def test_what_the_store_is_can_be_said(store: Store) -> None:
    info = await store.info()

    assert info.product in ("memory", "Valkey", "Redis")
    assert info.version
    assert info.detail
