"""Messages as text: the same words with and without colour, tables that line up, and nothing that steers a terminal."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chat.base import Button, Line, Message, Style, Table, Text, Tone
from adapters.chat.rendering import clean, render

OURS = re.compile(r"\x1b\[(?:0|1|2|3|36|38;2;\d+;\d+;\d+)m")
STEERING = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}

HOSTILE = [
    "\x1b[2J",
    "\x1b]0;owned\x07",
    "a\rb",
    "\u202ecte",
    "\u2066x\u2069",
    "\x9b31m",
    "\x08\x7f",
    "\u200b",
    "\ud800",
]

words = st.text(st.characters(), max_size=12) | st.sampled_from(HOSTILE)
lines: st.SearchStrategy[Line] = st.lists(st.builds(Text, words, st.sampled_from(Style)), max_size=3).map(tuple)
rows = st.lists(words, max_size=4).map(tuple)
messages = st.builds(
    Message,
    tone=st.sampled_from(Tone),
    icon=words,
    headline=lines,
    alert=st.none() | words,
    lines=st.lists(lines, max_size=3).map(tuple),
    table=st.none() | st.builds(Table, rows, st.lists(rows, max_size=3).map(tuple)),
    after=st.lists(lines, max_size=2).map(tuple),
    small=words,
    buttons=st.lists(st.builds(Button, words, words), max_size=3).map(tuple),
    simulated=st.booleans(),
)


def said(text: str, **more: object) -> Message:
    return Message(Tone.ANSWER, "📊", (Text(text, Style.BOLD),), **more)  # type: ignore[arg-type]


def columns(text: str) -> int:
    """Places on the screen: marks take none, wide letters two."""
    marks = sum(unicodedata.category(c) in {"Mn", "Me"} for c in text)
    return len(text) - marks + sum(unicodedata.east_asian_width(c) in "WF" for c in text)


@given(messages)
def test_any_message_renders_and_only_our_own_colours_reach_the_terminal(message: Message) -> None:
    plain, coloured = render(message, colour=False), render(message, colour=True)

    assert {c for c in plain if unicodedata.category(c) in STEERING} <= {"\n"}
    assert OURS.sub("", coloured) == plain
    plain.encode()


@given(messages)
def test_simulated_is_the_first_word_of_what_is_simulated(message: Message) -> None:
    assert render(message, colour=False).startswith("SIMULATED") or not message.simulated


@given(words)
def test_a_hostile_word_adds_no_line(word: str) -> None:
    assert render(said(word), colour=False).count("\n") == 1


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_steers_a_terminal_is_taken_out_of_names(hostile: str) -> None:
    kept = clean(f"PEPE{hostile}USD")

    assert kept.startswith("PEPE")
    assert kept.endswith("USD")
    assert not {unicodedata.category(c) for c in kept} & STEERING


def test_a_line_break_in_a_note_becomes_a_blank() -> None:
    assert clean("watch\r\nthe\tclose\u2028now") == "watch  the close now"


def test_a_table_lines_up_with_minus_signs_wide_letters_and_marks() -> None:
    table = Table(("venue", "rate"), (("币安", "−0.0309%"), ("e\u0301change", "0.1%"), ("OKX", "–")))

    shown = render(said("x", table=table), colour=False).splitlines()[1:]

    assert {columns(row) for row in shown} == {len("échange") + 2 + len("−0.0309%")}
    assert [row[-1] for row in shown] == ["e", "%", "%", "–"]
    assert shown[1] == "币安     −0.0309%"


def test_a_row_that_is_too_short_is_filled() -> None:
    table = Table(("venue", "rate", "age"), (("OKX",),))

    shown = render(said("x", table=table), colour=False).splitlines()[1:]

    assert len(shown[0]) == len(shown[1])


def test_parts_stand_in_the_order_of_the_contract() -> None:
    message = said(
        "head",
        alert="A-7F3K",
        lines=((Text("line"),),),
        table=Table(("table",), ()),
        after=((Text("after"),),),
        small="small",
        buttons=(Button("Save", "/save"), Button("Cancel", "/cancel")),
        simulated=True,
    )

    assert render(message, colour=False, first=3).splitlines() == [
        *("SIMULATED 📊 head  A-7F3K", "line", "table", "after", "small", "[3] Save  [4] Cancel"),
    ]


def test_tones_have_colours_of_their_own() -> None:
    shown = {render(Message(tone, "", (Text("x"),)), colour=True) for tone in Tone}

    assert len(shown) == len(Tone)
