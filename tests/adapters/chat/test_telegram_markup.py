"""Telegram's HTML: the same text comes back out of it, within the limits, and nothing is left out without a mark."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.chat.base import Button, Line, Message, Style, Table, Text, Tone
from adapters.chat.presses import ANSWER, NOTICE, unpacked
from adapters.chat.rendering import clean
from adapters.chat.telegram.buttons import DATA, LABEL, MOST, keyboards, line_of, link_note, payload_of
from adapters.chat.telegram.markup import CAPTION, ENTITIES, TEXT, Page, caption, pages, title, units

ALLOWED = {"b", "i", "code", "pre", "blockquote"}
HOSTILE = [
    "<b>",
    "</pre>",
    "&lt;",
    "&",
    "@admin",
    "\x1b[2J",
    "\u202ecte",
    "\ud800",
    "🧨" * 9,
    "e\u0301",
    "\u2060",
    "a\nb",
]

words = st.text(st.characters(), max_size=12) | st.sampled_from(HOSTILE)
long = words | st.builds(lambda word, times: word * times, words, st.integers(1, 700))
lines: st.SearchStrategy[Line] = st.lists(st.builds(Text, long, st.sampled_from(Style)), max_size=3).map(tuple)
reasons = lines.map(lambda line: (Text("• "), *line))
rows = st.lists(words, max_size=4).map(tuple)
messages = st.builds(
    Message,
    tone=st.sampled_from(Tone),
    icon=words,
    headline=lines,
    alert=st.none() | words,
    lines=st.lists(lines | reasons, max_size=9).map(tuple),
    table=st.none() | st.builds(Table, rows, st.lists(rows, max_size=60).map(tuple)),
    after=st.lists(lines, max_size=2).map(tuple),
    small=long,
    simulated=st.booleans(),
)


class Reader(HTMLParser):
    """The text of HTML, and the tags in it; nothing may be left open or closed twice."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.tags, self.open = "", [], []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert attrs == ([("expandable", None)] if tag == "blockquote" else [])
        self.tags.append(tag)
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def bare(text: str) -> str:
    """What can be seen of a text: without blanks and the joiners that keep mentions quiet."""
    return re.sub(r"[\s\u2060]", "", text)


def spoken(message: Message) -> str:
    """Everything that a message says, in order."""
    table = message.table
    cells = [cell for row in (table.header, *table.rows) for cell in row] if table else []
    spans = ["SIMULATED" * message.simulated, message.icon, *(span.text for span in message.headline)]
    spans += [message.alert or "", *(span.text for line in message.lines for span in line), *cells]
    spans += [*(span.text for line in message.after for span in line), message.small]
    return bare("".join(clean(span) for span in spans))


def said(text: str, **more: object) -> Message:
    return Message(Tone.ANSWER, "📊", (Text(text, Style.BOLD),), **more)  # type: ignore[arg-type]


def alert(**more: object) -> Message:
    return said("ETH · funding below your line", alert="A-7F3K", **more)


def line(text: str, style: Style = Style.PLAIN) -> Line:
    return (Text(text, style),)


@given(messages)
@settings(max_examples=60, deadline=None)
@example(alert(lines=(line("x" * 9000),), small="s" * 9000))
@example(said("", lines=((Text("b", Style.BOLD),) * 450,)))
@example(said("🧨" * 5000))
def test_pages_are_valid_within_the_limits_and_leave_nothing_out_in_silence(message: Message) -> None:
    parts = pages(message)

    for page in parts:
        read = Reader(page.html)
        assert read.text == page.plain
        assert set(read.tags) <= ALLOWED
        assert len(read.tags) <= ENTITIES
        assert units(page.plain) <= TEXT
        assert page.plain.strip()
        page.plain.encode()  # nothing cut inside a surrogate pair, and none came in
    told, whole = bare("".join(page.plain for page in parts)), spoken(message)
    assert told == (whole or "…") or (message.alert is not None and "…" in told)
    below = caption(message)
    assert below is None or (units(below.plain) <= CAPTION and bare(below.plain) == whole)
    assert units(title(message).plain) <= CAPTION


def test_an_alert_gives_up_reasons_from_the_end_then_small_print_and_never_its_value_or_trust() -> None:
    why = [line(f"• {number} " + "w" * 300) for number in range(1, 6)]
    message = alert(
        lines=(line("−0.0121%", Style.BOLD), *why, line("Low trust", Style.BOLD)),
        after=(line("Stop: /mute"),),
        small="s" * 3000,
    )

    (page,) = pages(message)

    assert [f"• {number} " in page.plain for number in range(1, 6)] == [True, True, True, False, False]
    assert "… +2" in page.plain
    assert "s" * 3000 in page.plain
    assert all(kept in page.plain for kept in ("A-7F3K", "−0.0121%", "Low trust", "Stop: /mute"))

    (page,) = pages(alert(lines=(line("v" * 3000), *why[:1]), small="s" * 3000))

    assert "… +1" in page.plain
    assert "v" * 3000 in page.plain
    assert page.plain.endswith("s…")
    assert units(page.plain) == TEXT


def test_lengths_are_counted_in_utf_16_units_and_entities_too() -> None:
    bombs = pages(said("🧨" * 4000))
    spans = pages(said("x", lines=((Text("b", Style.BOLD),) * 250,)))

    assert [units(page.plain) for page in bombs] == [4095, 3908]
    assert [page.html.count("<b>") for page in spans] == [100, 99, 52]


def test_an_alert_gives_up_rows_of_its_table_before_its_reasons() -> None:
    rows = tuple((f"coin{number}", "1" * 30) for number in range(200))

    (page,) = pages(alert(lines=(line("• why"),), table=Table(("coin", "sum"), rows)))

    assert "• why" in page.plain
    assert "coin0 " in page.plain
    left = page.plain.count("coin") - 1
    assert f"… +{200 - left}" in page.plain
    assert page.html.count("<pre>") == 1


