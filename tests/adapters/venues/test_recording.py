import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from adapters.venues.base import BadRecording, Label, Rejected
from adapters.venues.recording import Frame, Recording, open_recording
from bot.market import play, whole
from signals.aggregate import is_fresh
from signals.model import Kind, Metric, Observation
from tests.recordings import START, TYPES, Row, funding_story, table, write

DATA = Path(__file__).parents[3].parent / "shared" / "data"
HOUR = timedelta(hours=1)


def real(name: str) -> Recording:
    path = DATA / f"{name}.parquet"
    if not path.exists():
        pytest.skip("recordings not available")
    return open_recording(path)


def row(hour: int, venue: str = "binance", symbol: str = "BTC", **numbers: float) -> Row:
    return {"time": START + hour * HOUR, "venue": venue, "symbol": symbol, **numbers}


def recorded(folder: Path, *rows: Row, **metadata: str) -> Recording:
    return open_recording(write(folder / "some.parquet", rows, **metadata))


def frames(recording: Recording) -> Sequence[Frame]:
    return list(recording.frames(None, None))


def value(recording: Recording, metric: Metric, venue: str, symbol: str, at: str) -> float:
    seen = recording.observations(datetime.fromisoformat(at).replace(tzinfo=UTC))
    return next(o.value for o in seen if (o.metric, o.venue, o.symbol) == (metric, venue, symbol))


# What is in a file


MEANT: Mapping[Metric, str] = {
    Metric.PRICE: "price",
    Metric.OI_LEVEL: "open_interest",
    Metric.LS: "long_short_accounts",
    Metric.LS_TOP: "long_short_top_accounts",
    Metric.LS_POS: "long_short_top_positions",
    Metric.LIQ_LONG: "liquidated_long_usd",
    Metric.LIQ_SHORT: "liquidated_short_usd",
    Metric.VOLUME: "futures_volume_usd",
    Metric.VOLUME_SPOT: "spot_volume_usd",
    Metric.TAKER_BUY: "taker_buy_usd",
    Metric.TAKER_SELL: "taker_sell_usd",
}
"""The canonical form, written down a second time."""


def test_each_column_becomes_its_metric_at_the_end_of_its_bar(tmp_path: Path) -> None:
    numbers = {column: float(n) for n, column in enumerate(MEANT.values(), start=1)}

    recording = recorded(tmp_path, row(1, **numbers))

    seen = {o.metric: o for o in recording.observations(START + HOUR)}
    assert {metric: o.value for metric, o in seen.items()} == {m: numbers[c] for m, c in MEANT.items()}
    assert all(o.at == o.received == START + HOUR for o in seen.values())
    assert all(o.span == (HOUR if o.metric.kind is Kind.SUM else timedelta(0)) for o in seen.values())
    assert {o.metric for o in seen.values() if o.floor} == {Metric.LIQ_LONG, Metric.LIQ_SHORT}


def test_a_recording_says_what_it_is(tmp_path: Path) -> None:
    recording = recorded(tmp_path, row(1, price=1.0), row(3, symbol="1000PEPE", price=1.0), source="a test")

    assert (recording.name, recording.source, recording.label) == ("some.parquet", "a test", Label.SIMULATED)
    assert recording.coins == ["BTC", "PEPE"]
    assert (recording.start, recording.end, recording.step) == (START + HOUR, START + 3 * HOUR, HOUR)
    assert recording.times() == [START + n * HOUR for n in (1, 2, 3)]
    assert recording.past() == ()


def test_a_unit_of_a_thousand_becomes_coins(tmp_path: Path) -> None:
    recording = recorded(tmp_path, row(1, symbol="1000PEPE", price=0.008, open_interest=5e6))

    seen = {o.metric: o for o in recording.observations(START + HOUR)}

    assert seen[Metric.PRICE].value == pytest.approx(0.000008)
    assert seen[Metric.OI_LEVEL].value == pytest.approx(5e9)
    assert {(o.symbol, o.coin) for o in seen.values()} == {("1000PEPE", "PEPE")}
    assert [i.multiplier for i in recording.instruments(START + HOUR)] == [1000.0]


