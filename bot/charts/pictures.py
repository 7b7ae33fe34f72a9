"""Pictures on messages: where the message or its place asks for them, and never waited for long."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

import structlog

from adapters.chat.base import Button, Message, Place
from adapters.chat.chart import Chart
from adapters.store.base import Store, StoreError
from adapters.store.place_settings import Charts, PlaceSettings
from bot.charts.painter import DEADLINE, Painter
from bot.charts.reading import alert_chart
from bot.commands.arguments import Mistake
from bot.phrases import bold, line
from signals.base import Signal
from signals.event import Event
from signals.notice import Notice
from signals.rules.lifecycle import Change

log = structlog.get_logger()

LABEL, COMMAND = "Chart", "/chart"

MOST, WITHIN = 10, 10.0
"""Alerts that come with pictures within so many seconds: more of them are a burst, which nobody may wait for."""

PAUSE = 5.0
"""Seconds for which no alert waits for a picture after one that was late."""


def button(asks: str) -> Button:
    """The button that shows a chart."""
    return Button(LABEL, f"{COMMAND} {asks}")


def with_button(message: Message, asks: str, settings: PlaceSettings) -> Message:
    """The message with that button, unless its place wants no charts."""
    if settings.charts is Charts.OFF:
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
    return message if picture is None else replace(_without_button(_beside(message, message.chart)), picture=picture)


def _beside(message: Message, chart: Chart) -> Message:
    """The message as it stands beside the picture of that chart: what the picture says on top is not said again."""
    if not message.headline or message.headline[0].text != chart.title:
        return message
    return replace(message, headline=line(bold(chart.title.partition(" ")[0])))


def _shows(of: Button) -> bool:
    return of.command.split(" ")[0] == COMMAND


def _without_button(message: Message) -> Message:
    return replace(message, buttons=tuple(each for each in message.buttons if not _shows(each)))


class Illustrator:
    """Puts charts on alerts as their places want them: `signals` and `step` as those of a command's desk.

    A burst is told without: after a late picture none is tried for PAUSE, and of many alerts only the first come with
    theirs. `clock` counts seconds, as the loop's does.
    """

    def __init__(
        self,
        painter: Painter,
        store: Store,
        signals: Sequence[Signal],
        step: timedelta,
        clock: Callable[[], float] = lambda: asyncio.get_running_loop().time(),
    ) -> None:
        self.store = store
        self.signals = signals
        self.step = step
        self._painter = painter
        self._clock = clock
        self._tried = deque[float](maxlen=MOST)
        self._late = -PAUSE

    async def illustrated(
        self, message: Message, told: Event | Notice, place: Place, settings: PlaceSettings
    ) -> Message:
        """The alert with its picture, with the button for it, or with neither; always the alert, and soon."""
        if not isinstance(told, Event) or told.change in (Change.GREW, Change.RESOLVED):
            return message
        if settings.charts is Charts.OFF:
            return _without_button(message)
        if settings.charts is Charts.BUTTON or not self._has_time():
            return await painted(message, self._painter)
        self._tried.append(self._clock())
        shown = await self._with_picture(message, told, place)
        if shown.picture is None:
            self._late = self._clock()
        return shown

    def _has_time(self) -> bool:
        now = self._clock()
        crowded = len(self._tried) == MOST and now - self._tried[0] < WITHIN
        return not crowded and now - self._late >= PAUSE

    async def _with_picture(self, message: Message, told: Event, place: Place) -> Message:
        try:
            async with asyncio.timeout(DEADLINE):
                rule = next((rule for rule in await self.store.of(place) if rule.id == told.rule_id), None)
                chart = await alert_chart(self, told, rule, place, told.at)
                return await painted(replace(message, chart=chart), self._painter)
        except (TimeoutError, Mistake, StoreError) as error:
            log.info("an alert is told without its chart", alert=told.id, reason=repr(error))
            return message
