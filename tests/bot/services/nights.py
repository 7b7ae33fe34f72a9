"""A place whose days pass at once: what its rule tells, what comes to its terminal, and when."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from io import StringIO

import pytest

from adapters.chat.base import Place
from adapters.chat.consoles import Plain, lines_of
from adapters.chat.pace import Pacer, pace_of
from adapters.chat.terminal import HERE, NOWHERE, Terminal
from adapters.store.alert_port import Commit
from adapters.store.base import Final, StoreUnavailable
from adapters.store.memory import MemoryStore
from adapters.store.place_settings import PlaceSettings
from bot.clock import AS_FAST_AS_IT_GOES, Clock
from bot.services.fanout import Fanout
from bot.services.notices import Notices
from bot.services.sender import Sender
from bot.services.voice import Voice
from bot.telling import told
from signals.event import Event
from signals.notice import Notice
from signals.registry import SIGNALS
from signals.rules.lifecycle import AlertState, Change, Phase
from signals.rules.model import Rule
from tests.adapters.store.stories import cycle, event
from tests.bot.services.markets import asked, running, until

A_WALK = timedelta(minutes=10)


@dataclass
class Night:
    """The real loops, walked by hand along a clock that jumps."""

    store: "Away"
    rule: Rule
    clock: Clock
    fanout: Fanout
    sender: Sender
    notices: Notices
    shown: StringIO
    came: list[tuple[datetime, str]] = field(default_factory=list)

    async def to(self, at: datetime) -> None:
        """Time goes on, and everybody does what is due."""
        while self.clock.now() < at:
            await self.clock.until(min(at, self.clock.now() + A_WALK))
            await self.work()

    async def work(self) -> None:
        """Everybody does what is due now."""
        await self.notices.round()
        async with running(self.sender.run):
            await until(self._told)
        text = self.shown.getvalue()
        self.shown.seek(0)
        self.shown.truncate()
        if text:
            self.came.append((self.clock.now(), text))

    async def _told(self) -> bool:
        return not await self.store.waiting(HERE)

    async def away(self, until: datetime) -> None:
        """The store is away until then, which the notices meet once."""
        await self.clock.until(until)
        self.store.away = True
        with pytest.raises(StoreUnavailable):
            await self.notices.round()
        self.store.away = False

    async def tells(self, at: datetime, id_: str, change: Change = Change.FIRED, **more: object) -> Event:
        """The rule's next event, at that moment."""
        await self.to(at)
        version, state = await self.store.state(self.rule.id, "ETH", 1)
        fired_at = at if change is Change.FIRED else state.fired_at or at
        one = replace(event(self.rule, id_, at, change), fired_at=fired_at, **{"label": "LIVE", "episode": id_, **more})
        kept = AlertState(Phase.FIRING, at=at, armed=True, met_since=at, fired_at=fired_at, told_at=at)
        over = change is Change.RESOLVED
        await self.store.commit(Commit((self.rule.id, "ETH"), 1, version, at, None if over else kept, one))
        await self.fanout.expand(one)
        await self.work()
        return one

    async def sets(self, how: Callable[[PlaceSettings], PlaceSettings]) -> None:
        """The place asks for something else from now on."""
        await self.store.change(HERE, how, f"{self.clock.now()}")

    def headlines(self) -> list[tuple[datetime, str]]:
        """When what came to the terminal, by its first line."""
        return [(at, block.splitlines()[0]) for at, text in self.came for block in text.strip().split("\n\n")]

    async def outcomes(self) -> list[tuple[Final, str]]:
        """How the entries ended, oldest first."""
        return [(outcome, why) for _, outcome, why in (await self.store.outcomes(HERE, 999))[::-1]]


class Away(MemoryStore):
    """A store that takes no notices while it is away."""

    away = False

    async def post(self, place: Place, notice: Notice, now: datetime) -> bool:
        if self.away:
            raise StoreUnavailable("away")
        return await super().post(place, notice, now)


async def night(start: datetime) -> Night:
    """A place with one rule on ETH at that moment."""
    store, clock, shown = Away(), Clock(start, AS_FAST_AS_IT_GOES), StringIO()
    await store.close(replace(cycle(start), label="LIVE"))
    rule = await asked(store)
    async for change in store.changes(0):
        await store.subscribe(HERE.platform, change)
        break
    terminal = Terminal(clock.now, console=Plain(lines_of(NOWHERE), shown, end_is_leaving=False))
    pacer = Pacer(pace_of("terminal"), asyncio.get_running_loop().time())
    sender = Sender(store, terminal, "main", clock, clock, Voice(told), pacer)
    fanout, notices = Fanout(store, [HERE.platform], clock.now), Notices(store, SIGNALS, clock.now)
    return Night(store, rule, clock, fanout, sender, notices, shown)