def test_coins_are_never_made_from_dollars(tmp_path: Path) -> None:
    recording = recorded(tmp_path, row(1, price=100.0, open_interest_usd=1e6))

    assert [o.metric for o in recording.observations(START + HOUR)] == [Metric.PRICE]


def test_a_zero_is_a_value_and_a_null_is_none(tmp_path: Path) -> None:
    recording = recorded(tmp_path, row(1, price=1.0, liquidated_long_usd=0.0))

    seen = {o.metric: o.value for o in recording.observations(START + HOUR)}

    assert seen == {Metric.PRICE: 1.0, Metric.LIQ_LONG: 0.0}


def test_how_a_table_is_cut_and_how_its_names_are_stored_does_not_matter(tmp_path: Path) -> None:
    whole, cut = funding_story(tmp_path / "whole.parquet"), tmp_path / "cut.parquet"
    stored = parquet.read_table(whole)
    for name in ("venue", "symbol"):
        stored = stored.set_column(stored.schema.get_field_index(name), name, stored[name].cast(pa.large_string()))
    parquet.write_table(stored, cut, row_group_size=7, compression="zstd")

    assert frames(open_recording(cut)) == frames(open_recording(whole))


# Funding


def test_a_settled_rate_is_the_last_one_until_the_next_is_due(tmp_path: Path) -> None:
    recording = recorded(tmp_path, row(8, funding_rate=0.0002, funding_interval_hours=4.0), row(20, price=1.0))

    (seen,) = recording.observations(START + 8 * HOUR)

    assert (seen.metric, seen.value, seen.rate, seen.interval_h) == (Metric.FUNDING_SETTLED, 0.0004, 0.0002, 4.0)
    assert seen.next_at == START + 12 * HOUR
    assert is_fresh(seen, START + 12 * HOUR)
    assert not is_fresh(seen, START + 13 * HOUR)
    assert recording.observations(START + 9 * HOUR) == ()


def test_a_change_of_interval_is_no_change_of_the_rate(tmp_path: Path) -> None:
    recording = recorded(
        tmp_path,
        row(8, funding_rate=0.0008, funding_interval_hours=8.0),
        row(12, funding_rate=0.0004, funding_interval_hours=4.0),
    )

    rates = [o.value for frame in frames(recording) for o in frame.observations]

    assert rates == [0.0008, 0.0008]


def test_a_rate_without_an_interval_is_refused_and_said(tmp_path: Path) -> None:
    recording = recorded(tmp_path, row(8, price=1.0, funding_rate=0.0001))
    (venue,) = recording.venues(lambda: START + 8 * HOUR)

    batch = asyncio.run(venue.snapshot(venue.feeds[0], ()))

    assert [o.metric for o in batch.observations] == [Metric.PRICE]
    assert batch.rejected == (Rejected("BTC", "no-interval"),)


@pytest.mark.parametrize(
    ("venue", "metadata", "metric"),
    [
        ("binance", {}, Metric.FUNDING_SETTLED),
        ("binance", {"funding": "settled", "bar_seconds": "86400"}, Metric.FUNDING_SETTLED),
        ("binance", {"funding": "running"}, Metric.FUNDING),
        ("binance", {"bar_seconds": "86400"}, Metric.FUNDING),
        ("coinglass", {}, Metric.FUNDING),
        ("coinglass", {"funding": "settled"}, Metric.FUNDING),
    ],
)
def test_whether_a_rate_was_settled_follows_from_the_file(
    tmp_path: Path, venue: str, metadata: Mapping[str, str], metric: Metric
) -> None:
    recording = recorded(tmp_path, row(24, venue, funding_rate=0.0001, funding_interval_hours=8.0), **metadata)

    (seen,) = recording.observations(START + 24 * HOUR)

    assert seen.metric is metric
    assert (seen.next_at is None) == (metric is Metric.FUNDING)


# Moments


