"""What every store promises of fired alerts: they are followed up, and kept until their place is erased."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from adapters.chat.base import Place
from adapters.store import codec
from adapters.store.alert_port import Commit, Committed
from adapters.store.base import Store
from adapters.store.memory import MemoryStore
from adapters.store.record_port import RECORDS_FOR, Made
from adapters.store.record_port import Followed as Due
from signals.chance import wilson
from signals.event import Event
from signals.model import Direction
from signals.record import Followed, Study
from signals.remembered import Remembered, remembered
from signals.rules.lifecycle import Change
from signals.rules.model import Rule
from tests import virtual
from tests.adapters.store.stories import HOME, MINUTE, T0, event, firing, subscribed

HOUR = timedelta(hours=1)
LONGER = Place(HOME.platform, f"{HOME.id}2")
QUESTION = "funding < -0.01% for 15m"


async def fired(store: Store, rule: Rule, episode: str = "AAAA", minutes: int = 0, track: str = "ETH") -> Event:
    at = T0 + minutes * MINUTE
    one = replace(event(rule, episode, at), episode=episode)
    version, _ = await store.state(rule.id, track, rule.revision)
    assert await store.commit(Commit((rule.id, track), 1, version, at, firing(at), one)) == [Committed.OK]
    return one


async def the_one(store: Store, hours: int = 24) -> Due:
    (found,) = await store.followed(T0 + hours * HOUR, 9)
    return found


def known(of: Due, *prices: float | None) -> Remembered:
    return replace(of.alert, step=MINUTE, prices=prices)


async def test_an_alert_that_fires_is_followed_up_from_its_own_moment_on(store: Store) -> None:
    one = await fired(store, await subscribed(store))

    assert await store.followed(T0 - MINUTE, 9) == []
    (found,) = await store.followed(T0, 9)

    assert (found.place, found.alert) == (HOME, remembered(one))
    assert await store.remembered(HOME, "") == [remembered(one)]


async def test_reminders_and_ends_are_no_alerts_of_their_own_and_a_repeated_commit_is_one(store: Store) -> None:
    rule = await subscribed(store)
    one = await fired(store, rule)
    again = Commit((rule.id, "ETH"), 1, 0, T0, firing(), one)
    assert await store.commit(again) == [Committed.ALREADY]
    for number, change in enumerate((Change.REMINDED, Change.RESOLVED), start=1):
        at = T0 + number * HOUR
        told = event(rule, f"{change}".upper(), at, change)
        assert await store.commit(Commit((rule.id, "ETH"), 1, number, at, firing(at), told)) == [Committed.OK]

    assert len(await store.followed(T0 + 9 * HOUR, 9)) == 1
    assert await store.remembered(HOME, "") == [remembered(one)]


async def test_who_waits_longest_is_followed_first_and_no_more_than_asked_for(store: Store) -> None:
    rule = await subscribed(store)
    for number, episode in enumerate(("CCCC", "AAAA", "BBBB")):
        await fired(store, rule, episode, minutes=number)

    assert [of.alert.episode for of in await store.followed(T0 + HOUR, 2)] == ["CCCC", "AAAA"]
    assert [of.alert.episode for of in await store.followed(T0 + MINUTE, 9)] == ["CCCC", "AAAA"]


async def test_what_is_known_is_kept_and_looked_at_again_when_it_was_said(store: Store) -> None:
    await fired(store, await subscribed(store))
    alert = known(await the_one(store), 3_412.1, None)

    await store.follow(await the_one(store), alert, T0 + HOUR)

    assert await store.followed(T0 + HOUR - MINUTE, 9) == []
    assert (await the_one(store)).alert == alert
    assert await store.remembered(HOME, "AA") == [alert]
    await store.follow(await the_one(store), known(await the_one(store), 1.0, 2.0), None)
    assert await store.followed(T0 + 999 * HOUR, 9) == []
    assert (await store.remembered(HOME, ""))[0].prices == (1.0, 2.0)


async def test_of_two_that_follow_an_alert_the_later_changes_nothing(store: Store) -> None:
    await fired(store, await subscribed(store))
    read = await the_one(store)
    await store.follow(read, known(read, 1.0, 2.0), T0 + 30 * HOUR, QUESTION)

    await store.follow(read, known(read, None, None), None, QUESTION)

    assert [of.prices for of in await store.remembered(HOME, "")] == [(1.0, 2.0)]
    assert [of.prices for of in await store.cases("SIMULATED", QUESTION, ["ETH"])] == [(1.0, 2.0)]
    assert (await the_one(store, 30)).alert.prices == (1.0, 2.0)


async def test_a_case_is_one_for_all_places_that_were_told_and_names_none_of_them(store: Store) -> None:
    for number, place in enumerate((HOME, LONGER)):
        await fired(store, await subscribed(store, place, f"s{number}"), f"{'AB'[number] * 4}")
    for read in await store.followed(T0, 9):
        await store.follow(read, known(read, 1.0, 2.0), None, QUESTION)

    (case,) = await store.cases("SIMULATED", QUESTION, ["ETH"])

    assert (case.episode, case.rule_number, case.sentence, case.prices) == ("", 0, QUESTION, (1.0, 2.0))
    assert (case.coin, case.at, case.value) == ("ETH", T0, -0.000121)


async def test_cases_of_other_labels_questions_and_coins_are_others_and_come_in_order(store: Store) -> None:
    rule = await subscribed(store)
    for number, episode in enumerate(("BBBB", "AAAA")):
        await fired(store, rule, episode, minutes=number)
    for read in (await store.followed(T0 + HOUR, 9))[::-1]:
        await store.follow(read, known(read, 1.0), None, QUESTION)

    assert [of.at for of in await store.cases("SIMULATED", QUESTION, ["ETH"])] == [T0, T0 + MINUTE]
    for other in (
        ("LIVE", QUESTION, ["ETH"]),
        ("SIMULATED", "negfunding for 15m", ["ETH"]),
        ("SIMULATED", QUESTION, ["ET"]),
    ):
        assert await store.cases(*other) == []


async def test_an_alert_whose_question_is_nobody_elses_makes_no_case(store: Store) -> None:
    await fired(store, await subscribed(store))
    read = await the_one(store)

    await store.follow(read, known(read, 1.0), None)

    assert await store.cases("SIMULATED", "", ["ETH"]) == []


async def test_alerts_outlive_their_rule(store: Store) -> None:
    rule = await subscribed(store)
    one = await fired(store, rule)

    await store.remove(rule.id, HOME, "away")
    await store.forget(rule.id, None)

    assert await store.remembered(HOME, "AAAA") == [remembered(one)]
    assert (await the_one(store)).alert == remembered(one)


async def test_a_beginning_finds_just_what_begins_so_in_its_own_place(store: Store) -> None:
    rule, other = await subscribed(store), await subscribed(store, LONGER, "2")
    for number, episode in enumerate(("A7F3K", "A7F4M", "BA7F3")):
        await fired(store, rule, episode, minutes=number)
    await fired(store, other, "A7F3Z")

    assert [of.episode for of in await store.remembered(HOME, "A7F")] == ["A7F3K", "A7F4M"]
    assert [of.episode for of in await store.remembered(LONGER, "")] == ["A7F3Z"]


async def test_an_erased_place_has_no_alerts_and_who_follows_them_late_brings_none_back(store: Store) -> None:
    other = await fired(store, await subscribed(store, LONGER, "2"), "BBBB")
    await fired(store, await subscribed(store))
    read = next(of for of in await store.followed(T0, 9) if of.place == HOME)

    await store.erase(HOME, T0)
    await store.follow(read, known(read, 1.0), T0 + HOUR, QUESTION)

    assert await store.remembered(HOME, "") == []
    assert [of.alert for of in await store.followed(T0 + 9 * HOUR, 9)] == [remembered(other)]
    assert await store.cases("SIMULATED", QUESTION, ["ETH"]) == []
    assert await store.remembered(LONGER, "") == [remembered(other)]


def study(coin: str, hits: int = 23, horizon: timedelta = HOUR) -> Study:
    sure = wilson(hits, 41)
    told = Followed(41, 40, hits, hits / 41, sure, sure, 0.004, -0.003, -0.089, 0.12)
    none = Followed(0, 0, 0, None, None, None, None, None, None, None)
    return Study((coin,), Direction.DOWN, horizon, HOUR, T0, T0 + HOUR, 99, 0.1, 0.52, told, none, 3, 0.25)


async def test_what_followed_a_question_is_kept_by_coin_as_it_was_made(store: Store) -> None:
    made = {"ETH": Made(T0, (study("ETH"), study("ETH", 20, 4 * HOUR))), "BTC": Made(T0, ())}

    await store.keep_records("LIVE", QUESTION, made)

    assert await store.records("LIVE", QUESTION) == made
    for label, question in (("REAL", QUESTION), ("LIVE", "negfunding for 15m")):
        assert await store.records(label, question) == {}
    asked = [(QUESTION, "BTC"), (QUESTION, "SOL"), ("negfunding for 15m", "ETH"), (QUESTION, "ETH")]
    assert await store.records_of("LIVE", asked) == {(QUESTION, coin): made[coin] for coin in made}
    assert await store.records_of("LIVE", []) == {}


async def test_a_record_that_is_made_anew_takes_the_place_of_the_old_one_on_all_coins(store: Store) -> None:
    await store.keep_records("LIVE", QUESTION, {"ETH": Made(T0, (study("ETH"),)), "BTC": Made(T0, ())})
    newer = {"ETH": Made(T0 + HOUR, (study("ETH", 1),))}

    await store.keep_records("LIVE", QUESTION, newer)

    assert await store.records("LIVE", QUESTION) == newer
    await store.keep_records("LIVE", QUESTION, {})
    assert await store.records("LIVE", QUESTION) == {}


async def test_an_event_carries_its_record_to_whoever_tells_it(store: Store) -> None:
    rule = await subscribed(store)
    one = replace(event(rule), record=study("ETH"))

    await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), one))

    assert await store.recent([rule.id], 9) == [one]


def test_a_record_that_nobody_makes_anew_is_shown_for_three_days() -> None:
    async def live() -> list[int]:
        store = MemoryStore()
        await store.keep_records("LIVE", QUESTION, {"ETH": Made(T0, ())})
        left = []
        for seconds in (0.0, RECORDS_FOR.total_seconds() - 1, 2.0):
            await asyncio.sleep(seconds)
            left.append(len(await store.records("LIVE", QUESTION)))
        return left

    assert virtual.run(live) == [1, 1, 0]


def test_a_record_that_this_version_cannot_read_is_unknown() -> None:
    made = Made(T0, (study("ETH"),))

    assert codec.read_made(codec.encode(made)) == made
    assert codec.read_made(codec.encode({"at": T0, "studies": [{"coins": ["ETH"]}]})) is None
