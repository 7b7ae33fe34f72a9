"""Rules under many hands: clients that add at once, evaluators that commit at once, and clients that are killed."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.chat.base import Place
from adapters.store.alert_port import Commit, Committed
from adapters.store.base import Changed, Full, KeptDraft, New, Quota, RuleChange, Saved, Store
from adapters.store.client import Client
from adapters.store.memory import MemoryStore
from adapters.store.redis import RedisStore, open_redis
from signals.rules.lifecycle import Change
from signals.rules.model import EVERY_COIN, Draft, Rule
from tests.adapters.store.stories import HOME, MANY, MINUTE, T0, draft, event, firing
from tests.servers import DEBIAN, redis_server, valkey

SERVERS = {"embedded": valkey, "redis-server": redis_server}
ON_SERVERS = [
    "embedded",
    pytest.param("redis-server", marks=pytest.mark.skipif(DEBIAN is None, reason="redis-server is not on PATH")),
]
OTHER = Place("telegram", "-7")


@pytest.fixture(scope="module", params=ON_SERVERS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with SERVERS[request.param](tmp_path_factory.mktemp("store")) as found:
        yield found


@asynccontextmanager
async def clients(url: str, number: int) -> AsyncIterator[list[RedisStore]]:
    """So many clients of an empty server."""
    first = Client(url)
    await first.do("FLUSHALL")
    await first.aclose()
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(aclosed(await open_redis(url))) for _ in range(number)]


@asynccontextmanager
async def aclosed(store: RedisStore) -> AsyncIterator[RedisStore]:
    """The store, closed in the end."""
    try:
        yield store
    finally:
        await store.aclose()


def wide(note: str = "") -> Draft:
    return replace(draft(note), coins=(EVERY_COIN,))


async def followed(store: Store, changes: int) -> dict[str, Rule]:
    """The rules as a reader of all changes knows them."""
    rules: dict[str, Rule] = {}
    async with asyncio.timeout(10), aclosing(store.changes(0)) as source:  # type: ignore[type-var] # it is a generator
        async for change in source:
            assert isinstance(change, RuleChange)
            rules.pop(change.rule_id, None)
            if change.rule is not None:
                rules[change.rule_id] = change.rule
            if change.number == changes:
                break
    return rules


async def test_of_a_hundred_adds_at_once_just_as_many_are_stored_as_there_is_room(url: str) -> None:
    async with clients(url, 4) as stores:
        answers = await asyncio.gather(
            *(stores[n % 4].add(HOME, draft(f"{n}"), f"u{n}", T0, Quota(50)) for n in range(100))
        )

        kept = await stores[0].of(HOME)
        saved = [answer.rule for answer in answers if isinstance(answer, Saved)]
        assert [rule.number for rule in kept] == list(range(1, 51))
        assert sorted(saved, key=lambda rule: rule.number) == kept
        assert [answer for answer in answers if not isinstance(answer, Saved)] == [Full(50, "rules")] * 50
        assert await stores[0].last_change() == 50


async def test_rules_on_every_coin_and_drafts_are_counted_in_the_same_step_as_they_are_written(url: str) -> None:
    async with clients(url, 4) as stores:
        added = [stores[n % 4].add(HOME, wide() if n % 2 else draft(), f"u{n}", T0, MANY) for n in range(40)]
        kept = KeptDraft(draft(), None, 0)
        drafts = [stores[n % 4].keep_draft(HOME, f"{n}", kept, T0, Quota(50, drafts=7)) for n in range(20)]

        answers = await asyncio.gather(*added)
        full = await asyncio.gather(*drafts)

        assert Counter(rule.draft.coins for rule in await stores[0].of(HOME)) == {(EVERY_COIN,): 3, ("ETH",): 20}
        assert answers.count(Full(3, "every_coin")) == 17
        assert Counter(full) == {None: 7, Full(7, "drafts"): 13}


async def test_of_two_edits_of_the_same_revision_one_is_made_and_the_other_sees_it(url: str) -> None:
    async with clients(url, 2) as stores:
        rules = [await saved(stores[0], f"{n}") for n in range(20)]
        for rule in rules:
            mine, theirs = await asyncio.gather(
                *(
                    store.edit(rule.id, HOME, draft(name), 1, f"{name}{rule.number}", T0, MANY)
                    for name, store in zip(("mine", "theirs"), stores, strict=True)
                )
            )
            assert {type(mine).__name__, type(theirs).__name__} == {"Saved", "Moved"}
            assert mine.rule == theirs.rule  # type: ignore[union-attr] # both carry one
        known = await followed(stores[1], 40)
        assert list(known.values()) == sorted(known.values(), key=lambda rule: rule.change)
        assert sorted(known.values(), key=lambda rule: rule.number) == await stores[0].of(HOME)


async def saved(store: Store, seen: str) -> Rule:
    added = await store.add(HOME, draft(seen), seen, T0, MANY)
    assert isinstance(added, Saved)
    return added.rule


@pytest.mark.parametrize("seed", range(3))
async def test_two_evaluators_never_both_act(url: str, seed: int) -> None:
    """Both judge the same three moments, each at its own pace."""
    random = Random(seed)
    async with clients(url, 2) as stores:
        rules = [await saved(stores[0], f"{n}") for n in range(12)]

        async def evaluator(store: Store) -> None:
            versions = {rule.id: 0 for rule in rules}
            for moment, change in enumerate((Change.FIRED, Change.REMINDED, Change.RESOLVED)):
                at = T0 + moment * MINUTE
                for rule in random.sample(rules, len(rules)):
                    await asyncio.sleep(random.choice((0, 0, 0.001)))
                    if (versions[rule.id] == 0) is not (change is Change.FIRED):
                        continue
                    told = event(rule, f"{rule.number}.{moment}", at, change)
                    state = None if change is Change.RESOLVED else firing(at)
                    step = Commit((rule.id, "ETH"), 1, versions[rule.id], at, state, told)
                    if (await store.commit(step))[0] in (Committed.OK, Committed.ALREADY):
                        versions[rule.id] = 0 if state is None else versions[rule.id] + 1
                    else:
                        versions[rule.id], _ = await store.state(rule.id, "ETH", 1)
                await store.mark_judged(at)

        await asyncio.gather(*(evaluator(store) for store in stores))

        told = [one.id for one in await stores[0].recent([rule.id for rule in rules], 999)]
        assert Counter(told) == {f"{rule.number}.{moment}": 1 for rule in rules for moment in range(3)}
        fires = await stores[0].fires([rule.id for rule in rules], T0)
        assert all(len(times) == 1 for times in fires.values())


async def test_the_same_step_of_two_evaluators_is_one_however_they_interleave(url: str) -> None:
    async with clients(url, 2) as stores:
        rules = [await saved(stores[0], f"{n}") for n in range(40)]
        steps = [
            Commit((rule.id, "ETH"), 1, 0, T0, firing(), replace(event(rule), id=f"E{rule.number}")) for rule in rules
        ]
        pairs = await asyncio.gather(
            *(asyncio.gather(*(store.commit(step) for store in stores)) for step in steps),
        )

        assert all(sorted(chain(*pair)) == [Committed.ALREADY, Committed.OK] for pair in pairs)
        assert len(await stores[0].recent([rule.id for rule in rules], 999)) == 40


async def test_an_evaluator_with_the_old_rule_cannot_act_once_another_knows_the_edit(url: str) -> None:
    async with clients(url, 2) as (quick, slow):
        rule = await saved(quick, "1")
        await quick.edit(rule.id, HOME, draft("other"), 1, "2", T0, MANY)
        await quick.forget(rule.id, 2)

        stale = Commit((rule.id, "ETH"), 1, 0, T0 + MINUTE, firing(T0 + MINUTE), event(rule, "OLD"))
        fresh = replace(stale, revision=2, event=event(rule, "NEW"))
        answers = await asyncio.gather(*(slow.commit(stale), quick.commit(fresh)))

        assert answers == [[Committed.OLD], [Committed.OK]]
        assert [one.id for one in await slow.recent([rule.id], 9)] == ["NEW"]


ADDING = """
import asyncio, sys
from itertools import count
from adapters.store.redis import open_redis
from tests.adapters.store.stories import HOME, T0, draft
from adapters.store.base import Quota

