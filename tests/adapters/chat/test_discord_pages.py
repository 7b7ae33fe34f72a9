"""Messages as Discord's pages, buttons and commands: within the sizes, nothing alive in a name, nothing lost unsaid."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.chat.base import (
    Button,
    CommandSpec,
    Document,
    Form,
    Line,
    Message,
    Parameter,
    Picture,
    Style,
    Table,
    Text,
    Tone,
    Who,
)
from adapters.chat.discord.breaker import MOST, WITHIN, Breaker
from adapters.chat.discord.buttons import ALONE, FORM, TRAVELS, found, opened, panel, pressed
from adapters.chat.discord.escape import marked
from adapters.chat.discord.invitation import application_of, invitation
from adapters.chat.discord.markup import DESCRIPTION, EMBED, FOOTER, TITLE, page
from adapters.chat.discord.tree import COMMAND, HELP, OPTIONS, digest, line_of, tree, weight
from adapters.chat.presses import ANSWER, NOTICE, TOKEN
from adapters.chat.rendering import clean
from bot.commands.registry import COMMANDS
from bot.wording import alert
from tests.bot.events import FUNDING

NOW = datetime(2026, 1, 5, 14, 2, tzinfo=UTC)

HOSTILE = [
    "@everyone",
    "@here",
    "<@1>",
    "<@&1>",
    "<#1>",
    "<t:1:R>",
    "</alert:1>",
    "<:x:1>",
    "https://evil.example",
    "https:",
    "//evil.example",
    "@",
    "everyone",
    "[a](b)",
    "[",
    "](http://e)",
    "**",
    "*",
    "_",
    "__x__",
    "~~",
    "||x||",
    "`",
    "``",
    "```\nx",
    "\\",
    "\\\\",
    "# x",
    "#",
    "##",
    "-# x",
    "- x",
    "-",
    "1. x",
    "1",
    ". x",
    "> x",
    ">>> x",
    ":skull:",
    ":",
    "skull:",
    "\u202ecte",
    "\ud800",
    "😀" * 40,
    "• x",
    " ",
    "",
]

words = st.sampled_from(HOSTILE) | st.text(st.characters(), max_size=12)
spans = st.builds(Text, words, st.sampled_from(Style), st.none() | st.just(NOW))
lines: st.SearchStrategy[Line] = st.lists(spans, max_size=4).map(tuple)
long_words = words | st.builds(lambda word, times: word * times, words, st.integers(1, 900))
long_lines = st.lists(st.builds(Text, long_words, st.sampled_from(Style)), max_size=3).map(tuple)
messages = st.builds(
    Message,
    tone=st.sampled_from(Tone),
    icon=words,
    headline=long_lines,
    alert=st.none() | words,
    lines=st.lists(long_lines, max_size=12).map(tuple),
    table=st.none() | st.builds(Table, st.tuples(words, words), st.lists(st.tuples(words, words), max_size=9)),
    after=st.lists(long_lines, max_size=4).map(tuple),
    small=long_words,
    simulated=st.booleans(),
)


def size(text: str) -> int:
    """Units of UTF-16, which is the most that Discord could count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def said(*texts: Text | str, **more: object) -> Message:
    line = tuple(Text(text) if isinstance(text, str) else text for text in texts)
    return Message(Tone.ANSWER, "📊", (Text("head", Style.BOLD),), lines=(line,), **more)  # type: ignore[arg-type]


FULL = replace(said(), headline=(Text("h" * 300),), lines=((Text("word " * 150),),) * 12, small="s" * 3000)
"""Every part of it has more to say than it may."""


def shown(markup: str) -> tuple[str, str]:
    """What a reader sees of a line, and what of it is neither escaped nor code, where markup could live."""
    text, live, at = "", "", 0
    while at < len(markup):
        char = markup[at]
        if char == "\\" and at + 1 < len(markup) and not markup[at + 1].isalnum() and not markup[at + 1].isspace():
            text, live, at = text + markup[at + 1], live + "\0", at + 2
        elif char == "`":
            end = markup.index("`", at + 1)
            text, live, at = text + markup[at + 1 : end], live + "\0", end + 1
        else:
            text, live, at = text + ("" if char in "*\u200b" else char), live + char, at + 1
    return text, live


@settings(max_examples=40, deadline=None)
@given(messages, st.none() | st.just("77"))
@example(FULL, None)
def test_any_message_fits_into_one_embed(message: Message, role: str | None) -> None:
    of = page(message, role)

    assert 0 < size(of.title) <= TITLE
    assert size(of.description) <= DESCRIPTION
    assert size(of.footer) <= FOOTER
    assert size(of.title) + size(of.description) + size(of.footer) <= EMBED
    assert of.content == (None if role is None else "<@&77>")
    (of.title + of.description + of.footer).encode()


