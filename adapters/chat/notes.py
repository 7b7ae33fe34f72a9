"""What a front keeps for itself, read and written so that trouble with it is logged and stops nothing."""

import asyncio
from datetime import timedelta

import structlog

from adapters.chat.base import Notes

log = structlog.get_logger()


async def noted(notes: Notes, key: str) -> str | None:
    """What is kept under the key; None also where it cannot be read now."""
    (text,) = await asyncio.gather(notes.read(key), return_exceptions=True)
    if isinstance(text, BaseException):
        log.warning("note not read", reason=str(text))
        return None
    return text


async def note(notes: Notes, key: str, text: str, lives: timedelta) -> None:
    """Keep the text for that long, if it can be kept."""
    (failed,) = await asyncio.gather(notes.write(key, text, lives), return_exceptions=True)
    if failed is not None:
        log.warning("note not kept", reason=str(failed))
