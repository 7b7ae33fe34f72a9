"""What a live market says first: whom it asks, when the first numbers come, and whom it cannot reach."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.chat.base import ChatPlatform, Delivery, Message, Place, Tone
from adapters.store.market_port import MarketStore
from adapters.venues.base import Health
from bot.phrases import bold, clock, count, line, plain, venue, venues
from signals.aggregate import Cycle

PATIENCE = 15.0
"""Seconds after which a venue that has not answered is called unreachable."""

LOOK = 1.0


@dataclass(frozen=True, slots=True)
class Welcome:
    """Speaks to one place while a live market starts. `health` tells how the venues are doing."""

    platform: ChatPlatform
    place: Place
    store: MarketStore
    now: Callable[[], datetime]
    health: Callable[[], Sequence[Health]]

    async def run(self, first: datetime) -> None:
        """Say what happens until the first moment with numbers is there, or was after that."""
        await self._say("asks", asking([of.venue for of in self.health()], first))
        await asyncio.sleep(PATIENCE)
        unreached = [of for of in self.health() if of.answered is None]
        if unreached:
            await self._say("unreached", unreachable(unreached, alone=len(unreached) == len(self.health())))
        await self._say("there", there(await self._first_numbers(first)))

    async def _first_numbers(self, first: datetime) -> Cycle:
        while True:
            latest = await self.store.latest()
            if latest is not None and latest.at >= first and latest.known:
                return latest
            await asyncio.sleep(LOOK)

    async def _say(self, what: str, message: Message) -> None:
        now = self.now()
        await self.platform.send(Delivery(f"welcome-{what}-{now}", self.place, message, now + timedelta(days=1)))


def asking(names: Sequence[str], first: datetime) -> Message:
    """Whom it asks, and when the first numbers come."""
    return _said(
        "📡",
        f"asking {venues(names)}. First numbers at {clock(first, UTC)}; windows are known once they are full. "
        "/help shows what you can say, Ctrl-D or /quit leaves.",
    )


def unreachable(of: Sequence[Health], *, alone: bool) -> Message:
    """Whom it cannot reach, and what to do meanwhile."""
    names = ", ".join(f"{venue(one.venue)} ({one.why or 'no answer yet'})" for one in of)
    demo = " Nothing live can be shown until then: try scripts/run --demo, a simulated market." if alone else ""
    return _said("⚠", f"cannot reach {names}. I keep trying.{demo}")


def there(cycle: Cycle) -> Message:
    """That the first numbers are there."""
    names = sorted({seen.venue for seen in cycle.known})
    return _said("✅", f"{count(len(cycle.readings), 'coin')} on {venues(names)}. Try /funding BTC, /oi ETH, /status.")


def _said(icon: str, text: str) -> Message:
    return Message(Tone.ANSWER, icon, line(bold("Live"), plain(f" · {text}")))
