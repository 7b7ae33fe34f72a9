"""Pictures: what a chart holds is on them, what is unknown is not, and nothing in a name can do harm."""

import math
import warnings
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.chat.chart import Chart, Curve, Panel, Shape
from bot.charts.draw import draw
from bot.charts.paper import fitting, letters
from bot.charts.theme import CARD, WIDTH
from signals.model import Unit
from tests.bot.charts.charts import FIRES, HOUR, NOON, chart, hours, near, pixels

WAVE = tuple(math.sin(hour / 4) / 5_000 for hour in range(48))
PLOT = slice(210, 620)
"""The rows of a picture of one panel on which its curve lies, without rims."""

MOST_LEFT, MOST_RIGHT = 60, 880


def columns(of: Chart, colour: str) -> list[int]:
    """The columns of the plot in which something has that colour."""
    seen = near(pixels(draw(of, CARD))[PLOT], colour).any(axis=0)
    return [column for column in np.flatnonzero(seen).tolist() if MOST_LEFT < column < MOST_RIGHT]


def test_a_picture_is_as_wide_as_a_phone_shows_and_grows_with_its_panels() -> None:
    one = chart(*WAVE)
    two = replace(one, panels=(replace(one.panels[0], title="price"), *one.panels))

    high, wide, _ = pixels(draw(one, CARD)).shape

    assert (wide, draw(one, CARD)[:8]) == (WIDTH, b"\x89PNG\r\n\x1a\n")
    assert 650 < high < pixels(draw(two, CARD)).shape[0] < 1_100


def test_equal_charts_give_equal_bytes() -> None:
    assert draw(chart(*WAVE), CARD) == draw(chart(*WAVE), CARD)


def test_a_curve_runs_through_the_whole_time_and_not_where_it_is_unknown() -> None:
    whole = columns(chart(*WAVE), CARD.curves[0])
    holed = columns(chart(*WAVE[:20], *[None] * 10, *WAVE[30:]), CARD.curves[0])

    assert set(range(90, 860)) <= set(whole)
    gap = sorted(set(whole) - set(holed))
    assert 150 < len(gap) < 220
    assert gap == list(range(gap[0], gap[-1] + 1))


@pytest.mark.parametrize("shape", Shape)
def test_what_is_unknown_is_not_drawn_as_zero_and_can_be_told_from_it(shape: Shape) -> None:
    of = [1e-4] * 8
    zero = pixels(draw(chart(*of, *[0.0] * 8, *of, shape=shape), CARD))
    unknown = pixels(draw(chart(*of, *[None] * 8, *of, shape=shape), CARD))
    middle = slice(440, 560)

    hatched = near(unknown[PLOT, middle], CARD.grid, 12).mean()

    assert not near(unknown[PLOT, middle], CARD.curves[0]).any()
    assert near(zero[PLOT, middle], CARD.grid, 12).mean() < 0.1
    assert hatched > 0.4


def test_one_known_value_between_unknown_ones_is_seen() -> None:
    alone = columns(chart(*[None] * 10, 1e-4, *[None] * 10), CARD.curves[0])

    assert len(alone) >= 5


def test_bars_of_longs_hang_below_the_axis_and_those_of_shorts_stand_on_it() -> None:
    curves = (
        Curve("shorts", (3e6,) * 12, Shape.BARS),
        Curve("longs", (2e6,) * 12, Shape.BARS, below=True),
    )
    of = replace(chart(*WAVE[:12]), panels=(Panel("liquidations", Unit.USD, curves),))

    picture = pixels(draw(of, CARD))[PLOT]

    shorts, longs = (np.flatnonzero(near(picture[60:], colour).any(axis=1)) for colour in (CARD.short, CARD.long))
    assert shorts.max() <= longs.min() + 2
    assert 1.3 < len(shorts) / len(longs) < 1.7


def test_a_line_has_its_zone_on_the_side_of_firing_and_its_clear_level_on_the_other() -> None:
    picture = pixels(draw(chart(*WAVE, limits=[FIRES]), CARD))[PLOT, 60:880]

    fires = np.flatnonzero(near(picture, CARD.fires).mean(axis=1) > 0.5)
    over = np.flatnonzero(near(picture, CARD.over).mean(axis=1) > 0.3)
    above, below = picture[: over.min() - 60, 100:400], picture[fires.max() + 60 :, 100:400]

    assert over.max() < fires.min()
    assert np.median(below[..., 0]) > np.median(above[..., 0]) + 10
    upward = replace(FIRES, downward=False, clear=-0.00012)
    other = pixels(draw(chart(*WAVE, limits=[upward]), CARD))[PLOT, 60:880]
    assert np.median(other[:60, 100:400, 0]) > np.median(other[-60:, 100:400, 0]) + 10


def test_a_line_far_from_the_values_is_named_at_the_rim_and_does_not_flatten_them() -> None:
    far = replace(FIRES, line=-0.5, clear=-0.4)

    picture = pixels(draw(chart(*WAVE, limits=[far]), CARD))[PLOT]

    curve = np.flatnonzero(near(picture, CARD.curves[0]).any(axis=1))
    named = np.flatnonzero(near(picture[:, 60:500], CARD.fires).any(axis=1))
    assert len(curve) > 250
    assert named.min() > 340


