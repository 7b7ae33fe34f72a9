"""What the sign of a liquidation's size means in a stream that does not say: compared with the list of closes. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import TypeAlias

APART = timedelta(seconds=2)
"""How far the two times of one close may lie apart: the list tells whole seconds."""

MATCHES = 20
AGREE = 0.95
"""So many closes must be found in both, and such a share of them must mean the same."""

WAITING = 20_000
"""Closes that are kept until they are compared; the oldest ones are let go."""

_DECIMALS = 8


class Sign(StrEnum):
    """What the sign of a liquidation's size tells; only comparing the stream with the list of closes settles it."""

    UNKNOWN = "unknown"
    ORDER = "order"
    """Negative is a sell, so a long was closed."""
    POSITION = "position"
    """Negative is a short."""


@dataclass(frozen=True, slots=True)
class Close:
    """One forced close: contracts with a sign, which in the list is that of the position: positive is a long."""

    contract: str
    size: float
    at: datetime


Key: TypeAlias = tuple[str, float]
"""Contract and size without its sign."""


def votes(streamed: Iterable[Close], listed: Iterable[Close]) -> Counter[Sign]:
    """How often each meaning fits a streamed close that is in the list, too; what fits both does not count."""
    known: dict[Key, list[Close]] = {}
    for each in listed:
        known.setdefault(_key(each), []).append(each)
    found = (_vote(each, known) for each in streamed)
    return Counter(sign for sign in found if sign is not Sign.UNKNOWN)


def verdict(cast: Mapping[Sign, int]) -> Sign:
    """The meaning that enough closes agree on."""
    whole = sum(cast.values())
    agreed = [sign for sign, count in cast.items() if count >= AGREE * whole]
    return agreed[0] if whole >= MATCHES and agreed else Sign.UNKNOWN


class Calibration:
    """Gathers what a stream says until its sign is known."""

    def __init__(self) -> None:
        self.sign = Sign.UNKNOWN
        self._waiting: dict[Close, None] = {}
        self._cast: Counter[Sign] = Counter()

    def saw(self, closes: Iterable[Close]) -> None:
        """Remember what was streamed; the same frame may come again over another connection."""
        self._waiting.update(dict.fromkeys(closes))
        for oldest in list(islice(self._waiting, max(0, len(self._waiting) - WAITING))):
            del self._waiting[oldest]

    def compare(self, listed: Sequence[Close], until: datetime) -> Sign:
        """The sign after comparing with a list that is complete until then; later closes wait for the next list."""
        ripe = [each for each in self._waiting if each.at <= until - APART]
        for each in ripe:
            del self._waiting[each]
        self._cast += votes(ripe, listed)
        self.sign = verdict(self._cast)
        return self.sign


def _key(close: Close) -> Key:
    return close.contract, round(abs(close.size), _DECIMALS)


def _vote(streamed: Close, known: Mapping[Key, Sequence[Close]]) -> Sign:
    near = [each for each in known.get(_key(streamed), ()) if abs(each.at - streamed.at) <= APART]
    same = {(each.size > 0) == (streamed.size > 0) for each in near}
    if len(same) != 1:
        return Sign.UNKNOWN
    return Sign.POSITION if same == {True} else Sign.ORDER
