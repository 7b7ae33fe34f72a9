"""Our side of bench/venues.py, in a module of its own, so that it is loaded without the other."""

from collections.abc import Callable, Sequence

from tests.adapters.venues.answers import Coin
from tests.adapters.venues.readers import Read, refresh


def opened(coins: Sequence[Coin]) -> Callable[[str, str, bytes], Read]:
    """What reads an answer: (venue, call, body)."""
    readers = {(reader.venue, reader.call): reader.read for reader in refresh(coins)}
    return lambda venue, call, body: readers[venue, call](body)
