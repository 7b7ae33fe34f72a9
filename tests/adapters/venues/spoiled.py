"""Answers of venues as they should never be, and what must be true of whatever is read from them."""

import json
import math
from collections.abc import Iterable, Iterator
from copy import deepcopy

from hypothesis import strategies as st

from adapters.venues.base import Rejected
from adapters.venues.wire import Known, Reason
from signals.model import Liquidation, Observation

_TOO_LARGE = "a number that is too large"
"""Stands for 1e999, which no writer of JSON writes."""

JUNK = (
    "",
    "-",
    "NaN",
    "Infinity",
    "1e999",
    "1e308",
    "5e-324",
    "-5",
    "0",
    "BTCUSDT",
    "9" * 5000,
    None,
    True,
    0,
    -1,
    10**30,
    1e308,
    1e-308,
    1_795_442_400,
    1_795_446_000_000_000,
    [],
    {},
    _TOO_LARGE,
)


@st.composite
def spoiled(draw: st.DrawFn, answer: str) -> bytes:
    """The answer with fields dropped, doubled or replaced, then perhaps with other bytes or an early end."""
    tree = json.loads(answer)
    for _ in range(draw(st.integers(1, 4))):
        _spoil(draw, tree)
    body = bytearray(json.dumps(tree).replace(f'"{_TOO_LARGE}"', "1e999").encode())
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 3]))):
        body[draw(st.integers(0, len(body) - 1))] = draw(st.integers(0, 255))
    end = draw(st.one_of(st.just(len(body)), st.just(len(body)), st.integers(0, len(body))))
    return bytes(body[:end])


def assert_sound(observations: Iterable[Observation], rejected: Iterable[Rejected], known: Known) -> None:
    """Every value is a number above or at zero unless it is a rate, of a listed instrument; refusals have reasons."""
    for seen in observations:
        of = known[seen.symbol].instrument
        assert math.isfinite(seen.value)
        assert seen.value >= 0 or seen.rate is not None
        assert (seen.venue, seen.coin) == (of.venue, of.coin)
    assert {row.reason for row in rejected} <= set(Reason)


def assert_sound_closes(liquidations: Iterable[Liquidation], rejected: Iterable[Rejected], known: Known) -> None:
    """Every forced close is of a listed instrument and worth a finite sum above zero."""
    for closed in liquidations:
        assert closed.coin == known[closed.symbol].instrument.coin
        assert closed.coins > 0
        assert closed.price > 0
        assert math.isfinite(closed.usd)
    assert {row.reason for row in rejected} <= set(Reason)


def _spoil(draw: st.DrawFn, tree: object) -> None:
    found = list(places(tree))
    if not found:
        return
    inside, key = draw(st.sampled_from(found))
    match draw(st.sampled_from(("drop", "double", "replace", "replace"))):
        case "drop":
            del inside[key]
        case "double" if isinstance(inside, list):
            inside.append(deepcopy(inside[key]))
        case _:
            inside[key] = draw(st.sampled_from(JUNK))


def places(tree: object) -> Iterator[tuple]:
    """Every place in a tree of JSON: what holds it, and its key in there."""
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in inside:
        yield tree, key
        yield from places(value)
