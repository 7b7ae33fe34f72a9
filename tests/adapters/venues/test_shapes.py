"""The quick reading of a row finds what the patient one finds, and where it finds nothing the patient one is asked."""

import json
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.drafts import written
from adapters.venues.shapes import Decimal, row
from adapters.venues.wire import number
from signals.model import Metric, Observation
from tests.adapters.venues.answers import market
from tests.adapters.venues.readers import Reader, every
from tests.adapters.venues.spoiled import JUNK

AT = datetime(2026, 11, 23, 14, tzinfo=UTC)


class Asked(msgspec.Struct, rename="camel"):
    mark_price: Decimal = None
    volume: Decimal = msgspec.field(name="v", default=None)
    name: str = ""


WRITTEN = st.one_of(
    st.sampled_from([written for written in JUNK if not isinstance(written, str) or written.isascii()]),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(),
    st.text(max_size=8),
    st.from_regex(r"\A[+-]?[0-9_]{0,5}\.?[0-9]{0,5}([eE][+-]?[0-9]{1,4})?\Z"),
)


def patiently(raw: bytes) -> object:
    """The row with its numbers as they stand."""
    try:
        return msgspec.json.decode(raw, type=Asked, strict=False)
    except (msgspec.DecodeError, RecursionError):
        return None


@given(WRITTEN, WRITTEN)
def test_both_readings_find_the_same_numbers(price: object, volume: object) -> None:
    raw = json.dumps({"markPrice": price, "v": volume, "name": "BTC"}).encode()
    slow = patiently(raw)
    quick = row(msgspec.Raw(raw), Asked)

    if not isinstance(slow, Asked):
        assert quick is None
    else:
        assert quick is not None
        assert (number(quick.mark_price), number(quick.volume)) == (number(slow.mark_price), number(slow.volume))


def test_one_bad_number_costs_only_itself() -> None:
    read = row(msgspec.Raw(b'{"markPrice": "64000", "v": "", "name": "BTC"}'), Asked)

    assert read is not None
    assert (number(read.mark_price), number(read.volume), read.name) == (64_000.0, None, "BTC")


def test_numbers_of_a_good_row_are_numbers_at_once_and_absent_ones_none() -> None:
    read = row(msgspec.Raw(b'{"markPrice": "64000.5"}'), Asked)

    assert isinstance(read, Asked)
    assert (read.mark_price, read.volume) == (64_000.5, None)


@pytest.mark.parametrize("raw", [b"", b"7", b"[]", b'{"name": 7', b"<html>", b"\xff"])
def test_what_is_no_row_is_none(raw: bytes) -> None:
    assert row(msgspec.Raw(raw), Asked) is None


SEEN = Observation(
    Metric.FUNDING, "okx", "BTC-USDT-SWAP", "BTC", 0.0001, AT, AT, timedelta(seconds=30), timedelta(0), 8.0, AT, 0.0001
)


def test_a_written_observation_is_one_and_cannot_be_changed() -> None:
    one = written(
        Metric.FUNDING, "okx", "BTC-USDT-SWAP", "BTC", 0.0001, AT, AT, timedelta(seconds=30), interval_h=8.0,
        next_at=AT, rate=0.0001,
    )  # fmt: skip

    assert (type(one), one, hash(one), repr(one)) == (Observation, SEEN, hash(SEEN), repr(SEEN))
    assert replace(one, value=2.0) == replace(SEEN, value=2.0)
    with pytest.raises(FrozenInstanceError):
        one.value = 2.0  # type: ignore[misc] - that is the point


@pytest.mark.parametrize("reader", every(market(4)), ids=lambda one: f"{one.venue} {one.call}")
def test_numbers_may_be_written_as_strings_or_as_numbers(reader: Reader) -> None:
    """What is read of an answer does not depend on how its numbers are written."""
    tree = json.loads(reader.answer)

    assert reader.read(json.dumps(_rewritten(tree, _as_number)).encode()) == reader.read(reader.answer)


def _as_number(leaf: object) -> object:
    try:
        return float(leaf) if isinstance(leaf, str) and "." in leaf else leaf
    except ValueError:
        return leaf


def _rewritten(tree: object, leaf: Callable[[object], object]) -> object:
    if isinstance(tree, dict):
        return {key: _rewritten(value, leaf) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_rewritten(value, leaf) for value in tree]
    return leaf(tree)
