"""The page of transcripts shows what people are told now, and the same facts wherever they ask."""

import re
from pathlib import Path

import pytest

from tests.both.shown import facts
from tests.both.transcripts import page

PAGE = Path(__file__).parents[2] / "docs" / "transcripts.md"
SHOWN = re.compile(r"\*\*(?P<where>[^*]+)\*\* · (?P<said>[^\n]+)\n\n```text\n(?P<answer>.*?)\n```", re.DOTALL)


@pytest.fixture(scope="module")
def told() -> str:
    return page()


def test_the_page_shows_what_is_said_now(told: str) -> None:
    found = re.search(
        r"<!-- table: transcripts begin -->\n(.*)\n<!-- table: transcripts end -->", PAGE.read_text("utf-8"), re.DOTALL
    )

    assert found, "there are no transcripts on the page"
    assert found[1] == told.strip()


def test_both_platforms_and_the_command_line_tell_the_same_facts(told: str) -> None:
    story = told.partition("## Ask")[2].partition("## ")[0]
    shown = {found["where"]: found["answer"].partition("\n\n[")[0] for found in SHOWN.finditer(story)}

    assert set(shown) == {"Telegram", "Discord", "Command line"}
    assert facts(shown["Telegram"]) == facts(shown["Discord"]) == facts(shown["Command line"])
    assert facts(shown["Telegram"]).total() > 10


def test_an_alert_and_its_end_come_once_on_each_platform(told: str) -> None:
    came = [
        (shown["where"], shown["answer"].split()[1]) for shown in SHOWN.finditer(told) if "comes at" in shown["said"]
    ]

    assert came == [(where, icon) for icon in ("🔻", "🔻", "✅", "✅") for where in ("Telegram", "Discord")]
