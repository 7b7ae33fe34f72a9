"""Arrivals: rules that came, whole or on some coins, and which no moment has armed yet."""

from collections.abc import Collection, Iterator


class Arrivals:
    """Who came, by slot."""

    def __init__(self) -> None:
        self._coins: dict[int, frozenset[str] | None] = {}
        """On which coins; None for all."""

    def __len__(self) -> int:
        return len(self._coins)

    def put(self, slot: int) -> None:
        """The rule came, on all its coins."""
        self._coins[slot] = None

    def stay(self, slot: int, coins: frozenset[str] | None) -> None:
        """Whoever was taken out goes on arriving."""
        self._coins[slot] = coins

    def welcome(self, slot: int, coins: Collection[str]) -> None:
        """The rule came on these coins."""
        known = self._coins.get(slot, frozenset())
        if coins and known is not None:
            self._coins[slot] = known | frozenset(coins)

    def part(self, slot: int, coins: Collection[str]) -> None:
        """The rule came on these coins no more."""
        known = self._coins.get(slot)
        if known is not None:
            self._coins[slot] = known.difference(coins)

    def drop(self, slot: int) -> None:
        """The rule went again."""
        self._coins.pop(slot, None)

    def holds(self, slot: int, coin: str) -> bool:
        """Whether the rule came on that coin."""
        if slot not in self._coins:
            return False
        coins = self._coins[slot]
        return coins is None or coin in coins

    def take(self) -> Iterator[tuple[int, frozenset[str] | None]]:
        """All of them, each rule with its coins; they are no arrivals any more."""
        coins, self._coins = self._coins, {}
        return iter(coins.items())
