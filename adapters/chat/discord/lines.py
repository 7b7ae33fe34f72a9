"""The lines of buttons that are too long to travel: kept under their tokens, and found again at a press."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.chat.base import Notes
from adapters.chat.discord.buttons import Pressed, found
from adapters.chat.notes import note, noted
from adapters.chat.presses import KEPT, note_of


@dataclass(frozen=True, slots=True)
class Lines:
    """Keeps and finds lines. A failure to keep one makes its button old, and is no reason not to send."""

    notes: Notes

    async def keep(self, lines: Mapping[str, str]) -> None:
        """Keep each line under its token."""
        await asyncio.gather(*(note(self.notes, note_of(token), line, KEPT) for token, line in lines.items()))

    async def whole(self, press: Pressed) -> Pressed | None:
        """The press with its line; None where the line is not known any more."""
        if press.token is None:
            return press
        line = await noted(self.notes, note_of(press.token))
        return found(press.kind, line) if line is not None else None