def test_a_hole_has_its_moments_and_nothing_in_them(tmp_path: Path) -> None:
    recording = recorded(tmp_path, row(1, price=1.0), row(4, price=2.0))

    played = frames(recording)

    assert [frame.at for frame in played] == [START + n * HOUR for n in (1, 2, 3, 4)]
    assert [len(frame.observations) for frame in played] == [1, 0, 0, 1]
    assert [frame.instruments is not None for frame in played] == [True, False, False, False]


def test_a_level_is_not_carried_into_a_bar_without_it(tmp_path: Path) -> None:
    recording = recorded(tmp_path, row(1, price=1.0), row(2, futures_volume_usd=1.0), row(3, price=1.0))

    known = [cycle.readings["BTC"][Metric.PRICE].value for cycle in play(recording, whole(recording))]

    assert known == [1.0, None, 1.0]


def test_an_instrument_is_listed_from_its_first_value_to_its_last(tmp_path: Path) -> None:
    recording = recorded(
        tmp_path,
        row(1, symbol="BTC", price=1.0),
        row(2, symbol="BTC", open_interest=1.0),
        row(2, symbol="ETH", price=1.0),
        row(3, symbol="BTC", price=1.0),
    )

    listed = [[(i.coin, set(i.metrics)) for i in frame.instruments or ()] for frame in frames(recording)]

    assert listed == [
        [("BTC", {Metric.PRICE})],
        [("BTC", {Metric.PRICE, Metric.OI_LEVEL}), ("ETH", {Metric.PRICE})],
        [("BTC", {Metric.PRICE})],
    ]


def test_a_settled_rate_is_offered_until_it_is_stale(tmp_path: Path) -> None:
    recording = recorded(
        tmp_path, row(1, funding_rate=0.0001, funding_interval_hours=2.0), row(5, venue="okx", price=1.0)
    )

    listed = [
        Metric.FUNDING_SETTLED in {m for i in recording.instruments(at) for m in i.metrics} for at in recording.times()
    ]

    assert listed == [True, True, True, False, False]


def test_frames_can_be_cut_at_both_ends(tmp_path: Path) -> None:
    recording = recorded(tmp_path, *(row(n, price=1.0) for n in range(1, 6)))

    cut = list(recording.frames(START + 2 * HOUR, START + 4 * HOUR))

    assert [frame.at for frame in cut] == [START + n * HOUR for n in (2, 3, 4)]
    assert cut[0].instruments is not None


def by_key(seen: Sequence[Observation]) -> Sequence[Observation]:
    return sorted(seen, key=lambda o: (o.venue, o.symbol, o.metric))


def test_asking_the_venues_gives_the_same_as_playing_the_frames(tmp_path: Path) -> None:
    recording = open_recording(funding_story(tmp_path / "story.parquet"))
    now = [recording.start]
    venues = recording.venues(lambda: now[0])

    async def asked(at: datetime) -> tuple[Sequence[Observation], Sequence[object]]:
        now[0] = at
        batches = [await v.snapshot(feed, ()) for v in venues for feed in v.feeds]
        listed = [i for v in venues for i in await v.instruments()]
        return [o for batch in batches for o in batch.observations], listed

    listed: Sequence[object] = ()
    for frame in recording.frames(None, None):
        seen, now_listed = asyncio.run(asked(frame.at))
        listed = frame.instruments if frame.instruments is not None else listed
        assert by_key(seen) == by_key(frame.observations)
        assert now_listed == list(listed)


# Fixed points of the real recordings