@settings(max_examples=40, deadline=None)
@given(messages)
@example(FULL)
def test_what_is_left_out_of_a_message_is_said_to_be_left_out(message: Message) -> None:
    of = page(message)
    whole = len(of.description.split("\n"))
    table = 0 if message.table is None else 3 + len(message.table.rows)

    if "…" not in of.description.split("\n")[-1]:
        assert whole == max(1, len(message.lines) + table + len(message.after))


@settings(deadline=None)
@given(lines)
@example((Text("https:"), Text("//example.org")))
def test_a_line_is_read_as_it_was_said_and_nothing_in_it_is_alive(line: Line) -> None:
    plain = tuple(replace(span, at=None) for span in line)

    text, live = shown(marked(plain, 900))

    assert text == "".join(clean(s.text).replace("`", "ˋ") if s.style is Style.CODE else clean(s.text) for s in line)
    assert not re.search(r"@everyone|@here|<|://|\[|__|~~|\|\||^\s*(#+|-#|[-+]|\d+[.)])(\s|$)|:[A-Za-z]\w*:", live)


@settings(deadline=None)
@given(lines)
@example((Text("``"), Text("14:02", at=NOW)))
@example((Text("\\"), Text("14:02", at=NOW)))
def test_the_only_timestamps_are_our_own(line: Line) -> None:
    live = re.sub(r"\\.", "", marked(line, 900), flags=re.DOTALL)
    stamps = re.findall(r"<t:[^>]*>", re.sub(r"`[^`]*`", "", live))
    instants = [s for s in line if s.at is not None and s.style is not Style.CODE and clean(s.text).strip()]

    assert len(stamps) == len(instants)
    assert {stamp[:13] for stamp in stamps} <= {"<t:1767621720"}


def test_marks_are_balanced_where_styles_meet_and_end_in_blanks() -> None:
    line = (Text("SIMULATED ", Style.BOLD), Text("a", Style.BOLD), Text("b", Style.ITALIC), Text(" c ", Style.CODE))

    assert marked(line, 900) == "**SIMULATED** **a**\u200b*b* `c` "


@pytest.mark.parametrize(("text", "shape"), [("14:02 UTC", "t"), ("1 Apr 2026 14:02 UTC", "f")])
def test_an_instant_is_the_readers_own_time(text: str, shape: str) -> None:
    assert marked((Text("since "), Text(text, Style.BOLD, NOW)), 900) == f"since **<t:1767621720:{shape}>**"


def test_a_line_to_copy_keeps_its_time_as_it_stands() -> None:
    assert marked((Text("until 14:02", Style.CODE, NOW),), 900) == "`until 14:02`"


def test_parts_stand_in_the_order_of_the_contract() -> None:
    of = page(
        said(
            "line",
            alert="A-7F3K",
            table=Table(("venue", "rate"), (("Binance", "−0.01%"),)),
            after=((Text("after"),),),
            small="Rule #3. Not advice.",
            simulated=True,
        )
    )

    assert of.title == "SIMULATED 📊 head"
    assert of.description == "line\n```\nvenue      rate\nBinance  −0.01%\n```\nafter"
    assert of.footer == "A-7F3K · Rule #3. Not advice."
    assert of.colour == 0x0072B2


def test_an_alert_as_discord_shows_it() -> None:
    of = page(alert(FUNDING, FUNDING.at))

    said = of.description.split("\n")
    assert of.title == "🔻 ETH · shorts pay longs"
    assert said[:2] == [
        "**−0.0121%** per 8h (−13.2% a year), 3 venues weighted by OI, <t:1767622624:t>",
        "*Shorts pay longs.* Line: below −0.01% per 8h for 15m, true since <t:1767621724:t>.",
    ]
    assert said[-1] == "Stop: `/mute #3 2h` · `/delete 3`"
    assert of.footer.startswith("A-A7FK · Binance −0.0137% per 8h")
    assert of.colour == 0xE69F00


def test_tones_have_the_colours_of_the_house() -> None:
    colours = {tone: page(Message(tone, "", ())).colour for tone in Tone}

    assert len(set(colours.values())) == len(Tone)
    assert colours[Tone.FIRING] == 15113984
    assert colours[Tone.LOW_TRUST] == 0x7F8C8D


