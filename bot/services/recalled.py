"""What followed an alert's question before, as it is known when the alert is sent: it waits for nothing."""

import asyncio
from datetime import timedelta

import structlog

from adapters.store.base import StoreError
from adapters.store.record_port import RecordStore
from bot.records import told_record
from signals.event import Event
from signals.record import Record
from signals.rules.canonical import question_of
from signals.rules.lifecycle import Change

log = structlog.get_logger()

AT_MOST = 0.1
"""Seconds that an alert waits for its record."""

KNOWN_FOR = timedelta(minutes=1)
MOST_KNOWN = 1_000
"""Records that are in memory, so that an alert of many places asks once."""


class Recalled:
    """The records that alerts of this process show."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self._known: dict[tuple[str, str, str], tuple[float, Record | None]] = {}

    async def of(self, event: Event) -> Record | None:
        """The record that an alert which fires shows; None where it is not there at once."""
        if event.change is not Change.FIRED:
            return None
        asked = event.label, question_of(event.sentence), event.coin
        now = asyncio.get_running_loop().time()
        until, record = self._known.get(asked, (now, None))
        if now < until:
            return record
        try:
            async with asyncio.timeout(AT_MOST):
                record = told_record(await self._store.record(*asked))
        except (TimeoutError, StoreError) as error:
            log.debug("alert without its record", alert=event.id, why=str(error))
            return None
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[asked] = now + KNOWN_FOR.total_seconds(), record
        return record