@pytest.mark.parametrize(
    ("file", "metric", "venue", "symbol", "at", "wanted"),
    [
        ("daily_2019_2025", Metric.PRICE, "binance", "BTC", "2021-01-01", 28_792.58),
        ("daily_2019_2025", Metric.LIQ_LONG, "coinglass", "BTC", "2021-05-20", 1_386_008_448),
        ("daily_2019_2025", Metric.FUNDING, "coinglass", "BTC", "2021-05-20", -0.0005601),
        ("daily_2019_2025", Metric.PRICE, "binance", "BTC", "2024-08-06", 54_003.1),
        ("august_2024_1h", Metric.PRICE, "binance", "BTC", "2024-08-06", 54_003.1),
        ("august_2024_1h", Metric.PRICE, "binance", "BTC", "2024-08-05T13:00", 49_790),
        ("venues_1h_2025_2026", Metric.FUNDING_SETTLED, "hyperliquid", "BTC", "2025-03-08T16:00", 0.0001),
        ("universe_4h_2026", Metric.FUNDING_SETTLED, "binance", "LYN", "2026-03-15T16:00", -0.0161582),
    ],
)
def test_the_fixed_points_of_the_real_recordings(
    file: str, metric: Metric, venue: str, symbol: str, at: str, wanted: float
) -> None:
    assert value(real(file), metric, venue, symbol, at) == pytest.approx(wanted, rel=1e-4)


def test_the_largest_bar_of_february_2025_is_complete() -> None:
    recording, at = real("bars_4h_2024_2025"), "2025-02-03T04:00"

    both = [value(recording, metric, "binance", "BTC", at) for metric in (Metric.LIQ_LONG, Metric.LIQ_SHORT)]

    assert sum(both) == pytest.approx(69.4e6, rel=1e-3)


def test_open_interest_of_every_fourth_hour_stays_in_its_hour() -> None:
    recording = real("binance_1h_2025_2026")
    after = datetime(2026, 2, 21, tzinfo=UTC)

    known = [
        any(o.metric is Metric.OI_LEVEL and o.coin == "BTC" for o in frame.observations)
        for frame in recording.frames(after, after + 7 * HOUR)
    ]

    assert known == [True, False, False, False] * 2


def test_the_hole_of_five_months_is_empty_and_counted() -> None:
    recording = real("venues_1h_2025_2026")
    inside = list(recording.frames(datetime(2025, 7, 1, 2, tzinfo=UTC), datetime(2025, 11, 30, 23, tzinfo=UTC)))

    assert len(inside) == 152 * 24 + 22
    assert not any(frame.observations for frame in inside)


# What is refused


def rows() -> Sequence[Row]:
    return [row(1, price=1.0, futures_volume_usd=2.0), row(2, price=1.0), row(2, venue="okx", price=1.0)]


def with_column(name: str, values: pa.Array) -> pa.Table:
    good = table(rows())
    return good.set_column(good.schema.get_field_index(name), name, values)


def with_number(name: str, number: float) -> pa.Table:
    return with_column(name, pa.array([number, None, None], pa.float64(), from_pandas=False))


def at(*times: object, kind: pa.DataType = TYPES["time"]) -> pa.Table:
    return with_column("time", pa.array(times, kind))


def said(**metadata: str) -> pa.Table:
    return table(rows(), **metadata)


def unsaid(key: str) -> pa.Table:
    good = table(rows())
    return good.replace_schema_metadata({k: v for k, v in good.schema.metadata.items() if k != key.encode()})


