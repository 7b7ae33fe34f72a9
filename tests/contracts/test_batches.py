"""What every store promises of entries that wait together: one batch while its fate is unknown, an outcome for each."""

from datetime import timedelta

import pytest

from adapters.chat.base import Place
from adapters.store.base import MAX_TRIES, Claim, Final, Idle, Store
from adapters.store.batch import BACKLOG, FOLDED_FROM, FOLDED_MOST, LET_IN_AT_ONCE
from signals.event import Event
from signals.notice import About, Notice
from tests.adapters.store.stories import HOME, LEASE, MINUTE, T0, claimed, event, lead, queued, subscribed

MILLISECOND = timedelta(milliseconds=1)


def ids(claim: Claim) -> list[str]:
    return [one.entry.rpartition(":")[2] for one in claim.batch]


def names(count: int) -> list[str]:
    return [f"E{n:03}" for n in range(count)]


def said(id_: str, about: About = About.SAMPLE) -> Notice:
    return Notice(id_, about, T0, "LIVE", "over")


@pytest.mark.parametrize(("waiting", "taken"), [(1, 1), (3, 1), (4, 4), (9, 9), (20, 20), (25, 20)])
async def test_four_or_more_that_wait_are_taken_together_and_never_more_than_twenty(
    store: Store, waiting: int, taken: int
) -> None:
    await queued(store, *names(waiting))

    claim = await claimed(store, await lead(store))

    assert (FOLDED_FROM, FOLDED_MOST) == (4, 20)
    assert ids(claim) == names(waiting)[:taken]
    assert all(isinstance(one.told, Event) for one in claim.batch)


@pytest.mark.parametrize("late", [timedelta(0), BACKLOG, BACKLOG + MILLISECOND])
@pytest.mark.parametrize("waiting", [1, 2, 3, 5])
async def test_in_a_lane_whose_turn_does_not_come_for_two_minutes_two_are_taken_together(
    store: Store, waiting: int, late: timedelta
) -> None:
    await queued(store, *names(waiting))
    claim = await store.claim(await lead(store), T0 + late, LEASE)

    assert isinstance(claim, Claim)
    assert ids(claim) == names(waiting if late > BACKLOG or waiting >= FOLDED_FROM else 1)


async def test_in_a_late_lane_too_a_notice_stands_alone(store: Store) -> None:
    await queued(store, *names(2))
    await store.post(HOME, said("NOTICE"), T0)
    epoch, late = await lead(store), T0 + 2 * BACKLOG

    taken = []
    while isinstance(claim := await store.claim(epoch, late, LEASE), Claim):
        taken.append(ids(claim))
        await store.finish(claim, Final.SENT, "", "m", T0)

    assert taken == [names(2), ["NOTICE"]]


async def test_a_batch_of_a_late_lane_is_the_same_after_a_try_of_unknown_outcome(store: Store) -> None:
    await queued(store, *names(3))
    late = T0 + 2 * BACKLOG
    epoch = await lead(store)
    rule = (await store.of(HOME))[0]
    first = await store.claim(epoch, late, LEASE)
    assert isinstance(first, Claim)
    await store.retry(first, late, certain=False)
    await store.fan_out("terminal", event(rule, "LATER"), 10, late)

    again = await store.claim(epoch, late, LEASE)

    assert isinstance(again, Claim)
    assert (ids(again), again.key, again.ambiguous) == (names(3), first.key, 1)


async def test_a_single_one_is_not_joined_once_its_lane_is_late(store: Store) -> None:
    await queued(store, *names(3))
    epoch = await lead(store)
    first = await claimed(store, epoch)
    await store.retry(first, T0, certain=False)

    again = await store.claim(epoch, T0 + 2 * BACKLOG, LEASE)

    assert isinstance(again, Claim)
    assert (ids(again), again.key) == (["E000"], first.key)


async def test_a_chat_that_is_told_late_waits_from_when_it_may_be_written_to(store: Store) -> None:
    await queued(store, *names(3))
    epoch = await lead(store)
    first = await claimed(store, epoch)
    await store.finish(first, Final.SENT, "", "m", T0 + 2 * BACKLOG)

    then = await store.claim(epoch, T0 + 3 * BACKLOG, LEASE)

    assert isinstance(then, Claim)
    assert ids(then) == ["E001"]


async def test_each_of_a_batch_has_its_own_outcome_and_all_sent_ones_the_same_message(store: Store) -> None:
    rule = await subscribed(store)
    for id_ in names(5):
        told = event(rule, id_)
        await store.fan_out("terminal", told, 10, T0)
    epoch = await lead(store)
    claim = await claimed(store, epoch)
    muted = claim.batch[2].entry

    await store.finish(claim, Final.SENT, "", "m1", T0, {muted: (Final.SKIPPED, "muted ETH")})
    await store.finish(claim, Final.DEAD, "again", "m2", T0)

    ends = {entry.rpartition(":")[2]: (outcome, why) for entry, outcome, why in await store.outcomes(HOME, 99)}
    assert ends == dict.fromkeys(names(5), (Final.SENT, "")) | {"E002": (Final.SKIPPED, "muted ETH")}
    assert await store.message_of(HOME, "AAAA") == "m1"
    assert await store.waiting(HOME) == 0


