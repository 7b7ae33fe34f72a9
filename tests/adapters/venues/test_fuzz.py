"""Some thousands of spoiled answers of what scripts/fuzz reads a million of, and that it would find a fault."""

import math
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from adapters.venues.wire import Parsed, ParsedInstruments
from tests.adapters.venues.answers import market
from tests.adapters.venues.fuzz import Fuzzer, Tally, summary
from tests.adapters.venues.readers import Read, Reader, refresh
from tests.adapters.venues.shared import OF_VENUE

PREMIUM = refresh(market(3))[0]


@pytest.mark.parametrize("venue", OF_VENUE)
def test_no_spoiled_answer_is_read_wrongly(venue: str) -> None:
    tally = Fuzzer(7, [venue]).run(range(600))

    assert tally.faults == []
    assert tally.payloads == 600
    assert tally.values
    assert tally.refused_whole
    assert tally.rows_refused


def test_the_same_number_of_the_same_seed_is_the_same_answer() -> None:
    first, second, other = (Fuzzer(seed, readers=[PREMIUM]) for seed in (3, 3, 4))

    assert [first.answer(n)[1] for n in range(50)] == [second.answer(n)[1] for n in range(50)]
    assert [first.answer(n)[1] for n in range(50)] != [other.answer(n)[1] for n in range(50)]


def raised(_: bytes) -> Read:
    raise KeyError("BTCUSDT")


def slow(_: bytes) -> Read:
    ends = time.process_time() + 0.06
    while time.process_time() < ends:
        pass
    return Parsed((), ())


def changed(**more: object) -> Callable[[bytes], Read]:
    """A reader that lets something in which it should not."""
    sound = PREMIUM.read(PREMIUM.answer)
    assert isinstance(sound, Parsed)
    return lambda _: Parsed((replace(sound.observations[0], **more),), ())


def nameless(_: bytes) -> Read:
    of = next(iter(PREMIUM.known.values()))
    return ParsedInstruments((replace(of, instrument=replace(of.instrument, coin="")),), ())


@pytest.mark.parametrize(
    ("read", "says"),
    [
        (raised, "KeyError: 'BTCUSDT'"),
        (slow, "s of CPU"),
        (nameless, "has no name"),
        (changed(value=math.nan), "AssertionError"),
        (changed(value=math.inf), "AssertionError"),
        (changed(value=-1.0), "AssertionError"),
        (changed(symbol="NOBODY"), "KeyError: 'NOBODY'"),
        (changed(coin="ETH"), "AssertionError"),
        (changed(rate=math.inf, interval_h=8.0), "a rate that cannot be"),
        (changed(rate=0.0001, interval_h=3.0), "a rate that cannot be"),
    ],
)
def test_a_wrong_reading_is_found_and_named_by_its_number(read: Callable[[bytes], Read], says: str) -> None:
    wrong = Reader("binance", "premium", read, PREMIUM.answer, PREMIUM.known)

    (fault,) = Fuzzer(7, readers=[wrong]).run([41]).faults

    assert (fault.number, fault.venue, fault.call) == (41, "binance", "premium")
    assert says in fault.says


def test_quantiles_are_of_all_answers() -> None:
    tally, more = Tally(), Tally()
    tally.microseconds.update([10] * 998)
    more.microseconds.update([20, 500])
    tally.add(more)

    assert [tally.quantile(share) for share in (0.5, 0.998, 0.999, 1.0)] == [10, 10, 20, 500]
    assert summary(tally, 7)["cpu_microseconds"] == {"p50": 10, "p99.9": 20, "max": 500}
