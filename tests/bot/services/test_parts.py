"""Evaluators that share the coins out tell what one tells that judges all, however often they share them out anew."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.store.alert_port import Mark
from adapters.store.base import Quota
from adapters.store.memory import MemoryStore
from adapters.venues.recording import Recording
from bot.services.evaluator import Evaluator
from bot.services.parts import joined
from bot.services.runtime import GivenUp
from signals.event import Event
from signals.model import ALL, Cell
from signals.part import WHOLE, Part, parts
from signals.registry import SIGNALS
from signals.standing import Standing
from tests import virtual
from tests.bot.services.markets import HOME, SENTENCE, asked, played, running, story, told, until
from tests.recordings import START

HOUR = timedelta(hours=1)
SENTENCES = (
    SENTENCE,
    "* price 4h rises by 0.4%",
    "BTC, ETH oi 8h falls by 0.3% for 2h",
    "watchlist volume 4h > $2B",
    "* price 4h rises by 0.3% and volume 4h > $1B",
    "ETH funding.settled crosses -0.01%",
)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return story(tmp_path_factory.mktemp("story"))


async def lived(market: Recording, *lives: tuple[datetime, int]) -> Sequence[Event]:
    """What is told of all rules when up to each of these moments so many evaluators share the coins out."""
    store = MemoryStore()
    await store.watch(HOME, lambda _: ("BTC", "ETH"), "watch", Quota(50))
    rules = [await asked(store, sentence) for sentence in SENTENCES]
    for end, of in lives:
        await played(market, store, end, judges=of)
    found = [event for rule in rules for event in await told(store, rule)]
    return sorted(found, key=lambda event: (event.at, event.rule_number, event.coin, event.change))


@pytest.fixture(scope="module")
def whole(market: Recording) -> Sequence[Event]:
    """What one evaluator tells."""
    return virtual.run(lambda: lived(market, (market.end, 1)))


@pytest.mark.parametrize("of", [2, 4, 5])
def test_parts_tell_what_the_whole_tells(market: Recording, whole: Sequence[Event], of: int) -> None:
    assert len({event.coin for event in whole}) > 1
    assert len({event.rule_number for event in whole}) == len(SENTENCES)
    assert len({event.id for event in whole}) == len(whole)
    assert virtual.run(lambda: lived(market, (market.end, of))) == whole


@pytest.mark.parametrize("restarts", [False, True])
def test_no_part_looks_at_the_coins_of_others(market: Recording, *, restarts: bool) -> None:
    """Each cell is one part's, also where rules are stored ones that were not put but loaded."""

    async def live(of: int) -> Sequence[int]:
        store = MemoryStore()
        await store.watch(HOME, lambda _: ("BTC", "ETH"), "watch", Quota(50))
        for sentence in SENTENCES:
            await asked(store, sentence)
        if restarts:
            await played(market, store, market.start + 5 * HOUR, judges=of)
        await played(market, store, market.start + 10 * HOUR, judges=of)
        return [effort.counts.cells for effort in await store.efforts()]

    (all_cells,) = virtual.run(lambda: live(1))
    of_each = virtual.run(lambda: live(2))

    assert min(of_each) > 0
    assert sum(of_each) == all_cells


@pytest.mark.parametrize("numbers", [(1, 2, 1), (2, 4, 2), (4, 1, 5)])
@pytest.mark.parametrize("hours", [31, 40, 65])
def test_sharing_the_coins_out_anew_changes_nothing_of_what_is_told(
    market: Recording, whole: Sequence[Event], numbers: tuple[int, ...], hours: int
) -> None:
    ends = (market.start + hours * HOUR, market.start + (hours + 2) * HOUR, market.end)

    assert virtual.run(lambda: lived(market, *zip(ends, numbers, strict=True))) == whole


def test_what_a_faster_part_has_judged_already_is_not_told_again(market: Recording, whole: Sequence[Event]) -> None:
    """One part is hours ahead of the other when a single evaluator takes over from both."""

    async def live() -> Sequence[Event]:
        store = MemoryStore()
        await store.watch(HOME, lambda _: ("BTC", "ETH"), "watch", Quota(50))
        rules = [await asked(store, sentence) for sentence in SENTENCES]
        await played(market, store, market.start + 30 * HOUR, judges=2)
        slow = await store.left(Part(1, 2))
        await played(market, store, market.start + 50 * HOUR, judges=2)
        store._left[Part(1, 2)] = slow
        await played(market, store, market.end)
        found = [event for rule in rules for event in await told(store, rule)]
        return sorted(found, key=lambda event: (event.at, event.rule_number, event.coin, event.change))

    events = virtual.run(live)

    assert {event.id for event in events} == {event.id for event in whole}


def test_whoever_judges_a_former_part_ends_and_says_why(market: Recording) -> None:
    async def live() -> None:
        store = MemoryStore()
        await asked(store)
        await played(market, store, market.start + 3 * HOUR)
        old = Evaluator(store, SIGNALS, market.step)

        async def meets_the_end() -> None:
            with pytest.RaisesGroup(pytest.RaisesExc(GivenUp, match="PERPWATCH_PARTS"), flatten_subgroups=True):
                await old.run()

        async def loaded() -> bool:
            return old._last is not None

        async with running(meets_the_end):
            await until(loaded)
            await played(market, store, market.start + 6 * HOUR, judges=2)

    virtual.run(live)


@given(st.text(max_size=12), st.integers(1, 64))
def test_a_coin_belongs_to_one_part(coin: str, of: int) -> None:
    assert sum(part.holds(coin) for part in parts(of)) == 1
    assert WHOLE.holds(coin)


def test_coins_are_spread_over_the_parts() -> None:
    coins = [f"C{number}" for number in range(1000)]

    assert all(80 < sum(part.holds(coin) for coin in coins) < 175 for part in parts(8))


def test_nobody_passes_a_moment_that_a_part_has_not_judged() -> None:
    times = [START + n * HOUR for n in range(4)]
    stands = [Standing(Cell(coin, ALL, "funding", timedelta(0)), 0.0, 0.0, 1, 1) for coin in ("BTC", "ETH", "SOL")]
    said = ((7, 2, None), (5, 1, times[0]), (9, 1, None))
    marks = [Mark(change, (of,), filled, past) for of, (change, filled, past) in zip(stands, said, strict=True)]

    assert joined([(times[2], marks[0]), (times[1], marks[1]), (times[3], marks[2])]) == (
        times[1],
        Mark(5, tuple(stands), 1, times[0]),
    )
    assert joined([(None, Mark()), (times[2], marks[0])]) == (times[2], marks[0])
    assert joined([(None, Mark()), (None, Mark())]) == (None, Mark())
