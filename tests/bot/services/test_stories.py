"""A person at the terminal: sentences, numbers of buttons, and what stands in the store afterwards."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from io import StringIO

from adapters.chat.base import Place
from adapters.chat.consoles import Plain
from adapters.chat.terminal import HERE, Terminal
from bot.commands.registry import COMMANDS
from bot.services.dispatcher import Dispatcher
from signals.registry import SIGNALS
from signals.rules.canonical import canonical
from tests.bot.commands.desks import NOW, STEP, desk_with_past


@dataclass
class Person:
    """Types lines; one in brackets presses the last button of that label."""

    lines: list[str]
    shown: StringIO = field(default_factory=StringIO)

    async def typed(self) -> AsyncIterator[str]:
        for line in self.lines:
            yield self._number(line[1:-1]) if line.startswith("[") else line

    def _number(self, label: str) -> str:
        return str(re.findall(rf"\[(\d+)\] {re.escape(label)}(?:  |\n)", self.shown.getvalue())[-1])


def live(*lines: str) -> tuple[str, list[str]]:
    """What is shown, and the rules that are there afterwards."""

    async def main() -> tuple[str, list[str]]:
        market = await desk_with_past()
        person = Person(list(lines))
        dispatcher = Dispatcher(
            market.store, SIGNALS, lambda: NOW, NOW, "0.1.0", lambda _: market.quota, STEP, market.patience
        )
        terminal = Terminal(lambda: NOW, console=Plain(person.typed(), person.shown, end_is_leaving=True))
        await terminal.serve(list(COMMANDS.values()), dispatcher)
        rules = await market.store.of(Place(HERE.platform, HERE.id))
        return person.shown.getvalue(), [f"#{r.number} rev {r.revision} {canonical(r.draft)}" for r in rules]

    return asyncio.run(main())


def test_a_threshold_of_ones_own() -> None:
    """Story 3.3: what could mean two things is asked, tried on the past, and saved by a button."""
    shown, rules = live("/alert ETH funding < -0.01", "[ETH funding < -0.01%]", "[Save]", "/alerts")

    assert "can mean two things, 100 times apart" in shown
    assert "30 days: fired 6 times, longest silence 5d" in shown
    assert "What is past the line already is told the next time it comes there." in shown
    assert rules == ["#1 rev 1 ETH funding < -0.01% for 15m every 1h"]


def test_no_button_no_rule() -> None:
    shown, rules = live("/alert ETH funding < -0.01%", "[Adjust]", "[Cancel]", "[Save]")

    assert "/alert ETH funding < -0.01% for 15m every 1h" in shown
    assert "Cancelled: nothing was saved" in shown
    assert "not here any more" in shown
    assert rules == []


def test_a_rule_is_changed_put_to_rest_deleted_and_brought_back() -> None:
    _, rules = live(
        "/alert ETH funding < -0.01%",
        "[Save]",
        "/edit #1 every 4h loud",
        "[Save]",
        "/pause #1",
        "[Resume]",
        "/delete 1",
        "[Undo]",
    )

    assert rules == ["#2 rev 1 ETH funding < -0.01% for 15m every 4h loud"]


def test_a_newcomer_takes_a_preset_and_moves_it_elsewhere() -> None:
    shown, rules = live("/start", "[Presets]", "[Calm]", "[Apply]", "/export")

    exported = shown[shown.index("📤") :].splitlines()[1:4]
    again, same = live(f"/import {'; '.join(exported)}", "[Save]")

    assert len(rules) == 3
    assert same == rules
    assert "3 rules saved" in again


def test_everything_on_all_coins_is_asked_twice() -> None:
    shown, rules = live("/alert * funding < -0.01%", "[Save]", "[Save it]")

    assert "It watches every coin (*)." in shown
    assert rules == ["#1 rev 1 * funding < -0.01% for 15m every 1h"]
