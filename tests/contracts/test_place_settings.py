"""What a place asks for is kept by every store, each thing by itself."""

import asyncio
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import time, timedelta

from adapters.chat.base import Place
from adapters.store.base import Store
from adapters.store.place_settings import Charts, Daily, Mute, Noise, PlaceSettings, Quiet, Units, usual
from tests.adapters.store.stories import HOME, MINUTE, T0

ASKED = PlaceSettings(
    stopped=True,
    barred=True,
    rules=100,
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
