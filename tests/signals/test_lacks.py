"""Why a cell is unknown is said, and what can never be known is known beforehand."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from signals.aggregate import Cycle, Reading, Weighing
from signals.cells import Cells, Vectors
from signals.lacks import Lack, Why, never
from signals.model import ALL, Cell, Metric, Yardstick
from signals.numbers import Number
from signals.panel import Panel, from_ms
from signals.registry import BY_NAME, SIGNALS
from signals.rules.metrics import METRICS, PRICE_MOVE, Measure
from tests.signals.panels import panel

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LEVEL = timedelta(0)
RANK, SPREADS, MULTIPLE = Yardstick.RANK, Yardstick.SPREADS, Yardstick.MULTIPLE
LIVE = {
    Metric.PRICE,
    Metric.INDEX,
    Metric.FUNDING,
    Metric.FUNDING_SETTLED,
    Metric.OI_LEVEL,
    Metric.LS,
    Metric.LIQ_LONG,
    Metric.LIQ_SHORT,
    Metric.VOLUME_24H,
    Metric.VOLUME_SPOT_24H,
}
"""What live venues tell of a large coin."""

FULL = LIVE | {Metric.VOLUME, Metric.VOLUME_SPOT, Metric.TAKER_BUY, Metric.TAKER_SELL, Metric.LS_TOP, Metric.LS_POS}
DAYS = (DAY, 3 * DAY, 7 * DAY)


@pytest.mark.parametrize(
    ("number", "yardstick", "offered", "wanted"),
    [
        (Number("ratio", HOUR), Yardstick.VALUE, LIVE, Lack(Why.NOT_MEASURED, instead=DAYS)),
        (Number("volume", HOUR), MULTIPLE, LIVE, Lack(Why.NOT_MEASURED, instead=DAYS)),
        (Number("ratio", DAY), Yardstick.VALUE, LIVE, None),
        (Number("volume", 7 * DAY), RANK, LIVE, None),
        (Number("ratio", HOUR), RANK, FULL, None),
        (Number("ratio", DAY), RANK, LIVE - {Metric.VOLUME_SPOT_24H}, Lack(Why.NOT_MEASURED)),
        (Number("taker", HOUR), RANK, LIVE, Lack(Why.NOT_MEASURED)),
        (Number("liq", HOUR), MULTIPLE, LIVE, None),
        (Number("liq", HOUR), MULTIPLE, LIVE - {Metric.LIQ_SHORT}, Lack(Why.NOT_MEASURED)),
        (Number("oi", 4 * HOUR), SPREADS, LIVE, None),
        (Number("ls.top"), RANK, LIVE, Lack(Why.NOT_MEASURED)),
        (Number("basis"), RANK, LIVE - {Metric.INDEX}, Lack(Why.NOT_MEASURED)),
        (Number("funding"), MULTIPLE, LIVE, Lack(Why.UNFIT)),
        (Number("liqspike", HOUR), SPREADS, LIVE, Lack(Why.UNFIT)),
        (Number("liqspike", HOUR), RANK, LIVE, None),
        (Number("liqspike", HOUR), RANK, LIVE - {Metric.LIQ_LONG}, Lack(Why.NOT_MEASURED)),
        (Number("funding", venue="okx"), Yardstick.VALUE, LIVE, None),
        (Number("funding", venue="okx"), RANK, LIVE, Lack(Why.NOT_KEPT)),
        (Number("oi.level", venue="okx"), RANK, LIVE, None),
        (Number("oi", 4 * HOUR, "okx"), SPREADS, LIVE, None),
        (Number("liq", HOUR, "okx"), Yardstick.VALUE, LIVE, Lack(Why.NOT_MEASURED)),
        (Number("price", 90 * MINUTE), RANK, LIVE, None),
    ],
)
def test_what_a_live_market_can_never_know_is_said_with_what_it_can(
    number: Number, yardstick: Yardstick, offered: Collection[Metric], wanted: Lack | None
) -> None:
    assert never(number, yardstick, offered, MINUTE, BY_NAME) == wanted


def test_a_move_within_a_bar_is_never_known_and_a_sum_is_that_of_the_bar() -> None:
    moved = never(Number("price", HOUR), Yardstick.VALUE, FULL, 4 * HOUR, BY_NAME)

    assert moved == Lack(Why.NOT_MEASURED, instead=(4 * HOUR, DAY, 7 * DAY))
    assert never(Number("liq", HOUR), Yardstick.VALUE, FULL, 4 * HOUR, BY_NAME) is None


@pytest.mark.parametrize("measure", [*METRICS.values(), PRICE_MOVE], ids=lambda m: m.name)
def test_a_market_that_tells_everything_can_know_all_of_the_language(measure: Measure) -> None:
    for window in measure.windows:
        for yardstick in (Yardstick.VALUE, RANK) + ((SPREADS,) if window or measure.name != "price" else ()):
            assert never(Number(measure.name, window), yardstick, FULL, MINUTE, BY_NAME) is None


def cells_of(of: Panel) -> Cells:
    at = from_ms(int(of.times[-1]))
    last = {metric: float(matrix[-1, 0]) for metric, matrix in of.matrices.items()}
    told = {m: Reading(None if np.isnan(x) else x, at, (), (), 1.0, Weighing.ONE) for m, x in last.items()}
    return Cells(Cycle(at, "TEST", {"BTC": told}, ()), Vectors(of, SIGNALS, 1), of.step)


@pytest.mark.parametrize(("days", "waits"), [(12, 69), (80, 1), (81, None)])
def test_a_short_history_says_what_it_needs_and_has(days: int, waits: int | None) -> None:
    of = panel({Metric.FUNDING: np.linspace(0, 1e-4, days * 24 + 1)})

    lack = cells_of(of).lack(Cell("BTC", ALL, "funding", LEVEL, RANK))

    if waits is None:
        assert lack is None
    else:
        assert lack == Lack(Why.HISTORY, 90 * DAY, days * DAY)
        assert lack.wait == waits * DAY
        assert not lack.is_for_good


def test_a_window_that_bars_do_not_fill_yet_is_a_short_history_too() -> None:
    of = panel({Metric.LIQ_LONG: np.ones(36), Metric.LIQ_SHORT: np.ones(36)})

    assert cells_of(of).lack(Cell("BTC", ALL, "liq", 7 * DAY)) == Lack(Why.HISTORY, 7 * DAY, 36 * HOUR)
    assert cells_of(of).lack(Cell("BTC", ALL, "liq", DAY)) is None


def test_what_is_measured_and_unknown_now_is_silent() -> None:
    of = panel({Metric.FUNDING: np.append(np.ones(2400), np.nan)})

    assert cells_of(of).lack(Cell("BTC", ALL, "funding", LEVEL, RANK)) == Lack(Why.SILENT)
    assert cells_of(of).lack(Cell("BTC", ALL, "funding", LEVEL)) == Lack(Why.SILENT)


def test_days_of_rolling_volumes_add_up_and_need_each_of_them() -> None:
    """A week is seven ends of a day; of a day that nobody told, nothing is known."""
    told = np.arange(1.0, 24 * 8 + 2)
    of = panel({Metric.VOLUME_24H: told, Metric.VOLUME_SPOT_24H: told / 8, Metric.VOLUME_PAIRED_24H: told / 2})
    holed = replace(of, matrices={metric: matrix.copy() for metric, matrix in of.matrices.items()})
    for matrix in holed.matrices.values():
        matrix[96] = np.nan

    def read(of: Panel, name: str, window: timedelta) -> float | None:
        return cells_of(of).read(Cell("BTC", ALL, name, window)).reading.value

    assert read(of, "volume", 7 * DAY) == sum(told[-1 - 24 * day] for day in range(7))
    assert read(of, "volume", 3 * DAY) == sum(told[-1 - 24 * day] for day in range(3))
    assert read(of, "ratio", 7 * DAY) == pytest.approx(0.25)
    assert read(of, "volume", 12 * HOUR) is None
    assert (len(told) - 1 - 96) % 24 == 0
    assert read(holed, "volume", 7 * DAY) is None
    assert read(holed, "ratio", 7 * DAY) is None
    assert read(holed, "volume", 3 * DAY) is not None