def test_reasons_go_first_then_rows_and_the_value_stays() -> None:
    reasons = tuple((Text("• " + "r" * 400),) for _ in range(5))
    table = Table(("coin", "rate"), tuple((f"C{n}", "x" * 90) for n in range(60)))
    message = replace(said("VALUE"), lines=((Text("VALUE"),), *reasons, (Text("TRUST"),)), table=table, after=())

    text = page(message).description

    assert text.startswith("VALUE\nTRUST\n```")
    assert "rrr" not in text
    assert "C0" in text
    dropped = 5 + 60 - len(re.findall(r"^C\d", text, re.MULTILINE))
    assert text.endswith(f"… +{dropped}")
    assert text.count("```") == 2


def test_a_long_line_is_cut_with_an_ellipsis_and_keeps_its_marks() -> None:
    text = page(said(Text("*" * 2_000, Style.BOLD), Text(" end"))).description

    assert text.startswith("**\\*")
    assert text.endswith("…** end")


def test_a_fence_in_a_cell_does_not_end_the_table() -> None:
    of = page(said("x", table=Table(("a",), (("```",), ("[x](http://e)",)))))

    assert of.description.count("```") == 2
    assert of.description.endswith("\n```")


def test_a_picture_is_shown_with_words_for_those_who_do_not_see_it() -> None:
    files = page(
        said(
            "x",
            picture=Picture(b"png", "../A 7F3K.png", "Funding " + "fell " * 400),
            document=Document(b"{}", "rules.json"),
        )
    ).files

    assert [file.name for file in files] == ["A-7F3K.png", "rules.json"]
    assert [file.shown for file in files] == [True, False]
    assert files[0].alt.startswith("Funding fell")
    assert size(files[0].alt) <= 1024
    assert files[0].alt.endswith("…")


# ------------------------------------------------------------------------------------------------------------ buttons

commands = st.sampled_from(["/alerts", "/mute #3 2h", "/save ABCDEFGH", "~x", "/alert " + "ETH funding < 1% " * 9, ""])
forms = st.none() | st.builds(Form, st.sampled_from(["/alert", "/edit #3", "/x|y", "/z" * 80]), words)
buttons = st.builds(Button, words, commands | words, st.booleans(), forms)


@settings(max_examples=40, deadline=None)
@given(st.lists(buttons, max_size=40), st.sampled_from([ANSWER, NOTICE]), st.none() | st.just("1234567890123456789"))
def test_any_buttons_fit_and_come_back_as_the_line_that_they_stand_for(
    some: list[Button], kind: str, channel: str | None
) -> None:
    under = panel(some, kind, channel)
    pressables = [each for row in (*under.rows, *under.menus) for each in row]

    assert len(under.rows) + len(under.menus) <= 5
    assert all(len(row) <= 5 for row in under.rows)
    assert all(0 < len(menu) <= 25 for menu in under.menus)
    assert len({each.travels for each in pressables}) == len(pressables)
    assert all(0 < size(each.label) <= 80 and len(each.travels.encode()) <= TRAVELS for each in pressables)
    said_back = [whole(each.travels, under.kept) for each in pressables]
    expected = list(dict.fromkeys(standing_for(button, kind, channel) for button in some))
    assert said_back == expected[: len(said_back)]
    assert under.missing == len(expected) - len(said_back)


def whole(travels: str, kept: object) -> tuple[str, str | None, str, str]:
    press = pressed(travels)
    if press.token is not None:
        assert isinstance(kept, dict)
        press = found(press.kind, kept[press.token])
    if press.kind != FORM:
        return press.kind, press.channel, press.line, ""
    head, form = opened(press)
    inner = pressed(head)
    assert inner.line == form.head
    return f"{FORM}{inner.kind}", inner.channel, form.head, form.text


def standing_for(button: Button, kind: str, channel: str | None) -> tuple[str, str | None, str, str]:
    own = ALONE if button.alone else kind
    aimed = None if button.alone else channel
    form = button.form
    if form is not None and form.head in ("/alert", "/edit #3"):
        return f"{FORM}{own}", aimed, form.head, form.text
    return own, aimed, button.command, ""


def test_a_few_buttons_are_buttons_and_many_are_a_menu() -> None:
    few, many = ([Button(str(n), f"/x {n}") for n in range(count)] for count in (10, 30))

    assert [len(row) for row in panel(few, ANSWER).rows] == [5, 5]
    assert [len(menu) for menu in panel(many, ANSWER).menus] == [25, 5]


def test_a_line_that_travels_needs_no_note_and_a_long_one_goes_by_its_token() -> None:
    short, long = (panel([Button("x", line)], NOTICE) for line in ("/mute #3 2h", "/alert " + "x" * 200))

    assert (short.rows[0][0].travels, dict(short.kept)) == ("n/mute #3 2h", {})
    (token,) = long.kept
    assert len(token) == TOKEN
    assert long.rows[0][0].travels == f"n~{token}"


