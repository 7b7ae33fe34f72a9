"""Every command keeps its promises: menus, examples, units, tone, and a message for whatever is typed."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.chat.base import Invocation, Message, Place, Style, Tone, Who
from adapters.chat.rendering import render
from adapters.store.memory import MemoryStore
from adapters.venues.base import Label
from bot.commands.base import Desk
from bot.commands.registry import COMMANDS, PRESSED, answer
from bot.wording import alert
from signals.living import is_living
from signals.model import Fact, Unit
from signals.registry import SIGNALS
from signals.rules.lifecycle import Change
from signals.rules.metrics import METRICS
from signals.trust import Grade
from tests.bot.commands.desks import NOW, ask, desk
from tests.bot.events import AT, FUNDING

NAME_FITS, HELP_FITS = re.compile(r"[a-z]{1,32}"), 100
"""What the menus of Telegram and Discord take."""

FORBIDDEN = re.compile(
    r"\b(will|about to|expect\w*|target\w*|likely to|buy|sell|enter|exit|opportunit\w+|profit\w*|safe|guarantee\w*"
    r"|bullish|bearish|panic|whales?)\b|!|\U0001f680",
    re.IGNORECASE,
)
"""No forecast, no advice, no mood: the words of the tone."""

UNITS = re.compile(
    r"""
      \d{1,2}\ [A-Z][a-z]{2}\ \d{4} | \d\d:\d\d(:\d\d)?\ UTC | \#\d+        # dates, times, numbers of rules
    | ≥?[−-]?\$[\d.,]+[kMB]? | [−+-]?[\d.,]+%                              # money, shares and rates
    | [\d.,]+[kMB]?\ (BTC|ETH|SOL|coins) | [\d.,]+x\b | [−-]?[\d.,]+\ (own\ spreads|votes?)
    | \d+(\.\d+)?[smhdw]\b | \d+\ days                                        # durations
    | \d+\ of\ \d+\ (coins?|rules?|readings?)
    | [\d.]+\ (times|messages?)\b | [pz]\d+\b | revision\ \d+
    | (All\ )?\d+\ (coins?|venues?|rules?|readings?|alerts?|places?|muted|waiting)
    | (unknown\ on|known,)\ \d+ (\ unknown)? | \d+\ (un)?known
    | (BTC|ETH|SOL)\ \d+\ of\ \d+ | \d+\ past\ cases? | \d+\ of\ (\d+\ \(|unknown\ outcome) | \d+–(?=\d+%) | \d+\ days?
    | perpwatch\ [\d.]+ | memory\ 1 | above\ 1\ more
    """,
    re.VERBOSE,
)
"""How a number carries its unit in prose."""

PLAIN = re.compile(r"\d+\.\d\d")
OF_RATIOS = ("/ls", "/ratio")
"""A ratio has no unit; just these answers are about ratios."""

ALSO = ("/funding", "/oi", "/liq", "/signals", "/track", "/track ETH", "/why not #1", "/backtest #1 over 7d")
EXAMPLES = [(name, command.spec.example) for name, command in COMMANDS.items()]


@pytest.fixture(scope="module")
def market() -> Desk:
    """A small live market."""
    return asyncio.run(desk())


def text_of(message: Message) -> str:
    return render(message, colour=False)


def prose(message: Message) -> Iterator[str]:
    """Every piece of text that is not something to type."""
    for spoken in (message.headline, *message.lines, *message.after):
        yield "".join(span.text if span.style is not Style.CODE else " " for span in spoken)
    if message.table is not None:
        for row in message.table.rows:
            yield from (f"{cell} {head}" for cell, head in zip(row[1:], message.table.header[1:], strict=True))


@pytest.mark.parametrize("name", COMMANDS)
def test_its_name_and_help_fit_every_menu(name: str) -> None:
    spec = COMMANDS[name].spec

    assert spec.name == name
    assert NAME_FITS.fullmatch(name)
    assert 5 < len(spec.help) <= HELP_FITS
    assert all(NAME_FITS.fullmatch(p.name) and 5 < len(p.help) <= HELP_FITS for p in spec.parameters)
    assert [p.required for p in spec.parameters] == sorted((p.required for p in spec.parameters), reverse=True)


@pytest.mark.parametrize("name", COMMANDS)
async def test_it_stands_in_the_help_with_its_own_page(name: str, market: Desk) -> None:
    everything, own = await ask(market, "/help"), await ask(market, f"/help {name}")

    assert f"/{name}" in text_of(everything)
    assert COMMANDS[name].spec.help in text_of(everything)
    assert COMMANDS[name].spec.example in text_of(own)


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
async def test_its_example_works(name: str, example: str) -> None:
    market = await desk()
    await ask(market, "/subscribe negfunding", seen="before")

    message = await ask(market, example)

    assert example.split(maxsplit=1)[0] == f"/{name}"
    assert message.tone is Tone.ANSWER
    assert dict(message.data)
    assert "error" not in dict(message.data)


@pytest.mark.parametrize("line", [*(example for _, example in EXAMPLES), *ALSO])
async def test_every_number_of_its_answer_carries_its_unit(line: str) -> None:
    market = await desk()
    await ask(market, "/subscribe negfunding", seen="before")

    message = await ask(market, line)

    for piece in prose(message):
        rest = UNITS.sub("", piece)
        assert not re.search(r"\d", PLAIN.sub("", rest) if line.startswith(OF_RATIOS) else rest), piece


@pytest.mark.parametrize("name", ["funding", "oi", "ls", "liq", "ratio", "signals"])
@pytest.mark.parametrize("coin", ["", " ETH"])
async def test_an_answer_about_a_simulated_market_says_so_first(name: str, coin: str) -> None:
    market = await desk(label=Label.SIMULATED)

    assert text_of(await ask(market, f"/{name}{coin}")).startswith("SIMULATED ")


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
async def test_it_never_foretells_advises_or_has_moods(name: str, example: str) -> None:
    for silent in ((), ("bybit",)):
        market = await desk(silent=silent)
        for line in (example, f"/{name}", f"/{name} nonsense", f"/help {name}"):
            assert not FORBIDDEN.search(text_of(await ask(market, line))), line


@pytest.mark.parametrize("name", COMMANDS)
async def test_only_those_with_the_right_may_use_it(name: str, market: Desk) -> None:
    guest = dict((await ask(market, f"/{name}", owner=False)).data)
    operator = dict((await ask(market, f"/{name}", operator=True)).data)

    assert (guest.get("code") == "rights") is (COMMANDS[name].who is not Who.ANY)
    assert operator.get("code") != "rights"


WORDS = st.sampled_from(
    [
        "ETH",
        "BTC,SOL",
        "*",
        "#1",
        "1",
        "0",
        "negfunding",
        "funding",
        "<",
        "-0.01%",
        "2h",
        "off",
        "for",
        "15m",
        "\U0001f680",
        "é",
        "/x",
    ]
)
ANYTHING = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=6).map(" ".join), st.just("x" * 10_000))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("name", [*COMMANDS, "", "nosuch", "x" * 10_000])
@given(arguments=ANYTHING)
def test_whatever_is_typed_behind_it_is_answered_by_a_short_message(name: str, arguments: str, market: Desk) -> None:
    message = asyncio.run(ask(market, f"/{name} {arguments}"))

    assert isinstance(message, Message)
    assert len(text_of(message)) < 4096
    assert all(len(button.command) < 400 for button in message.buttons)


CURE = re.compile(r"/[a-z]+|such as|\b(write|name|paste|press|type|mend|there are|at most)\b", re.IGNORECASE)
"""What an answer to a mistake says or offers: a line to send, or what to do."""

BEHIND = (
    "",
    "flobble grmpf 17",
    "\U0001f680" * 4096,
    "\u202e\u200f#1\u202c \u05d0\u05d1\u05d2",
    "#\u0661\u0662 \u00b2",
    '\x00\x1b[31m\t;;""',
)
"""Nothing, nonsense, too many pictures, writing from the right, digits that are none, and signs."""


@pytest.mark.parametrize("name", [*COMMANDS, *PRESSED])
async def test_what_it_cannot_use_is_answered_with_a_cure(name: str) -> None:
    market, there = await desk(), Place("terminal", "elsewhere")
    elsewhere = Invocation(there, "other", "alert", "ETH price > 4000", "x", NOW, operator=True)
    token = str(dict((await answer(elsewhere, market)).data)["token"])

    for arguments in (*BEHIND, token):
        message = await ask(market, f"/{name} {arguments}")

        text = text_of(message)
        assert len(text) < 4096
        assert "Traceback" not in text
        assert not set(text) & set("\x00\x1b\u202e\u200f\u202c")
        assert "error" not in dict(message.data) or message.buttons or CURE.search(text), text
    assert await market.store.draft(there, token, NOW) is not None
    assert await market.store.of(Place("terminal", "local")) == []


@pytest.mark.parametrize("name", COMMANDS)
async def test_before_there_is_a_market_it_says_so_or_answers_what_it_can(name: str) -> None:
    empty = replace(await desk(), store=MemoryStore())

    message = await ask(empty, COMMANDS[name].spec.example)

    assert text_of(message).strip()
    assert "Traceback" not in text_of(message)


ALERTS = [
    *((signal.name, signal.unit) for signal in SIGNALS if not is_living(signal.name)),
    *((metric.name, metric.unit) for metric in METRICS.values()),
]
SHOWN = {
    Unit.USD: "$",
    Unit.COINS: " ETH",
    Unit.RATE_8H: "% per 8h",
    Unit.RATE_YEAR: "% a year",
    Unit.FRACTION: "%",
    Unit.RATIO: "0.02",
    Unit.MULTIPLE: "x",
    Unit.SPREADS: " own spreads",
    Unit.VOTES: " vote",
    Unit.RANK: "2.1%",
}


@pytest.mark.parametrize("change", Change)
@pytest.mark.parametrize(("name", "unit"), ALERTS)
def test_an_alert_says_what_unit_venue_time_why_and_how_to_stop(name: str, unit: Unit, change: Change) -> None:
    why = Fact("last settled", 0.000021, Unit.RATE_8H)
    event = replace(FUNDING, name=name, unit=unit, value=0.0212, line=0.02, clear=0.01, change=change, facts=(why,))

    lines = text_of(alert(event, AT)).splitlines()

    assert lines[0].split(" ", 1)[1].startswith("ETH · ")
    assert SHOWN[unit] in lines[1]
    weighted = " weighted by OI" if unit in (Unit.RATE_8H, Unit.RATE_YEAR) else ""
    assert lines[1].endswith(f"3 venues{weighted}, 14:17 UTC")
    assert any("since 14:02 UTC" in line for line in lines)
    assert "Stop: /mute #3 2h · /delete 3" in lines
    assert any("From Binance, Bybit, OKX." in line for line in lines)
    assert change is Change.RESOLVED or "• last settled: 0.0021% per 8h" in lines


@pytest.mark.parametrize("trust", Grade)
@pytest.mark.parametrize("label", Label)
@pytest.mark.parametrize("change", Change)
def test_no_alert_foretells_advises_or_has_moods(trust: Grade, label: Label, change: Change) -> None:
    for name, unit in ALERTS:
        event = replace(FUNDING, name=name, unit=unit, trust=trust, label=label, change=change, missing=("gate",))

        assert not FORBIDDEN.search(text_of(alert(event, AT)))


def test_an_alert_fits_one_caption() -> None:
    event = replace(FUNDING, label="SIMULATED", missing=("gate", "bitget"), floor=True, revision=12)

    assert len(text_of(alert(event, AT))) <= 1024
