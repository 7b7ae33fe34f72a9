"""How long what is kept for a time is kept, on a real server: neither forgotten too soon nor for ever there."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.store import keys
from adapters.store.alert_port import Commit
from adapters.store.base import MAX_TRIES, Final
from adapters.store.paging import names_like
from adapters.store.record_port import Made
from adapters.store.redis import RedisStore, open_redis
from adapters.store.replies import entries, listed, number, text
from tests.adapters.store.stories import HOME, T0, claimed, event, firing, lead, queued, saved
from tests.contracts.test_front_store import ANN, BOB, lived
from tests.servers import valkey

NOTHING, HOUR, DAY = timedelta(0), timedelta(hours=1), timedelta(days=1)
_MS = timedelta(milliseconds=1)

LIVES = {
    "{u}seen": 2 * DAY,
    "{u}drafts": DAY,
    "{u}admitted": 2 * DAY,
    "{u}number": 3 * DAY,
    "{e0}floor": 2 * DAY,
    "{e0}fires": 90 * DAY,
    "{m}records": 3 * DAY,
    "{tg}body": 7 * DAY,
    "{tg}fan": 7 * DAY,
    "{tg}mid": 30 * DAY,
    "{tg}log": 30 * DAY,
    "{tg}note": HOUR,
    "{v}spent": HOUR,
}
"""By the kind of its key how many hours, or a part of one, it lives; everything else lives until it is deleted."""

TRIMMED = {keys.told(f"{HOME}/1"): 90, keys.outcomes(HOME): 30, keys.of_platform(HOME.platform, "dlq"): 14}
"""For how many days the entries of a stream are kept."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[RedisStore]:
    with valkey(tmp_path / "store") as url:
        opened = await open_redis(url)
        yield opened
        await opened.aclose()


async def test_what_is_kept_for_a_time_lives_for_just_that(store: RedisStore) -> None:
    for place in (ANN, BOB):
        await lived(store, place)
    await store.keep_records("LIVE", "negfunding", {"ETH": Made(T0, ())})
    await store.erase(BOB, T0)

    names = [name async for name in names_like(store._client, "*", 1000)]
    left = {name: number(await store._client.do("PTTL", name)) * _MS for name in names}

    found = {(name.partition(":")[0], -(-lives // HOUR) * HOUR) for name, lives in left.items() if lives > NOTHING}
    assert found == {*LIVES.items()}


async def aged(store: RedisStore, key: str, *days: int) -> None:
    """A stream whose entries came so many days ago."""
    seconds, _ = listed(await store._client.do("TIME"))
    for day in days:
        at = int(text(seconds)) * 1000 - day * (DAY // _MS)
        await store._client.do("XADD", key, f"{at}-0", "days", day)


async def ages(store: RedisStore, key: str) -> list[int]:
    """How many days ago the entries of the stream came, but for those of now."""
    found = entries(await store._client.do("XRANGE", key, "-", "+"))
    return [int(of["days"]) for _, of in found if "days" in of]


@pytest.mark.parametrize("end", [Final.SENT, Final.DEAD, None])
async def test_of_a_stream_the_last_weeks_are_kept(store: RedisStore, end: Final | None) -> None:
    rule = await saved(store)
    for key, days in TRIMMED.items():
        await aged(store, key, days + 1, days - 1)

    await store.commit(Commit((rule.id, "ETH"), 1, 0, T0, firing(), event(rule)))
    await queued(store, "AAAA")
    epoch = await lead(store)
    for _ in range(MAX_TRIES if end is None else 0):
        await store.retry(await claimed(store, epoch), T0, certain=True, poison=True)
    if end is not None:
        await store.finish(await claimed(store, epoch), end, "", "", T0)

    trimmed = {key: await ages(store, key) for key in TRIMMED}
    kept = {key: [days - 1] for key, days in TRIMMED.items()}
    letters = keys.of_platform(HOME.platform, "dlq")
    assert trimmed == (kept if end is not Final.SENT else kept | {letters: [15, 13]})
