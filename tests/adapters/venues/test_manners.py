"""A venue is asked within its limits, and its refusals are obeyed to the end, also by those who come later."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.store import embedded
from adapters.store.base import StoreUnavailable
from adapters.store.memory import MemoryStore
from adapters.store.registry import open_store
from adapters.venues.base import Banned, Cost, RateLimited, Refused, Unavailable, VenueError
from adapters.venues.http import Http
from adapters.venues.manners import Answer, Api, Share, banned_until, retry_after
from adapters.venues.patience import LONGEST, pause
from adapters.venues.transport import Request, Response
from tests import virtual
from tests.adapters.venues.played import ASKED, HOUR, MANNERS, MINUTE, SECOND, T0, Desk, Played, ok, said
from tests.loopback import answer, nothing, saying, serving
from tests.servers import valkey

Script: TypeAlias = "Iterable[Response | VenueError]"
FINE = (ok(),)
DOWN = Unavailable("api.example.org did not answer in time")


def at_desk(story: Callable[[Desk], Awaitable[None]], script: Script = FINE, **choices: object) -> Desk:
    """Play a story on the virtual clock, at a desk whose venue has that script."""
    desk: list[Desk] = []

    async def main() -> None:
        desk.append(Desk(MemoryStore(), Played(list(script)), **choices))  # type: ignore[arg-type] # they are its fields
        await story(desk[0])

    virtual.run(main)
    return desk[0]


def waits(error: VenueError | None) -> timedelta:
    assert isinstance(error, RateLimited)
    return error.retry_after


def date_of(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


# answers


def test_an_answer_has_its_bytes_the_moment_it_was_there_and_their_digest() -> None:
    async def story(desk: Desk) -> None:
        found = await desk.call()

        assert found == Answer(b'{"a":1}', T0 + 3 * SECOND, blake2b(b'{"a":1}', digest_size=8).digest())

    async def slow(desk: Desk) -> None:
        desk.venue.takes = 3 * SECOND
        await story(desk)

    at_desk(slow, [ok(b'{"a":1}')])


# budgets


def test_polls_take_four_fifths_of_a_limit_and_then_wait_for_the_next_window_without_asking() -> None:
    async def story(desk: Desk) -> None:
        await asyncio.sleep(15)
        assert [await desk.failure(20) for _ in range(4)] == [None] * 4

        assert waits(await desk.failure(1)) == 45 * SECOND
        assert len(desk.venue.sent) == 4

        await asyncio.sleep(45)
        assert await desk.failure(80) is None

    at_desk(story)


def test_history_takes_only_what_is_left_below_two_fifths() -> None:
    async def story(desk: Desk) -> None:
        assert await desk.failure(30) is None
        assert await desk.failure(10, share=Share.HISTORY) is None

        assert waits(await desk.failure(1, share=Share.HISTORY)) == MINUTE

        assert await desk.failure(40) is None
        assert waits(await desk.failure(1)) == MINUTE

    at_desk(story)


def test_two_processes_with_one_address_share_a_budget_and_other_addresses_have_their_own() -> None:
    async def story(desk: Desk) -> None:
        other = desk.another()
        elsewhere = Api(MANNERS, desk.venue, desk.store, desk.clock, "elsewhere", desk.api._rng)
        await desk.call(50)

        await other.call(ASKED, Cost("main", 30))

        with pytest.raises(RateLimited):
            await other.call(ASKED, Cost("main", 1))
        await elsewhere.call(ASKED, Cost("main", 80))

    at_desk(story)


def test_many_calls_at_once_stay_within_the_budget() -> None:
    async def story(desk: Desk) -> None:
        failures = await asyncio.gather(*(desk.failure(7) for _ in range(50)))

        assert failures.count(None) == 11
        assert len(desk.venue.sent) == 11

    at_desk(story)


def test_a_call_that_costs_more_than_there_ever_is_is_refused_instead_of_waiting_for_ever() -> None:
    async def story(desk: Desk) -> None:
        assert isinstance(await desk.failure(81), Refused)
        assert isinstance(await desk.failure(41, share=Share.HISTORY), Refused)
        assert desk.venue.sent == []

    at_desk(story)


def test_a_limit_of_one_still_allows_one_call_a_window() -> None:
    async def story(desk: Desk) -> None:
        assert await desk.failure(1) is None
        assert waits(await desk.failure(1)) == SECOND

    one = replace(MANNERS.buckets[0], limit=1, window=SECOND)
    at_desk(story, manners=replace(MANNERS, buckets=(one,)))


def test_what_the_venue_counted_counts_where_it_is_more_than_ours() -> None:
    async def story(desk: Desk) -> None:
        await desk.call(20)

        assert await desk.failure(10) is None
        assert waits(await desk.failure(1)) == MINUTE

    at_desk(story, [ok(x_used_weight="70"), ok()])


def test_a_smaller_count_of_the_venue_gives_nothing_back() -> None:
    async def story(desk: Desk) -> None:
        await desk.call(80)

        assert waits(await desk.failure(1)) == MINUTE

    at_desk(story, [ok(x_used_weight="2")])


def test_a_venue_that_says_that_ninety_five_percent_are_used_stops_the_bucket_until_its_window_ends() -> None:
    """V41: we counted 20 %."""

    async def story(desk: Desk) -> None:
        await asyncio.sleep(20)
        await desk.call(20)

        assert waits(await desk.failure(1)) == 40 * SECOND
        assert await desk.store.blocked("binance/main@home", desk.clock()) == T0 + MINUTE
        assert await desk.failure(1, "data") is None
        assert len(desk.venue.sent) == 2

        await asyncio.sleep(40)
        assert await desk.failure(1) is None

    at_desk(story, [ok(x_used_weight="95"), ok()])


@pytest.mark.parametrize(("used", "blocked"), [(90, False), (91, True)])
def test_a_bucket_is_stopped_above_ninety_percent(used: int, blocked: bool) -> None:
    async def story(desk: Desk) -> None:
        await desk.call()

        assert (await desk.store.blocked("binance/main@home", desk.clock()) is not None) is blocked

    at_desk(story, [ok(x_used_weight=str(used))])


def test_a_count_of_the_window_before_does_not_eat_up_the_new_one() -> None:
    """The answer was made at 11:59:59 by the venue's clock and came at 12:00:00 by ours."""

    async def story(desk: Desk) -> None:
        await desk.call()

        assert await desk.failure(70) is None

    at_desk(story, [ok(x_used_weight="95", date=date_of(T0 - SECOND)), ok()])


