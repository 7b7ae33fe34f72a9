"""Records made while somebody waits: of a few coins, each once a moment, and for no longer than people wait."""

import asyncio
from collections.abc import Mapping

from adapters.store.record_port import Made
from bot.commands.base import Desk
from bot.observing import KeptBars
from signals.aggregate import Cycle
from signals.rules.canonical import question
from signals.rules.model import Draft


async def made_here(draft: Draft, coins: tuple[str, ...], cycle: Cycle, desk: Desk, until: float) -> Mapping[str, Made]:
    """What followed the question by coin, worked out here and now; nothing where that would take until later."""
    bars = KeptBars(desk.store, {signal.name: signal for signal in desk.signals})
    try:
        async with asyncio.timeout_at(until):
            return await desk.recent.of(
                cycle,
                ("record", question(draft), coins, await desk.store.backfilled()),
                lambda: bars.made_of(draft, coins, cycle.at),
            )
    except TimeoutError:
        return {}
