"""The board gives each moment the words that belong to it, each once."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.board import Board
from signals.model import Metric, Observation

FIRST = datetime(2026, 11, 23, 14, tzinfo=UTC)
STEP = timedelta(minutes=1)


def word(second: float, value: float = 1.0, symbol: str = "BTCUSDT") -> Observation:
    at = FIRST + timedelta(seconds=second)
    return Observation(Metric.PRICE, "okx", symbol, "BTC", value, at, at, timedelta(seconds=30))


def seconds(taken: tuple[Observation, ...]) -> list[float]:
    return [(seen.at - FIRST).total_seconds() for seen in taken]


def test_a_word_after_the_moment_waits_for_the_next() -> None:
    board = Board(FIRST, STEP)
    board.put([word(-5), word(2)])

    assert seconds(board.take(FIRST)) == [-5]
    assert seconds(board.take(FIRST + STEP)) == [2]
    assert board.take(FIRST + 2 * STEP) == ()


def test_a_word_at_the_moment_belongs_to_it() -> None:
    board = Board(FIRST, STEP)
    board.put([word(0)])

    assert seconds(board.take(FIRST)) == [0]


def test_the_last_two_words_are_given_the_older_one_first() -> None:
    board = Board(FIRST, STEP)
    board.put([word(-30), word(-20), word(-10)])

    assert seconds(board.take(FIRST)) == [-20, -10]


def test_an_older_word_that_comes_late_changes_nothing() -> None:
    board = Board(FIRST, STEP)
    board.put([word(-10), word(-20), word(-10, value=7.0)])

    taken = board.take(FIRST)

    assert seconds(taken) == [-10]
    assert taken[0].value == 1.0


def test_after_moments_that_nobody_took_only_the_last_words_are_given() -> None:
    board = Board(FIRST, STEP)
    board.put([word(-10), word(70), word(190)])

    assert seconds(board.take(FIRST + 3 * STEP)) == [-10]
    assert seconds(board.take(FIRST + 4 * STEP)) == [190]


@given(st.lists(st.tuples(st.integers(-54, 300), st.sampled_from(["A", "B"])), max_size=60))
def test_every_moment_gets_the_last_word_that_was_said_by_then(
    words: list[tuple[int, str]],
) -> None:
    board, said = Board(FIRST, STEP), sorted(words)
    for minute in range(6):
        at = FIRST + minute * STEP
        fresh = [(s, symbol) for s, symbol in said if (minute - 1) * 60 + 5 < s <= minute * 60 + 5]
        board.put(word(s, symbol=symbol) for s, symbol in fresh)
        taken = board.take(at)
        assert all(seen.at <= at for seen in taken)
        due = [(s, symbol) for s, symbol in said if (minute - 1) * 60 < s <= minute * 60]
        lasts = {symbol: s for s, symbol in due}
        assert {seen.symbol: (seen.at - FIRST).total_seconds() for seen in taken} == lasts