def test_a_count_with_a_time_far_from_ours_counts_now() -> None:
    async def story(desk: Desk) -> None:
        await desk.call()

        assert waits(await desk.failure(70)) == MINUTE

    at_desk(story, [ok(x_used_weight="95", date=date_of(T0 - MINUTE)), ok()])


def test_limits_that_the_venue_states_count_instead_of_the_declared_ones_also_after_a_restart() -> None:
    async def story(desk: Desk) -> None:
        await desk.api.limits({"main": 50, "unknown": 7, "data": 0})

        assert await desk.failure(40) is None
        assert waits(await desk.failure(1)) == MINUTE
        await asyncio.sleep(60)
        desk.api = desk.another()
        assert await desk.failure(40) is None
        assert waits(await desk.failure(1)) == MINUTE
        assert await desk.failure(800, "data") is None

    at_desk(story)


def test_limits_that_were_learned_by_another_version_and_cannot_be_read_are_not_used() -> None:
    async def story(desk: Desk) -> None:
        await desk.store.learn("binance/limits", b"\x93 none")

        assert await desk.failure(80) is None

    at_desk(story)


# 429


@pytest.mark.parametrize("name", ["seconds", "date", "date by the venue's clock"])
def test_a_bucket_that_was_used_too_much_rests_for_as_long_as_the_venue_says(name: str) -> None:
    told = {
        "seconds": {"retry-after": "90"},
        "date": {"retry-after": date_of(T0 + 90 * SECOND)},
        "date by the venue's clock": {"retry-after": date_of(T0 + HOUR + 90 * SECOND), "date": date_of(T0 + HOUR)},
    }

    async def story(desk: Desk) -> None:
        assert waits(await desk.failure()) == 90 * SECOND
        assert await desk.failure(1, "data") is None
        await asyncio.sleep(89.9)
        assert waits(await desk.failure()) == timedelta(seconds=0.1)
        desk.api = desk.another()
        assert waits(await desk.failure()) == timedelta(seconds=0.1)
        assert len(desk.venue.sent) == 2

        await asyncio.sleep(0.1)

        assert await desk.failure() is None

    at_desk(story, [replace(said(429), headers=told[name]), ok()])


