"""Answers spoiled at random, each by its own number of a seed, and what must be true of whatever is read from them."""

import json
import math
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random
from typing import TypeAlias

from adapters.venues.base import Unavailable
from adapters.venues.binance import Terms
from adapters.venues.gate import Close
from adapters.venues.wire import AHEAD, INTERVALS_H, Parsed, ParsedInstruments, ParsedLiquidations
from tests.adapters.venues import shared
from tests.adapters.venues.answers import market
from tests.adapters.venues.readers import Read, Reader, every
from tests.adapters.venues.spoiled import JUNK, assert_sound, assert_sound_closes, places

MOST_SECONDS = 0.05
"""CPU that one answer may cost."""
AGAIN = 3
"""How often an answer that cost more is read again: what else the process does is no fault of the answer."""
COINS = 3

Bytes: TypeAlias = Callable[[Random, bytes], bytes]

_DEEP, _LONG = "something deep", "a long number"
"""Stand for what no writer of JSON writes."""
_NESTS = (10, 300, 1_000, 20_000, 100_000)
_PAIR = re.compile(rb'"\w+":(?:"[^"]*"|[-\w.]+)')
_SCRAPS = (
    b"", b"[]", b"{}", b"null", b"true", b"0", b"-", b'"', b"[[[[", b'{"a":', b"\xff\xfe", b"\xef\xbb\xbf", b"NaN",
    b"Infinity", b"<html>", b"\x00", b"\\u0000", b"\\ud800", b"1e999", b",", b"}", b"]", b"pong", b"ping",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What was wrong with the reading of one answer; `number` and the seed make the answer again."""

    number: int
    venue: str
    call: str
    says: str


@dataclass
class Tally:
    """What came of many answers; times are whole microseconds of CPU."""

    payloads: int = 0
    refused_whole: int = 0
    values: int = 0
    rows_refused: Counter[str] = field(default_factory=Counter)
    microseconds: Counter[int] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count another one in."""
        self.payloads += other.payloads
        self.refused_whole += other.refused_whole
        self.values += other.values
        self.rows_refused += other.rows_refused
        self.microseconds += other.microseconds
        self.faults += other.faults

    def quantile(self, share: float) -> int:
        """The time that so many of all answers took at most."""
        left = share * self.microseconds.total()
        for microseconds, count in sorted(self.microseconds.items()):
            left -= count
            if left <= 0:
                return microseconds
        return 0


class Fuzzer:
    """Reads spoiled answers: documented ones, recorded ones where they are at hand, and those of other calls."""

    def __init__(self, seed: int, venues: Iterable[str] | None = None, readers: Sequence[Reader] | None = None) -> None:
        self._seed = seed
        known = readers if readers is not None else every(market(COINS))
        self._all = [reader.answer for reader in known]
        self._readers = [reader for reader in known if venues is None or reader.venue in set(venues)]
        self._recorded = {
            venue: [json.dumps(one).encode() for path in shared.files(venue) for one in shared.said(path)]
            for venue in shared.OF_VENUE
        }

    def run(self, numbers: Iterable[int]) -> Tally:
        """Read the answers of those numbers."""
        tally = Tally()
        for number in numbers:
            reader, body = self.answer(number)
            self._read(tally, number, reader, body)
        return tally

    def answer(self, number: int) -> tuple[Reader, bytes]:
        """The spoiled answer of that number, and who reads it."""
        random = Random(f"{self._seed} {number}")
        reader = random.choice(self._readers)
        recorded = self._recorded.get(reader.venue)
        which = random.random()
        if which < 0.1:
            whole = random.choice(self._all)
        elif which < 0.25 and recorded:
            whole = random.choice(recorded)
        else:
            whole = reader.answer
        return reader, spoil(random, whole)

    def _read(self, tally: Tally, number: int, reader: Reader, body: bytes) -> None:
        tally.payloads += 1
        try:
            seconds, read = _timed(reader, body)
            tally.microseconds[int(seconds * 1e6)] += 1
            tally.refused_whole += isinstance(read, Unavailable)
            _count(tally, read)
            check(read, reader)
            if seconds > MOST_SECONDS and (least := min(_timed(reader, body)[0] for _ in range(AGAIN))) > MOST_SECONDS:
                raise AssertionError(f"it took {least:.3f} s of CPU")
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            tally.faults.append(Fault(number, reader.venue, reader.call, f"{type(error).__name__}: {error}"[:500]))


def _timed(reader: Reader, body: bytes) -> tuple[float, Read | Unavailable]:
    """Seconds of CPU, and what was read, or how the answer was refused as a whole."""
    began = time.process_time()
    try:
        read: Read | Unavailable = reader.read(body)
    except Unavailable as refusal:
        read = refusal
    return time.process_time() - began, read


def _count(tally: Tally, read: object) -> None:
    match read:
        case Parsed(observations, rejected):
            tally.values += len(observations)
        case ParsedInstruments(listed, rejected):
            tally.values += len(listed)
        case ParsedLiquidations(liquidations, rejected):
            tally.values += len(liquidations)
        case _:
            return
    tally.rows_refused.update(row.reason for row in rejected)


# What must be true


def check(read: object, reader: Reader) -> None:
    """Raise AssertionError unless what was read can be let in."""
    match read:
        case Parsed(observations, rejected):
            assert_sound(observations, rejected, reader.known)
            assert all(seen.at <= seen.received + AHEAD for seen in observations), "it is of the future"
            rates = [(seen.rate, seen.interval_h) for seen in observations if seen.rate is not None]
            assert all(math.isfinite(rate) and hours in INTERVALS_H for rate, hours in rates), "a rate that cannot be"
        case ParsedInstruments(listed):
            assert all(of.instrument.symbol and of.instrument.coin for of in listed), "an instrument has no name"
            sizes = [size for of in listed for size in (of.instrument.multiplier, of.contract)]
            assert all(0 < size < math.inf for size in sizes), "an instrument has no size"
        case ParsedLiquidations(liquidations, rejected):
            assert_sound_closes(liquidations, rejected, reader.known)
        case dict():
            assert all(_is_sound(terms) for terms in read.values()), "terms that cannot be"
        case list():
            assert all(isinstance(one, Close) and math.isfinite(one.size) for one in read)


def _is_sound(terms: Terms) -> bool:
    bounds = math.isfinite(terms.lowest) and math.isfinite(terms.highest)
    return bounds and (terms.interval_h is None or terms.interval_h in INTERVALS_H)


# How answers are spoiled


def spoil(random: Random, answer: bytes) -> bytes:
    """The answer with some of what can go wrong on its way, at times nothing."""
    body = _tree_spoiled(random, answer) if random.random() < 0.7 else answer
    while random.random() < 0.3:
        body = random.choice(_BYTES)(random, body)
    return body


def _tree_spoiled(random: Random, answer: bytes) -> bytes:
    """Fields dropped, doubled, swapped or replaced, then written with what no writer writes."""
    tree = json.loads(answer)
    for _ in range(random.randint(1, 4)):
        _spoil(random, tree)
    body = json.dumps(tree, separators=(",", ":")).encode()
    nest = random.choice(_NESTS)
    deep = b"[" * nest + b"]" * nest if random.random() < 0.5 else b'{"a":' * nest + b"1" + b"}" * nest
    long = random.choice((b"9" * 5_000, b"-" + b"9" * 400, b"0." + b"0" * 3_000 + b"1", b"1e999", b"-1e-999"))
    return body.replace(f'"{_DEEP}"'.encode(), deep).replace(f'"{_LONG}"'.encode(), long)


def _spoil(random: Random, tree: object) -> None:
    found = list(places(tree))
    if not found:
        return
    inside, key = random.choice(found)
    match random.choice(("drop", "double", "replace", "replace", "junk", "swap", "shuffle")):
        case "drop":
            del inside[key]
        case "double" if isinstance(inside, list):
            inside.append(deepcopy(inside[key]))
        case "swap":
            other, place = random.choice(found)
            inside[key] = deepcopy(other[place])
        case "shuffle" if isinstance(inside, list):
            random.shuffle(inside)
        case "junk":
            inside[key] = random.choice(
                (_DEEP, _LONG, random.random() * 10 ** random.randint(-300, 300), [inside[key]])
            )
        case _:
            inside[key] = deepcopy(random.choice(JUNK))


def _flipped(random: Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(random.randint(1, 4) if body else 0):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _cut(random: Random, body: bytes) -> bytes:
    return body[: random.randint(0, len(body))]


def _holed(random: Random, body: bytes) -> bytes:
    start = random.randint(0, len(body))
    return body[:start] + body[start + random.randint(1, 40) :]


def _repeated(random: Random, body: bytes) -> bytes:
    start = random.randint(0, len(body))
    return body[:start] + body[start : start + random.randint(1, 200)] + body[start:]


def _stuffed(random: Random, body: bytes) -> bytes:
    at = random.randint(0, len(body))
    return body[:at] + random.choice(_SCRAPS) + body[at:]


def _twice_named(random: Random, body: bytes) -> bytes:
    """A field that is there twice, with another value the second time."""
    found = [match.span() for match in _PAIR.finditer(body, 0, 2_000)]
    if not found:
        return body
    start, end = random.choice(found)
    name = body[start : body.index(b":", start) + 1]
    value = random.choice((b"null", b'""', b"7", b"[]", b'"BTCUSDT"', b"-1"))
    return body[:end] + b"," + name + value + body[end:]


def _otherwise_encoded(random: Random, body: bytes) -> bytes:
    text = body.decode("utf-8", "replace")
    return text.encode(random.choice(("utf-16", "utf-32", "utf-8-sig")))


def _scrap(random: Random, _: bytes) -> bytes:
    return random.choice(_SCRAPS) * random.choice((1, 1, 2, 50_000))


_BYTES: Sequence[Bytes] = (
    _flipped, _flipped, _flipped, _cut, _holed, _repeated, _stuffed, _stuffed, _twice_named, _twice_named,
    _otherwise_encoded, _scrap,
)  # fmt: skip


def summary(tally: Tally, seed: int) -> Mapping[str, object]:
    """One report."""
    return {
        "fuzz": "venues",
        "seed": seed,
        "payloads": tally.payloads,
        "refused_whole": tally.refused_whole,
        "values_let_in": tally.values,
        "rows_refused": dict(tally.rows_refused.most_common()),
        "cpu_microseconds": {
            "p50": tally.quantile(0.5),
            "p99.9": tally.quantile(0.999),
            "max": max(tally.microseconds, default=0),
        },
        "failures": [
            {"seed": seed, "number": one.number, "venue": one.venue, "call": one.call, "says": one.says}
            for one in tally.faults
        ],
    }
