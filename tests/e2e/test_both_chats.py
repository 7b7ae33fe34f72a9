"""Both chats on one service, as people use them: real fronts, a real process, a real store, only the far ends invented.

The first story waits for the minutes of a live market. The second plays one, in which an alert also ends.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.both.evening import LOOK, Evening, evening
from tests.both.shown import on_discord
from tests.fake_discord.world import Message as Posted
from tests.fake_venues.everyone import everyone
from tests.fake_venues.market import seeded
from tests.fake_venues.moves import Liquidated, Move, liquidations, positions_closed, price_up
from tests.fake_venues.server import serving, settings
from tests.fake_venues.venue import FakeVenue
from tests.recordings import funding_story

VENUES = ("binance", "bybit", "okx")
FALLS, CLOSES = "ETH price < $3100 for 0s every off", "ETH liq.long 1m > $5M for 0s every off"
BELOW = "ETH funding.settled"
SLOW, FAST = "60", "14400"
"""How fast the second market plays: a bar a minute, four a second."""


def now() -> datetime:
    """The clock of the world outside."""
    return datetime.now(UTC)  # noqa: TID251  the venues live in real time, as the service does


@dataclass
class Live:
    """Venues on this computer, whose market is calm until something happens to it."""

    fakes: Sequence[FakeVenue]
    places: dict[str, str] = field(default_factory=dict)

    def happens(self, *stories: Move | Liquidated) -> None:
        """From now on that is so on all venues."""
        changed = self.fakes[0].market.but(*stories)
        for fake in self.fakes:
            fake.market = changed

    def cascade(self, coin: str) -> None:
        """Its price falls by 6 % in half a minute, and longs are closed by force."""
        at, of = now(), (coin,)
        self.happens(
            price_up(-6, at, 0.5, of), positions_closed(5, at, 0.5, of), liquidations("long", 60e6, at, 1, 40, of)
        )


@asynccontextmanager
async def live() -> AsyncIterator[Live]:
    all_ = everyone(seeded(7, 3, now(), lively=0))
    fakes = [all_[name] for name in VENUES]
    async with serving(fakes, now) as endpoints:
        yield Live(fakes, {**settings(endpoints), "PERPWATCH_VENUES": ",".join(VENUES)})


async def table_of(service: Evening, coin: str) -> str:
    """Dan's `/funding`, asked until the market's first moment is there."""
    for _ in range(40):
        said = on_discord(await service.asks("funding", coin=coin))
        if "Binance" in said:
            return said
        await asyncio.sleep(LOOK)
    raise AssertionError(said)


async def writes(service: Evening, sentence: str) -> str:
    """Tina writes a rule and saves it; what is said of it."""
    tried = await service.says(f"/alert {sentence}")
    assert "Dry run" in tried.text
    return (await service.presses(tried, "Save")).text


async def sets(service: Evening, sentence: str) -> str:
    """Dan does the same."""
    tried = await service.asks("alert", rule=sentence)
    assert "Dry run" in on_discord(tried)
    return on_discord(await service.clicks(tried, "Save"))


async def all_is_sent(service: Evening) -> None:
    """Both ask for a sample, which comes behind everything that still waits for them."""
    before = len(service.telegram.taken), len(service.wrote_dan())
    await service.says("/test")
    await service.asks("test")
    await service.until(lambda: len(service.telegram.taken) >= before[0] + 2, "Tina's sample")
    await service.until(lambda: len(service.wrote_dan()) > before[1], "Dan's sample")


async def test_a_cascade_reaches_both_chats_once_across_a_restart(tmp_path: Path) -> None:
    async with live() as market, evening(tmp_path, **market.places) as service:
        async with service.running():
            funding = await table_of(service, "ETH")
            subscribed = await service.presses(await service.says("/subscribe"), "liqspike")
            saved = await writes(service, FALLS), await sets(service, CLOSES)
            await service.moment_passes()
            market.cascade("ETH")
            await service.until(lambda: service.told_tina() and service.told_dan(), "the alerts", 200)
        async with service.running():
            await all_is_sent(service)
            listed = (await service.says("/alerts")).text, on_discord(await service.asks("alerts"))

    assert all(venue in funding for venue in ("Binance", "Bybit", "OKX"))
    assert "Rule #1 saved" in subscribed.text
    assert ("Rule #2 saved" in saved[0], "Rule #1 saved" in saved[1]) == (True, True)
    ((_, fell),) = service.told_tina()
    ((_, closed),) = service.told_dan()
    assert FALLS in fell.text
    assert CLOSES in on_discord(closed.body)
    assert (FALLS in listed[0], CLOSES in listed[1]) == (True, True)


async def test_an_alert_and_its_end_come_once_across_two_restarts_and_the_end_is_a_reply(tmp_path: Path) -> None:
    market = ("--recording", str(funding_story(tmp_path / "story.parquet")), "--speed")
    async with evening(tmp_path) as service:
        async with service.running(*market, SLOW):
            await writes(service, f"{BELOW} < -0.01%")
            await sets(service, f"{BELOW} < -0.02%")
        async with service.running(*market, FAST):
            await service.until(lambda: service.told_tina() and service.told_dan(), "the alerts")
        async with service.running(*market, FAST):
            await service.until(lambda: len(service.told_tina()) > 1 and len(service.told_dan()) > 1, "the ends")
            await all_is_sent(service)

    (begun, alert), (ended, end) = service.told_tina()
    assert begun == ended
    assert (alert.reply, end.reply, end.silent) == (None, alert.message, True)
    assert ("🔻" in alert.text, "✅" in end.text) == (True, True)
    (begun, note), (ended, last) = service.told_dan()
    assert begun == ended
    assert "message_reference" not in note.body
    assert last.body["message_reference"] == {"type": 0, **_reference(note)}
    assert "✅" in on_discord(last.body)


def _reference(to: Posted) -> dict[str, object]:
    return {"message_id": to.id, "channel_id": to.channel, "fail_if_not_exists": False}
