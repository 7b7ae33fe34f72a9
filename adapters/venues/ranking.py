"""Which instruments matter most: those of the coins with the largest open interest, and those that have rules. Pure."""

from collections.abc import Collection, Iterable, Sequence

from signals.model import AGGREGATORS, Instrument, Metric, Observation

HOT = 100
"""Coins with the largest open interest in dollars, which are asked about most often."""


class Ranking:
    """What the open interest of each coin is worth, over all venues."""

    def __init__(self) -> None:
        self._coins: dict[tuple[str, str], tuple[str, float]] = {}
        self._prices: dict[str, float] = {}

    def take(self, observations: Iterable[Observation]) -> None:
        """Remember open interest and prices."""
        for seen in observations:
            if seen.venue in AGGREGATORS:
                continue  # it is the same interest once more
            if seen.metric is Metric.OI_LEVEL:
                self._coins[seen.venue, seen.symbol] = (seen.coin, seen.value)
            elif seen.metric is Metric.PRICE:
                self._prices[seen.coin] = seen.value

    def of(self, instruments: Sequence[Instrument], watched: Collection[str]) -> tuple[Sequence[str], frozenset[str]]:
        """Their symbols, the most important first, and which of them are hot: the largest coins, and watched ones."""
        worth = self._worth()
        largest = sorted(worth, key=lambda coin: (-worth[coin], coin))[:HOT]
        hot = {*largest, *watched}
        ranked = sorted(instruments, key=lambda i: (i.coin not in watched, -worth.get(i.coin, 0.0), i.coin, i.symbol))
        return [i.symbol for i in ranked], frozenset(i.symbol for i in ranked if i.coin in hot)

    def _worth(self) -> dict[str, float]:
        worth: dict[str, float] = {}
        for coin, amount in self._coins.values():
            worth[coin] = worth.get(coin, 0.0) + amount * self._prices.get(coin, 0.0)
        return worth
