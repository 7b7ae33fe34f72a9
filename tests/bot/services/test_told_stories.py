"""What a person at the terminal is told over days, and what they do about it: the real ways, on a clock set by hand."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO

from adapters.chat.consoles import Plain
from adapters.chat.pace import Pacer, pace_of
from adapters.chat.terminal import Terminal
from adapters.store.base import Quota
from bot.clock import AS_FAST_AS_IT_GOES, Clock
from bot.commands.registry import COMMANDS
from bot.services.dispatcher import Dispatcher
from bot.services.fanout import Fanout
from bot.services.notices import Notices
from bot.services.sender import Sender
from bot.services.voice import Voice
from bot.telling import told
from signals.event import Event
from signals.registry import SIGNALS
from signals.rules.canonical import canonical
from signals.rules.lifecycle import Change
from signals.rules.model import Rule
from tests.adapters.store.stories import HOME, T0, event
from tests.bot.commands.desks import STEP, desk_with_past
from tests.bot.services.markets import running, until
from tests.bot.services.test_notices import DAY, HOUR, fire, market, saved

SENTENCE = "ETH funding < -0.01%"


class Service:
    """One rule in one place; each step types a line, presses a button, or lets something happen."""

    def __init__(self, steps: Sequence["Step"], sentence: str, at: datetime) -> None:
        self.steps, self.sentence, self.made = steps, sentence, at
        self.clock, self.shown = Clock(T0, AS_FAST_AS_IT_GOES), StringIO()
        self.terminal = Terminal(self.clock.now, console=Plain(self.typed(), self.shown, end_is_leaving=True))

    async def live(self) -> None:
        self.store = await market(await desk_with_past())
        await saved(self.store, self.sentence, self.made)
        self.fanout = Fanout(self.store, ["terminal"], self.clock.now)
        pacer = Pacer(pace_of("terminal"), asyncio.get_running_loop().time())
        self.sender = Sender(self.store, self.terminal, "main", self.clock, self.clock, Voice(told), pacer)
        dispatcher = Dispatcher(self.store, SIGNALS, self.clock.now, T0, "0.1.0", lambda _: Quota(50), STEP)
        await self.terminal.serve(list(COMMANDS.values()), dispatcher)

    async def typed(self) -> AsyncIterator[str]:
        for step in self.steps:
            if not isinstance(step, str):
                await step(self)
            elif step.startswith("["):
                yield re.findall(rf"\[(\d+)\] {re.escape(step[1:-1])}(?:  |\n)", self.shown.getvalue())[-1]
            else:
                yield step

    async def rule(self) -> Rule:
        (rule,) = await self.store.of(HOME)
        return rule

    async def happens(self, one: Event) -> None:
        """The rule says that, and the place is told as far as it wants to be."""
        rule = await self.rule()
        await self.clock.until(one.at)
        await fire(self.store, rule, one)
        await self.store.subscribe_all("terminal", await self.store.last_change(), self.store.rules())
        await self.fanout.expand(replace(one, change_number=0))
        await self.sends()

    async def sends(self) -> None:
        async with running(self.sender.run):
            await until(self._told)

    async def _told(self) -> bool:
        return not await self.store.waiting(HOME)

    async def looks_around(self, at: datetime) -> None:
        await self.clock.until(at)
        await Notices(self.store, SIGNALS, self.clock.now).round()
        await self.sends()


Step = str | Callable[[Service], Awaitable[None]]


def story(*steps: Step, sentence: str = SENTENCE, at: datetime = T0) -> tuple[str, str]:
    """What is shown, and what the rule says afterwards."""

    async def main() -> tuple[str, str]:
        service = Service(steps, sentence, at)
        await service.live()
        rule = await service.rule()
        return service.shown.getvalue(), f"rev {rule.revision} {canonical(rule.draft)}"

    return asyncio.run(main())


def says(id_: str, at: datetime, change: Change = Change.FIRED, fired_at: datetime | None = None) -> Step:
    """The rule fires, reminds or ends then."""

    async def step(service: Service) -> None:
        rule = await service.rule()
        one = event(rule, id_, at, change)
        await service.happens(replace(one, fired_at=fired_at or at, revision=rule.revision, episode=f"E{id_}"))

    return step


def later(at: datetime) -> Step:
    """The service looks around at that time."""
    return lambda service: service.looks_around(at)


ALERT = "🔻 ETH · funding below your line"


def test_a_mute_until_clear_leaves_out_this_episode_says_so_and_tells_the_next() -> None:
    begun = T0 + HOUR
    shown, _ = story(
        says("F1", begun),
        "/mute #1 until clear",
        says("M1", T0 + 2 * HOUR, Change.REMINDED, begun),
        later(T0 + 2 * HOUR),
        says("R1", T0 + 3 * HOUR, Change.RESOLVED, begun),
        later(T0 + 3 * HOUR),
        says("F2", T0 + 5 * HOUR),
    )

    first, muted, over, second = (
        shown.index(text)
        for text in (ALERT, "muted until it is over on ETH", "Rule #1 is no longer muted: 2 alerts left out", "A-EF2")
    )
    assert first < muted < over < second
    assert shown.count(ALERT) == 2
    assert "funding below your line: over" not in shown[:over]


def test_a_shadow_is_silent_reports_and_speaks_once_it_is_armed() -> None:
    shown, rule = story(
        says("F1", T0 + DAY),
        later(T0 + 6 * DAY),
        "/status",
        later(T0 + 8 * DAY),
        "[Arm]",
        says("F2", T0 + 9 * DAY),
        sentence=f"{SENTENCE} shadow 7d",
    )

    report = shown.index("Rule #1: its shadow of 7d is over")
    assert ALERT not in shown[:report]
    assert "It would have sent 1 message: fired 1 time (ETH 1)" in shown
    assert shown.count(ALERT) == 1
    assert rule == "rev 2 ETH funding < -0.01% for 15m every 1h"


def test_a_rule_that_drifts_is_told_and_raised_by_two_buttons() -> None:
    async def fired_often(service: Service) -> None:
        rule = await service.rule()
        usual = [event(rule, f"U{n}", T0 - 33 * DAY + n * 2 * DAY) for n in range(13)]
        many = [event(rule, f"M{n}", T0 - 7 * DAY + (n + 1) * timedelta(hours=5)) for n in range(31)]
        await fire(service.store, rule, *usual, *many)

    shown, rule = story(
        fired_often, later(T0), "[Raise to −0.0125% per 8h]", "[Save]", later(T0 + HOUR), at=T0 - 40 * DAY
    )

    assert shown.count("Rule #1 fired 31 times in 7 days; 3 are usual") == 1
    assert "Dry run · change of rule #1" in shown
    assert rule == "rev 2 ETH funding < -0.0125% for 15m every 1h"