T = [START, START + HOUR, START + HOUR]
BROKEN: Mapping[str, tuple[pa.Table, str]] = {
    "a missing column": (table(rows()).drop_columns(["price", "symbol"]), "symbol, price must be there once each"),
    "a repeated column": (table(rows()).append_column("price", pa.array([1.0, 1.0, 1.0])), "price must be there once"),
    "no Parquet type for numbers": (with_column("price", pa.array([1, 2, 3])), "price must be float64"),
    "names that are numbers": (with_column("venue", pa.array([1, 2, 3])), "venue must be strings"),
    "times without a zone": (at(*T, kind=pa.timestamp("ms")), "Store it as timestamp[ms, UTC]"),
    "times of another zone": (at(*T, kind=pa.timestamp("ms", tz="Asia/Tokyo")), "Store it as timestamp[ms, UTC]"),
    "times in nanoseconds": (at(*T, kind=pa.timestamp("ns", tz="UTC")), "Store it as timestamp[ms, UTC]"),
    "times that are text": (at("a", "b", "c", kind=pa.string()), "Store it as timestamp[ms, UTC]"),
    "seconds read as milliseconds": (at(*(1_767_600_000 + n for n in (0, 1, 1))), "milliseconds since 1970"),
    "a time far away": (at(*(4_200_000_000_000_000 + n for n in (0, 1, 1))), "milliseconds since 1970"),
    "a time off the bars": (at(*(t + timedelta(minutes=1) for t in T)), "Label every row by the end of its bar"),
    "an unknown time": (at(None, T[1], T[2]), "time must be known in every row"),
    "an unknown venue": (with_column("venue", pa.array([None, "a", "b"], pa.string())), "venue must be known"),
    "an empty symbol": (with_column("symbol", pa.array(["", "a", "b"])), "symbol must be known"),
    "names that are no text": (with_column("venue", pa.array([b"\xff"] * 3).view(pa.string())), "damaged or cut off"),
    "no label": (unsaid("perpwatch.label"), "REAL or SIMULATED"),
    "a wrong label": (said(label="TRUE"), "REAL or SIMULATED"),
    "the label of live numbers": (said(label="LIVE"), "REAL or SIMULATED"),
    "no bar length": (unsaid("perpwatch.bar_seconds"), "perpwatch.bar_seconds must be"),
    "a bar length in words": (said(bar_seconds="an hour"), "perpwatch.bar_seconds must be"),
    "a negative bar length": (said(bar_seconds="-3600"), "perpwatch.bar_seconds must be"),
    "a bar length of nothing": (said(bar_seconds="0"), "perpwatch.bar_seconds must be"),
    "a bar length that fits no day": (said(bar_seconds="3500"), "a divisor of a day"),
    "a bar length in other digits": (said(bar_seconds="³"), "perpwatch.bar_seconds must be"),
    "an endless bar length": (said(bar_seconds="9" * 5000), "perpwatch.bar_seconds must be"),
    "a schema of the future": (said(schema="2"), "schema version 2"),
    "funding of an unknown kind": (said(funding="predicted"), "perpwatch.funding must be running or settled"),
    "no metadata at all": (table(rows()).replace_schema_metadata(None), "REAL or SIMULATED"),
    "no rows": (table([]), "it has no rows"),
    "NaN": (with_number("price", float("nan")), "price is NaN in a row. Write null"),
    "infinity": (with_number("open_interest", float("inf")), "open_interest is infinite in a row. Write null"),
    "negative infinity": (with_number("funding_rate", float("-inf")), "funding_rate is infinite in a row"),
    "a negative price": (with_number("price", -1.0), "price is not above 0"),
    "a price of zero": (with_number("price", 0.0), "price is not above 0"),
    "negative open interest": (with_number("open_interest", -1.0), "open_interest is below 0"),
    "a negative sum": (with_number("liquidated_short_usd", -1.0), "liquidated_short_usd is below 0"),
    "a negative ratio": (with_number("long_short_accounts", -1.0), "long_short_accounts is below 0"),
    "an interval of zero": (with_number("funding_interval_hours", 0.0), "funding_interval_hours is not above 0"),
    "an interval in minutes": (with_number("funding_interval_hours", 480.0), "funding_interval_hours is above 24"),
    "a rate of more than all": (with_number("funding_rate", -1.5), "fractions per interval"),
    "the same row twice": (table([*rows(), rows()[-1]]), "Keep one of them"),
    "rows out of order in time": (table([*rows()][::-1]), "Sort them by time, venue and symbol"),
    "rows out of order in time alone": (
        table([row(2, "a", "A", price=1.0), row(1, "b", "B", price=1.0)]),
        "Sort them by time, venue and symbol",
    ),
    "rows out of order in venue": (table([row(1, "okx", price=1.0), row(1, price=1.0)]), "Sort them by time"),
    "rows out of order in symbol": (table([row(1, symbol=s, price=1.0) for s in "BA"]), "Sort them by time"),
}


