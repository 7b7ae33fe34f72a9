"""Cut lists and copies of old answers are not believed; quiet markets and moving answers are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from adapters.venues.base import Batch, Cost, Feed, Scope
from adapters.venues.intake import Doubt, Intake
from signals.model import Metric, Observation

NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
SECONDS = timedelta(seconds=10)
FEED = Feed("contracts", frozenset({Metric.PRICE}), SECONDS, Cost("all", 1), Scope.BULK)
RATES = Feed("rates", frozenset({Metric.FUNDING}), SECONDS, Cost("all", 1), Scope.BULK)
EACH = Feed("oi", frozenset({Metric.OI_LEVEL}), SECONDS, Cost("all", 1), Scope.EACH)


def batch(venue: str, digest: bytes, rows: int = 100, feed: Feed = FEED) -> Batch:
    """Rows of what the feed tells, at a price of their own for each digest."""
    (metric,), value = feed.metrics, float(digest[0])
    seen = [Observation(metric, venue, f"C{n}", f"C{n}", value, NOW, NOW, timedelta(seconds=30)) for n in range(rows)]
    return Batch(venue, feed.name, tuple(seen), digest=digest)


def test_a_cut_list_is_doubted() -> None:
    intake = Intake()

    assert intake.doubt(FEED, batch("gate", b"1"), NOW) is None
    assert intake.doubt(FEED, batch("gate", b"2", rows=40), NOW) is Doubt.SHORT


def test_the_third_equal_answer_is_a_copy_if_prices_moved_elsewhere() -> None:
    intake = Intake()
    found = []
    for turn in range(5):
        at = NOW + turn * SECONDS
        intake.doubt(FEED, batch("okx", bytes([turn])), at)
        found.append(intake.doubt(FEED, batch("gate", b"same"), at))

    assert found == [None, None, Doubt.COPY, Doubt.COPY, Doubt.COPY]


def test_prices_that_all_stand_still_are_a_copy_whatever_else_is_said_beside_them() -> None:
    intake, found = Intake(), []
    for turn in range(4):
        at = NOW + turn * SECONDS
        intake.doubt(FEED, batch("okx", bytes([turn])), at)
        found.append(intake.doubt(FEED, replace(batch("gate", b"same"), digest=bytes([turn])), at))

    assert found == [None, None, Doubt.COPY, Doubt.COPY]


def test_one_price_of_many_that_moves_is_no_copy() -> None:
    intake, found = Intake(), []
    for turn in range(4):
        at, of = NOW + turn * SECONDS, batch("gate", b"same")
        intake.doubt(FEED, batch("okx", bytes([turn])), at)
        moved = replace(of.observations[-1], value=100.0 + turn)
        told = replace(of, observations=(*of.observations[:-1], moved), digest=bytes([turn]))
        found.append(intake.doubt(FEED, told, at))

    assert found == [None] * 4


def test_other_numbers_may_stand_still_while_prices_move() -> None:
    intake, found = Intake(), []
    for turn in range(4):
        at = NOW + turn * SECONDS
        intake.doubt(FEED, batch("okx", bytes([turn])), at)
        found.append(intake.doubt(RATES, replace(batch("gate", b"same", feed=RATES), digest=bytes([turn])), at))

    assert found == [None] * 4


def test_equal_answers_are_no_copies_while_nobody_moves() -> None:
    intake = Intake()
    intake.doubt(FEED, batch("okx", b"1"), NOW - SECONDS)

    assert [intake.doubt(FEED, batch("gate", b"same"), NOW + n * SECONDS) for n in range(5)] == [None] * 5


def test_a_copy_that_moves_again_is_believed() -> None:
    intake = Intake()
    for turn in range(4):
        intake.doubt(FEED, batch("okx", bytes([turn])), NOW + turn * SECONDS)
        intake.doubt(FEED, batch("gate", b"same"), NOW + turn * SECONDS)

    assert intake.doubt(FEED, batch("gate", b"other"), NOW + 5 * SECONDS) is None


def test_an_answer_about_one_instrument_is_not_judged_by_its_length() -> None:
    intake = Intake()
    intake.doubt(EACH, batch("binance", b"1", rows=1, feed=EACH), NOW)

    assert intake.doubt(EACH, batch("binance", b"2", rows=0, feed=EACH), NOW) is None
