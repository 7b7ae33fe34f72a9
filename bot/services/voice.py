"""How a sender tells things: who puts them into words, and who paints what belongs to them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from adapters.chat.base import Message
from adapters.store.place_settings import PlaceSettings
from bot.charts.pictures import Illustrator
from bot.telling import EXPIRES, Way
from signals.event import Event
from signals.notice import Notice


class Render(Protocol):
    """What a place is told as one message, and the way it comes."""

    def __call__(self, of: Sequence[Event | Notice], now: datetime, settings: PlaceSettings, way: Way) -> Message:
        """The message."""
        ...


@dataclass(frozen=True, slots=True)
class Voice:
    """How alerts are told while they are news: in words, with the pictures that places want where one paints them."""

    render: Render
    illustrator: Illustrator | None = None
    expires: timedelta = EXPIRES
