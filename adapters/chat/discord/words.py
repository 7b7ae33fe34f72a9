"""Completion while a person types: from what is known at once, nothing where that takes too long."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import structlog

from adapters.chat.base import MenuEntry, Place, Words
from adapters.chat.rendering import clean

log = structlog.get_logger()

AT_ONCE = timedelta(milliseconds=100)
CHOICES, CHOICE = 25, 100
"""Discord's limits: choices, and characters of one."""

SENTENCE = "sentence"
_OWN = frozenset({"rule", SENTENCE})
"""What differs from place to place; the other words are the same everywhere."""


class Completion:
    """Completes options. What came too late for one person is there at once for the next."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._known: dict[str, Sequence[str]] = {}
        self._asking: set[asyncio.Task[Sequence[str]]] = set()

    async def choices(self, entry: MenuEntry | None, option: str, typed: str, place: Place) -> Sequence[str]:
        """Whole values of the option that begin with what is typed, or mend a sentence; the likeliest first."""
        parameters = entry.spec.parameters if entry is not None else ()
        kind = next((parameter.choices for parameter in parameters if parameter.name == option), "")
        if not kind:
            return ()
        before, token = "", typed
        if kind != SENTENCE:
            at = max(typed.rfind(mark) for mark in " ,@") + 1
            before, token = typed[:at], typed[at:]
            kind = "venue" if before.endswith("@") else kind
        words = [clean(word) for word in await self._soon(kind, place, token)]
        fit = [before + word for word in words if kind == SENTENCE or word.lower().startswith(token.lower())]
        return [whole for whole in dict.fromkeys(fit) if 0 < len(whole) <= CHOICE][:CHOICES]

    async def _soon(self, kind: str, place: Place, typed: str) -> Sequence[str]:
        task = asyncio.ensure_future(self._ask(kind, place, typed))
        self._asking.add(task)
        task.add_done_callback(self._asked)
        done, _ = await asyncio.wait({task}, timeout=AT_ONCE.total_seconds())
        return task.result() if done and task.exception() is None else self._known.get(kind, ())

    async def _ask(self, kind: str, place: Place, typed: str) -> Sequence[str]:
        words = await self._words(kind, place, typed)
        if kind not in _OWN:
            self._known[kind] = words
        return words

    def _asked(self, task: asyncio.Task[Sequence[str]]) -> None:
        self._asking.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.warning("words to complete are missing", reason=str(task.exception()))
