"""What every store promises of phases and events: both move in one step, and nothing late, old or forgotten acts."""

from dataclasses import replace
from datetime import timedelta
from math import inf

import pytest

from adapters.store.alert_port import FIRES_KEPT, Commit, Committed, Effort, Kept, Mark
from adapters.store.base import OtherParts, Store, StoreUnavailable
from signals.counts import Counts
from signals.model import ALL, Cell, Yardstick
from signals.part import WHOLE, Part, parts
from signals.rules.lifecycle import AlertState, Change
from signals.standing import Standing
from tests.adapters.store.stories import (
    HOME,
    MINUTE,
    PENDING,
    T0,
    draft,
    event,
    everything_of,
    firing,
    first,
    saved,
    subscribed,
)


async def test_a_state_is_stored_with_its_version_and_its_event(store: Store) -> None:
    rule = await subscribed(store)
    fired = event(rule)

    assert await store.state(rule.id, "ETH", 1) == (0, AlertState())
    assert await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), fired)) == [Committed.OK]
    assert await store.commit(Commit((rule.id, "BTC"), 1, 0, T0, PENDING, None)) == [Committed.OK]

    assert await store.state(rule.id, "ETH", 1) == (1, firing())
    assert sorted(kept.subject for kept in await everything_of(store.states())) == [(rule.id, "BTC"), (rule.id, "ETH")]
    assert await first(store.events(), 1) == [fired]
    assert await store.recent([rule.id], 5) == [fired]


async def test_the_same_commit_asked_twice_is_one(store: Store) -> None:
    rule = await subscribed(store)
    await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule)))

    assert await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule))) == [Committed.ALREADY]

    assert await store.recent([rule.id], 5) == [event(rule)]


async def test_late_data_and_other_evaluators_change_nothing(store: Store) -> None:
    rule = await subscribed(store)
    await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule)))
    later = Commit((rule.id, "ETH"), 1, 0, T0 + MINUTE, firing(T0 + MINUTE), event(rule, "BBBB"))

    assert await store.commit(Commit((rule.id, "ETH"), 1, 1, T0 - MINUTE, firing(T0 - MINUTE), None)) == [Committed.OLD]
    assert await store.commit(Commit((rule.id, "ETH"), 1, 1, T0, firing(T0), event(rule, "BBBB"))) == [Committed.OLD]
    assert await store.commit(later) == [Committed.CONFLICT]
    assert await store.commit(replace(later, version=5)) == [Committed.CONFLICT]

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
    assert await store.commit(late) == [Committed.OLD]
    await store.forget(rule.id, 3)
    assert await store.commit(late) == [Committed.OLD]

    assert await everything_of(store.states()) == []
    assert await store.recent([rule.id], 5) == []


async def test_a_subject_at_rest_again_leaves_no_state_and_begins_anew(store: Store) -> None:
    rule = await subscribed(store)
    await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule)))
    over = Commit((rule.id, "ETH"), 1, 1, T0 + MINUTE, None, event(rule, "OVER", T0 + MINUTE, change=Change.RESOLVED))

    assert await store.commit(over) == [Committed.OK]
    assert await store.commit(over) == [Committed.ALREADY]

    assert await store.state(rule.id, "ETH", 1) == (0, AlertState())
    assert await everything_of(store.states()) == []
    assert [one.id for one in await store.recent([rule.id], 5)] == ["OVER", "AAAA"]
    again = Commit((rule.id, "ETH"), 1, 0, T0 + 2 * MINUTE, firing(T0 + 2 * MINUTE), event(rule, "MORE"))
    assert await store.commit(again) == [Committed.OK]


async def test_what_was_judged_whole_cannot_be_acted_on_again(store: Store) -> None:
    rule = await subscribed(store)
    fired = Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule))
    await store.commit(fired)
    await store.mark_judged(T0)

    assert await store.commit(fired) == [Committed.ALREADY]
    assert await store.commit(replace(fired, subject=(rule.id, "BTC"))) == [Committed.OLD]
    assert await store.commit(replace(fired, subject=(rule.id, "BTC"), at=T0 + MINUTE)) == [Committed.OK]


