"""Judging while others do: each evaluator judges a part of the coins that is free, a spare one waits for who ends."""

import asyncio
from collections.abc import Callable

import structlog

from adapters.pulse import part_of_loop
from adapters.store.alert_port import OTHER_PARTS
from adapters.store.base import Store
from bot.clock import Clock
from bot.services.evaluator import Evaluator
from bot.services.lead import RENEW, Lead
from bot.services.parts import share_out
from bot.services.runtime import GivenUp
from signals.part import WHOLE, Part, parts

log = structlog.get_logger()


class Judging:
    """An evaluator of whichever part is free. `owner` is a name that no other process has.

    The whole needs no lease: evaluators that all judge it do each other no harm, and none waits for another.
    """

    def __init__(self, store: Store, of: int, owner: str, wall: Clock, evaluator: Callable[[Part], Evaluator]) -> None:
        self._store = store
        self._of = of
        self._leads = {part: Lead(store, f"part {part}", owner, wall) for part in parts(of)}
        self._evaluator = evaluator
        self._shared_out = False

    async def run(self) -> None:
        """Judge until cancelled, then let the next one in. Raises GivenUp where others share coins out otherwise."""
        if not self._shared_out:
            await share_out(self._store, self._of)
            self._shared_out = True
        if self._of == 1:
            return await self._evaluator(WHOLE).run()
        while True:
            part, lead = await self._free()
            log.info("a part is judged here", part=str(part))
            try:
                async with asyncio.TaskGroup() as group:
                    judging = group.create_task(self._evaluator(part).run())
                    group.create_task(self._hold(lead, judging))
            finally:
                await lead.leave()
            log.warning("another process judges the part by now", part=str(part))

    async def _free(self) -> tuple[Part, Lead]:
        """The first part that nobody judges, once there is one."""
        while True:
            for part, lead in self._leads.items():
                if await lead.take() is not None:
                    return part, lead
            if await self._store.parts() != self._of:
                raise GivenUp(OTHER_PARTS.format(of=self._of))
            await asyncio.sleep(RENEW.total_seconds())

    async def _hold(self, lead: Lead, judging: asyncio.Task[None]) -> None:
        """Renew the lease for as long as it was never anybody else's, then end the judging."""
        part_of_loop("lease")
        epoch = lead.epoch
        while await lead.take() == epoch:  # noqa: ASYNC110 - the store tells, and only when it is asked
            await asyncio.sleep(RENEW.total_seconds())
        judging.cancel()