def test_without_a_time_the_rest_grows_from_a_second_to_a_minute_and_a_success_begins_anew() -> None:
    async def story(desk: Desk) -> None:
        rests = []
        for _ in range(9):
            rests.append(waits(await desk.failure()))
            await asyncio.sleep(rests[-1].total_seconds())
        assert all(SECOND <= rest <= min(SECOND * 2 ** (n + 1), MINUTE) for n, rest in enumerate(rests))
        assert max(rests) > 8 * SECOND

        desk.venue.script = [ok(), said(429)]
        await desk.call()

        assert waits(await desk.failure()) <= 2 * SECOND

    for seed in range(5):
        at_desk(story, [said(429)], seed=seed)


def test_calls_that_are_refused_together_count_as_one_refusal() -> None:
    async def story(desk: Desk) -> None:
        desk.venue.takes = SECOND

        failures = await desk.failures(8)

        assert all(waits(failure) <= 2 * SECOND for failure in failures)

    for seed in range(20):
        at_desk(story, [said(429)], seed=seed)


def test_a_failed_request_is_not_sent_again_within_its_call() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(4):
            await desk.failure()
            await asyncio.sleep(2)

        assert len(desk.venue.sent) == 4

    at_desk(story, [said(500), DOWN, said(404), said(429, retry_after="0"), ok()])


# bans


BANNED = said(
    418,
    b'{"code":-1003,"msg":"Way too many requests; IP banned until %d."}' % ((T0.timestamp() + 3_600) * 1000),
    retry_after="120",
)


def test_a_ban_holds_for_all_buckets_and_everyone_until_its_end() -> None:
    """V40: the process that was banned may be killed right after."""

    async def story(desk: Desk) -> None:
        error = await desk.failure()
        assert isinstance(error, Banned)
        assert error.until == T0 + HOUR
        assert await desk.api.banned() == T0 + HOUR

        for minute in range(60):
            await desk.wait_until(T0 + minute * MINUTE + 59.999 * SECOND)
            desk.api = desk.another()
            for bucket in ("main", "data"):
                refused = await desk.failure(1, bucket)
                assert isinstance(refused, Banned)
                assert refused.until == T0 + HOUR
        assert len(desk.venue.sent) == 1

        await desk.wait_until(T0 + HOUR)
        assert await desk.failure() is None
        assert await desk.api.banned() is None

    at_desk(story, [BANNED, ok()])


def test_a_ban_of_one_address_is_none_of_another() -> None:
    async def story(desk: Desk) -> None:
        await desk.failure()

        elsewhere = Api(MANNERS, desk.venue, desk.store, desk.clock, "elsewhere", desk.api._rng)

        assert (await elsewhere.call(ASKED, Cost("main", 1))).body == b"{}"

    at_desk(story, [BANNED, ok()])


def test_a_ban_is_in_the_store_before_the_venues_headers_are_even_looked_at() -> None:
    seen: list[datetime | None] = []

    async def story(desk: Desk) -> None:
        store = desk.store
        assert isinstance(store, MemoryStore)

        def used(*_: object) -> dict[str, int]:
            seen.append(store._blocks.get("binance@home"))
            return {}

        desk.manners = replace(MANNERS, used=used)
        desk.api = desk.another()
        assert isinstance(await desk.failure(), Banned)

        assert seen == []

    at_desk(story, [BANNED])


