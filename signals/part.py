"""Parts of the market: coins shared out over evaluators by a hash of their names, each coin to one of them."""

from dataclasses import dataclass
from zlib import crc32


@dataclass(frozen=True, slots=True)
class Part:
    """The `number`th of `of` parts, counted from 1."""

    number: int = 1
    of: int = 1

    def holds(self, coin: str) -> bool:
        """Whether the coin belongs to it."""
        return crc32(coin.encode()) % self.of == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


WHOLE = Part()


def parts(of: int) -> tuple[Part, ...]:
    """All of so many."""
    return tuple(Part(number, of) for number in range(1, of + 1))
