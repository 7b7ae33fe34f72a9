"""Every mistake has its sentence, and the sentence says what would work."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.mistakes import sentence
from bot.phrases import LONGEST_SAID
from bot.wording import problem
from signals.rules.language import parse
from signals.rules.model import Problem
from signals.rules.problems import Code
from tests.signals.rules.vocabulary import VOCABULARY, mistake

WORDS = (
    *("ETH,BTC", "funding", "oi", "price", "ls", "<", ">", "5%", "5", "10m", "$5", "4h", "3h"),
    *("for", "every", "once", "clear", "by", "or", "x"),
)


OVER = ("15m", "1h", "4h", "24h")

TABLE: tuple[tuple[str, str, list[str]], ...] = (
    (
        "ETH funding < -0.01 for 15m",
        "-0.01 without a % sign can mean two things, 100 times apart. Which one?",
        ["-0.01%", "-1%"],
    ),
    ("ETH funding < -0,01% for 15m", "I read a dot as the decimal mark. Do you mean -0.01%?", ["-0.01%"]),
    ("BTC liq > 10", "10 dollars, or millions? Write $ and k, M or B.", ["$10M", "$10"]),
    ("BTC liq > 10m", "Does 10m mean $10M? Small m is minutes elsewhere.", ["$10M"]),
    (
        "ETH price > 5%",
        "A price level takes $. A move needs a time: over how long?",
        [f"price {window} rises by 5%" for window in OVER],
    ),
    ("ETH price falls by 3%", "Over what time?", [f"price {window} falls by 3%" for window in OVER]),
    ("ETH ls > 80%", "ls is longs divided by shorts. 80% longs is 4.", ["4"]),
    ("ETH ratio < 20%", "ratio is a plain number. 20% is 0.2.", ["0.2"]),
    (
        "ETH oi.level > 2.4M",
        "oi.level counts coins. Write coins behind the number, or use a rank.",
        ["2.4M coins", "p95"],
    ),
    (
        "ETH oi 3h falls by 5%",
        "I measure oi over 5m, 15m, 30m, 1h, 2h, 4h, 8h, 12h, 24h, 3d, 7d. Nearest: 2h.",
        ["2h"],
    ),
    (
        "ETH oi.usd falls by 5%",
        "OI in dollars moves with the price. I measure moves of OI in coins.",
        ["oi 4h falls by 5%"],
    ),
    ("ETH fundin < -0.01%", "I do not know the metric fundin.", ["funding"]),
    ("ETHH funding < -0.01%", "I do not follow ETHH.", ["ETH"]),
    (
        "ETH funding -0.01%",
        "-0.01% is not a comparison. Use <, <=, >, >=, crosses, rises by, falls by, moves by.",
        [],
    ),
    ("ETH funding < -0.01% or oi > 5%", "A rule has no “or”. Make two rules; each keeps its own record.", []),
    ("ETH funding < -0.01% fr 15m", "I do not understand “fr”.", ["for"]),
    (
        "ETH funding 4h < -0.01%",
        "funding is a level, it has no window. For a minimum time write: funding < -0.01% for 4h",
        [],
    ),
    (
        "ETH funding > 3x",
        "funding can be negative, so “times the usual” means nothing. Use % or a rank such as p5.",
        [],
    ),
    (
        "ETH funding crosses down 0% every 1h",
        "A crossing is a moment. It has no reminders; leave “every” out.",
        [],
    ),
    ("ETH funding < -0.01% clear -0.02%", "The clear level must lie on the calm side of the line.", []),
    (
        "ETH@binanse funding < 0%",
        "I do not read binanse. I read: binance, bybit, okx, gate, bitget, hyperliquid.",
        ["binance"],
    ),
    ("BTC@okx,ETH@bybit funding < 0%", "One venue to a rule. Make two rules, or leave the venue out.", []),
    ("ETH cascade.up", "cascade has no side “up”.", ["cascade.long", "cascade.short"]),
    ("ETH cascade > 2", "cascade is on or off; it has no score to compare. Leave the comparison out.", []),
    (
        "ETH liqspike > 20",
        "The score of liqspike is written like this: liqspike > 20x, or as a rank: liqspike >= p99",
        [],
    ),
    ("funding < -0.01%", "Which coin? Put it first: ETH funding …", []),
)
"""What is typed, what is said, and the piece of each button's line that replaces what was typed."""


