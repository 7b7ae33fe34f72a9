"""ccxt's side of bench/venues.py, in a module of its own, so that it is loaded without the other.

It is measured at its best: with its fastest reader of JSON, each answer decoded once, and no more than the parsers
that its own calls would run over the rows.
"""

from collections.abc import Callable, Sequence

from tests.adapters.venues.answers import Coin
from tests.oracle.theirs import CALLS, CLASSES, Unified, exchange_of


def opened(coins: Sequence[Coin], pairs: int) -> Callable[[str, str, bytes], list[Unified]]:
    """What reads an answer: (venue, call, body)."""
    exchanges = {venue: exchange_of(venue, tuple(coins), pairs) for venue in CLASSES}

    def read(venue: str, call: str, body: bytes) -> list[Unified]:
        exchange = exchanges[venue]
        return list(CALLS[venue, call](exchange, exchange.on_json_response(body)))

    return read
