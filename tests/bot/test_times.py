"""Times of a day are read as people type them."""

from datetime import time

import pytest

from bot.times import span_of, time_of


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("08:00", time(8)),
        ("8", time(8)),
        ("8.30", time(8, 30)),
        ("8pm", time(20)),
        ("12am", time(0)),
        ("12 pm", time(12)),
        ("24:00", None),
        ("8:60", None),
        ("13pm", None),
        ("0am", None),
        ("8:5", None),
        ("eight", None),
        ("٨", None),
        ("", None),
    ],
)
def test_a_time_is_read_or_is_none(typed: str, found: time | None) -> None:
    assert time_of(typed) == found


@pytest.mark.parametrize("typed", ["23:00-07:00", "23 - 7", "23:00 to 07:00", "11pm–7am"])
def test_a_span_is_two_times(typed: str) -> None:
    assert span_of(typed) == (time(23), time(7))


@pytest.mark.parametrize("typed", ["23:00", "23:00-", "7-8-9", "night", ""])
def test_anything_else_is_no_span(typed: str) -> None:
    assert span_of(typed) is None
