"""Fired alerts and what followed them, in memory."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from adapters.chat.base import Place, place_of
from adapters.store import codec
from adapters.store.memory_salted import Salted
from adapters.store.record_port import RECORDS_FOR, Followed, Made
from signals.event import Event
from signals.remembered import Remembered, as_case, remembered


class MemoryRecords(Salted):
    """The port of the record."""

    def __init__(self) -> None:
        super().__init__()
        self._alerts: dict[str, dict[str, bytes]] = defaultdict(dict)
        self._due: dict[tuple[str, str], datetime] = {}
        self._records: dict[tuple[str, str], tuple[float, Mapping[str, Made]]] = {}
        """By label and question until when, by the clock of the loop, what is kept by coin."""
        self._cases: dict[tuple[str, str, str], dict[datetime, Remembered]] = defaultdict(dict)

    def _remember(self, event: Event) -> None:
        """Keep an alert that fires, to be followed up."""
        place = event.rule_id.rpartition("/")[0]
        self._alerts[place][event.episode] = codec.remembered(remembered(event))
        self._due[place, event.episode] = event.at

    async def followed(self, upto: datetime, limit: int) -> Sequence[Followed]:
        due = sorted((at, of) for of, at in self._due.items() if at <= upto)[:limit]
        kept = [(place, self._alerts[place][episode]) for _, (place, episode) in due]
        return [Followed(place_of(place), codec.read_remembered(stored), stored) for place, stored in kept]

    async def follow(self, of: Followed, alert: Remembered, again: datetime | None, case_of: str = "") -> None:
        place = str(of.place)
        if self._alerts[place].get(alert.episode) != of.stored:
            return
        self._alerts[place][alert.episode] = codec.remembered(alert)
        self._due.pop((place, alert.episode), None)
        if again is not None:
            self._due[place, alert.episode] = again
        if case_of:
            self._cases[alert.label, case_of, alert.coin][alert.at] = as_case(alert, case_of)

    async def remembered(self, place: Place, begins: str) -> Sequence[Remembered]:
        kept = [codec.read_remembered(of) for name, of in self._alerts[str(place)].items() if name.startswith(begins)]
        return sorted(kept, key=lambda alert: (alert.at, alert.episode))

    async def cases(self, label: str, case_of: str, coins: Collection[str]) -> Sequence[Remembered]:
        known = [case for coin in coins for case in self._cases.get((label, case_of, coin), {}).values()]
        return sorted(known, key=lambda case: (case.at, case.coin))

    async def keep_records(self, label: str, question: str, made: Mapping[str, Made]) -> None:
        ends = asyncio.get_running_loop().time() + RECORDS_FOR.total_seconds()
        self._records[label, question] = ends, dict(made)

    async def records(self, label: str, question: str) -> Mapping[str, Made]:
        ends, made = self._records.get((label, question), (0.0, {}))
        return made if asyncio.get_running_loop().time() < ends else {}

    async def records_of(self, label: str, asked: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Made]:
        found = {one: (await self.records(label, one[0])).get(one[1]) for one in asked}
        return {one: made for one, made in found.items() if made is not None}

    def _erase_alerts(self, place: Place) -> None:
        """The alerts of the place; the cases that they were stay, and name nobody."""
        self._alerts.pop(str(place), None)
        self._due = {of: at for of, at in self._due.items() if of[0] != str(place)}
