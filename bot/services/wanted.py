"""Questions whose alerts fired without a record: the evaluator names them, and records are made of them.

Kept in the store are the last ones alone. They name neither a place nor a rule.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeAlias

from adapters.store.alert_port import AlertStore
from adapters.store.venue_port import VenueStore
from signals.part import Part, parts

MOST = 200
"""So many are kept of each part of the market: those that were named last."""

Asked: TypeAlias = tuple[str, str]
"""A question, and the coin that it was asked of."""


class WantedStore(VenueStore, AlertStore, Protocol):
    """The ports that it uses."""


class Wanted:
    """Those of one part, as its evaluator names them."""

    def __init__(self, store: VenueStore, part: Part) -> None:
        self._store = store
        self._name = _name(part)
        self._last: dict[Asked, None] = {}

    async def want(self, asked: Iterable[Asked]) -> None:
        """Keep these as the last ones."""
        more = dict.fromkeys(asked)
        if more:
            kept = {one: None for one in self._last if one not in more} | more
            self._last = dict.fromkeys([*kept][-MOST:])
            await self._store.learn(self._name, "\n".join(f"{coin} {of}" for of, coin in self._last).encode())


async def wanted(store: WantedStore) -> Mapping[str, frozenset[str]]:
    """Of all parts the questions, each with its coins."""
    found = dict[str, frozenset[str]]()
    for part in parts(await store.parts()):
        said = await store.learned(_name(part)) or b""
        for told in said.decode().splitlines():
            coin, _, question = told.partition(" ")
            found[question] = found.get(question, frozenset()) | {coin}
    return found


def _name(part: Part) -> str:
    return f"wanted records {part}"
