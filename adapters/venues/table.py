"""A recording in memory, and the names of its columns."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from adapters.venues.base import Label
from signals.panel import Instants, Series

KEYS = ("time", "venue", "symbol")
PRICE, INTERVAL, RATE = "price", "funding_interval_hours", "funding_rate"
NUMBERS = (
    PRICE,
    "open_interest",
    "open_interest_usd",
    RATE,
    INTERVAL,
    "long_short_accounts",
    "long_short_top_accounts",
    "long_short_top_positions",
    "liquidated_long_usd",
    "liquidated_short_usd",
    "futures_volume_usd",
    "spot_volume_usd",
    "taker_buy_usd",
    "taker_sell_usd",
)
SCHEMA = "1"
"""Of the canonical form."""

Codes: TypeAlias = npt.NDArray[np.int64]
"""Where each row's name stands in a sorted list of names."""


@dataclass(frozen=True, slots=True)
class Names:
    """A column of names: the names, sorted, and for each row which one it has."""

    known: tuple[str, ...]
    codes: Codes


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a recording, sorted by time, venue and symbol. `times` are bar ends; NaN is unknown.

    `running` says whether funding rates are running ones (True) or settled prints, None where the file does not say.
    """

    label: Label
    source: str
    step: timedelta
    running: bool | None
    times: Instants
    venue: Names
    symbol: Names
    numbers: Mapping[str, Series]

    def rows(self, wanted: npt.NDArray[np.bool_]) -> "Table":
        """Some of its rows; their names keep their places."""
        return replace(
            self,
            times=self.times[wanted],
            venue=replace(self.venue, codes=self.venue.codes[wanted]),
            symbol=replace(self.symbol, codes=self.symbol.codes[wanted]),
            numbers={name: values[wanted] for name, values in self.numbers.items()},
        )
