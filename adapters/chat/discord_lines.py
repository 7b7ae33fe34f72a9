"""The lines of buttons that are too long to travel: kept under their tokens, and found again at a press."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from adapters.chat.base import Notes
from adapters.chat.discord_buttons import Pressed, found
from adapters.chat.presses import KEPT, note_of

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Lines:
    """Keeps and finds lines. A failure to keep one makes its button old, and is no reason not to send."""

    notes: Notes

    async def keep(self, lines: Mapping[str, str]) -> None:
        """Keep each line under its token."""
        kept = [self.notes.write(note_of(token), line, KEPT) for token, line in lines.items()]
        for failed in await asyncio.gather(*kept, return_exceptions=True):
            if failed is not None:
                log.warning("line of a button not kept", reason=str(failed))

    async def whole(self, press: Pressed) -> Pressed | None:
        """The press with its line; None where the line is not known any more."""
        if press.token is None:
            return press
        (line,) = await asyncio.gather(self.notes.read(note_of(press.token)), return_exceptions=True)
        if isinstance(line, BaseException):
            log.warning("line of a button not read", reason=str(line))
        return found(press.kind, line) if isinstance(line, str) else None
