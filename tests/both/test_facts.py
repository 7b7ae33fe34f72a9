"""One command, one set of facts: numbers, units and numbers of rules are the same wherever it is asked."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from adapters.chat.base import CommandSpec, Who
from bot.commands.registry import COMMANDS
from tests.both.house import House, house
from tests.both.shown import choices, facts, on_discord, on_the_terminal


def options(spec: CommandSpec, rest: str) -> dict[str, str]:
    """What a person fills in who means that: a word for each parameter, all that is left for the last."""
    words = rest.split(maxsplit=max(0, len(spec.parameters) - 1))
    return {parameter.name: word for parameter, word in zip(spec.parameters, words, strict=False)}


Said = tuple[str, tuple[str, ...]]
"""The words of an answer, and what its buttons say."""


async def asked(home: House, line: str) -> tuple[Said, Said, Said]:
    """The answers to one line on Telegram, on Discord and at the terminal, at one moment."""
    name, _, rest = line.removeprefix("/").partition(" ")
    await home.later(seconds=6)
    taken = await home.says(line)
    body = await home.asks(name, **options(COMMANDS[name].spec, rest))
    printed = await home.types(line)
    labels = tuple(button.label for button in printed.buttons)
    return (
        (taken.text, tuple(taken.labels)),
        (on_discord(body), tuple(choices(body))),
        (on_the_terminal(printed), labels),
    )


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Said, Said, Said]]:
    """All of them by line: every example of the registry in the order of the menus, each on places of its own."""

    async def all_(folder: Path) -> Mapping[str, tuple[Said, Said, Said]]:
        async with house(folder) as home:
            for rule in RULES:
                await home.presses(await home.says(rule), "Save")
                await home.clicks(await home.asks("alert", rule=rule.partition(" ")[2]), "Save")
                tried = await home.types(rule)
                await home.types(next(button.command for button in tried.buttons if button.label == "Save"))
            return {line: await asked(home, line) for line in LINES}

    return asyncio.run(all_(tmp_path_factory.mktemp("house")))


RULES = ("/alert ETH funding < -0.005% for 15m", "/alert BTC oi 4h falls by 5%")
READING = [command.spec for command in COMMANDS.values() if command.who is Who.ANY]
LINES = list(
    dict.fromkeys([*(f"/{spec.name}" for spec in READING), *(c.spec.example for c in COMMANDS.values()), "/alerts"])
)


@pytest.mark.parametrize("line", LINES)
def test_the_same_facts_are_told_on_telegram_on_discord_and_at_the_terminal(
    line: str, answers: Mapping[str, tuple[Said, Said, Said]]
) -> None:
    telegram, discord, terminal = answers[line]

    assert facts(terminal[0]) or COMMANDS[line[1:].split(maxsplit=1)[0]].spec not in READING
    assert facts(telegram[0]) == facts(terminal[0])
    assert facts(discord[0]) == facts(terminal[0])
    assert telegram[1] == discord[1] == terminal[1]