def test_the_longest_of_several_stated_ends_counts_and_a_ban_without_any_has_its_own() -> None:
    async def story(desk: Desk) -> None:
        error = await desk.failure()

        assert isinstance(error, Banned)
        assert error.until == T0 + 2 * MINUTE

    at_desk(story, [said(418)])
    at_desk(story, [said(418, retry_after="60")])


def test_a_ban_by_a_venues_clock_ends_by_that_clock() -> None:
    """Our clock is an hour ahead, so by it the stated end is over already."""

    async def story(desk: Desk) -> None:
        error = await desk.failure()

        assert isinstance(error, Banned)
        assert error.until == desk.clock() + HOUR
        assert desk.api.skew == -HOUR

    dated = replace(BANNED, headers={**BANNED.headers, "date": date_of(T0)})
    at_desk(story, [dated], ahead=HOUR)


def test_a_ban_whose_end_is_over_holds_for_a_minute() -> None:
    async def story(desk: Desk) -> None:
        error = await desk.failure()

        assert isinstance(error, Banned)
        assert error.until == T0 + MINUTE

    at_desk(story, [said(418)], manners=replace(MANNERS, ban=lambda *_: T0 - HOUR))


def test_a_ban_for_years_is_not_believed_for_more_than_a_week() -> None:
    async def story(desk: Desk) -> None:
        error = await desk.failure()

        assert isinstance(error, Banned)
        assert error.until == T0 + timedelta(days=7)

    at_desk(story, [said(418, b"banned until 9999999999999")])


def test_a_403_of_too_frequent_access_is_a_ban() -> None:
    async def story(desk: Desk) -> None:
        error = await desk.failure()

        assert isinstance(error, Banned)
        assert error.until == T0 + 10 * MINUTE

    at_desk(story, [said(403, b"403, access too frequent. Please try it again later.")])


class Stumbling(MemoryStore):
    """A store in memory that does not answer while it is `down`."""

    down = False

    async def block(self, name: str, until: datetime) -> None:
        self._stand()
        await super().block(name, until)

    async def spend(
        self, bucket: str, within: Collection[str], weight: int, most: int, window: timedelta, now: datetime
    ) -> datetime | None:
        self._stand()
        return await super().spend(bucket, within, weight, most, window, now)

    def _stand(self) -> None:
        if self.down:
            raise StoreUnavailable("The store at secret:6379 does not answer.")


def test_a_ban_that_the_store_could_not_take_is_kept_and_written_before_anything_is_sent() -> None:
    async def main() -> None:
        store = Stumbling()
        desk = Desk(store, Played([BANNED, ok()], takes=SECOND))
        call = asyncio.create_task(desk.failure())
        await asyncio.sleep(0.5)
        store.down = True
        assert str(await call) == "the store does not answer, so binance is not asked"
        assert isinstance(await desk.failure(), Unavailable)
        assert await store.blocked("binance@home", desk.clock()) is None

        store.down = False

        assert isinstance(await desk.failure(), Banned)
        assert await store.blocked("binance@home", desk.clock()) == T0 + HOUR
        assert len(desk.venue.sent) == 1

    virtual.run(main)


def test_without_a_store_nothing_is_sent_and_its_silence_is_not_the_venues() -> None:
    async def main() -> None:
        store = Stumbling()
        desk = Desk(store, Played())
        store.down = True
        for _ in range(10):
            error = await desk.failure()
            assert isinstance(error, Unavailable)
            assert "the store does not answer" in str(error)
            assert "secret" not in str(error)
            assert error.__context__ is None
        assert desk.venue.sent == []

        store.down = False

        assert await desk.failure() is None

    virtual.run(main)