def test_buttons_that_found_no_room_are_counted_in_the_footer() -> None:
    under = panel([Button(str(n), f"/x {n}") for n in range(130)], ANSWER)

    assert page(said("x"), missing=under.missing).footer == "… +5"


# ----------------------------------------------------------------------------------------------------------- commands


@dataclass(frozen=True)
class Entry:
    """A command as menus offer it."""

    spec: CommandSpec
    who: Who = Who.ANY
    private: bool = True


def test_every_command_of_the_registry_fits_discord() -> None:
    commands = tree(list(COMMANDS.values()))

    assert len(commands) == len(COMMANDS) <= 100
    for command in commands:
        options = command["options"]
        assert isinstance(options, list)
        assert re.fullmatch(r"[a-z0-9_-]{1,32}", str(command["name"]))
        assert 0 < len(str(command["description"])) <= HELP
        assert weight(command) <= COMMAND
        assert len(options) <= OPTIONS
        named = [option for option in options if isinstance(option, dict)]
        assert all(re.fullmatch(r"[a-z0-9_-]{1,32}", str(option["name"])) for option in named)
        assert all(0 < len(str(option["description"])) <= HELP for option in named)
        required = [bool(option["required"]) for option in named]
        assert required == sorted(required, reverse=True)


def test_commands_about_a_place_name_a_channel_and_those_of_operators_are_shown_to_managers() -> None:
    entries = [Entry(CommandSpec("a", "A"), who) for who in (Who.ANY, Who.OWNER, Who.OPERATOR)]
    market = Entry(CommandSpec("a", "A"), private=False)

    any_, owner, operator, public = tree([*entries, market])

    assert [len(of["options"]) for of in (any_, owner, operator, public)] == [1, 1, 0, 0]  # type: ignore[arg-type]
    assert [of["default_member_permissions"] for of in (any_, owner, operator)] == [None, None, "32"]
    assert owner["contexts"] == [0, 1, 2]
    assert owner["integration_types"] == [0, 1]


def test_required_options_come_first_and_those_with_a_vocabulary_complete() -> None:
    spec = CommandSpec("a", "A", (Parameter("b", "B", choices="coin"), Parameter("c", "C", required=True)))

    (command,) = tree([Entry(spec, private=False)])

    assert [(o["name"], o["autocomplete"]) for o in command["options"]] == [("c", False), ("b", True)]  # type: ignore[index,call-overload,union-attr]


def test_options_are_one_line_in_the_order_of_the_parameters() -> None:
    entry = Entry(CommandSpec("edit", "E", (Parameter("number", "N"), Parameter("rule", "R"))), Who.OWNER)

    assert line_of(entry, {"rule": " for 30m ", "channel": "12", "number": "#3"}) == "#3 for 30m"
    assert line_of(None, {"x": "1", "channel": "12"}) == "1"


def test_the_digest_changes_with_any_word_of_a_command_and_only_then() -> None:
    one, other = (tree([Entry(CommandSpec("a", text))]) for text in ("A", "B"))

    assert digest(one) == digest(tree([Entry(CommandSpec("a", "A"))])) != digest(other)


# ------------------------------------------------------------------------------------------ the breaker and the link


def test_the_breaker_rests_at_a_hundred_refusals_in_ten_minutes_until_the_oldest_is_past() -> None:
    breaker = Breaker()
    for n in range(MOST - 1):
        breaker.answered(403, NOW + timedelta(seconds=n))
    breaker.answered(200, NOW + timedelta(seconds=MOST))
    assert breaker.rest(NOW + timedelta(seconds=MOST)) is None

    breaker.answered(429, NOW + timedelta(seconds=MOST))

    assert breaker.rest(NOW + timedelta(seconds=MOST)) == WITHIN - timedelta(seconds=MOST)
    assert breaker.rest(NOW + WITHIN) is None


def test_the_longer_of_two_pauses_counts() -> None:
    breaker = Breaker()
    breaker.pause(NOW + timedelta(seconds=30))
    breaker.pause(NOW + timedelta(seconds=5))

    assert breaker.rest(NOW) == timedelta(seconds=30)


def test_the_invitation_asks_for_what_sending_needs_and_no_more() -> None:
    link = invitation(42)

    assert "client_id=42&" in link
    assert "scope=bot+applications.commands" in link
    assert link.endswith(f"permissions={1024 + 2048 + 16384 + 32768 + 65536}")


@pytest.mark.parametrize(("token", "id_"), [("NDI.x.y", 42), ("", None), ("!!.x", None), ("eHg=.y", None)])
def test_a_token_begins_with_the_id_of_its_application(token: str, id_: int | None) -> None:
    assert application_of(token) == id_