def test_a_table_of_an_answer_goes_on_in_the_next_message() -> None:
    rows = tuple((f"coin{number}", "1" * 30) for number in range(200))

    parts = pages(said("all", table=Table(("coin", "sum"), rows)))

    assert len(parts) > 1
    assert all(part.html.count("<pre>") == 1 for part in parts)
    assert sum(part.plain.count("coin") for part in parts) == 201


def test_the_alert_of_the_specification() -> None:
    message = alert(
        lines=(
            (Text("−0.0121%", Style.BOLD), Text(" per 8h (−13.2% a year), 6 venues weighted by OI")),
            (Text("Shorts pay longs.", Style.ITALIC), Text(" Line: below −0.01% for 15m, true since 14:02 UTC.")),
            line("Why", Style.BOLD),
            line("• lower than 96% of the last 90 days"),
            (Text("Structure: normal", Style.BOLD), Text(" · spot/futures 0.19")),
        ),
        small="Binance −0.0137%/8h 2s. Rule #3 rev 2: ETH funding < -0.01%. Not advice.",
    )

    assert pages(message) == [
        Page(
            "📊 <b>ETH · funding below your line</b>  <code>A-7F3K</code>\n"
            "<b>−0.0121%</b> per 8h (−13.2% a year), 6 venues weighted by OI\n"
            "<i>Shorts pay longs.</i> Line: below −0.01% for 15m, true since 14:02 UTC.\n"
            "\n"
            "<b>Why</b>\n"
            "• lower than 96% of the last 90 days\n"
            "\n"
            "<b>Structure: normal</b> · spot/futures 0.19\n"
            "\n"
            "<blockquote expandable>Binance −0.0137%/8h 2s. Rule #3 rev 2: ETH funding &lt; -0.01%. Not advice."
            "</blockquote>",
            pages(message)[0].plain,
        )
    ]


def test_a_table_stands_in_columns_and_a_long_cell_is_cut() -> None:
    (page,) = pages(said("rates", table=Table(("venue", "rate"), (("okx", "−1%"), ("x" * 99, "2%"))), small="all"))

    assert page.plain.split("\n")[1:] == [
        "venue" + " " * 27 + "  rate",
        "okx" + " " * 29 + "   −1%",
        "x" * 31 + "…" + "    2%",
        "all",
    ]
    assert page.html.endswith("</pre>\n<i>all</i>")


@pytest.mark.parametrize("text", ["@admin", "see @admin", "(@admin)", "@@admin", "-@admin"])
def test_nobody_is_called_by_a_name_in_a_text(text: str) -> None:
    (page,) = pages(said(text))

    assert not re.search(r"(?<!\w)@\w", page.plain)


def test_a_call_made_of_two_spans_is_none() -> None:
    (page,) = pages(said("x", lines=((Text(" @"), Text("admin", Style.BOLD)),)))

    assert not re.search(r"(?<!\w)@\w", page.plain)


def test_a_venue_behind_a_coin_stays_as_it_is() -> None:
    assert "ETH@okx" in pages(said("ETH@okx"))[0].plain


def test_a_simulated_market_says_so_first() -> None:
    assert pages(said("x", simulated=True))[0].html.startswith("<b>SIMULATED </b>📊")


buttons = st.lists(st.builds(Button, words, long, st.booleans()), max_size=12)


@given(found=buttons, kind=st.sampled_from([ANSWER, NOTICE]), shared=st.booleans())
@settings(max_examples=80, deadline=None)
def test_every_button_fits_and_its_line_can_be_found_again(found: Sequence[Button], kind: str, shared: bool) -> None:
    kept = {
        key: text for board in keyboards(found, kind, "our_bot", shared=shared) for key, text in board.notes.items()
    }
    keys = [key for board in keyboards(found, kind, "our_bot", shared=shared) for row in board.rows for key in row]

    assert len(keys) == len(found)
    for key, button in zip(keys, found, strict=True):
        assert 1 <= len(key.label) <= LABEL
        if button.alone and shared:
            payload = key.url.removeprefix("https://t.me/our_bot?start=")
            assert re.fullmatch(r"[\w-]{1,64}", payload, re.ASCII)
            line_, token = line_of(payload)
            assert (line_ if token is None else kept[link_note(token)]) == button.command
        else:
            assert 1 <= len(key.data.encode()) <= DATA
            back, token, line_ = unpacked(key.data)
            assert back == kind
            assert (line_ if token is None else kept[f"press:{token}"]) == button.command


def test_more_buttons_than_one_message_takes_go_on_below_the_next() -> None:
    boards = keyboards([Button(f"b{n}", f"/b{n}") for n in range(MOST + 1)], ANSWER, "our_bot", shared=False)

    assert [sum(len(row) for row in board.rows) for board in boards] == [MOST, 1]


def test_short_buttons_stand_side_by_side_and_long_ones_below_each_other() -> None:
    names = ["Chart", "Mute 2h", "Why", "Rule #3", "price 15m rises by 5%", "price 1h rises by 5%"]
    (board,) = keyboards([Button(name, "/x") for name in names], ANSWER, "our_bot", shared=False)

    assert [[key.label for key in row] for row in board.rows] == [names[:4], names[4:5], names[5:]]


def test_a_coin_to_watch_travels_in_the_link_itself() -> None:
    assert payload_of("/watch ETH") == ("w-ETH", None)
    assert line_of("w-ETH") == ("/watch ETH", None)
    assert line_of("r-abc") == ("", "abc")
    assert line_of("nothing of ours") == ("", None)
