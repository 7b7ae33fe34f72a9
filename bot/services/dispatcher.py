"""The dispatcher: hands each invocation to its command with a desk of what is known now."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from adapters.chat.base import Invocation, Message, Place
from adapters.store.base import Quota, Store, StoreError
from bot.commands.base import Desk
from bot.commands.registry import answer
from bot.wording import trouble
from signals.base import Signal

log = structlog.get_logger()


class Dispatcher:
    """Answers the commands of all platforms. It never calls another loop."""

    def __init__(
        self,
        store: Store,
        signals: Sequence[Signal],
        now: Callable[[], datetime],
        started: datetime,
        version: str,
        quota: Callable[[Place], Quota],
        step: timedelta,
    ) -> None:
        self._store = store
        self._signals = signals
        self._now = now
        self._started = started
        self._version = version
        self._quota = quota
        self._step = step

    async def __call__(self, invocation: Invocation) -> Message:
        """The answer; a failure is one sentence for the person and a traceback in the log."""
        desk = Desk(
            store=self._store,
            signals=self._signals,
            now=self._now(),
            version=self._version,
            started=self._started,
            quota=self._quota(invocation.place),
            step=self._step,
        )
        try:
            return await answer(invocation, desk)
        except StoreError as error:
            return trouble(str(error))
        except Exception:  # the loop's outer edge: one person's command must not end the service
            log.exception("command failed", command=invocation.name)
            return trouble("This command failed on my side; the service goes on. The log has the details.")
