"""Answers that were announced and are not there yet: noted, so that the next process gives them after a sudden end."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import msgspec

from adapters.chat.base import Invocation, Notes
from adapters.chat.notes import note, noted

LIVES = timedelta(minutes=15)
"""How long Discord takes an answer to what a person did."""

NOTE = "discord:unanswered"


class Announced(msgspec.Struct, frozen=True):
    """What was asked, and the token under which Discord takes the answer. `again`: a second process begins it."""

    token: str
    asked: Invocation
    again: bool = False


class Unanswered:
    """What people wait for: of this process, and what a former one left."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._waiting: dict[str, Announced] = {}
        self._turn = asyncio.Lock()

    async def keep(self, token: str, asked: Invocation, *, again: bool = False) -> None:
        """The answer under that token was announced."""
        self._waiting[token] = Announced(token, asked, again)
        await self._write()

    async def gave(self, token: str) -> None:
        """Nobody waits for it any more."""
        if self._waiting.pop(token, None) is not None:
            await self._write()

    async def left(self) -> Sequence[Announced]:
        """What a former process announced and did not give."""
        text = await noted(self._notes, NOTE)
        found = msgspec.json.decode(text, type=list[Announced]) if text else []
        return [of for of in found if of.token not in self._waiting]

    async def _write(self) -> None:
        async with self._turn:  # the last to write knows the most
            await note(self._notes, NOTE, msgspec.json.encode(list(self._waiting.values())).decode(), LIVES)
