"""Pictures on messages: where the message or its place asks for them, and never waited for long."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from adapters.chat.base import Button, Message, Place
from adapters.store.base import Store, StoreError
from adapters.store.place_settings import Charts, PlaceSettings
from bot.charts.painter import DEADLINE, Painter
from bot.charts.reading import alert_chart
from bot.commands.arguments import Mistake
from signals.base import Signal
from signals.event import Event
from signals.notice import Notice
from signals.rules.lifecycle import Change

log = structlog.get_logger()

LABEL, COMMAND = "Chart", "/chart"

AT_A_TIME = 2
"""Charts of alerts that are read at once: a burst of alerts is told without."""


def button(asks: str) -> Button:
    """The button that shows a chart."""
    return Button(LABEL, f"{COMMAND} {asks}")


async def with_button(message: Message, asks: str, place: Place, store: Store) -> Message:
    """The message with that button, unless its place wants no charts."""
    if (await store.settings(place)).charts is Charts.OFF:
        return message
    return replace(message, buttons=(*message.buttons, button(asks)))


async def painted(message: Message, painter: Painter | None) -> Message:
    """The message with the picture of its chart, and then without the button for it; as it is where there is none."""
    if painter is None:
        return message
    if message.chart is None:
        if any(_shows(each) for each in message.buttons):
            painter.warm()
        return message
    picture = await painter.paint(message.chart)
    return message if picture is None else replace(_without_button(message), picture=picture)


def _shows(of: Button) -> bool:
    return of.command.split(" ")[0] == COMMAND


def _without_button(message: Message) -> Message:
    return replace(message, buttons=tuple(each for each in message.buttons if not _shows(each)))


@dataclass(frozen=True, slots=True)
class Illustrator:
    """Puts charts on alerts as their places want them."""

    painter: Painter
    store: Store
    signals: Sequence[Signal]
    step: timedelta
    _reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_A_TIME))

    async def illustrated(
        self, message: Message, told: Event | Notice, place: Place, settings: PlaceSettings
    ) -> Message:
        """The alert with its picture, with the button for it, or with neither; always the alert, and soon."""
        if not isinstance(told, Event) or told.change is Change.RESOLVED:
            return message
        if settings.charts is Charts.OFF:
            return _without_button(message)
        if settings.charts is Charts.BUTTON or self._reading.locked():
            return await painted(message, self.painter)
        try:
            async with asyncio.timeout(DEADLINE), self._reading:
                rule = next((rule for rule in await self.store.of(place) if rule.id == told.rule_id), None)
                chart = await alert_chart(self, told, rule, place, told.at)
                return await painted(replace(message, chart=chart), self.painter)
        except (TimeoutError, Mistake, StoreError) as error:
            log.info("an alert is told without its chart", alert=told.id, reason=repr(error))
            return message