async def test_an_older_revision_cannot_act_and_a_newer_one_begins_anew(store: Store) -> None:
    rule = await subscribed(store)
    old = Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule))
    await store.commit(old)
    newer = replace(old, revision=2, event=event(rule, "NEW2"))

    assert await store.state(rule.id, "ETH", 2) == (0, AlertState())
    assert await store.commit(newer) == [Committed.OK]
    assert await store.commit(replace(old, version=1, at=T0 + MINUTE, event=None)) == [Committed.OLD]

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
    assert await store.commit(replace(old, at=T0 + MINUTE)) == [Committed.OLD]
    assert await store.commit(replace(old, subject=(rule.id, "SOL"))) == [Committed.OLD]
    assert await store.commit(replace(old, revision=2, event=None)) == [Committed.OK]
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
    assert await store.commit(replace(old, at=T0 + MINUTE)) == [Committed.OLD]
    assert await store.commit(replace(old, revision=2, at=T0 + MINUTE)) == [Committed.OK]


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
    assert await store.left() == (None, Mark(None, ()))
    cell = Cell("ETH", ALL, "funding", timedelta(0), Yardstick.SPREADS)
    left = Mark(7, (Standing(cell, -0.5, inf, 1, -(2**62)),))

    await store.mark_judged(T0 + MINUTE, left)
    await store.mark_judged(T0, Mark(8))

    assert await store.judged() == T0 + MINUTE
    assert await store.left() == (T0 + MINUTE, left)


async def test_parts_are_judged_apart_and_all_of_them_up_to_the_slowest(store: Store) -> None:
    first, second = parts(2)
    await store.mark_judged(T0, Mark(3))

    await store.share_out(1, 2, T0, Mark(3))
    await store.mark_judged(T0 + 2 * MINUTE, Mark(5), first)
    ahead = await store.judged()
    await store.mark_judged(T0 + MINUTE, Mark(4), second)
    await store.mark_judged(T0, Mark(9), second)

    assert (ahead, await store.judged(), await store.parts()) == (T0, T0 + MINUTE, 2)
    assert await store.left(first) == (T0 + 2 * MINUTE, Mark(5))
    assert await store.left(second) == (T0 + MINUTE, Mark(4))


async def test_nothing_is_judged_by_all_while_a_part_has_judged_nothing(store: Store) -> None:
    await store.share_out(1, 2, None, Mark())
    await store.mark_judged(T0, Mark(), Part(2, 2))

    assert await store.judged() is None


async def test_coins_are_shared_out_once_and_whoever_judges_a_former_part_is_told(store: Store) -> None:
    await store.share_out(1, 2, T0, Mark(3))
    await store.mark_judged(T0 + MINUTE, Mark(5), Part(1, 2))
    await store.share_out(1, 2, None, Mark())

    assert await store.left(Part(1, 2)) == (T0 + MINUTE, Mark(5))
    with pytest.raises(OtherParts, match="PERPWATCH_PARTS"):
        await store.mark_judged(T0 + 2 * MINUTE, Mark(6))
    assert await store.left(WHOLE) == (None, Mark())


async def test_a_late_commit_is_measured_by_its_own_part(store: Store) -> None:
    rule, other = await saved(store), await saved(store, draft("other"), "other")
    await store.share_out(1, 2, None, Mark())
    await store.mark_judged(T0 + MINUTE, Mark(), Part(1, 2))
    late = [Commit((of.id, "ETH"), 1, 0, T0, firing(T0), event(of, of.id)) for of in (rule, other)]

    assert await store.commit(late[0], part=Part(1, 2)) == [Committed.OLD]
    assert await store.commit(late[1], part=Part(2, 2)) == [Committed.OK]


async def test_what_the_last_moment_took_is_kept_and_the_last_word_counts(store: Store) -> None:
    assert await store.efforts() == []
    first = Effort(T0, timedelta(microseconds=1234), 0, Counts(0, 0, 0, 0, 0, 0))
    last = Effort(T0 + MINUTE, timedelta(seconds=75), 3, Counts(10**6, 2 * 10**6, 6000, 17, 42, 2**33), ("oi",))

    await store.report_effort(first)
    await store.report_effort(last)

    assert await store.efforts() == [last]


async def test_a_store_that_has_lost_a_judged_moment_says_so_and_marks_nothing(store: Store) -> None:
    with pytest.raises(StoreUnavailable, match="judged again"):
        await store.mark_judged(T0 + MINUTE, Mark(1), known=T0)
    assert await store.judged() is None
    await store.mark_judged(T0)

    with pytest.raises(StoreUnavailable, match="judged again"):
        await store.mark_judged(T0 + 3 * MINUTE, Mark(3), known=T0 + 2 * MINUTE)
    assert await store.judged() == T0
    await store.mark_judged(T0 + 3 * MINUTE, Mark(4), known=T0)
    await store.mark_judged(T0 + 2 * MINUTE, Mark(5), known=T0)

    assert await store.left() == (T0 + 3 * MINUTE, Mark(4))
