"""What is written as a recording can always be read, and holds what a bar really had."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.venues import writing
from adapters.venues.base import Span
from adapters.venues.canonical import read
from adapters.venues.recording import open_recording
from signals.model import Instrument, Metric, Observation
from tests.pasts import KEPT, of

T0 = datetime(2026, 3, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = Span(T0, T0 + 24 * HOUR)
BTC = of("gate", "BTC_USDT", "BTC")
MS = timedelta(milliseconds=1)


def seen(metric: Metric, value: float, at: datetime, contract: Instrument = BTC) -> Observation:
    paid = metric is Metric.FUNDING_SETTLED
    return Observation(
        metric, contract.venue, contract.symbol, contract.coin, value, at, at, HOUR,
        span=HOUR if metric is Metric.VOLUME else timedelta(0),
        interval_h=8.0 if paid else None, rate=value if paid else None,
    )  # fmt: skip


def hours(metric: Metric, *said: Observation) -> list[float]:
    times = writing.ends(DAY, HOUR)
    found = writing.columns(BTC, said, times, HOUR)
    column = {Metric.PRICE: "price", Metric.FUNDING_SETTLED: "funding_rate", Metric.VOLUME: "futures_volume_usd"}[
        metric
    ]
    return found.get(column, np.full(24, np.nan)).tolist()


@pytest.mark.parametrize(
    ("symbol", "coin", "multiplier", "venue", "name"),
    [
        ("BTCUSDT", "BTC", 1.0, "binance", "BTC"),
        ("1000PEPEUSDT", "PEPE", 1000.0, "binance", "1000PEPE"),
        ("1MBABYDOGEUSDT", "BABYDOGE", 1e6, "binance", "1000000BABYDOGE"),
        ("kPEPE", "PEPE", 1000.0, "hyperliquid", "1000PEPE"),
        ("1INCHUSDT", "1INCH", 1.0, "bybit", "1INCH"),
        ("PEPE-USDT-SWAP", "PEPE", 1.0, "okx", "PEPE"),
    ],
)
def test_a_contract_has_a_name_that_stands_for_its_coin(
    symbol: str, coin: str, multiplier: float, venue: str, name: str
) -> None:
    assert writing.name_of(of(venue, symbol, coin, multiplier)) == name


def test_what_is_stamped_just_after_the_end_of_a_bar_belongs_to_it() -> None:
    paid = seen(Metric.FUNDING_SETTLED, 0.0001, T0 + 8 * HOUR + 7 * MS)

    assert np.flatnonzero(np.isfinite(hours(Metric.FUNDING_SETTLED, paid))).tolist() == [7]


@pytest.mark.parametrize(
    ("minutes", "bar"), [(-60, None), (0, None), (1, 0), (59, 0), (60, 0), (61, 1), (1440, 23), (1441, None)]
)
def test_a_value_is_known_from_the_end_of_its_bar_on(minutes: int, bar: int | None) -> None:
    found = hours(Metric.PRICE, seen(Metric.PRICE, 5.0, T0 + minutes * HOUR / 60))

    assert np.flatnonzero(np.isfinite(found)).tolist() == ([] if bar is None else [bar])


def test_the_last_value_of_a_bar_is_its_value() -> None:
    found = hours(Metric.PRICE, *(seen(Metric.PRICE, float(n), T0 + n * HOUR / 4) for n in range(1, 9)))

    assert found[:2] == [4.0, 8.0]


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan, 0.0, -1.0])
def test_a_price_that_is_none_does_not_take_the_place_of_one_before_it(bad: float) -> None:
    found = hours(Metric.PRICE, seen(Metric.PRICE, 5.0, T0 + HOUR / 4), seen(Metric.PRICE, bad, T0 + HOUR / 2))

    assert found[0] == 5.0


def test_a_sum_over_another_span_is_no_sum_of_the_bar() -> None:
    day = replace(seen(Metric.VOLUME, 5.0, T0 + HOUR), span=24 * HOUR)

    assert np.isnan(hours(Metric.VOLUME, day)).all()


def test_a_rate_without_its_interval_is_not_written() -> None:
    rate = replace(seen(Metric.FUNDING_SETTLED, 0.0001, T0 + 8 * HOUR), interval_h=None)

    assert writing.columns(BTC, [rate], writing.ends(DAY, HOUR), HOUR) == {}


def test_a_sum_of_contracts_is_unknown_where_one_of_them_is_missing_and_not_before_it_began() -> None:
    nan = np.nan
    one = {"open_interest": np.array([1.0, 1.0, 1.0, 1.0, 1.0])}
    two = {"open_interest": np.array([nan, 2.0, nan, 2.0, nan])}

    assert writing.together([one, two])["open_interest"].tolist() == pytest.approx([1, 3, nan, 3, 1], nan_ok=True)


def test_a_rate_and_its_interval_are_of_the_same_contract() -> None:
    rate, other = np.array([0.1]), np.array([0.2])
    contracts = [{"price": rate}, {"funding_rate": rate, "funding_interval_hours": np.array([8.0])},
                 {"funding_rate": other, "funding_interval_hours": np.array([4.0])}]  # fmt: skip

    found = writing.together(contracts)

    assert (found["funding_rate"].tolist(), found["funding_interval_hours"].tolist()) == ([0.1], [8.0])


@given(st.lists(st.tuples(st.sampled_from(sorted(KEPT)), st.floats(width=64), st.integers(-3, 30)), max_size=30))
def test_whatever_a_venue_says_the_file_can_be_read(
    tmp_path_factory: pytest.TempPathFactory, said: list[tuple[Metric, float, int]]
) -> None:
    path = tmp_path_factory.mktemp("any") / "any.parquet"
    times = writing.ends(DAY, HOUR)
    known = seen(Metric.PRICE, 7.0, T0 + 24 * HOUR)
    found = writing.columns(BTC, [*(seen(m, value, T0 + n * HOUR) for m, value, n in said), known], times, HOUR)

    writing.write(path, writing.table("gate", times, {"BTC": found}, HOUR, {}))

    assert read(path).times[-1] == times[-1]
    assert open_recording(path).coins == ["BTC"]


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    path, times = tmp_path / "a.parquet", writing.ends(DAY, HOUR)
    whole = writing.table("gate", times, {"BTC": {"price": np.full(24, 5.0)}}, HOUR, {})
    writing.write(path, whole)

    with pytest.raises(AttributeError):
        writing.write(path, None)

    assert [p.name for p in tmp_path.iterdir()] == ["a.parquet"]
    assert open_recording(path).end == T0 + 24 * HOUR


def test_nothing_is_said_by_what_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 but cut off")

    assert writing.said_by(tmp_path / "x.parquet") == {}
    assert writing.said_by(tmp_path / "none.parquet") == {}
