"""The terminal as a chat: numbers press buttons, leaving leaves, and alerts spare the line that is being typed."""

import asyncio
import os
import pty
import re
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest

from adapters.chat.base import (
    Button,
    CommandSpec,
    Delivery,
    Gone,
    Invocation,
    Message,
    Parameter,
    Picture,
    Place,
    Sent,
    Text,
    Tone,
    Who,
)
from adapters.chat.completion import completions
from adapters.chat.consoles import Plain, lines_of
from adapters.chat.gallery import Gallery
from adapters.chat.terminal import HERE, Terminal
from tests import virtual

NOW = datetime(2026, 1, 5, tzinfo=UTC)
ROOT = Path(__file__).parents[3]
SPECS = (
    CommandSpec("funding", "Funding", (Parameter("coin", "Coin", choices="coin"),)),
    CommandSpec("delete", "End a rule", (Parameter("number", "Number", choices="rule"),)),
    CommandSpec("help", "Help"),
)


@dataclass(frozen=True)
class Entry:
    """A command as menus offer it."""

    spec: CommandSpec
    who: Who = Who.ANY
    private: bool = True


MENU = [Entry(spec) for spec in SPECS]
WORDS = {"coin": ["BTC", "ETH", "ETHW"], "venue": ["binance", "bybit"], "rule": ["#1", "#12"]}


def message(text: str, *buttons: Button) -> Message:
    return Message(Tone.ANSWER, "", (Text(text),), buttons=buttons)


def delivery(text: str, *buttons: Button, edits: str | None = None) -> Delivery:
    return Delivery("key", HERE, message(text, *buttons), NOW + timedelta(minutes=1), edits=edits)


class Echo:
    """Answers with what was asked, and remembers it."""

    def __init__(self, *buttons: Button) -> None:
        self.heard: list[Invocation] = []
        self._buttons = buttons

    async def answer(self, invocation: Invocation) -> Message:
        self.heard.append(invocation)
        return message(f"{invocation.name}|{invocation.arguments}", *self._buttons)

    async def came(self, place: Place) -> None:
        assert place == HERE

    async def left(self, place: Place, reason: str) -> None:
        raise AssertionError(place, reason)

    async def moved(self, place: Place, new: Place) -> None:
        raise AssertionError(place, new)

    @property
    def lines(self) -> list[str]:
        return [f"{i.name} {i.arguments}".strip() for i in self.heard]


class Closed(StringIO):
    """A pipe whose reader has left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, f"Broken pipe, {len(text)} letters unread")


def talk(lines: Sequence[str], echo: Echo, *, writer: StringIO | None = None, leaving: bool = True) -> str:
    """Type the lines and give back what was shown."""
    shown = writer or StringIO()

    async def typed() -> AsyncIterator[str]:
        for line in lines:
            yield line

    async def main() -> None:
        console = Plain(typed(), shown, end_is_leaving=leaving)
        await Terminal(lambda: NOW, console=console).serve(MENU, echo)

    virtual.run(main)
    return "" if isinstance(shown, Closed) else shown.getvalue()


def test_lines_are_answered_in_order() -> None:
    echo = Echo()

    shown = talk(["/FUNDING ETH", "", "  /help  ", "ETH funding < 1%"], echo)

    assert shown == "funding|ETH\nhelp|\nETH|funding < 1%\n"
    assert len({i.seen for i in echo.heard}) == 3
    assert {(i.place, i.at, i.operator) for i in echo.heard} == {(HERE, NOW, True)}


@pytest.mark.parametrize("leave", ["/quit", "/QUIT", " quit ", "/exit"])
def test_quit_leaves(leave: str) -> None:
    echo = Echo()

    talk(["/help", leave, "/funding"], echo, leaving=False)

    assert echo.lines == ["help"]


def test_the_end_of_a_pipe_does_not_leave() -> None:
    with pytest.raises(RuntimeError, match="deadlock"):  # on the virtual loop: waits with nothing scheduled
        talk(["/help"], Echo(), leaving=False)


def test_numbers_press_buttons_and_old_buttons_keep_theirs() -> None:
    echo = Echo(Button("Rules", "/alerts"), Button("Delete", "/delete 3"))

    shown = talk(["/help", "2", "1", "4", "99"], echo)

    assert shown.startswith("help|\n[1] Rules  [2] Delete\ndelete|3\n[3] Rules  [4] Delete\n")
    assert echo.lines == ["help", "delete 3", "alerts", "delete 3", "99"]


def test_escape_sequences_in_what_is_typed_reach_nobody() -> None:
    echo = Echo()

    shown = talk(["/funding \x1b[31mE\u202eTH\r"], echo)

    assert echo.lines == ["funding [31mETH"]
    assert "\x1b" not in shown


def test_who_reads_no_more_has_left() -> None:
    echo = Echo()

    talk(["/help", "/funding"], echo, writer=Closed(), leaving=False)

    assert echo.lines == ["help"]


async def test_a_picture_is_a_file_whose_place_is_said(tmp_path: Path) -> None:
    shown, picture = StringIO(), Picture(b"png", "A-7F3K.png", "in words")
    terminal = Terminal(lambda: NOW, console=Plain(lines_of(-1), shown), gallery=Gallery(tmp_path / "charts"))
    there = delivery("one")

    await terminal.send(replace(there, message=replace(there.message, picture=picture)))

    (path,) = (tmp_path / "charts").iterdir()
    assert path.read_bytes() == b"png"
    assert shown.getvalue() == f"one\n🖼 {path}\n"


async def test_a_full_disk_costs_the_picture_and_not_the_message(tmp_path: Path) -> None:
    (tmp_path / "charts").write_text("no folder", encoding="utf-8")
    shown, there = StringIO(), delivery("one")
    terminal = Terminal(lambda: NOW, console=Plain(lines_of(-1), shown), gallery=Gallery(tmp_path / "charts"))

    sent = await terminal.send(replace(there, message=replace(there.message, picture=Picture(b"", "x.png", ""))))

    assert isinstance(sent, Sent)
    assert shown.getvalue() == "one\n"


async def test_sending_is_one_block_and_an_edit_keeps_its_id() -> None:
    shown = StringIO()
    terminal = Terminal(lambda: NOW, console=Plain(lines_of(-1), shown))

    first, edit = await terminal.send(delivery("one")), await terminal.send(delivery("two", edits="7"))
    gone = await Terminal(lambda: NOW, console=Plain(lines_of(-1), Closed())).send(delivery("three"))

    assert isinstance(first, Sent)
    assert edit == Sent("7")
    assert shown.getvalue() == "one\ntwo\n"
    assert gone == Gone("the terminal is closed: Broken pipe, 6 letters unread")


async def test_lines_of_a_pipe_come_whole_and_in_order() -> None:
    reader, writer = os.pipe()
    os.write(writer, "/funding 币\n\n/help".encode())
    os.close(writer)

    try:
        lines = [line async for line in lines_of(reader)]
    finally:
        os.close(reader)

    assert lines == ["/funding 币", "", "/help"]


async def test_an_input_that_cannot_be_read_has_no_lines() -> None:
    async with asyncio.timeout(10):
        assert [line async for line in lines_of(-1)] == []


@pytest.mark.parametrize(
    ("before", "offered"),
    [
        ("", [("/funding", 0), ("/delete", 0), ("/help", 0)]),
        ("/FU", [("/funding", -3)]),
        ("/funding e", [("ETH", -1), ("ETHW", -1)]),
        ("/funding BTC,et", [("ETH", -2), ("ETHW", -2)]),
        ("/funding ETH@by", [("bybit", -2)]),
        ("/delete #1", [("#1", -2), ("#12", -2)]),
        ("/help x", []),
        ("/nothing e", []),
    ],
)
async def test_completion_offers_commands_then_what_their_parameters_name(
    before: str, offered: list[tuple[str, int]]
) -> None:
    async def words(kind: str, place: Place, typed: str) -> Sequence[str]:
        assert (place, typed) == (HERE, before.rpartition(" ")[2].rpartition(",")[2].rpartition("@")[2])
        return WORDS[kind]

    assert list(await completions(before, SPECS, words, HERE)) == offered


CHILD = """
import asyncio, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from adapters.chat.base import Delivery, Message, Text, Tone
from adapters.chat.terminal import HERE, Terminal