def test_firings_are_marked_and_the_time_of_firing_is_shaded() -> None:
    of = chart(*WAVE, limits=[FIRES])
    fired = replace(of, marks=(NOON - 24 * HOUR,), zones=((NOON - 24 * HOUR, NOON - 12 * HOUR),))
    before, after = (pixels(draw(each, CARD))[PLOT] for each in (of, fired))

    changed = np.flatnonzero((np.abs(after - before).max(axis=2) > 20).mean(axis=0) > 0.5)
    strokes = np.flatnonzero(near(after, CARD.fires, 90).mean(axis=0) > 0.9)

    assert 1 <= len(strokes) <= 5
    assert abs(int(strokes[0]) - changed.min()) <= 3
    assert 0.2 < (changed.max() - changed.min()) / (changed.max() - 36) < 0.4
    assert (np.abs(after - before)[:, : changed.min() - 20] > 20).mean() < 0.02


def test_what_is_simulated_says_so_at_the_top() -> None:
    of = chart(*WAVE)

    badge = near(pixels(draw(replace(of, simulated=True), CARD))[:100], CARD.simulated)

    assert badge.sum() > 4_000
    assert not near(pixels(draw(of, CARD))[:100], CARD.simulated).any()


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("colour", [CARD.text, CARD.quiet, CARD.fires, CARD.over, CARD.price, *CARD.curves, CARD.long])
def test_words_and_curves_stand_out_from_the_card(colour: str) -> None:
    contrast = (luminance(colour) + 0.05) / (luminance(CARD.ground) + 0.05)

    assert contrast >= (4.5 if colour in (CARD.text, CARD.quiet, CARD.fires, CARD.over) else 3)


SEEN_BY = {
    "without red": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "without green": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
}
"""Machado, Oliveira and Fernandes 2009, full severity."""


@pytest.mark.parametrize("eyes", SEEN_BY.values(), ids=SEEN_BY)
def test_colours_that_stand_side_by_side_can_be_told_apart_by_the_colour_blind(
    eyes: tuple[tuple[float, ...], ...],
) -> None:
    pairs = [*combinations(CARD.curves[:3], 2), (CARD.long, CARD.short), (CARD.fires, CARD.over)]

    for one, other in pairs:
        seen = [np.array(eyes) @ [int(c[place : place + 2], 16) for place in (1, 3, 5)] for c in (one, other)]
        assert np.linalg.norm(seen[0] - seen[1]) > 60, (one, other)


SIGNS = st.sampled_from("$_^\\{}%&\u202e\u200f\u0301\U0001f680币\n")
HOSTILE = st.text(st.characters(codec="utf-8") | SIGNS, max_size=60)


@settings(max_examples=12, deadline=None)
@given(
    HOSTILE,
    st.sampled_from(Unit),
    st.lists(st.none() | st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=5),
)
def test_whatever_a_coin_is_called_and_whatever_its_values_are_a_picture_comes(
    name: str, unit: Unit, values: list[float | None]
) -> None:
    curve = Curve(name, tuple(values), Shape.BARS)
    panel = Panel(name, unit, (curve, replace(curve, below=True)), name, (replace(FIRES, said=name, clear_said=name),))
    of = Chart("x", name, name, HOUR, hours(len(values)), (panel,), name, notes=(name,))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert draw(of, CARD).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["$ETH_{1}^$ $\\nosuch{$", "币安人生", "\U0001f680" * 40, "W" * 300])
def test_a_name_is_shown_letter_by_letter_and_never_longer_than_its_room(name: str) -> None:
    shown = fitting(name, 46, 600, bold=True)

    kept = shown.removesuffix("…")
    assert {ord(letter) for letter in shown} <= letters(bold=True)
    assert all(one in (other, "\u25a1") for one, other in zip(kept, name, strict=False))
    picture = pixels(draw(chart(*WAVE, title=name), CARD))
    assert not near(picture[:120, WIDTH - 30 :], CARD.text).any()


def test_a_chart_without_anything_known_says_so() -> None:
    empty = chart(*[None] * 24)

    picture = pixels(draw(empty, CARD))[PLOT]

    assert near(picture, CARD.quiet).any()
    assert draw(chart(), CARD)


@pytest.mark.parametrize(("count", "spans"), list(product([1, 2], [1, 1_000])))
def test_short_and_long_charts_are_drawn(count: int, spans: int) -> None:
    assert draw(chart(*WAVE[:count] * spans), CARD)


def test_where_nothing_is_known_no_numbers_stand_beside_it() -> None:
    unknown = pixels(draw(chart(*[None] * 24), CARD))
    limited = pixels(draw(chart(*[None] * 24, limits=[FIRES]), CARD))
    beside = (slice(210, 610), slice(960, WIDTH))

    assert not near(unknown[beside], CARD.quiet).any()
    assert near(limited[beside], CARD.quiet).any()