@pytest.mark.parametrize(("broken", "says"), BROKEN.values(), ids=BROKEN.keys())
def test_what_is_not_canonical_is_refused_with_its_cure(tmp_path: Path, broken: pa.Table, says: str) -> None:
    path = tmp_path / "broken.parquet"
    parquet.write_table(broken, path)

    with pytest.raises(BadRecording) as refused:
        open_recording(path)

    sentence = str(refused.value)
    assert says in sentence
    assert sentence.startswith(str(path))
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_the_same_table_unbroken_is_read(tmp_path: Path) -> None:
    assert recorded(tmp_path, *rows(), schema="1").coins == ["BTC"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match=r"nosuch\.parquet does not exist\. Check the name"):
        open_recording(tmp_path / "nosuch.parquet")


def test_a_folder_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(BadRecording, match=r"is a folder\. Name one Parquet file in it"):
        open_recording(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PAR1", b"time,venue,symbol\n", b"PAR1" + bytes(100) + b"PAR1"])
def test_what_is_no_parquet_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.parquet"
    path.write_bytes(content)

    with pytest.raises(BadRecording, match="is no Parquet file, or it is damaged or cut off"):
        open_recording(path)


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    path = funding_story(tmp_path / "story.parquet")
    content = path.read_bytes()

    for length in range(0, len(content), 101):
        path.write_bytes(content[:length])
        with pytest.raises(BadRecording, match="cut off"):
            open_recording(path)


def test_a_file_damaged_in_its_middle_is_refused(tmp_path: Path) -> None:
    path = funding_story(tmp_path / "story.parquet")
    content = path.read_bytes()
    path.write_bytes(content[:4] + bytes(400) + content[404:])

    with pytest.raises(BadRecording):
        open_recording(path)


# Any canonical table reads back

LEVELS = st.floats(1e-9, 1e13)
NUMBERS: Mapping[str, st.SearchStrategy[float]] = {
    **dict.fromkeys((*MEANT.values(), "open_interest_usd"), LEVELS),
    "funding_rate": st.floats(-1, 1),
    "funding_interval_hours": st.sampled_from((1.0, 2.0, 4.0, 8.0)),
}
ROW_KEYS = st.tuples(
    st.integers(0, 30), st.sampled_from(("binance", "coinglass", "okx")), st.sampled_from(("BTC", "ETH"))
)


def any_rows() -> st.SearchStrategy[Sequence[Row]]:
    numbers = st.fixed_dictionaries({}, optional=NUMBERS)
    tables = st.dictionaries(ROW_KEYS, numbers, min_size=1, max_size=12)
    return tables.map(lambda by_key: [row(*key, **by_key[key]) for key in sorted(by_key)])


def in_words(rows: Sequence[Row]) -> Iterator[tuple[object, object, object, Metric, object]]:
    """What the rows say, read in the plainest way: symbols without multipliers, hourly bars."""
    for one in rows:
        said = [(metric, one[column]) for metric, column in MEANT.items() if column in one]
        if "funding_rate" in one and "funding_interval_hours" in one:
            metric = Metric.FUNDING if one["venue"] == "coinglass" else Metric.FUNDING_SETTLED
            said.append((metric, float(str(one["funding_rate"])) * 8 / float(str(one["funding_interval_hours"]))))
        for metric, number in said:
            yield one["time"], one["venue"], one["symbol"], metric, number


@settings(max_examples=60, deadline=None)
@given(rows=any_rows())
def test_any_canonical_table_reads_back(tmp_path_factory: pytest.TempPathFactory, rows: Sequence[Row]) -> None:
    recording = recorded(tmp_path_factory.mktemp("any"), *rows)

    played = [(o.at, o.venue, o.symbol, o.metric, o.value) for frame in frames(recording) for o in frame.observations]

    assert sorted(played) == sorted(in_words(rows))


@settings(max_examples=60, deadline=None)
@given(rows=any_rows())
def test_whoever_says_something_is_listed_for_it_at_that_moment(
    tmp_path_factory: pytest.TempPathFactory, rows: Sequence[Row]
) -> None:
    recording = recorded(tmp_path_factory.mktemp("any"), *rows)

    for moment in recording.times():
        listed = {(i.venue, i.symbol, m) for i in recording.instruments(moment) for m in i.metrics}
        assert {(o.venue, o.symbol, o.metric) for o in recording.observations(moment)} <= listed