async def test_a_ban_is_obeyed_by_who_comes_after_a_kill_of_us_and_of_the_store(tmp_path: Path) -> None:
    """V40, on the embedded server: both are gone without a word."""
    venue = Played([BANNED, ok()])
    first = embedded.start(tmp_path)
    store = await open_store(first.url)
    since_boot = timedelta(seconds=asyncio.get_running_loop().time())
    desk = Desk(store, venue, ahead=-since_boot)
    assert isinstance(await desk.failure(), Banned)
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    await store.aclose()
    first.stop()

    again = embedded.start(tmp_path)
    store = await open_store(again.url)
    try:
        reborn = Desk(store, venue, seed=2, ahead=-since_boot)
        for _ in range(3):
            error = await reborn.failure()
            assert isinstance(error, Banned)
            assert error.until == T0 + HOUR
        assert len(venue.sent) == 1
    finally:
        await store.aclose()
        again.stop()


# refusals


@pytest.mark.parametrize(
    "refusal", [said(451, b"<html>unavailable</html>"), said(403, b"<html>cloud</html>"), said(401)]
)
def test_a_refusal_of_region_or_key_is_said_so_and_the_venue_left_alone_for_an_hour(refusal: Response) -> None:
    async def story(desk: Desk) -> None:
        first = await desk.failure()
        assert isinstance(first, Refused)
        assert str(first) == (
            f"binance refuses this region or key (HTTP {refusal.status}); it is tried again in an hour"
        )
        await asyncio.sleep(3_599)
        again = await desk.failure(1, "data")
        assert isinstance(again, Refused)
        assert str(again) == str(first)
        desk.api = desk.another()
        restarted = await desk.failure()
        assert isinstance(restarted, Banned)
        assert restarted.until == T0 + HOUR
        assert len(desk.venue.sent) == 1

        await asyncio.sleep(1)
        assert await desk.failure() is None

    at_desk(story, [refusal, ok()])


async def test_a_refusal_is_told_as_one_whatever_the_store_keeps_of_its_end(tmp_path: Path) -> None:
    """The embedded server keeps whole milliseconds."""
    with valkey(tmp_path) as url:
        store = await open_store(url)
        desk = Desk(store, Played([said(451), ok()]), ahead=timedelta(microseconds=-123))

        errors = [await desk.failure() for _ in range(3)]

        await store.aclose()
    assert {type(error) for error in errors} == {Refused}
    assert len(desk.venue.sent) == 1


def test_a_ban_after_a_refusal_is_told_as_a_ban() -> None:
    async def story(desk: Desk) -> None:
        await desk.failure()
        await desk.store.block("binance@home", T0 + 2 * HOUR)

        error = await desk.failure()

        assert isinstance(error, Banned)
        assert error.until == T0 + 2 * HOUR

    at_desk(story, [said(451)])


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (said(404, b"<html>KEY-IN-A-PAGE</html>"), "binance answered with HTTP 404"),
        (said(400, b'{"code":-1121,"msg":"Invalid symbol KEY"}'), "binance answered with HTTP 400 (code -1121)"),
        (said(400, b'{"label":"INVALID_PARAM_VALUE","message":"KEY"}'), "HTTP 400 (code INVALID_PARAM_VALUE)"),
        (said(302, b"", location="http://169.254.169.254/KEY"), "binance answered with HTTP 302"),
        (said(500, b"KEY"), "binance answered with HTTP 500"),
    ],
)
def test_other_answers_are_unavailable_with_the_status_and_the_code_and_no_more(response: Response, words: str) -> None:
    async def story(desk: Desk) -> None:
        error = await desk.failure()

        assert isinstance(error, Unavailable)
        assert words in str(error)
        assert "KEY" not in str(error)

    at_desk(story, [response])


# the circuit


@pytest.mark.parametrize("failing", [said(500), said(503, b"<html>"), DOWN])
def test_after_five_failures_in_a_row_the_venue_is_left_alone_and_then_tried_by_one_call(
    failing: Response | VenueError,
) -> None:
    async def story(desk: Desk) -> None:
        for _ in range(5):
            assert isinstance(await desk.failure(), Unavailable)
        assert isinstance(await desk.failure(), Unavailable)
        assert len(desk.venue.sent) == 5

        await asyncio.sleep(2)
        desk.venue.script, desk.venue.takes = [ok()], SECOND
        failures = await desk.failures(8)

        assert failures.count(None) == 1
        assert len(desk.venue.sent) == 6
        assert await desk.failures(3) == [None] * 3

    at_desk(story, [failing])


