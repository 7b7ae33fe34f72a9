"""Answers of venues as a bad day sends them: fields dropped, replaced and doubled, bytes flipped, ends cut."""

import json
import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from adapters.venues.base import Unavailable
from adapters.venues.wire import Known, Parsed, ParsedInstruments, ParsedLiquidations

Parse = Callable[[bytes], Parsed | ParsedInstruments | ParsedLiquidations]
Where = tuple[Any, Any]
"""A container and the key or index of one value in it."""

NONSENSE = [
    "", None, "NaN", "-", "null", "Infinity", "1e999", "-1", -1, 0, "0", 1e308, "1e308", 1e-308, 10**40, "huge",
    True, [], {}, [[]], {"a": []}, "\u0000", "9" * 400, 1795442400, "-0.0", "1_000",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hurt:
    """One injury: what happens to the value that is `at` (a share of all values) of the answer."""

    kind: str
    at: float
    value: Any


hurts = st.builds(Hurt, st.sampled_from(["drop", "replace", "double"]), st.floats(0, 0.999), st.sampled_from(NONSENSE))


def damaged(*examples: str) -> st.SearchStrategy[bytes]:
    """One of the examples after up to four injuries, perhaps with a flipped byte, perhaps cut."""
    return st.builds(
        _damage,
        st.sampled_from(examples),
        st.lists(hurts, max_size=4),
        st.none() | st.tuples(st.floats(0, 0.999), st.integers(0, 255)),
        st.just(1.0) | st.floats(0, 1),
    )


def assert_harmless(parse: Parse, body: bytes, known: Known) -> None:
    """It raises nothing but Unavailable, holds finite values only, and nothing that is not listed."""
    try:
        parsed = parse(body)
    except Unavailable:
        return
    match parsed:
        case Parsed():
            assert all(math.isfinite(seen.value) for seen in parsed.observations)
            assert {seen.symbol for seen in parsed.observations} <= set(known)
        case ParsedLiquidations():
            assert all(math.isfinite(one.usd) and one.usd > 0 for one in parsed.liquidations)
            assert {one.symbol for one in parsed.liquidations} <= set(known)
        case ParsedInstruments():
            assert all(0 < of.contract < math.inf for of in parsed.listed)


def _damage(example: str, injuries: list[Hurt], flip: tuple[float, int] | None, kept: float) -> bytes:
    answer = [json.loads(example)]
    for hurt in injuries:
        places = list(_places(answer))
        if places:
            _hurt(places[int(hurt.at * len(places))], hurt)
    body = bytearray(json.dumps(answer[0] if answer else None).encode())
    if flip is not None and body:
        body[int(flip[0] * len(body))] = flip[1]
    return bytes(body[: int(kept * len(body))])


def _places(inside: dict[str, Any] | list[Any]) -> Iterator[Where]:
    keys = list(inside) if isinstance(inside, dict) else range(len(inside))
    for key in keys:
        yield inside, key
        if isinstance(inside[key], dict | list):
            yield from _places(inside[key])


def _hurt(place: Where, hurt: Hurt) -> None:
    inside, key = place
    if hurt.kind == "drop":
        del inside[key]
    elif hurt.kind == "double" and isinstance(inside, list):
        inside.append(deepcopy(inside[key]))
    else:
        inside[key] = deepcopy(hurt.value)