async def test_a_batch_stays_as_it_is_after_a_try_of_unknown_outcome_and_not_after_a_certain_failure(
    store: Store,
) -> None:
    await queued(store, *names(4))
    epoch = await lead(store)
    rule = (await store.of(HOME))[0]
    first = await claimed(store, epoch)
    await store.retry(first, T0, certain=True)
    await store.fan_out("terminal", event(rule, "LATER"), 10, T0)
    second = await claimed(store, epoch)
    await store.retry(second, T0, certain=False)
    await store.fan_out("terminal", event(rule, "LAST"), 10, T0)

    third = await claimed(store, epoch)
    await store.retry(third, T0, certain=True)
    fourth = await claimed(store, epoch)

    assert ids(second) == [*names(4), "LATER"]
    assert second.key != first.key
    assert ids(third) == ids(fourth) == ids(second)
    assert (third.key, third.ambiguous) == (second.key, 1)


async def test_a_single_one_whose_fate_is_unknown_is_not_joined_by_others(store: Store) -> None:
    await queued(store, "AAAA")
    epoch = await lead(store)
    first = await claimed(store, epoch)
    rule = (await store.of(HOME))[0]
    for id_ in names(6):
        await store.fan_out("terminal", event(rule, id_), 10, T0)

    again = await claimed(store, epoch, 2)

    assert ids(again) == ["AAAA"]
    assert (again.key, again.ambiguous) == (first.key, 1)


async def test_a_batch_survives_another_leader(store: Store) -> None:
    await queued(store, *names(6))
    first = await claimed(store, await lead(store))
    again = await claimed(store, await lead(store))

    assert (ids(again), again.key, again.ambiguous) == (ids(first), first.key, 1)


async def test_after_a_refusal_alerts_are_told_one_by_one_and_only_the_refused_one_dies(store: Store) -> None:
    await queued(store, *names(5))
    epoch = await lead(store)
    ends = []
    for _ in range(MAX_TRIES):
        claim = await claimed(store, epoch)
        ends.append((len(claim.batch), await store.retry(claim, T0, certain=True, poison=True, reason="refused: odd")))

    assert ends == [(5, None), (1, None), (1, None), (1, None), (1, Final.DEAD)]
    assert [(outcome, why) for _, outcome, why in await store.outcomes(HOME, 9)] == [(Final.DEAD, "refused: odd")]
    assert ids(await claimed(store, epoch)) == names(5)[1:]


async def test_a_notice_stands_alone_wherever_it_waits(store: Store) -> None:
    await queued(store, *names(4))
    await store.post(HOME, said("NOTICE"), T0)
    rule = (await store.of(HOME))[0]
    await store.fan_out("terminal", event(rule, "LATER"), 10, T0)
    epoch = await lead(store)

    taken = []
    while isinstance(claim := await store.claim(epoch, T0, LEASE), Claim):
        taken.append(ids(claim))
        await store.finish(claim, Final.SENT, "", "m", T0)

    assert taken == [names(4), ["NOTICE"], ["LATER"]]


async def test_what_expired_is_counted_until_a_message_has_told_of_it(store: Store) -> None:
    await queued(store, *names(5), "FRESH")
    epoch = await lead(store)
    old = await claimed(store, epoch)
    fresh = old.batch[-1].entry
    apart = {one.entry: (Final.EXPIRED, "old") for one in old.batch if one.entry != fresh}
    left = [await store.finish(old, Final.SKIPPED, "muted", "", T0, apart)]
    rule = (await store.of(HOME))[0]
    missed = []
    for id_ in ("ONE", "TWO"):
        await store.fan_out("terminal", event(rule, id_), 10, T0)
        claim = await claimed(store, epoch)
        missed.append(claim.missed)
        left.append(await store.finish(claim, Final.SENT, "", "m2", T0))

    assert left == [5, 0, 0]
    assert missed == [5, 0]


async def test_a_message_tells_of_what_expired_beside_it(store: Store) -> None:
    await queued(store, *names(4))
    epoch = await lead(store)
    claim = await claimed(store, epoch)

    left = await store.finish(claim, Final.SENT, "", "m1", T0, {claim.batch[0].entry: (Final.EXPIRED, "old")})
    await store.fan_out("terminal", event((await store.of(HOME))[0], "LATER"), 10, T0)

    assert left == 0
    assert (await claimed(store, epoch)).missed == 0


