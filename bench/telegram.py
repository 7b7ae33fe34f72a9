"""CPU of sending to Telegram with 30 messages in flight: our front and transport against the library's own."""

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.constants import ParseMode
from telegram.request import BaseRequest, HTTPXRequest

from adapters.chat.base import Button, Delivery, Message, Place, Sent, Text, Tone
from adapters.chat.telegram.front import Telegram
from adapters.chat.telegram.markup import pages
from adapters.chat.telegram.request import HIDDEN, LIBRARY_URL, Request
from adapters.chat.telegram.settings import TelegramSettings
from bench.measure import report, turn

MESSAGES, AT_ONCE, ROUNDS = 600, 30, 5
PERSON = 42
ROOT = Path(__file__).parents[1]
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


class Nothing:
    """Notes that keep nothing: these messages need none."""

    async def read(self, key: str) -> str | None:
        """Nothing."""
        del key

    async def write(self, key: str, text: str, lives: timedelta) -> None:
        """Forget it."""
        del key, text, lives


class Taken:
    """What the fake Bot API says it took, read by a thread while it runs."""

    def __init__(self, server: "subprocess.Popen[str]") -> None:
        self._server = server
        self._lines: list[str] = []
        self._more = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def texts(self, number: int) -> Sequence[str]:
        """The texts of the next messages, sorted."""
        with self._more:
            if not self._more.wait_for(lambda: len(self._lines) >= number, timeout=60):
                raise AssertionError("messages were lost")
            taken, self._lines = self._lines, []
        return sorted(json.loads(line)["text"] for line in taken)

    def _read(self) -> None:
        assert self._server.stdout is not None
        for line in self._server.stdout:
            with self._more:
                self._lines.append(line)
                self._more.notify()


def alert(number: int) -> Message:
    return Message(
        Tone.FIRING,
        "🔻",
        (Text("ETH · funding below your line"),),
        alert="A-7F3K",
        lines=((Text(f"−0.0121% per 8h, message {number}"),),),
        buttons=(Button("Mute 2h", "/mute #3 2h"), Button("Rules", "/alerts")),
    )


async def all_sent(send: Callable[[int], Awaitable[None]]) -> None:
    """Send them all, so many at a time."""
    numbers = iter(range(MESSAGES))

    async def one_after_another() -> None:
        for number in numbers:
            await send(number)

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))


async def by_front(settings: TelegramSettings) -> None:
    front = Telegram(settings, Nothing(), now, now)
    later = now() + timedelta(hours=1)

    async def send(number: int) -> None:
        outcome = await front.send(Delivery("key", Place("telegram", str(PERSON)), alert(number), later))
        assert isinstance(outcome, Sent), outcome

    await all_sent(send)
    await front.aclose()


async def by_library(make: Callable[[], tuple[str, str, BaseRequest]]) -> None:
    """The library's own call, with the text and the buttons made before."""
    token, url, request = make()
    async with Bot(token, url, request=request, get_updates_request=request) as bot:

        async def send(number: int) -> None:
            message = alert(number)
            row = [InlineKeyboardButton(b.label, callback_data=f"n{b.command}") for b in message.buttons]
            await bot.send_message(
                PERSON,
                pages(message)[0].html,
                parse_mode=ParseMode.HTML,
                disable_notification=False,
                reply_markup=InlineKeyboardMarkup([row]),
                link_preview_options=_NO_PREVIEW,
            )

        await all_sent(send)


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251  a measurement's own clock


def main() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "tests.fake_telegram", "--unlimited", "--person", str(PERSON)]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        told = json.loads(server.stdout.readline())
        settings = TelegramSettings(told["telegram_token"], told["telegram_url"])
        taken = Taken(server)
        rivals: dict[str, Callable[[], Awaitable[None]]] = {
            "front": partial(by_front, settings),
            "library on our transport": partial(by_library, lambda: (HIDDEN, LIBRARY_URL, Request(settings))),
            "library on its default": partial(
                by_library,
                lambda: (settings.token, f"{settings.url}/bot", HTTPXRequest(connection_pool_size=AT_ONCE)),
            ),
        }
        cpu: dict[str, list[float]] = {name: [] for name in rivals}
        wanted = None
        for round_ in range(ROUNDS + 1):
            for name, rival in rivals.items():
                measured = turn(lambda rival=rival: asyncio.run(rival()))  # type: ignore[misc]
                texts = taken.texts(MESSAGES)
                wanted = wanted or texts
                assert texts == wanted, f"{name} sent something else"
                if round_:  # the first one warms up
                    cpu[name].append(measured.cpu / MESSAGES * 1e6)
        server.terminate()
    rows = {name: {"cpu_us_per_message": round(sorted(of)[len(of) // 2], 1)} for name, of in cpu.items()}
    default = rows["library on its default"]["cpu_us_per_message"]
    report(
        "telegram",
        "CPU per message at 30 in flight: >= 6x less than the library on its default transport",
        rows,
        messages=MESSAGES,
        in_flight=AT_ONCE,
        rounds=ROUNDS,
        equal_messages=True,
        front_times_less=round(default / rows["front"]["cpu_us_per_message"], 2),
        transport_times_less=round(default / rows["library on our transport"]["cpu_us_per_message"], 2),
    )


if __name__ == "__main__":
    main()
