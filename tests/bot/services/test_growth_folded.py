"""Living events among alerts that wait together, that are too old, or that a slow chat holds up."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.chat.base import Place, Retry
from adapters.store.base import Claim, Final
from adapters.store.batch import Waiting, as_one
from adapters.store.memory import MemoryStore
from bot.services.fanout import Fanout
from bot.services.growth import AMONG_OTHERS, left_out_of
from bot.services.sender import CLOSE_WITHIN, LEASE, SEND_WITHIN, SLOT_WITHIN
from bot.telling import EXPIRES
from signals.event import Event
from signals.rules.lifecycle import Change
from tests import virtual
from tests.adapters.store.stories import event, subscribed
from tests.bot.services.test_growth import HERE, MINUTE, Night, night


async def others(of: Night, *ids: str, minute: int = 0) -> None:
    """So many alerts of the same rule that are no cascades wait for the place."""
    for id_ in ids:
        one = replace(event(of.rule, id_, of.clock.now() + minute * MINUTE), label="LIVE", episode=id_)
        await Fanout(of.store, ("telegram",), of.clock.now).expand(one)


def ends_of(of: Night) -> Sequence[tuple[Final, str]]:
    return virtual.run(of.ends)


def test_the_message_that_grows_stands_alone_however_many_wait() -> None:
    async def live() -> Night:
        of = await night()
        await others(of, "A1", "A2", "A3", "A4")
        await of.judges(Change.FIRED, 0, 1e6)
        await others(of, "B1", "B2", "B3", "B4")
        await of.sends()
        await of.tells(Change.GREW, 1, 2e6)
        return of

    of = virtual.run(live)

    assert of.chat.calls == ["new", "new", "new", "edit"]
    assert "4 alerts at once" in of.chat.shown["1"]
    assert "$2M liquidated" in of.chat.shown["2"]
    assert "4 alerts at once" in of.chat.shown["3"]


def test_growth_that_waits_with_others_is_left_out() -> None:
    async def live() -> Night:
        of = await night()
        await of.tells(Change.FIRED, 0, 1e6)
        await others(of, "A1", "A2", "A3", "A4")
        await of.judges(Change.GREW, 1, 2e6)
        await of.sends()
        return of

    of = virtual.run(live)

    assert of.chat.calls == ["new", "new"]
    assert "4 alerts at once: 4 fired" in of.chat.shown["2"]
    assert ends_of(of)[-1] == (Final.SKIPPED, AMONG_OTHERS)


def test_an_end_that_waits_with_others_still_changes_its_message_a_last_time() -> None:
    async def live() -> Night:
        of = await night()
        await of.tells(Change.FIRED, 0, 1e6)
        await others(of, "A1", "A2", "A3")
        await of.judges(Change.RESOLVED, 20, 4e6)
        await of.sends()
        return of

    of = virtual.run(live)

    assert of.chat.calls == ["new", "edit", "new"]
    assert "long cascade: over" in of.chat.shown["1"]
    assert "4 alerts at once: 3 fired, 1 over" in of.chat.shown["2"]
    assert "long cascade: over: $4M liquidated" in of.chat.shown["2"]


def test_an_end_is_told_however_late_for_its_message_would_go_on_for_ever() -> None:
    async def live() -> Night:
        of = await night()
        await of.tells(Change.FIRED, 0, 1e6)
        await of.judges(Change.RESOLVED, 1, 2e6)
        await asyncio.sleep(2 * EXPIRES.total_seconds())
        await of.sends()
        return of

    of = virtual.run(live)

    assert of.chat.calls == ["new", "edit", "reply"]


def test_a_beginning_that_is_too_old_is_no_news_and_nothing_of_it_is() -> None:
    async def live() -> Night:
        of = await night()
        await of.judges(Change.FIRED, 0, 1e6)
        await of.judges(Change.GREW, 1, 2e6)
        await asyncio.sleep(2 * EXPIRES.total_seconds())
        await of.sends()
        return of

    of = virtual.run(live)

    assert [outcome for outcome, _ in ends_of(of)[:2]] == [Final.EXPIRED, Final.SKIPPED]
    assert "1 alert could not be sent in time" in of.chat.shown["1"]


def test_a_change_in_place_hides_no_word_of_what_expired() -> None:
    async def live() -> Night:
        of = await night()
        await of.tells(Change.FIRED, 0, 1e6)
        await others(of, "OLD", minute=-2 * (EXPIRES // MINUTE))
        await of.judges(Change.GREW, 1, 2e6)
        await others(of, "NEW")
        await of.sends()
        return of

    of = virtual.run(live)

    assert of.chat.calls == ["new", "edit", "new"]
    assert "expired" not in of.chat.shown["1"]
    assert "1 alert expired" in of.chat.shown["2"]


def test_where_it_is_late_growth_is_left_out_beside_one_other_alert_and_what_expired_is_told() -> None:
    async def live() -> Night:
        of = await night()
        await of.tells(Change.FIRED, 0, 1e6)
        await others(of, "OLD")
        await asyncio.sleep(2 * EXPIRES.total_seconds())
        await of.judges(Change.GREW, 1, 2e6)
        await others(of, "NEW")
        await of.sends()
        return of

    of = virtual.run(live)

    assert of.chat.calls == ["new", "new"]
    assert [outcome for outcome, _ in ends_of(of)] == [Final.SENT, Final.EXPIRED, Final.SKIPPED, Final.SENT]
    assert "1 alert expired" in of.chat.shown["2"]


def test_a_change_that_does_not_come_back_holds_the_end_up_for_less_than_a_lease() -> None:
    async def live() -> tuple[Night, float]:
        of = await night()
        await of.tells(Change.FIRED, 0, 1e6)
        await of.judges(Change.RESOLVED, 20, 4e6)
        began, of.chat.answers_no_edits = asyncio.get_running_loop().time(), True
        await of.sends()
        return of, asyncio.get_running_loop().time() - began

    of, took = virtual.run(live)

    assert of.chat.calls == ["new", "edit", "reply"]
    assert CLOSE_WITHIN <= took < CLOSE_WITHIN + 5
    assert timedelta(seconds=CLOSE_WITHIN + SLOT_WITHIN) + SEND_WITHIN < LEASE


def test_an_end_whose_change_is_put_off_by_a_slow_store_is_said_once() -> None:
    class Slow(MemoryStore):
        async def retry(
            self, claim: Claim, not_before: datetime, *, certain: bool, poison: bool = False, reason: str = ""
        ) -> Final | None:
            ended = await super().retry(claim, not_before, certain=certain, poison=poison, reason=reason)
            await asyncio.sleep(CLOSE_WITHIN)
            return ended

    async def live() -> Night:
        of = await night(Slow())
        await of.tells(Change.FIRED, 0, 1e6)
        await of.judges(Change.RESOLVED, 20, 4e6)
        of.chat.troubles = [Retry(timedelta(seconds=CLOSE_WITHIN - 0.1), certain=True, reason="flood")]
        await of.sends()
        return of

    assert virtual.run(live).chat.calls == ["new", "edit", "edit", "reply"]


@pytest.mark.parametrize(
    ("changes", "left"),
    [("gfg", "02"), ("gg", "0"), ("g", ""), ("fr", ""), ("grg", "02"), ("", "")],
)
def test_of_what_would_change_messages_the_last_is_told_and_only_where_nothing_else_is(changes: str, left: str) -> None:
    async def live() -> Event:
        return event(await subscribed(MemoryStore(), Place("telegram", "42")))

    of = virtual.run(live)
    by = {"g": Change.GREW, "f": Change.FIRED, "r": Change.RESOLVED}

    told = {str(at): replace(of, change=by[change]) for at, change in enumerate(changes)}

    assert "".join(left_out_of(told)) == left


def test_what_begins_is_taken_with_nothing_before_or_behind_it() -> None:
    async def live() -> Event:
        return event(await subscribed(MemoryStore(), HERE))

    of = virtual.run(live)
    usual, living = Waiting("42:1:A", of), Waiting("42:2:B", replace(of, name="cascade"))
    grew = Waiting("42:3:C", replace(of, name="cascade", change=Change.GREW))

    waiting = ([living, *[usual] * 5], [*[usual] * 3, living], [*[usual] * 4, living])
    assert [len(as_one(first)) for first in waiting] == [1, 1, 4]
    assert len(as_one([grew, *[usual] * 4])) == 5
