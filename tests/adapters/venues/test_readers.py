"""The answers that are written for tests are read whole, and no parser of a venue is left out."""

import inspect
from types import ModuleType

import pytest

from adapters.venues import binance, binance_past, bitget, bybit, coinglass, gate, hyperliquid, okx, okx_past
from adapters.venues.wire import Parsed, ParsedInstruments, ParsedLiquidations
from tests.adapters.venues.answers import market
from tests.adapters.venues.readers import Reader, every

COINS = market(6)
MODULES = (binance, binance_past, bybit, okx, okx_past, gate, bitget, hyperliquid, coinglass)
SEEN_INSIDE = {"data_of"}
"""Used by others of them."""
UNTIL_KNOWN = {"gate closes by unknown"}
"""Refused as a whole, which is meant."""


@pytest.mark.parametrize("reader", every(COINS), ids=lambda reader: f"{reader.venue} {reader.call}")
def test_an_answer_holds_something_and_what_is_refused_is_the_first_of_a_series(reader: Reader) -> None:
    read = reader.read(reader.answer)

    if f"{reader.venue} {reader.call}" in UNTIL_KNOWN:
        return
    if isinstance(read, Parsed):
        assert read.observations
        assert {row.reason for row in read.rejected} <= {"no-interval", "no-time", "future-time"}
        assert len(read.rejected) <= len(read.observations)
    elif isinstance(read, ParsedInstruments):
        assert len(read.listed) >= len(COINS)
        assert read.rejected == ()
    elif isinstance(read, ParsedLiquidations):
        assert read.liquidations
        assert read.rejected == ()


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_function_that_reads_bytes_is_tried(module: ModuleType) -> None:
    reading = {
        name
        for name, one in inspect.getmembers(module, inspect.isfunction)
        if one.__module__ == module.__name__ and not name.startswith("_")
        and next(iter(inspect.signature(one).parameters), "") in {"body", "frame"}
    }  # fmt: skip
    tried: set[str] = set()
    for reader in every(COINS):
        if reader.venue == module.NAME:
            tried |= names_in(reader.read)

    assert reading - SEEN_INSIDE <= tried


def names_in(read: object) -> set[str]:
    """The parser, however deep it is wrapped."""
    cells = [cell.cell_contents for cell in getattr(read, "__closure__", None) or ()]
    inside = set().union(*(names_in(cell) for cell in cells if inspect.isfunction(cell))) if cells else set()
    used = set(getattr(getattr(read, "__code__", None), "co_names", ()))
    return inside | used | {getattr(read, "__name__", "")}
