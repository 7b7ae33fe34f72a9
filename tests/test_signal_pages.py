"""The page of each signal shows what it is made of now: the chart's words, its picture, and its record."""

import pytest
from PIL import Image

from scripts.signal_pages import PAGES, WIDTH, chart_line, chart_of, record_line
from signals.base import Signal
from signals.registry import SIGNALS


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_a_page_shows_its_signal_fire_and_what_the_record_found(signal: Signal) -> None:
    page, chart = (PAGES / f"{signal.name}.md").read_text(encoding="utf-8"), chart_of(signal)

    assert chart_line(chart) in page
    assert record_line(signal.name) in page
    assert len(chart.marks) == 1
    with Image.open(PAGES / f"{signal.name}.png") as picture:
        assert picture.width == WIDTH
