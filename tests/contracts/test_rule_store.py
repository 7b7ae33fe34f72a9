"""What every store promises of rules and settings: each effect happens once, and within what a place may have."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import replace

import pytest

from adapters.chat.base import Place
from adapters.store.base import (
    DRAFTS_FOR,
    Behind,
    Full,
    Gone,
    KeptDraft,
    Moved,
    New,
    Quota,
    RuleChange,
    Saved,
    Store,
    WatchChange,
)
from adapters.store.memory import MemoryStore
from adapters.store.place_settings import Coins
from adapters.store.redis import RedisStore, open_client
from adapters.store.registry import MEMORY, open_store
from tests.adapters.store.stories import HOME, MANY, MINUTE, T0, draft, everything_of, everywhere, first, saved


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


async def test_a_hundred_that_add_at_the_same_time_fill_a_place_and_no_more(store: Store, url: str) -> None:
    other = store if url == MEMORY else await open_store(url)

    adds = (of.add(HOME, draft(f"n{n}"), f"{n}", T0, Quota(50)) for n in range(100) for of in (store, other))
    answers = await asyncio.gather(*adds)

    added = [answer.rule.number for answer in answers if isinstance(answer, Saved)]
    assert sorted(added) == sorted([*range(1, 51)] * 2)  # each update twice, answered alike
    assert answers.count(Full(50, "rules")) == 100
    assert [rule.number for rule in await store.of(HOME)] == [*range(1, 51)]
    if other is not store:
        await other.aclose()


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
    await store.watch(HOME, lambda _: ("BTC",), "w", MANY)
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
    assert changes[-1] == WatchChange(4, str(HOME), ("BTC",), ("BTC", "ETH"))
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
    assert [[one.rule() for one in page] async for page in store.stored()] == pages

    assert len(pages) > 1
    assert sorted((rule for page in pages for rule in page), key=lambda rule: rule.change) == rules


@pytest.mark.usefixtures("store")
async def test_a_reader_that_fell_too_far_behind_is_told_so(url: str) -> None:
    short = MemoryStore(changes_kept=3) if url == MEMORY else RedisStore(await open_client(url), changes_kept=3)
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
    assert await store.watch(HOME, lambda _: ("ETH", "BTC"), "1", MANY) == ("ETH", "BTC")
    await store.watch(Place("telegram", "-1"), lambda _: ("SOL",), "2", MANY)
    assert await store.watch(HOME, lambda _: ("BTC",), "3", MANY) == ("BTC",)
    assert await store.watch(HOME, lambda _: ("ETH", "BTC"), "1", MANY) == ("ETH", "BTC")

    assert await store.watchlist(HOME) == ("BTC",)
    assert await store.watchlists() == {"terminal:local": ("BTC",), "telegram:-1": ("SOL",)}
    assert await first(store.changes(0), 3) == [
        WatchChange(1, "terminal:local", (), ("ETH", "BTC")),
        WatchChange(2, "telegram:-1", (), ("SOL",)),
        WatchChange(3, "terminal:local", ("ETH", "BTC"), ("BTC",)),
    ]


async def test_of_many_who_watch_at_once_nobody_takes_off_what_another_put_on(store: Store) -> None:
    def watches(coin: str) -> Awaitable[Coins | Full]:
        return store.watch(HOME, lambda of: (*of, coin), coin, MANY)

    coins = [f"C{number}" for number in range(20)]

    kept = await asyncio.gather(*map(watches, coins))

    assert {*await store.watchlist(HOME)} == {*coins}
    assert sorted(len(of) for of in kept if not isinstance(of, Full)) == [*range(1, 21)]
    assert await store.last_change() == len(coins)


async def test_a_watchlist_holds_only_so_many_coins(store: Store) -> None:
    quota = Quota(50, watched=2)

    assert await store.watch(HOME, lambda _: ("A", "B", "C"), "1", quota) == Full(2, "watched")
    assert await store.watch(HOME, lambda _: ("A", "B"), "2", quota) == ("A", "B")
    assert await store.watch(HOME, lambda _: ("A", "B", "C"), "3", quota) == Full(2, "watched")
    assert await store.watchlist(HOME) == ("A", "B")
    assert await store.last_change() == 1


async def test_a_watchlist_without_coins_is_none(store: Store) -> None:
    await store.watch(HOME, lambda _: ("ETH",), "1", MANY)

    assert await store.watch(HOME, lambda _: (), "2", MANY) == ()

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