def test_four_failures_and_a_success_do_not_count_against_it() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(3):
            for _ in range(4):
                await desk.failure()
            await desk.call()

        assert len(desk.venue.sent) == 15

    at_desk(story, [*[said(500)] * 4, ok()] * 3)


def test_a_venue_that_stays_down_is_tried_ever_more_rarely_but_at_least_every_minute() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(4 * 3_600):
            await desk.failure()
            await asyncio.sleep(0.25)

        tries = desk.venue.sent[5:]
        rests = [after - before for before, after in pairwise(tries)]
        assert max(rests) <= MINUTE + SECOND
        assert max(rests[8:]) > 30 * SECOND
        assert len(tries) < 160

    at_desk(story, [DOWN])


def test_failures_of_calls_that_were_under_way_do_not_make_the_pause_longer() -> None:
    async def story(desk: Desk) -> None:
        desk.venue.takes = SECOND
        await desk.failures(40)

        await asyncio.sleep(2)
        desk.venue.script = [ok()]

        assert await desk.failure() is None

    for seed in range(10):
        at_desk(story, [DOWN], seed=seed)


def test_an_answer_that_is_no_success_is_still_a_sign_of_life() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(12):
            await desk.failure()

        assert len(desk.venue.sent) == 12

    at_desk(story, [said(404)])


def test_a_try_that_the_budget_does_not_allow_leaves_the_way_free_for_the_next() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(5):
            await desk.failure()
        desk.venue.script = [ok()]
        await asyncio.sleep(2)
        await desk.store.raise_spent("binance/main@home", 80, MINUTE, desk.clock())

        assert isinstance(await desk.failure(), RateLimited)

        assert await desk.failure(1, "data") is None

    at_desk(story, [said(500)])


def test_a_try_that_is_cancelled_leaves_the_way_free_for_one_after_another_pause() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(5):
            await desk.failure()
        desk.venue.script, desk.venue.takes = [ok()], HOUR
        await asyncio.sleep(2)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await desk.call()
        desk.venue.takes = timedelta(0)

        assert isinstance(await desk.failure(), Unavailable)
        await asyncio.sleep(4)
        assert await desk.failure() is None

    at_desk(story, [said(500)])


def test_calls_that_were_given_up_count_as_failures() -> None:
    async def story(desk: Desk) -> None:
        desk.venue.takes = HOUR
        for _ in range(5):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(8):
                    await desk.call(1, "data")

        assert isinstance(await desk.failure(1, "data"), Unavailable)
        assert len(desk.venue.sent) == 5

    at_desk(story)


def test_a_clock_that_is_set_back_does_not_keep_the_circuit_open() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(5):
            await desk.failure()
        desk.venue.script = [ok()]

        desk.ahead = -HOUR

        assert await desk.failure() is None

    at_desk(story, [DOWN])


@given(st.integers(1, 100), st.randoms(use_true_random=False))
def test_a_pause_is_between_a_second_and_a_minute_and_at_most_twice_the_one_before(times: int, rng: object) -> None:
    drawn = pause(times, rng)  # type: ignore[arg-type] # a generator of hypothesis

    assert SECOND <= drawn <= min(SECOND * 2 ** min(times, 9), LONGEST)


# how it is doing


def test_requests_are_counted_by_the_day() -> None:
    async def story(desk: Desk) -> None:
        for _ in range(3):
            await desk.failure()
        assert desk.api.requests == 3

        await desk.wait_until(T0 + 12 * HOUR - SECOND)
        assert desk.api.requests == 3
        await asyncio.sleep(1)
        assert desk.api.requests == 0
        await desk.call()
        assert desk.api.requests == 1

    at_desk(story, [ok(), said(404), DOWN, ok()])


