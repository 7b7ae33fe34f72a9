"""What every store promises of deliveries: each entry is claimed in order, by one leader, and ends in one outcome."""

import asyncio
from dataclasses import replace

import pytest

from adapters.chat.base import Place
from adapters.store.base import (
    MAX_TRIES,
    Claim,
    Epoch,
    Fanned,
    Fenced,
    Final,
    Held,
    Idle,
    RuleChange,
    Saved,
    Store,
    WatchChange,
)
from signals.notice import About, Notice
from signals.rules.lifecycle import Change
from tests.adapters.store.stories import (
    HOME,
    LEASE,
    MANY,
    MINUTE,
    SOON,
    T0,
    TTL,
    claimed,
    draft,
    event,
    lead,
    queued,
    saved,
    subscribed,
)


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


async def test_chats_whose_ids_begin_alike_have_lanes_of_their_own(store: Store) -> None:
    ids = ("10", "1", "-100", "-100.5", "-1005")
    for id_ in ids:
        place = Place("telegram", id_)
        await store.fan_out("telegram", event(await subscribed(store, place), f"FOR {id_}"), 10, T0)
    epoch = await lead(store, platform="telegram")

    waited = [await store.waiting(Place("telegram", id_)) for id_ in ids]
    claims = [await claimed(store, epoch) for _ in ids]
    for claim in claims:
        await store.finish(claim, Final.SENT, "", f"to {claim.place.id}", T0)

    assert waited == [1] * len(ids)
    assert {claim.place.id: claim.event.id for claim in claims if claim.event} == {id_: f"FOR {id_}" for id_ in ids}
    for id_ in ids:
        [(entry, outcome, _)] = await store.outcomes(Place("telegram", id_), 9)
        assert (entry.rpartition(":")[2], outcome) == (f"FOR {id_}", Final.SENT)
        assert await store.message_of(Place("telegram", id_), "AAAA") == f"to {id_}"


async def test_an_outcome_that_is_told_again_does_not_open_the_lane(store: Store) -> None:
    await queued(store, "AAAA", "BBBB")
    epoch = await lead(store)
    one = await claimed(store, epoch)
    await store.finish(one, Final.SENT, "", "m1", T0 + MINUTE)

    await store.finish(one, Final.SENT, "", "m1", T0)

    assert await store.claim(epoch, T0, LEASE) == Idle(T0 + MINUTE)


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


async def test_whatever_comes_wakes_every_reader_of_its_platform_and_no_other(store: Store) -> None:
    rule = await subscribed(store)
    epoch = await lead(store)
    readers = [asyncio.create_task(anext(aiter(store.wakes("terminal")))) for _ in range(2)]
    other = asyncio.create_task(anext(aiter(store.wakes("telegram"))))

    assert await store.fan_out("terminal", event(rule), 10, T0) is Fanned.DONE

    async with asyncio.timeout(SOON):
        await asyncio.gather(*readers)
    assert not other.done()
    other.cancel()
    assert isinstance(await store.claim(epoch, T0, LEASE), Claim)


@pytest.mark.parametrize("what", ["event", "notice", "notice that can wait", "dead letter"])
async def test_each_thing_that_can_be_claimed_wakes_and_nothing_else_does(store: Store, what: str) -> None:
    rule = await subscribed(store)
    epoch = await lead(store)
    if what == "dead letter":
        await store.fan_out("terminal", event(rule), 10, T0)
        await store.finish(await claimed(store, epoch), Final.DEAD, "why", "", T0)
    wakes = aiter(store.wakes("terminal"))
    if what == "dead letter":
        await anext(wakes)
    woken = asyncio.create_task(anext(wakes))
    await store.fan_out("terminal", event(replace(rule, id="terminal:nobody/1"), "NONE"), 10, T0)
    await asyncio.sleep(0.02)
    assert not woken.done()

    match what:
        case "event":
            await store.fan_out("terminal", event(rule), 10, T0)
        case "dead letter":
            [letter] = await store.dead("terminal")
            await store.revive(letter, T0)
        case _:
            about = About.SAMPLE if what == "notice" else About.DIGEST
            await store.post(HOME, Notice("N1", about, T0, "LIVE", "test"), T0)

    async with asyncio.timeout(SOON):
        await woken
    assert isinstance(await store.claim(epoch, T0, LEASE), Claim)


async def test_a_reader_that_was_busy_is_woken_at_once(store: Store) -> None:
    rule = await subscribed(store)
    wakes = aiter(store.wakes("terminal"))
    for id_ in ("AAAA", "BBBB"):
        await store.fan_out("terminal", event(rule, id_), 10, T0)
        async with asyncio.timeout(SOON):
            await anext(wakes)


async def test_a_claim_says_since_when_its_batch_was_tried_however_often_and_by_whom(store: Store) -> None:
    await queued(store, "AAAA", "BBBB")
    epoch = await lead(store)
    first = await claimed(store, epoch)
    await store.retry(first, T0 + MINUTE, certain=False)
    again = await claimed(store, epoch, 1)
    successor = await store.lead("terminal", "other", T0 + 2 * MINUTE, TTL)
    assert isinstance(successor, Epoch)
    taken_over = await claimed(store, successor, 3)
    await store.finish(taken_over, Final.SENT, "", "m1", T0 + 3 * MINUTE)
    following = await claimed(store, successor, 4)

    assert [claim.since for claim in (first, again, taken_over)] == [T0] * 3
    assert (again.ambiguous, taken_over.ambiguous) == (1, 2)
    assert following.since == T0 + 4 * MINUTE