async def test_a_message_that_was_not_sent_has_told_of_nothing(store: Store) -> None:
    await queued(store, "AAAA", "BBBB", "CCCC")
    epoch = await lead(store)
    await store.finish(await claimed(store, epoch), Final.EXPIRED, "old", "", T0)
    await store.finish(await claimed(store, epoch), Final.SKIPPED, "muted", "", T0)

    assert (await claimed(store, epoch)).missed == 1


async def test_a_digest_waits_until_no_alert_is_due_and_ten_enter_at_a_time(store: Store) -> None:
    places = [Place("terminal", f"p{n:02}") for n in range(LET_IN_AT_ONCE + 3)]
    for place in places:
        assert await store.post(place, said(f"D{place.id}", About.DIGEST), T0)
        assert not await store.post(place, said(f"D{place.id}", About.DIGEST), T0)
    await store.fan_out("terminal", event(await subscribed(store, Place("terminal", "zz")), "AAAA"), 10, T0)
    epoch = await lead(store)

    order = [(await claimed(store, epoch)).place.id for _ in range(LET_IN_AT_ONCE)]
    alert = Place("terminal", "alert")
    rule = await subscribed(store, alert, "2")
    await store.fan_out("terminal", event(rule, "BBBB"), 10, T0)
    order += [(await claimed(store, epoch)).place.id for _ in range(5)]

    rest = [place.id for place in places]
    assert order == ["zz", *rest[: LET_IN_AT_ONCE - 1], "alert", *rest[LET_IN_AT_ONCE - 1 :]]
    assert [await store.waiting(place) for place in places] == [1] * len(places)


async def test_a_digest_that_enters_a_lane_goes_behind_what_is_in_flight_there(store: Store) -> None:
    await store.post(HOME, said("DIGEST", About.DIGEST), T0)
    await queued(store, "AAAA")
    epoch = await lead(store)
    flying = await claimed(store, epoch)
    assert isinstance(await store.claim(epoch, T0, LEASE), Idle)

    await store.finish(flying, Final.SENT, "", "m1", T0)

    assert [outcome for _, outcome, _ in await store.outcomes(HOME, 9)] == [Final.SENT]
    assert ids(await claimed(store, epoch)) == ["DIGEST"]


async def test_a_dead_letter_is_kept_with_what_it_told_and_revived_once(store: Store) -> None:
    await queued(store, "AAAA")
    epoch = await lead(store)
    for _ in range(MAX_TRIES):
        await store.retry(await claimed(store, epoch), T0, certain=True, poison=True, reason="refused: odd")
    (letter,) = await store.dead("terminal")

    revived = [await store.revive(letter, T0 + MINUTE) for _ in range(3)]
    claim = await claimed(store, epoch, 1)
    await store.finish(claim, Final.SENT, "", "m1", T0)

    assert (letter.place, letter.reason) == (HOME, "refused: odd")
    assert isinstance(letter.told, Event)
    assert letter.told.id == "AAAA"
    assert revived == [True, False, False]
    assert claim.batch[0].revived
    assert claim.event == letter.told
    assert await store.dead("terminal") == []
    assert [outcome for _, outcome, _ in await store.outcomes(HOME, 9)] == [Final.SENT, Final.DEAD]
    assert await store.claim(epoch, T0 + MINUTE, LEASE) == Idle(None)


async def test_of_a_place_that_is_forgotten_no_digest_and_no_dead_letter_stays(store: Store) -> None:
    other = Place("terminal", "other")
    for place in (HOME, other):
        await store.post(place, said(f"D{place.id}", About.DIGEST), T0)
    await queued(store, "AAAA")
    epoch = await lead(store)
    await store.finish(await claimed(store, epoch), Final.DEAD, "odd", "", T0)

    await store.erase(HOME, T0)
    await store.erased(HOME)

    assert await store.dead("terminal") == []
    assert (await store.waiting(HOME), await store.waiting(other)) == (0, 1)
    assert (await claimed(store, await lead(store))).place == other


async def test_what_expired_is_counted_until_it_is_told_also_where_what_follows_is_not_sent(store: Store) -> None:
    await queued(store, "OLD", "MUTED")
    epoch = await lead(store)

    left = [
        await store.finish(await claimed(store, epoch), end, "", "", T0, {}) for end in (Final.EXPIRED, Final.SKIPPED)
    ]

    assert left == [0, 1]


async def test_what_expired_unheard_is_said_again_where_the_answer_was_lost(store: Store) -> None:
    await queued(store, "OLD")
    claim = await claimed(store, await lead(store))

    left = [await store.finish(claim, Final.EXPIRED, "", "", T0) for _ in range(2)]

    assert left == [1, 1]
    await store.fan_out("terminal", event((await store.of(HOME))[0], "LATER"), 10, T0)
    assert await store.finish(claim, Final.EXPIRED, "", "", T0) == 0