def test_the_venues_clock_is_compared_with_ours() -> None:
    async def story(desk: Desk) -> None:
        assert desk.api.skew is None
        await desk.call()
        assert desk.api.skew == timedelta(seconds=-7)

        await desk.call()
        await desk.call()

        assert desk.api.skew == timedelta(seconds=-7)

    old = ok(date=date_of(T0 - HOUR), age="3600")
    at_desk(story, [ok(date=date_of(T0 - 7 * SECOND)), old, ok(date="yesterday")])


# what headers and bodies say


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 1 ", 1),
        ("0.5", 0.5),
        ("0", None),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("1e3", None),
        ("٣", None),
        ("1_0", None),
        ("nan", None),
        ("999999999999", 7 * 86_400),
        ("Mon, 05 Jan 2026 12:01:30 GMT", 90),
        ("Mon, 05 Jan 2026 13:01:30 +0100", 90),
        ("Mon, 05 Jan 2026 12:01:30 -0000", 90),
        ("Mon, 05 Jan 2026 11:59:00 GMT", None),
        ("Fri, 05 Jan 9999 12:01:30 GMT", 7 * 86_400),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
        ("Mon, 99 Jan 2026 12:01:30 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: float | None) -> None:
    found = retry_after({"retry-after": header}, T0)

    assert found == (None if seconds is None else T0 + seconds * SECOND)


def test_without_retry_after_nothing_is_said_whatever_the_date() -> None:
    assert retry_after({}, T0) is None
    assert retry_after({"date": date_of(T0 - HOUR)}, T0) is None


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_makes_a_time_of_nonsense(header: str, date: str) -> None:
    found = retry_after({"retry-after": header, "date": date}, T0)

    assert found is None or T0 < found <= T0 + timedelta(days=7)


@pytest.mark.parametrize(
    ("body", "until"),
    [
        (b'{"code":-1003,"msg":"Way too many requests; IP banned until 1795446000000."}', 1795446000),
        (b"IP(1.2.3.4) banned until 1795446000123. Please", 1795446000.123),
        (b"banned until 1795446000", None),
        (b"banned until 17954460000001", None),
        (b"banned until tomorrow", None),
        (b"", None),
    ],
)
def test_the_end_of_a_ban_is_read_from_the_body(body: bytes, until: float | None) -> None:
    assert banned_until(body) == (None if until is None else datetime.fromtimestamp(until, UTC))


# laws


ANSWERS = st.sampled_from([
    ok(), ok(x_used_weight="60"), ok(x_used_weight="95"), said(429), said(429, retry_after="30"), said(418),
    said(418, retry_after="600"), said(403, b"access too frequent"), said(451), said(500), said(404), DOWN,
])  # fmt: skip
STEPS = st.lists(
    st.tuples(st.integers(1, 40), st.floats(0, 30), st.booleans(), st.sampled_from(["main", "data"])), max_size=60
)


@given(st.lists(ANSWERS, min_size=1, max_size=30), STEPS, st.integers(0, 9))
@settings(max_examples=150, deadline=None)
def test_whatever_a_venue_answers_nothing_is_sent_before_it_may_be_and_no_budget_is_exceeded(
    script: list[Response | VenueError], steps: list[tuple[int, float, bool, str]], seed: int
) -> None:
    async def story(desk: Desk) -> None:
        not_before = T0
        resting = {"main": T0, "data": T0}
        spent: dict[tuple[str, datetime], int] = {}
        for weight, rest, restart, bucket in steps:
            await asyncio.sleep(rest)
            if restart:
                desk.api = desk.another()
            now, before = desk.clock(), len(desk.venue.sent)
            error = await desk.failure(weight, bucket)
            if len(desk.venue.sent) == before:
                assert error is not None
                continue
            assert now >= max(not_before, resting[bucket])
            window = next(of.window for of in MANNERS.buckets if of.name == bucket)
            start = now - (now - datetime(1970, 1, 1, tzinfo=UTC)) % window
            spent[bucket, start] = spent.get((bucket, start), 0) + weight
            assert spent[bucket, start] <= (80 if bucket == "main" else 800)
            if isinstance(error, Banned):
                not_before = max(not_before, error.until)
            if isinstance(error, Refused):
                not_before = max(not_before, now + HOUR)
            if isinstance(error, RateLimited):
                resting[bucket] = max(resting[bucket], now + error.retry_after)

    at_desk(story, script, seed=seed)


# over the wire


async def asked_of(*answers: bytes, calls: int = 1) -> tuple[list[VenueError | Answer], int]:
    """What so many calls to a real server with these answers come to, and how many it heard."""
    async with serving(saying(*answers)) as server:
        http = Http([server.url], answer_within=timedelta(seconds=2))
        loop = asyncio.get_running_loop()
        began = loop.time()
        desk = Desk(MemoryStore(), Played())
        api = Api(MANNERS, http, desk.store, lambda: T0 + timedelta(seconds=loop.time() - began), "home", desk.api._rng)
        found: list[VenueError | Answer] = []
        for _ in range(calls):
            try:
                found.append(await api.call(Request(f"{server.url}/v1"), Cost("main", 20)))
            except VenueError as error:
                found.append(error)
        await http.aclose()
    return found, len(server.asked)


async def test_over_the_wire_a_header_of_used_weight_stops_the_bucket() -> None:
    found, asked = await asked_of(answer(b"1", X_Used_Weight="95"), answer(b"2"), calls=2)

    assert isinstance(found[0], Answer)
    assert isinstance(found[1], RateLimited)
    assert asked == 1


@pytest.mark.parametrize(
    ("said_", "expected"),
    [
        (answer(b"", "429 Too Many Requests", Retry_After="50"), RateLimited),
        (answer(b"IP banned until 1767700000000", "418 I'm a teapot", Retry_After="1"), Banned),
        (answer(b"<html>access too frequent</html>", "403 Forbidden"), Banned),
        (answer(b"<html>no</html>", "403 Forbidden"), Refused),
        (answer(b"", "451 Unavailable For Legal Reasons"), Refused),
    ],
)
async def test_over_the_wire_a_refusal_is_the_last_thing_that_is_heard(
    said_: bytes, expected: type[VenueError]
) -> None:
    found, asked = await asked_of(said_, answer(), calls=5)

    assert {type(error) for error in found} == {expected}
    assert asked == 1


async def test_over_the_wire_a_venue_that_cuts_its_answers_opens_the_circuit() -> None:
    found, asked = await asked_of(answer(b"x" * 100)[:-1], calls=4)
    more, heard = await asked_of(answer(b"", "302 Found", Location="/"), calls=1)

    assert {type(error) for error in [*found, *more]} == {Unavailable}
    assert (asked, heard) == (4, 1)


async def test_a_venue_that_drips_or_is_silent_has_its_own_deadline_and_others_are_on_time() -> None:
    """V42."""
    async with serving(nothing) as slow, serving(saying(*[answer()] * 4)) as fast:
        loop = asyncio.get_running_loop()
        store = MemoryStore()
        ways = [Http([of.url], answer_within=timedelta(seconds=1)) for of in (slow, fast)]
        desk = Desk(store, Played())
        apis = [
            Api(replace(MANNERS, venue=name), way, store, lambda: T0, "home", desk.api._rng)
            for name, way in zip(("slow", "fast"), ways, strict=True)
        ]
        stuck = [asyncio.create_task(apis[0].call(Request(slow.url), Cost("data", 1))) for _ in range(8)]
        began = loop.time()
        for _ in range(4):
            await apis[1].call(Request(fast.url), Cost("data", 1))
        took = loop.time() - began
        ends = await asyncio.gather(*stuck, return_exceptions=True)
        for way in ways:
            await way.aclose()

    assert took < 0.5
    assert {type(end) for end in ends} == {Unavailable}
