"""The page of rights says what is so, and what is so is what was meant."""

import re
from pathlib import Path

import pytest

from adapters.chat.base import Who
from adapters.chat.discord_tree import aims
from bot.commands.registry import COMMANDS
from tests.both.permissions import ALONE, NO, NOT_THERE, YES, Cells, measured, table

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
ALLOWED = {
    Who.ANY: {"a person", "member", "admin", "anonymous admin", "manager", "operator"},
    Who.OWNER: {"a person", "admin", "anonymous admin", "manager", "operator"},
    Who.OPERATOR: {"operator"},
}
"""Who may, where the command is about the place."""

ABOUT_ONESELF = {"use", "help", "about", "privacy", "forget"}
"""Commands that go on acting on the person, whatever channel the others act on."""


@pytest.fixture(scope="module")
def cells() -> Cells:
    return measured()


def test_the_page_says_what_both_platforms_answer(cells: Cells) -> None:
    found = re.search(r"<!-- table: permissions begin -->\n(.*)\n<!--", PAGE.read_text(encoding="utf-8"), re.DOTALL)

    assert found, "there is no table on the page"
    assert found[1] == table(cells)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_answered_to_those_it_is_meant_for(name: str, cells: Cells) -> None:
    command = COMMANDS[name]
    for platform, columns in cells.items():
        for column, by_name in columns.items():
            where, _, role = column.partition(": ")
            said = by_name[name]
            if role == "not invited":
                assert said == NO
            elif role == "admin no more":
                assert (said == YES) is (name in ABOUT_ONESELF)
            elif platform == "Discord" and where == "channel" and not aims(command):
                assert said == NOT_THERE
            elif platform == "Discord" and where == "server" and role == "member":
                assert (said != NO) is (command.who is not Who.OPERATOR)
            else:
                assert (said != NO) is (role in ALLOWED[command.who]), column


@pytest.mark.parametrize("name", COMMANDS)
def test_in_a_server_what_is_ones_own_is_seen_by_oneself_alone(name: str, cells: Cells) -> None:
    said = {column: by_name[name] for column, by_name in cells["Discord"].items()}

    shown = {seen for column, seen in said.items() if column.startswith(("server", "channel"))} - {NO, NOT_THERE}
    assert shown <= ({ALONE} if COMMANDS[name].private else {YES})
    assert {seen for column, seen in said.items() if column.startswith("direct")} <= {YES, NO}