async def main():
    store, seen = await open_redis(sys.argv[1]), count()
    async def add():
        for n in seen:
            await store.add(HOME, draft(str(n)), f"killed {n}", T0, Quota(10_000))
            print(n, flush=True)
    await asyncio.gather(*(add() for _ in range(8)))

asyncio.run(main())
"""


async def test_a_client_that_is_killed_while_it_adds_leaves_whole_rules_and_true_numbers(tmp_path: Path) -> None:
    with valkey(tmp_path / "store") as url:
        async with clients(url, 1) as (store,):
            told = tmp_path / "told"
            with told.open("wb") as out:
                adding = await asyncio.create_subprocess_exec(sys.executable, "-P", "-c", ADDING, url, stdout=out)
                while told.stat().st_size < 300 and adding.returncode is None:  # noqa: ASYNC110 - another process tells
                    await asyncio.sleep(0.005)
                adding.kill()
                await adding.wait()

            kept = await store.of(HOME)
            answered = len(told.read_text().splitlines())
            assert answered <= len(kept) <= answered + 8
            assert [rule.number for rule in kept] == list(range(1, len(kept) + 1))
            assert await followed(store, len(kept)) == {rule.id: rule for rule in kept}
            assert await store.add(HOME, draft(), "next", T0, Quota(len(kept))) == Full(len(kept), "rules")


# both stores are one


NUMBERS = st.integers(1, 4)
KINDS = ("add", "edit", "several", "watch", "edit", "pause", "resume", "remove", "keep", "drop")
ACTS = st.tuples(st.sampled_from(KINDS), st.booleans(), NUMBERS)
ENDS = T0 + timedelta(hours=48)
FEW = Quota(3, every_coin=1, watched=2, drafts=2)


@given(st.lists(st.tuples(ACTS, st.booleans()), min_size=8, max_size=25))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_every_store_answers_as_the_one_in_memory(
    url: str, acts: list[tuple[tuple[str, bool, int], bool]]
) -> None:
    async with clients(url, 1) as (store,):
        model = MemoryStore()
        for number, (act, again) in enumerate(acts):
            for _ in range(2 if again else 1):
                assert await done(store, act, number) == await done(model, act, number)
        for place in (HOME, OTHER):
            assert await store.of(place) == await model.of(place)
            assert await store.watchlist(place) == await model.watchlist(place)
            assert [await store.draft(place, f"{n}", ENDS) for n in range(5)] == [
                await model.draft(place, f"{n}", ENDS) for n in range(5)
            ]
        last = await model.last_change()
        assert await store.last_change() == last
        assert await told(store, last) == await told(model, last)


async def done(store: Store, act: tuple[str, bool, int], update: int) -> object:
    """The answer to one act of one update; a repeat asks the same again."""
    what, flag, number = act
    place = OTHER if update % 3 == 0 else HOME
    id_, seen, at = f"{place}/{number}", f"u{update}", T0 + timedelta(hours=9 * update)
    match what:
        case "add":
            return await store.add(place, wide() if flag else draft(seen), seen, at, FEW)
        case "edit":
            revision = next((rule.revision for rule in await store.of(place) if rule.id == id_), 1)
            return await store.edit(
                id_, place, wide() if flag else draft(seen), revision + (update % 5 == 0), seen, at, FEW
            )
        case "pause" | "resume":
            return await store.pause(id_, place, seen, at, paused=what == "pause")
        case "remove":
            return await store.remove(id_, place, seen)
        case "watch":
            return await store.watch(place, lambda _: ("ETH", "BTC", "SOL")[: number - 1], seen, FEW)
        case "several":
            new = [New(draft(f"{seen} {n}"), paused=flag) for n in range(number - 1)] + [New(wide())] * flag
            return await store.add_all(place, new, ("XRP", "ETH")[: number // 2], seen, at, FEW)
        case "keep":
            return await store.keep_draft(place, f"{number}", KeptDraft(draft(seen), None, update), at, FEW)
        case _:
            return await store.drop_draft(place, f"{number}", seen)


async def told(store: Store, last: int) -> list[Changed]:
    """All changes up to the last one."""
    found: list[Changed] = []
    if last:
        async with asyncio.timeout(10), aclosing(store.changes(0)) as source:  # type: ignore[type-var] # as above
            async for change in source:
                found.append(change)
                if change.number == last:
                    break
    return found
