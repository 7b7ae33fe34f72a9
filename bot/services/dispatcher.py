"""The dispatcher: hands each invocation to its command with a desk of what is known now."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from adapters.chat.base import Invocation, Message, Place
from adapters.store.base import Quota, Store, StoreError
from bot.charts.painter import Painter
from bot.charts.pictures import painted
from bot.commands.base import Desk
from bot.commands.registry import answer
from bot.wording import trouble
from signals.base import Signal

log = structlog.get_logger()

PATIENCE = timedelta(seconds=2)
"""How long people wait for a dry run; where it takes longer, the answer comes without it."""

CHART, CHARTS_AT_A_TIME = "chart", 2
"""So many charts are read from the store at once: each keeps it as busy as dozens of other commands."""


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Answers the commands of all platforms. It never calls another loop."""

    store: Store
    signals: Sequence[Signal]
    now: Callable[[], datetime]
    started: datetime
    version: str
    quota: Callable[[Place], Quota]
    step: timedelta
    patience: timedelta = PATIENCE
    painter: Painter | None = None
    charts: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CHARTS_AT_A_TIME))

    async def answer(self, invocation: Invocation) -> Message:
        """The answer; a failure is one sentence for the person and a traceback in the log."""
        desk = Desk(
            store=self.store,
            signals=self.signals,
            now=self.now(),
            version=self.version,
            started=self.started,
            quota=self.quota(invocation.place),
            step=self.step,
            patience=self.patience,
        )
        try:
            async with self.charts if invocation.name == CHART else contextlib.nullcontext():
                said = await answer(invocation, desk)
            return await painted(said, self.painter)
        except StoreError as error:
            return trouble(str(error))
        except Exception:  # the loop's outer edge: one person's command must not end the service
            log.exception("command failed", command=invocation.name)
            return trouble("This command failed on my side; the service goes on. The log has the details.")

    async def came(self, place: Place) -> None:
        """Alerts are sent there again."""
        log.info("place can be written to", place=str(place))

    async def left(self, place: Place, reason: str) -> None:
        """Nothing is sent there until it is back; its rules are kept."""
        log.info("place cannot be written to", place=str(place), reason=reason)

    async def moved(self, place: Place, new: Place) -> None:
        """What is for the place goes to where it is now."""
        log.info("place moved", place=str(place), new=str(new))
