"""The plot of a simulated market: what happens to whom and when, as rows of data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from signals.panel import Instants, Series

PERIOD = 240
"""Minutes after which all acts come again."""

EASE = 3
"""Minutes that funding takes to go where an act wants it, and back."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that happens to some coins, or to some venues, from minute `starts` to minute `ends` of the plot.

    `price` and `oi` are moves (logarithms) that are complete at the end and come back within `fades` minutes;
    `funding` is added to the rate per 8 hours; the others multiply what a quiet market has in a minute.
    `down` are venues that do not answer.
    """

    name: str
    starts: int
    ends: int
    coins: tuple[str, ...] = ()
    fades: int = 0
    price: float = 0.0
    oi: float = 0.0
    funding: float = 0.0
    liq_long: float = 1.0
    liq_short: float = 1.0
    volume: float = 1.0
    spot: float = 1.0
    down: frozenset[str] = frozenset()


ALL_COINS = ("BTC", "ETH", "SOL", "XRP", "DOGE", "LINK", "AVAX", "PEPE")

DEMO = (
    Act("shorts pay longs", 3, 37, ("ETH",), funding=-0.0004),
    Act("trend", 20, 55, ALL_COINS, fades=100, price=0.015, volume=1.5),
    Act(
        "long cascade", 60, 75, ("BTC", "SOL"), fades=120, price=-0.035, oi=-0.06, liq_long=300, liq_short=10, volume=6
    ),
    Act("short squeeze", 95, 120, ("ETH",), fades=100, price=0.04, oi=-0.06, liq_long=5, liq_short=100, volume=4),
    Act("one venue is silent", 130, 150, down=frozenset({"okx"})),
    Act("two large venues are silent", 150, 160, down=frozenset({"binance", "bybit"})),
    Act("spot dries up", 165, 235, ALL_COINS, spot=0.1),
)
"""What is in no act is calm."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Acts on coins that begin at minute `start` (since 1970) and come again every PERIOD; before it all is calm."""

    acts: Sequence[Act]
    coins: tuple[str, ...]
    start: int

    def moved(self, size: Callable[[Act], float], minutes: Instants) -> Series:
        """Minutes x coins: how far moves of that size at the end of each act have come."""
        return self._sum(minutes, lambda act, played: size(act) * _there_and_back(act, played))

    def pulled(self, size: Callable[[Act], float], minutes: Instants) -> Series:
        """Minutes x coins: what is added while acts last."""
        return self._sum(minutes, lambda act, played: size(act) * _eased(act, played))

    def times(self, factor: Callable[[Act], float], minutes: Instants) -> Series:
        """Minutes x coins: by how much the minute that ends then is multiplied."""
        return 1 + self._sum(minutes, lambda act, played: (factor(act) - 1) * _during(act, played))

    def down(self, minute: int) -> frozenset[str]:
        """The venues that do not answer at that minute."""
        played = int(self._played(np.array([minute]))[0])
        return frozenset().union(*(act.down for act in self.acts if act.starts <= played < act.ends))

    def _sum(self, minutes: Instants, part: Callable[[Act, Instants], Series]) -> Series:
        total = np.zeros((len(minutes), len(self.coins)))
        played = self._played(minutes)
        for act in self.acts:
            total[:, [coin in act.coins for coin in self.coins]] += part(act, played)[:, np.newaxis]
        return total

    def _played(self, minutes: Instants) -> Instants:
        """Minutes since the plot began anew; -1 before the market's start, where no act is."""
        return np.where(minutes >= self.start, (minutes - self.start) % PERIOD, -1)


def _there_and_back(act: Act, played: Instants) -> Series:
    there = np.clip((played - act.starts) / (act.ends - act.starts), 0, 1)
    back = np.clip((played - act.ends) / max(act.fades, 1), 0, 1)
    return there - back


def _eased(act: Act, played: Instants) -> Series:
    return np.clip((played - act.starts) / EASE, 0, 1) - np.clip((played - act.ends) / EASE, 0, 1)


def _during(act: Act, played: Instants) -> Series:
    return ((played > act.starts) & (played <= act.ends)).astype(np.float64)
