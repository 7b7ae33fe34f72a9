"""A roster tells who joined, changed, leaves and is gone, and forgets none of it over a restart."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.venues.base import Unavailable
from adapters.venues.roster import LEAVES_BEFORE, Roster, Turn
from adapters.venues.wire import Listed
from signals.model import Instrument, Metric

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
DAY = timedelta(days=1)


def listed(symbol: str, contract: float = 1.0, delists: datetime | None = None) -> Listed:
    instrument = Instrument("okx", symbol, symbol.partition("-")[0], 1.0, frozenset({Metric.PRICE}))
    return Listed(instrument, contract, delists=delists)


MANY = [listed(f"C{number}-USDT") for number in range(40)]
BTC = listed("BTC-USDT")


def turns(roster: Roster, of: Iterable[Listed]) -> Sequence[tuple[Turn, str]]:
    return [(note.turn, note.of.instrument.symbol) for note in roster.update(of)]


def version(roster: Roster, symbol: str = "BTC-USDT") -> int:
    return roster.known[symbol].instrument.version


def full() -> Roster:
    roster = Roster("okx")
    roster.update([BTC, *MANY])
    return roster


def test_who_is_new_joins() -> None:
    roster = Roster("okx")

    assert turns(roster, [BTC]) == [(Turn.JOINED, "BTC-USDT")]
    assert turns(roster, [BTC]) == []


def test_absent_once_is_still_expected_and_absent_twice_is_gone() -> None:
    roster = full()

    assert turns(roster, MANY) == []
    assert "BTC-USDT" in roster.known
    assert "BTC-USDT" in {i.symbol for i in roster.instruments(NOW)}
    assert turns(roster, MANY) == [(Turn.GONE, "BTC-USDT")]
    assert "BTC-USDT" not in roster.known
    assert turns(roster, MANY) == []


def test_who_comes_back_after_one_list_is_as_before() -> None:
    roster = full()
    roster.update(MANY)

    assert turns(roster, [BTC, *MANY]) == []
    assert turns(roster, MANY) == []
    assert version(roster) == 1


def test_who_was_gone_and_is_listed_again_is_a_new_version() -> None:
    roster = full()
    roster.update(MANY)
    roster.update(MANY)

    assert turns(roster, [BTC, *MANY]) == [(Turn.JOINED, "BTC-USDT")]
    assert version(roster) == 2


@pytest.mark.parametrize(
    "changed",
    [
        replace(BTC, contract=10.0),
        replace(BTC, inverse=True),
        replace(BTC, instrument=replace(BTC.instrument, multiplier=1000.0)),
        replace(BTC, instrument=replace(BTC.instrument, coin="XBT")),
    ],
)
def test_another_contract_is_a_new_version_and_stays_one(changed: Listed) -> None:
    roster = full()

    assert turns(roster, [changed, *MANY]) == [(Turn.CHANGED, "BTC-USDT")]
    assert turns(roster, [changed, *MANY]) == []
    assert version(roster) == 2
    assert turns(roster, [BTC, *MANY]) == [(Turn.CHANGED, "BTC-USDT")]
    assert version(roster) == 3


def test_an_announced_end_is_told_once_and_the_instrument_leaves_a_day_before() -> None:
    roster, ends = full(), NOW + 3 * DAY
    leaving = replace(BTC, delists=ends)

    assert turns(roster, [leaving, *MANY]) == [(Turn.LEAVING, "BTC-USDT")]
    assert turns(roster, [leaving, *MANY]) == []
    assert "BTC-USDT" in {i.symbol for i in roster.instruments(ends - LEAVES_BEFORE - timedelta(seconds=1))}
    assert "BTC-USDT" not in {i.symbol for i in roster.instruments(ends - LEAVES_BEFORE)}


def test_a_cut_list_changes_nothing() -> None:
    roster = full()
    before = roster.known

    with pytest.raises(Unavailable, match="20 instruments instead of 41"):
        roster.update(MANY[:20])

    assert roster.known == before


def test_a_mass_delisting_is_believed_when_it_is_said_three_times() -> None:
    roster = full()
    for _ in range(2):
        with pytest.raises(Unavailable):
            roster.update(MANY[:30])
    roster.update(MANY[:30])

    assert [turn for turn, _ in turns(roster, MANY[:30])] == [Turn.GONE] * 11


def test_nothing_is_forgotten_over_a_restart() -> None:
    roster = full()
    roster.update([replace(BTC, contract=10.0), *MANY])
    roster.update(MANY)
    again = Roster("okx")
    again.load(roster.dump())

    assert again.known == roster.known
    assert turns(again, MANY) == [(Turn.GONE, "BTC-USDT")]
    assert turns(again, [BTC, *MANY]) == [(Turn.JOINED, "BTC-USDT")]
    assert version(again) == 3


def test_what_another_version_wrote_is_refused() -> None:
    with pytest.raises(Unavailable, match="cannot be read"):
        Roster("okx").load(b"\xc1nonsense")
