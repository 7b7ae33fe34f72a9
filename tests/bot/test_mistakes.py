"""Every mistake has its sentence, and the sentence says what would work."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.mistakes import sentence
from bot.phrases import LONGEST_SAID
from signals.rules.language import parse
from signals.rules.model import Problem
from signals.rules.problems import Code
from tests.signals.rules.vocabulary import VOCABULARY, mistake

WORDS = (
    *("ETH,BTC", "funding", "oi", "price", "ls", "<", ">", "5%", "5", "10m", "$5", "4h", "3h"),
    *("for", "every", "once", "clear", "by", "or", "x"),
)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("ETH funding < -0.01 for 15m", "-0.01 without a % sign can mean two things, 100 times apart. Which one?"),
        ("ETH funding < -0,01% for 15m", "I read a dot as the decimal mark. Do you mean -0.01%?"),
        ("ETH price > 65,000", "I read a dot as the decimal mark. Do you mean 65.000 or 65000?"),
        ("BTC liq > 10", "10 dollars, or millions? Write $ and k, M or B."),
        ("BTC liq > 10m", "Does 10m mean $10M? Small m is minutes elsewhere."),
        ("ETH price > 5%", "A price level takes $. A move needs a time: over how long?"),
        ("ETH price falls by 3%", "Over what time? Write it behind the price, such as: price 1h falls by 3%"),
        ("ETH ls > 80%", "ls is one side divided by the other. 80% longs is 4."),
        ("ETH taker > 80%", "taker is one side divided by the other. 80% buys is 4."),
        ("ETH ratio < 20%", "ratio is a plain number. 20% is 0.2."),
        ("ETH oi.level > 2.4M", "oi.level counts coins. Write coins behind the number."),
        (
            "ETH oi 3h falls by 5%",
            "I measure oi over 5m, 15m, 30m, 1h, 2h, 4h, 8h, 12h, 24h, 3d, 7d. Nearest: 2h.",
        ),
        ("ETH oi.usd falls by 5%", "OI in dollars moves with the price. I measure moves of OI in coins."),
        ("ETH fundin < -0.01%", "I do not know the metric fundin."),
        ("ETHH fundin < -0.01%", "I do not follow ETHH. Do you mean ETH?"),
        ("ETHH funding < -0.01%", "I do not follow ETHH."),
        ("QQQQQ funding < -0.01%", "I do not follow QQQQQ. The largest that I follow are in /oi."),
        ("ETH funding -0.01%", "-0.01% is not a comparison. Use <, <=, >, >=, rises by, falls by, moves by."),
        ("ETH funding < -0.01% or oi > 5%", "A rule has no “or”. Make two rules; each keeps its own record."),
        ("ETH funding < -0.01% fr 15m", "I do not understand “fr”."),
        (
            "ETH funding 4h < -0.01%",
            "funding is a level, it has no window. For a minimum time write: ETH funding < -0.01% for 4h",
        ),
        ("ETH funding > 3x", "funding can be negative, so “times the usual” means nothing. Use %."),
        ("ETH funding < -0.01% clear -0.02%", "The clear level must lie on the calm side of the line."),
        (
            "ETH@binanse funding < 0%",
            "I do not read binanse. I read: binance, bybit, okx, gate, bitget, hyperliquid.",
        ),
        ("BTC@okx,ETH@bybit funding < 0%", "One venue to a rule. Make two rules, or leave the venue out."),
        ("ETH liqspike.up", "liqspike has no side “up”. It has long, short."),
        ("ETH liqspike > 20", "The score of liqspike is written like this: liqspike > 20x"),
        ("ETH negfunding < 5x", "The score of negfunding is written like this: negfunding < -0.01%"),
        ("funding < -0.01%", "Which coin? Put it first, such as: ETH funding < -0.01%; * means all coins."),
        ("ETH price > 5 for 25h", "25h is not from 0s to 24h."),
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