NOW = datetime(2026, 1, 5, tzinfo=UTC)

class Answers:
    async def came(self, place):
        pass

    async def answer(self, invocation):
        return Message(Tone.ANSWER, "", (Text(f"<{invocation.name}|{invocation.arguments}>"),))

async def main():
    terminal = Terminal(lambda: NOW, Path(sys.argv[1]))
    alert = Delivery("key", HERE, Message(Tone.FIRING, "", (Text("ALERT"),)), NOW)
    tasks = []
    tell = lambda: tasks.append(asyncio.create_task(terminal.send(alert)))
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, tell)
    await terminal.serve((), Answers())
    print("LEFT")

asyncio.run(main())
"""


class Screen:
    """A person at a real terminal in which the child runs."""

    def __init__(self, history: Path, **environment: str) -> None:
        self.descriptor, child = pty.openpty()
        own = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(history)],
            stdin=child,
            stdout=child,
            stderr=child,
            env=own | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"} | environment,
            start_new_session=True,
        )
        os.close(child)
        self._shown = ""

    def until(self, expected: str) -> str:
        """What is shown from here on up to the end of that text; fails after half a minute."""
        end = time.monotonic() + 30
        while expected not in self._shown:
            ready = select.select([self.descriptor], [], [], end - time.monotonic())[0]
            assert ready, f"{expected!r} was not shown, but {self._shown!r}"
            self._shown += os.read(self.descriptor, 65536).decode(errors="replace")
        before, found, self._shown = self._shown.partition(expected)
        return before + found

    def type(self, text: str) -> None:
        os.write(self.descriptor, text.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.descriptor)


def test_an_alert_appears_above_the_line_that_is_being_typed_and_spares_it(tmp_path: Path) -> None:
    history = tmp_path / "deep" / "history"
    screen = Screen(history)
    try:
        screen.until("m>")
        screen.type("/fund")
        screen.until("/fund")
        screen.process.send_signal(signal.SIGUSR1)
        alert = screen.until("ALERT")
        again = screen.until("/fund")
        screen.type("ing ETH\r")
        screen.until("<funding|ETH>")
        screen.until("m>")  # between two prompts the kernel would swallow the end
        screen.type("\x04")
        screen.until("LEFT")
    finally:
        screen.close()

    assert "\x1b[38;2;230;159;0mALERT" in alert + again
    assert "+/funding ETH\n" in history.read_text(encoding="utf-8")
    assert stat.S_IMODE(history.stat().st_mode) == 0o600


def test_no_color_is_kept_on_a_terminal(tmp_path: Path) -> None:
    screen = Screen(tmp_path / "history", NO_COLOR="1")
    try:
        screen.until("m>")
        screen.process.send_signal(signal.SIGUSR1)
        shown = screen.until("ALERT")
    finally:
        screen.close()

    assert not re.search(r"\x1b\[38;2", shown)
