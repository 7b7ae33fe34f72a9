"""The chat platforms by name, each imported when it is opened: their packages cost memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from adapters.chat.base import ChatPlatform, Words


@dataclass(frozen=True, slots=True)
class Wiring:
    """What a platform is opened with: the clock, where it may keep its files, and the words that it completes."""

    now: Callable[[], datetime]
    history: Path
    words: Words
    pictures: Path


def _terminal(wiring: Wiring) -> ChatPlatform:
    from adapters.chat.gallery import Gallery  # noqa: PLC0415 - the same
    from adapters.chat.terminal import Terminal  # noqa: PLC0415 - fronts load only when opened

    return Terminal(wiring.now, wiring.history, wiring.words, gallery=Gallery(wiring.pictures))


PLATFORMS: Mapping[str, Callable[[Wiring], ChatPlatform]] = {
    "terminal": _terminal,
}
