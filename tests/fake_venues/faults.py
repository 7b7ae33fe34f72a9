"""Faults as data: what goes wrong at a venue, from when until when, where, and how much."""

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Kind(StrEnum):
    """What goes wrong."""

    # the venue refuses
    TOO_MANY = "429"
    """`value` seconds stand in Retry-After; without a value there is none."""
    BANNED = "418"
    """Until the fault ends, as its body says."""
    FREQUENT = "403 access too frequent"
    REGION = "451"
    FORBIDDEN = "403"
    BROKEN = "5xx"
    """`value` is the status, 503 without."""
    NEARLY_USED = "header says 95 % used"

    # the answer comes badly
    TIMEOUT = "never answers"
    LATE = "late answer"
    """After `value` seconds, 5 without."""
    DRIP = "byte by byte"
    """`value` bytes a second."""
    TRUNCATED = "truncated"
    HTML = "html"
    """`value` is the status, 200 without."""
    STALE_BODY = "stale body"
    STALE_TIMES = "stale times"
    AHEAD = "times one hour ahead"
    SECONDS = "seconds for milliseconds"
    MICROSECONDS = "microseconds for milliseconds"

    # rows are bad
    PARTIAL = "partial list"
    """`share` of the rows, 0.4 without."""
    FIRST_PAGE = "first page only"
    HUNDRED = "exactly 100 rows"
    JUNK = "junk values"
    """`junk` stands where numbers should be."""
    MISSING_KEYS = "missing keys"
    EXTRA_KEYS = "extra keys"
    SHIFTED = "one context too many"
    """Hyperliquid's contexts are one more than its names."""

    # the world changes
    DELISTED = "delisted"
    MASS_DELISTING = "mass delisting"
    """`share` of the rows, 0.1 without."""
    ERROR_BODY = "200 with an error body"
    REDENOMINATED = "redenominated"
    """`value` new coins for one old, 1000 without."""
    CONTRACT_SIZE = "contract size"
    """`value` times the coins in one contract, 10 without."""
    INTERVAL = "interval"
    """`value` hours."""
    LATE_INFO = "fundingInfo lists late"
    TICK = "100x tick"
    ZERO_PRICE = "zero price"
    MAINTENANCE = "maintenance"
    """The last price is repeated and volumes are frozen."""

    # the stream is bad
    SILENT = "connected but silent"
    CHANNEL_DEAD = "channel dead, heartbeat alive"
    STALLED = "stall, then burst"
    DUPLICATED = "duplicated frames"
    REORDERED = "reordered frames"
    DISCONNECTED = "disconnected"


JUNK: Sequence[str | None] = ("", None, "-", "NaN", "@raw 1e999", "-1")
"""What stands for nothing, or is none of what is documented."""

STREAM = frozenset({Kind.SILENT, Kind.CHANNEL_DEAD, Kind.STALLED, Kind.DUPLICATED, Kind.REORDERED, Kind.DISCONNECTED})


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong at `venue` from `since` until before `until`.

    Only calls whose path contains `path`, only `coins`, and only a `share` of what is left, chosen once by name;
    junk and missing values only at `keys`, where they are named.
    """

    venue: str
    kind: Kind
    since: datetime
    until: datetime
    path: str = ""
    coins: frozenset[str] | None = None
    share: float | None = None
    value: float | None = None
    junk: str | None = ""
    keys: frozenset[str] | None = None

    def on(self, venue: str, at: datetime, path: str = "") -> bool:
        """Whether it holds for that venue, time and path."""
        return self.venue in {venue, "*"} and self.since <= at < self.until and self.path in path

    def touches(self, coin: str, symbol: str, usual: float = 1.0) -> bool:
        """Whether that row is meant."""
        if self.coins is not None and coin not in self.coins:
            return False
        share = usual if self.share is None else self.share
        return share >= 1 or lot(symbol, self.kind) < share


def holding(
    faults: Iterable[Fault], kinds: Iterable[Kind], venue: str, at: datetime, path: str = ""
) -> Sequence[Fault]:
    """Those of the kinds that hold."""
    wanted = frozenset(kinds)
    return [each for each in faults if each.kind in wanted and each.on(venue, at, path)]


def lot(*names: str) -> float:
    """From 0 to below 1, always the same for the same names."""
    return int.from_bytes(hashlib.blake2b(":".join(names).encode(), digest_size=6).digest()) / 2**48


FREQUENT_KINDS: Sequence[tuple[Kind, float | None]] = (
    (Kind.TOO_MANY, 20),
    (Kind.TOO_MANY, None),
    (Kind.BROKEN, 503),
    (Kind.BROKEN, 502),
    (Kind.TIMEOUT, None),
    (Kind.DRIP, 2_000),
    (Kind.LATE, 4),
    (Kind.TRUNCATED, None),
    (Kind.HTML, 200),
    (Kind.STALE_BODY, None),
    (Kind.STALE_TIMES, None),
    (Kind.AHEAD, None),
    (Kind.PARTIAL, None),
    (Kind.JUNK, None),
    (Kind.MISSING_KEYS, None),
    (Kind.EXTRA_KEYS, None),
    (Kind.NEARLY_USED, None),
    (Kind.MAINTENANCE, None),
    (Kind.SILENT, None),
    (Kind.CHANNEL_DEAD, None),
    (Kind.STALLED, None),
    (Kind.DUPLICATED, None),
    (Kind.REORDERED, None),
    (Kind.DISCONNECTED, None),
)
"""What a bad day brings, with a value each."""


def bad_days(rng: random.Random, venues: Sequence[str], start: datetime, span: timedelta) -> Sequence[Fault]:
    """Faults by chance: each venue has one every quarter of an hour or so, of half a minute to five minutes."""
    faults = []
    for venue in venues:
        at = start + timedelta(minutes=rng.uniform(2, 15))
        while at < start + span:
            kind, value = rng.choice(FREQUENT_KINDS)
            lasts = timedelta(seconds=rng.uniform(30, 300))
            junk = rng.choice(JUNK)
            faults.append(Fault(venue, kind, at, at + lasts, value=value, junk=junk, share=_share(kind)))
            at += lasts + timedelta(minutes=rng.uniform(5, 25))
    return faults


def _share(kind: Kind) -> float | None:
    return 0.1 if kind in {Kind.JUNK, Kind.MISSING_KEYS, Kind.EXTRA_KEYS} else None
