"""Seeded noise without a memory: each value is a function of the seed, a name and an instant, so nothing is stored.

Two askers agree, asking twice gives the same, and the past can be asked for at any time.
"""

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from signals.panel import Instants, Series

Sources: TypeAlias = npt.NDArray[np.uint64]
"""Independent sources of noise, one per column of what is made from them."""

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_TO_UNIT = 2.0**-53
_SPREAD_OF_LOGISTIC = np.pi / 3**0.5
_FARTHEST = 3.0

_FEW = 64
"""Up to so many instants all octaves are computed at once; of more, many lie between the same two knots."""


def sources(seed: int, what: str, names: Sequence[str]) -> Sources:
    """One source per name."""
    digests = (hashlib.blake2b(f"{seed}:{what}:{name}".encode(), digest_size=8).digest() for name in names)
    return np.array([int.from_bytes(digest) for digest in digests], np.uint64)


def uniform(of: Sources, at: Instants) -> Series:
    """Instants x sources: spread evenly over the open interval 0 to 1, by splitmix64."""
    mixed = of + at.astype(np.uint64)[..., np.newaxis] * _GOLDEN
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
    mixed ^= mixed >> np.uint64(31)
    spread: Series = ((mixed >> np.uint64(11)).astype(np.float64) + 0.5) * _TO_UNIT
    return spread


def bell(of: Sources, at: Instants) -> Series:
    """Instants x sources: around 0 with a spread of about 1, never beyond 3."""
    even = uniform(of, at)
    return np.clip(np.log(even / (1 - even)) / _SPREAD_OF_LOGISTIC, -_FARTHEST, _FARTHEST)


def bursts(of: Sources, at: Instants) -> Series:
    """Instants x sources: positive, mostly small and now and then large, 1 on average."""
    return -np.log(uniform(of, at))


def smooth(of: Sources, at: Instants, period: int) -> Series:
    """Instants x sources: a bell value at every multiple of `period`, and a smooth way between them."""
    if len(at) <= _FEW:
        alone: Series = _smooth_at_once(of[np.newaxis], at, np.array([period], np.int64))[0]
        return alone
    knots, which = np.unique(at // period, return_inverse=True)
    way = ((at - knots[which] * period) / period)[:, np.newaxis]
    before, after = bell(of, knots)[which], bell(of, knots + 1)[which]
    return _between(before, after, way)


def _smooth_at_once(of: Sources, at: Instants, periods: Instants) -> Series:
    """Periods x instants x sources, the same numbers as one by one; `of` has a row of sources for each period."""
    knots = at // periods[:, np.newaxis]
    way = ((at - knots * periods[:, np.newaxis]) / periods[:, np.newaxis])[..., np.newaxis]
    return _between(bell(of[:, np.newaxis], knots), bell(of[:, np.newaxis], knots + 1), way)


def _between(before: Series, after: Series, way: Series) -> Series:
    smoothed: Series = before + (after - before) * way * way * (3 - 2 * way)
    return smoothed


def wander(of: Sources, at: Instants, shortest: int, longest: int) -> Series:
    """Instants x sources: a path around 0 whose moves over a span grow with the span's root.

    It sums smooth noises whose periods double from `shortest`, where they are about 1, to at most `longest`.
    """
    octaves = range((longest // shortest).bit_length())
    periods = [shortest * 2**octave for octave in octaves]
    own = [of ^ _apart(octave) for octave in octaves]
    if len(at) <= _FEW:
        noises = list(_smooth_at_once(np.array(own), at, np.array(periods, np.int64)))
    else:
        noises = [smooth(one, at, period) for one, period in zip(own, periods, strict=True)]
    path = np.zeros((len(at), len(of)))
    for octave, noise in zip(octaves, noises, strict=True):
        path += 2 ** (octave / 2) * noise
    return path


@cache
def _apart(octave: int) -> np.uint64:
    """Bits that set the octaves of one source apart."""
    return np.uint64((octave + 1) * int(_SECOND) % 2**64)