@pytest.mark.parametrize(("typed", "said", "buttons"), TABLE)
def test_the_table_of_mistakes_is_said_word_for_word(typed: str, said: str, buttons: list[str]) -> None:
    problem = mistake(typed)

    assert sentence(problem) == said
    assert len(problem.repairs) == len(buttons)
    for line, piece in zip(problem.repairs, buttons, strict=True):
        before, found, after = line.partition(piece)
        assert found
        assert typed.startswith(before)
        assert typed.endswith(after)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("ETH price > 65,000", "I read a dot as the decimal mark. Do you mean 65.000 or 65000?"),
        ("ETH taker > 80%", "taker is buys divided by sells. 80% buys is 4."),
        ("ETHH fundin < -0.01% fr 15m", "I do not follow ETHH. Do you mean ETH?"),
        ("QQQQQ funding < -0.01%", "I do not follow QQQQQ. The largest that I follow are in /oi."),
        (
            "ETH negfunding < 5x",
            "The score of negfunding is written like this: negfunding < -0.01%, or as a rank: negfunding <= p1",
        ),
        ("ETH negfunding.long < -1%", "negfunding has no side “long”."),
        ("ETH price > 5 for 25h", "25h is not from 0s to 24h."),
        ("ETH funding > -150%", "Nobody pays -150% in 8 hours. Do you mean the yearly rate?"),
        ("ETH funding crosses 0% clear 1%", "A crossing is a moment. It has no clear level; leave “clear” out."),
        ("wl,ETH funding < 0%", "wl stands alone, without other coins beside it. Make two rules."),
        ("ETH@okx divergence", "divergence is judged over all venues together. Leave @okx out."),
        ("ETH price > 5 until 2026-11-01", "2026-11-01 is over already. Name a time to come."),
        (
            "ETH price > 5 until 2028-11-01",
            "2028-11-01 is too far away: a rule ends within 366 days, or has no end.",
        ),
        (f"ETH price > 5 note {'n' * 99}", "A note has at most 80 characters; this one has 99."),
        ("ETH funding < p5 clear 0%", "A clear level is written like its line, p5; 0% is not."),
        ("ETH funding < 5k", "funding is not measured like 5k. Write it like 5% or 5bp or p5 or z3."),
        (
            "\u0415TH funding < 0%",
            "I cannot read “\u0415” (cyrillic capital letter ie). Type it with plain letters, digits and signs.",
        ),
        ("ETH funding < 0%" + " " * 300, "A rule has at most 300 characters; this one has 316."),
        ("ETH", "The sentence ends too early. It needs what to watch, such as: ETH funding < -0.01%."),
        ("ETH price 1h falls by 150%", "price never reaches 150%. Draw the line nearer."),
    ],
)
def test_a_mistake_is_said_so_that_it_can_be_mended(typed: str, said: str) -> None:
    assert sentence(mistake(typed)) == said


def test_a_signal_that_is_not_there_yet_is_said_so() -> None:
    older = replace(VOCABULARY, signals=VOCABULARY.signals[:1])

    assert sentence(mistake("ETH composite", older)) == (
        "The signal composite comes with a later version; those of today are in /signals."
    )


@pytest.mark.parametrize("code", list(Code))
def test_every_code_has_its_own_sentence(code: Code) -> None:
    said = sentence(Problem(code, (0, 1), "zzz", ("ETH price > $5",), ("one", "two", "three")))

    others = {sentence(Problem(c, (0, 1), "zzz", ("ETH price > $5",), ("one", "two", "three"))) for c in Code} - {said}
    assert len(others) == len(Code) - 1
    assert "code" not in said.lower()


@pytest.mark.parametrize("code", list(Code))
def test_a_long_word_is_shortened(code: Code) -> None:
    said = sentence(Problem(code, (0, 1), "z" * 280, (), ("one", "two", "three")))

    assert "z" * LONGEST_SAID not in said


@given(st.text(max_size=320))
def test_any_text_that_is_no_rule_gets_a_sentence(text: str) -> None:
    read = parse(text, VOCABULARY)

    if isinstance(read, Problem):
        assert len(sentence(read)) > 10


@given(st.lists(st.sampled_from(WORDS)))
def test_any_jumble_of_the_languages_own_words_that_is_no_rule_gets_a_sentence(words: list[str]) -> None:
    read = parse("ETH " + " ".join(words), VOCABULARY)

    if isinstance(read, Problem):
        assert len(sentence(read)) > 10


def test_a_second_mistake_is_said_and_one_button_mends_both() -> None:
    found = parse("ETHH fundin < -0.01%", VOCABULARY)
    assert isinstance(found, Problem)

    message = problem(found)

    assert "Do you mean ETH? There is a second mistake; the button mends both." in str(message)
    assert [button.command for button in message.buttons] == ["/alert ETH funding < -0.01%"]
