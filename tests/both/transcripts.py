"""What two people and the terminal see of the stories of the product, on a small market whose every moment is given.

`scripts/tables transcripts` writes it into its page: the words are those that the invented platforms were sent.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from math import sin
from pathlib import Path

from adapters.chat.base import Place
from adapters.store.memory import MemoryStore
from adapters.store.place_settings import Charts
from adapters.venues.recording import open_recording
from bot.app import ask
from bot.market import play, trailing
from bot.services.evaluator import Evaluator
from bot.services.fanout import Fanout
from bot.settings import Settings
from signals.aggregate import Cycle
from signals.registry import SIGNALS
from tests.bot.commands.desks import NOW, STEP
from tests.both.house import DAN, PATIENCE, TINA, House, house
from tests.both.shown import choices, on_discord, on_the_terminal
from tests.fake_discord.world import Body
from tests.fake_telegram.world import Taken
from tests.recordings import Row, write

PAST, TO_COME = 24 * 8, 11
"""Hours of the market before people come, and after."""

DIPS = {-150: -0.00013, -78: -0.00012}
"""Hours from which ETH funding was below the line for four hours, with the rate."""

FALLS = {3: -0.00007, 5: -0.00012, 7: -0.00004, 9: 0.00003}
"""ETH funding from an hour to come on."""

SENTENCE = "ETH funding < -0.005 every off"
BEGIN, END = (3, 5), (7, 9)
"""Hours at which the own rule and the subscription fire, and at which the subscription and the own rule end."""


def market(path: Path) -> Path:
    """ETH and BTC on two venues, hour by hour."""
    rows = [_hour(hour, venue, coin) for hour in range(-PAST, TO_COME + 1) for venue in VENUES for coin in SIZES]
    return write(path, rows, funding="running")


VENUES = {"binance": 0.6, "okx": 0.4}
"""Each with its share."""

SIZES = {"BTC": (91_000.0, 90_000.0), "ETH": (3_100.0, 1_800_000.0)}
"""Price in USD and open interest in coins."""


def _hour(hour: int, venue: str, coin: str) -> Row:
    price, oi = SIZES[coin]
    return {
        "time": NOW + hour * STEP,
        "venue": venue,
        "symbol": coin,
        "price": round(price * (1 + 0.01 * sin(hour / 9)), 2),
        "open_interest": round(oi * VENUES[venue] * (1 + 0.01 * sin(hour / 7))),
        "futures_volume_usd": round(4e8 * (1.2 + sin(hour / 3))),
        "spot_volume_usd": round(6e7 * (1.2 + sin(hour / 4))),
        "long_short_accounts": round(1.2 + 0.2 * sin(hour / 11), 2),
        "funding_rate": _rate(hour) if coin == "ETH" else 0.0001,
        "funding_interval_hours": 8.0,
    }


def _rate(hour: int) -> float:
    if hour > 0:
        return next((rate for since, rate in reversed(FALLS.items()) if hour >= since), 0.00008)
    return next((rate for since, rate in DIPS.items() if 0 <= hour - since < 4), 0.00008)


PLACES = (Place("telegram", str(TINA)), Place("discord", str(DAN)))


@dataclass
class Told:
    """What was said, in order, by story."""

    lines: list[str] = field(default_factory=list)

    def story(self, title: str, says: str) -> None:
        """A story begins."""
        self.lines += [f"## {title}", "", says, ""]

    def show(self, where: str, said: str, answer: str, labels: Sequence[str] = ()) -> None:
        """One exchange, as a reader of the page sees it."""
        pressed = ["", "  ".join(f"[{label}]" for label in labels)] if labels else []
        text = "\n".join([*answer.strip().splitlines(), *pressed])
        self.lines += [f"**{where}** · {said}", "", "```text", text, "```", ""]


@dataclass
class Evening:
    """Both people with their service, and the market that goes on when the story does."""

    home: House
    told: Told
    coming: Iterator[Cycle]

    async def telegram(self, said: str) -> Taken:
        """Tina writes that."""
        return self._shown(f"`{said}`", await self.home.says(said))

    async def presses(self, on: Taken, label: str) -> Taken:
        """Tina presses that."""
        return self._shown(f"presses *{label}*", await self.home.presses(on, label))

    def _shown(self, said: str, taken: Taken) -> Taken:
        self.told.show("Telegram", said, taken.text, taken.labels)
        return taken

    async def discord(self, name: str, /, **options: str) -> Body:
        """Dan uses that command."""
        filled = "".join(f" {key}:{value}" for key, value in options.items())
        return self._answered(f"`/{name}{filled}`", await self.home.asks(name, **options))

    async def clicks(self, under: Body, label: str) -> Body:
        """Dan presses that."""
        return self._answered(f"presses *{label}*", await self.home.clicks(under, label))

    def _answered(self, said: str, body: Body) -> Body:
        self.told.show("Discord", said, on_discord(body), choices(body))
        return body

    async def until(self, hour: int) -> None:
        """The market goes on until that hour; whatever it brings, each of them is told once."""
        taken, log = self.home.telegram.taken, self.home.discord.world.log
        before = len(taken), len(log)
        pace = self.home.chats.pacers["telegram"]  # its seconds pass for real, though the clocks stand still
        await self.home.until(lambda: not pace.gap(PLACES[0]), "the next message may go")
        for cycle in self.coming:
            await self.home.clock.until(cycle.at)
            await self.home.store.close(cycle)
            await self._judged(cycle.at)
            if cycle.at == NOW + hour * STEP:
                break
        await self.home.until(lambda: (len(taken), len(log)) == (before[0] + 1, before[1] + 1), f"hour {hour}")
        self.told.show("Telegram", self._comes(hour, reply=bool(taken[-1].reply)), taken[-1].text, taken[-1].labels)
        body = log[-1].body
        self.told.show("Discord", self._comes(hour, reply="message_reference" in body), on_discord(body), choices(body))

    def _comes(self, hour: int, *, reply: bool) -> str:
        how = "a reply to that alert comes" if reply else "an alert comes"
        return f"{how} at {NOW + hour * STEP:%H:%M} UTC"

    async def _judged(self, at: datetime) -> None:
        async with asyncio.timeout(PATIENCE):
            while await self.home.store.judged() != at:  # noqa: ASYNC110  moments are judged beside us
                await asyncio.sleep(0.001)


@asynccontextmanager
async def evening(folder: Path, told: Told) -> AsyncIterator[Evening]:
    """Everything runs meanwhile but the poller: the story closes the moments."""
    recording = open_recording(market(folder / "market.parquet"))
    store, moments = MemoryStore(), play(recording, trailing(recording.step))
    for cycle in moments:
        await store.close(cycle)
        if cycle.at == NOW:
            break
    for place in PLACES:
        await store.change(place, lambda of: replace(of, charts=Charts.BUTTON), f"charts:{place}")
    async with house(folder, store=store) as home:
        loops = [
            Evaluator(store, SIGNALS, STEP).run(),
            Fanout(store, list(home.chats.fronts), home.clock.now).run(),
            *(run() for name, run in home.chats.loops(lambda _: None).items() if name.endswith("sender")),
        ]
        tasks = [asyncio.ensure_future(loop) for loop in loops]
        try:
            yield Evening(home, told, moments)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


async def _told() -> Told:
    told = Told()
    with tempfile.TemporaryDirectory() as name:
        async with evening(Path(name), told) as both:
            await _stories(both, Path(name))
    return told


async def _stories(both: Evening, folder: Path) -> None:
    told = both.told
    told.story("Subscribe", "A trader opens the bot, and subscribes to a signal on ETH.")
    await both.telegram("/start")
    await both.telegram("/subscribe negfunding ETH")
    await both.discord("subscribe", signal="negfunding", coins="ETH")

    told.story("Ask", "The same question on both platforms and on the command line: one moment, the same facts.")
    await both.telegram("/funding ETH")
    await both.discord("funding", coin="ETH")
    recording = open_recording(folder / "market.parquet")
    printed = on_the_terminal(await ask("/funding ETH", recording, NOW, Settings().quota))
    told.show("Command line", '`perpwatch ask "/funding ETH" --recording FILE`', printed)

    told.story("A threshold of one's own", "What could mean two things is asked back; saving comes after the dry run.")
    meant = await both.telegram(f"/alert {SENTENCE}")
    await both.presses(await both.presses(meant, meant.labels[0]), "Save")
    asked = await both.discord("alert", rule=SENTENCE)
    await both.clicks(await both.clicks(asked, choices(asked)[0]), "Save")

    told.story("The alerts and their ends", "ETH funding falls below one line, then below the other, and comes back.")
    for hour in BEGIN:
        await both.until(hour)
    alert = both.home.telegram.taken[-1]
    await both.presses(alert, "Why")
    for hour in END:
        await both.until(hour)
    await both.telegram("/alerts")
    await both.discord("alerts")


def page() -> str:
    """The stories as their page shows them."""
    return "\n".join(asyncio.run(_told()).lines)
