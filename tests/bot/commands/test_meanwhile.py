"""The market goes on while an answer reads it: what is said is how it stood at one of its moments."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from adapters.store.memory import MemoryStore
from adapters.venues.base import Label
from bot.commands.base import Desk
from signals.aggregate import Cycle
from tests.bot.commands.desks import cycles, desk, said

AT_ONCE = 4


class Hurrying(MemoryStore):
    """A market of which so many moments close whenever the last one was read, and before its bars are."""

    def __init__(self) -> None:
        super().__init__()
        self.coming: list[Cycle] = []

    async def latest(self) -> Cycle | None:
        """The last moment, behind which the next ones close."""
        seen = await super().latest()
        for cycle in self.coming[:AT_ONCE]:
            await self.close(cycle)
        self.coming = self.coming[AT_ONCE:]
        return seen


async def on(moments: Sequence[Cycle], coming: Sequence[Cycle] = ()) -> Desk:
    """A desk on those moments, with others that come while it is asked."""
    store = Hurrying()
    for cycle in moments:
        await store.close(cycle)
    store.coming = [*coming]
    return replace(await desk(), store=store)


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("/alert ETH price 1h rises by 5%", "ETH: +0.10% in 1h"),
        ("/alert ETH oi 4h falls by 5%", "ETH: −0.40% in 4h"),
        ("/alert ETH liq 4h > $90M", "ETH: $15M in 4h"),
        ("/alert ETH ratio 12h < 0.1", "ETH: 0.20 in 12h"),
        ("/oi ETH", "−0.40%"),
        ("/liq ETH", "$12M"),
        ("/ratio ETH", "0.20"),
        ("/signals ETH", "momentum"),
        ("/top oi", "ETH"),
    ],
)
async def test_an_answer_is_about_one_moment_though_others_close_meanwhile(line: str, value: str) -> None:
    moments = list(cycles(Label.LIVE))
    known, coming = moments[:-12], moments[-12:]
    at_each = [await said(await on([*known, *coming[:more]]), line) for more in range(0, len(coming), AT_ONCE)]

    meanwhile = await said(await on(known, coming), line)

    assert value in meanwhile
    assert meanwhile in at_each
