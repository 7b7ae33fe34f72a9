"""What every store promises of what was seen at a moment, and that nothing seen too long ago is answered with."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from adapters.store.base import Store
from adapters.venues.base import Label
from signals.shown import shown
from tests.bot.commands.desks import NOW, STEP, ask, cycles, desk, seen


async def test_every_store_gives_back_what_was_seen_and_its_moment(store: Store) -> None:
    market = await desk(store=store)
    assert await store.looked() is None
    glance = await seen(market)

    await store.look(glance)

    found = await store.looked()
    assert found is not None
    assert found[0] == await store.latest()
    assert found[1].coins == glance.coins
    assert found[1].rows.keys() == glance.rows.keys() >= {(n.name, n.window) for n in shown(STEP, market.signals)}
    for over, row in glance.rows.items():
        told = found[1].rows[over]
        assert (told.at, told.end, told.step) == (row.at, row.end, row.step)
        assert np.array_equal(np.array(told.values, float), np.array(row.values, float), equal_nan=True)
    assert {over: marks.tolist() for over, marks in found[1].holes.items()} == {
        over: marks.tolist() for over, marks in glance.holes.items()
    }
    for told, known in ((found[1].ratio, glance.ratio), (found[1].rank, glance.rank)):
        assert np.array_equal(told, known, equal_nan=True)


@pytest.mark.parametrize("behind", [0, 1, 2])
async def test_while_the_next_moment_is_looked_at_the_one_before_answers_and_none_before_that(
    behind: int, store: Store
) -> None:
    *earlier, last = cycles(Label.LIVE)
    kept = len(earlier) + 1 - behind
    for cycle in (*earlier, last)[:kept]:
        await store.close(cycle)
    market = replace(await desk(), store=store)
    await store.look(await seen(market))
    for cycle in (*earlier, last)[kept:]:
        await store.close(cycle)

    told = dict((await ask(market, "/oi ETH")).data)

    assert told["at"] == f"{NOW - STEP * (behind if behind < 2 else 0):%Y-%m-%dT%H:%M:%SZ}"


async def test_of_a_moment_that_is_no_longer_kept_bars_tell(store: Store) -> None:
    market = await desk(store=store)
    await market.store.look(replace(await seen(market), at=NOW - timedelta(minutes=1)))

    assert await market.store.looked() is None
    assert dict((await ask(market, "/oi ETH")).data)["usd"] is not None


async def test_what_is_seen_next_takes_the_place_of_what_was_seen_before(store: Store) -> None:
    *earlier, last = cycles(Label.LIVE)
    for cycle in earlier:
        await store.close(cycle)
    market = replace(await desk(), store=store)
    await store.look(await seen(market))
    before = await store.looked()
    await store.close(last)
    still = await store.looked()

    await store.look(await seen(market))

    after = await store.looked()
    assert before is not None
    assert still is not None
    assert after is not None
    assert (before[0].at, still[0].at, after[0].at) == (NOW - STEP, NOW - STEP, NOW)
    assert after[1].at == NOW
