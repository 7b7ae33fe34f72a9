"""What people mistype, the reason they are told, and the lines they are offered instead."""

from dataclasses import replace

import pytest

from signals.rules.language import parse
from signals.rules.model import Draft, Problem
from signals.rules.problems import Code
from signals.rules.reading import LONGEST
from tests.signals.rules.vocabulary import VENUES, VOCABULARY, mistake, rule

WINDOWS = ("5m", "15m", "30m", "1h", "2h", "4h", "8h", "12h", "24h", "3d", "7d")


@pytest.mark.parametrize(
    ("typed", "code", "word", "repairs"),
    [
        ("ETH funding < -0.01 for 15m", Code.PERCENT, "-0.01", ["< -0.01% for 15m", "< -1% for 15m"]),
        ("ETH funding < -0,01% for 15m", Code.COMMA, "-0,01%", ["< -0.01% for 15m"]),
        ("BTC liq > 10", Code.MONEY, "10", ["> $10M", "> $10"]),
        ("BTC liq > 10m", Code.SMALL_M, "10m", ["> $10M"]),
        (
            "ETH price > 5%",
            Code.PRICE_MOVE,
            "price > 5%",
            [f"price {window} rises by 5%" for window in ("15m", "1h", "4h", "24h")],
        ),
        (
            "ETH price falls by 3%",
            Code.MOVE_WINDOW,
            "price",
            [f"price {window} falls by 3%" for window in ("15m", "1h", "4h", "24h")],
        ),
        ("ETH ls > 80%", Code.SHARE, "80%", ["ls > 4"]),
        ("ETH ratio < 20%", Code.PLAIN, "20%", ["ratio < 0.2"]),
        ("ETH oi.level > 2.4M", Code.COIN_UNIT, "2.4M", ["> 2.4M coins"]),
        ("ETH oi 3h falls by 5%", Code.WINDOW, "3h", ["oi 2h falls by 5%"]),
        ("ETH oi.usd falls by 5%", Code.MOVER, "oi.usd", ["oi 4h falls by 5%"]),
        ("ETH fundin < -0.01%", Code.METRIC, "fundin", ["funding < -0.01%"]),
        ("ETHH funding < -0.01%", Code.COIN, "ETHH", ["ETH funding < -0.01%"]),
        ("ETH funding -0.01%", Code.COMPARISON, "-0.01%", []),
        ("ETH funding < -0.01% or oi > 5%", Code.OR, "or", []),
        ("ETH funding < -0.01% fr 15m", Code.WORD, "fr", ["< -0.01% for 15m"]),
        ("ETH funding 4h < -0.01%", Code.NO_WINDOW, "4h", ["ETH funding < -0.01% for 4h"]),
        ("ETH funding > 3x", Code.TIMES, "3x", []),
        ("ETH funding < -0.01% clear -0.02%", Code.CLEAR, "-0.02%", []),
        ("ETH@binanse funding < 0%", Code.VENUE, "binanse", ["ETH@binance funding < 0%"]),
        ("BTC@okx,ETH@bybit funding < 0%", Code.ONE_VENUE, ",", []),
        ("ETH liqspike.up", Code.SIDE, "liqspike.up", []),
        ("ETH liqspike > 20", Code.SIGNAL_UNIT, "20", ["> 20x"]),
        ("funding < -0.01%", Code.COIN_MISSING, "funding", []),
    ],
)
def test_a_row_of_the_table_of_mistakes(typed: str, code: Code, word: str, repairs: list[str]) -> None:
    problem = mistake(typed)

    assert (problem.code, problem.word) == (code, word)
    assert len(problem.repairs) == len(repairs)
    assert all(line.endswith(end) for line, end in zip(problem.repairs, repairs, strict=True))
    assert all(isinstance(rule(line), Draft) for line in problem.repairs)


@pytest.mark.parametrize(
    ("typed", "code", "word"),
    [
        ("", Code.COIN_MISSING, ""),
        ("   ", Code.COIN_MISSING, ""),
        ("< 5", Code.COIN_MISSING, "<"),
        ("divergence", Code.COIN_MISSING, "divergence"),
        ("ETH", Code.INCOMPLETE, ""),
        ("ETH,", Code.INCOMPLETE, ""),
        ("ETH funding", Code.INCOMPLETE, ""),
        ("ETH funding <", Code.INCOMPLETE, ""),
        ("ETH funding < 0% for", Code.INCOMPLETE, ""),
        ("ETH funding < -0.01% clear", Code.INCOMPLETE, ""),
        ("ETH, funding < 0%", Code.COIN, "funding"),
        ("BTC,* funding < 0%", Code.COIN, "*"),
        ("\u0415TH funding < 0%", Code.CHARACTER, "\u0415"),
        ("ETH funding < \u0661%", Code.CHARACTER, "\u0661"),
        ("ETH funding < 0%\x00", Code.CHARACTER, "\x00"),
        ("ETH@ funding < 0%", Code.VENUE, "funding"),
        ("ETH@okx@gate funding < 0%", Code.ONE_VENUE, "@"),
        ("ETH > 5%", Code.METRIC, ">"),
        ("ETH index > 5", Code.METRIC, "index"),
        ("ETH funding falls by 5%", Code.MOVER, "funding"),
        ("ETH divergence falls by 5%", Code.MOVER, "divergence"),
        ("ETH oi falls by -5%", Code.MOVE_SIZE, "-5%"),
        ("ETH oi falls by +5%", Code.MOVE_SIZE, "+5%"),
        ("ETH oi moves by 0%", Code.MOVE_SIZE, "0%"),
        ("ETH oi falls by 5% clear -3%", Code.MOVE_SIZE, "-3%"),
        ("ETH oi falls by 5", Code.PERCENT, "5"),
        ("ETH oi falls by 150%", Code.RANGE, "150%"),
        ("ETH funding = 5%", Code.COMPARISON, "="),
        ("ETH divergence 2", Code.COMPARISON, "2"),
        ("ETH funding < five", Code.NUMBER, "five"),
        ("ETH funding < 1e5%", Code.NUMBER, "1e5%"),
        ("ETH funding < 1.2.3%", Code.NUMBER, "1.2.3%"),
        ("ETH funding < 1_000%", Code.NUMBER, "1_000%"),
        ("ETH funding < 0.000000001%", Code.NUMBER, "0.000000001%"),
        ("ETH funding < 0.00000001bp", Code.NUMBER, "0.00000001bp"),
        ("ETH price > 1234567890123", Code.NUMBER, "1234567890123"),
        ("ETH price > $5%", Code.NUMBER, "$5%"),
        ("ETH funding < -0.01%for 15m", Code.NUMBER, "-0.01%for"),
        ("ETH funding < nan%", Code.NUMBER, "nan%"),
        ("ETH price > 65,000", Code.COMMA, "65,000"),
        ("ETH price > 1.234,5", Code.COMMA, "1.234,5"),
        ("ETH price > $65,00", Code.COMMA, "$65,00"),
        ("ETH funding < -101%", Code.RANGE, "-101%"),
        ("ETH ls > -1", Code.RANGE, "-1"),
        ("ETH liq > -$5", Code.RANGE, "-$5"),
        ("ETH oi.level > $5M", Code.UNIT, "$5M"),
        ("ETH oi > 50bp", Code.UNIT, "50bp"),
        ("ETH price 1h > $5", Code.UNIT, "$5"),
        ("ETH ls > 3x", Code.UNIT, "3x"),
        ("ETH divergence > 2x", Code.SIGNAL_UNIT, "2x"),
        ("ETH negfunding < -0.02", Code.PERCENT, "-0.02"),
        ("ETH oi > 3x", Code.TIMES, "3x"),
        ("ETH ls > 120%", Code.SHARE, "120%"),
        ("ETH divergence 3h", Code.WINDOW, "3h"),
        ("ETH negfunding 1h", Code.NO_WINDOW, "1h"),
        ("ETH liqspike 4h > 20x", Code.WINDOW, "4h"),
        ("ETH funding > 1% clear 1%", Code.CLEAR, "1%"),
        ("ETH funding > 1% clear > 0.5%", Code.CLEAR, "0.5%"),
        ("ETH oi moves by 5% clear 6%", Code.CLEAR, "6%"),
        ("ETH divergence clear 1", Code.CLEAR_ALONE, "clear"),
        ("ETH funding < 0% clear 1% clear 2%", Code.TWICE, "clear"),
        ("ETH funding < 0% for 1m for 2m", Code.TWICE, "for"),
        ("ETH funding < 0% once every 1h", Code.ONCE, "once"),
        ("ETH funding < 0% for 15M", Code.DURATION, "15M"),
        ("ETH funding < 0% for 15", Code.DURATION, "15"),
        ("ETH funding < 0% for 25h", Code.DURATION, "25h"),
        ("ETH funding < 0% every 30s", Code.DURATION, "30s"),
        ("ETH funding < 0% every 8d", Code.DURATION, "8d"),
        ("ETH funding < 0% >", Code.WORD, ">"),
        ("ETH funding < 0% soon", Code.WORD, "soon"),
    ],
)
def test_a_mistake_has_its_own_reason_and_every_offer_parses(typed: str, code: Code, word: str) -> None:
    problem = mistake(typed)

    assert (problem.code, problem.word) == (code, word)
    assert all(isinstance(rule(line), Draft) for line in problem.repairs)


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        ("ETH funding < 0% and oi > 5%", "and"),
        ("ETH funding < 0% & oi > 5%", "&"),
        ("ETH funding < 0% && oi > 5%", "&&"),
        ("ETH funding crosses down 0%", "crosses"),
        ("ETH funding < p5", "p5"),
        ("ETH funding > z3", "z3"),
        ("ETH liq > 5x", "5x"),
        ("ETH volume > 5x", "5x"),
        ("ETH liqspike.long > 20x", "liqspike.long"),
        ("ETH cascade", "cascade"),
        ("ETH cascade.long", "cascade.long"),
        ("ETH price > 5 until 2026-12-31", "until"),
        ("ETH price > 5 expires 3d", "expires"),
        ("ETH price > 5 shadow 3d", "shadow"),
        ("watchlist ratio < 0.2", "watchlist"),
        ("wl ratio < 0.2", "wl"),
        ("ETH price > 5 loud", "loud"),
        ("ETH price > 5 quiet", "quiet"),
        ("ETH price > 5 ungated", "ungated"),
        ("ETH price > 5 note \u043d\u0430 \u043f\u043e\u0442\u043e\u043c", "note"),
        ("ETH@okx negfunding", "okx"),
    ],
)
def test_what_is_not_built_yet_says_so_with_its_word(typed: str, word: str) -> None:
    problem = mistake(typed)

    assert (problem.code, problem.word) == (Code.LATER, word)
    start, end = problem.span
    assert typed[start:end] == word


class TestOffers:
    def test_both_parts_of_once_and_every_are_offered(self) -> None:
        assert mistake("ETH price > 5 once every 2h for 1m").repairs == (
            "ETH price > 5 once for 1m",
            "ETH price > 5 every 2h for 1m",
        )

    def test_a_falling_price_is_offered_as_a_fall(self) -> None:
        assert mistake("ETH price < -5%").repairs[0] == "ETH price 15m falls by 5%"

    def test_a_comma_that_can_mean_two_things_is_offered_both_ways(self) -> None:
        assert mistake("ETH price > 65,000").repairs == ("ETH price > 65.000", "ETH price > 65000")

    def test_a_line_with_a_second_mistake_is_not_offered_but_its_word_is_named(self) -> None:
        problem = mistake("ETHH fundin < 0%")

        assert problem.repairs == ()
        assert problem.detail == ("ETH",)

    def test_an_offer_that_could_never_be_reached_is_left_out(self) -> None:
        assert mistake("ETH funding < -5").repairs == ("ETH funding < -5%",)

    def test_a_coin_with_a_reserved_name_is_offered_with_its_dollar_sign(self) -> None:
        assert mistake("$ALLL funding < 0%").repairs == ("$ALL funding < 0%",)

    @pytest.mark.parametrize(
        ("typed", "fixed"),
        [
            ("ETH price > 5 for 2d", "ETH price > 5 for 24h"),
            ("ETH price > 5 every 1s", "ETH price > 5 every 1m"),
            ("ETH price > 5 for 15M", "ETH price > 5 for 15m"),
        ],
    )
    def test_a_duration_out_of_bounds_is_offered_at_its_bound(self, typed: str, fixed: str) -> None:
        assert mistake(typed).repairs == (fixed,)

    def test_windows_and_venues_are_listed(self) -> None:
        assert mistake("ETH oi 3h falls by 5%").detail == ("oi", *WINDOWS)
        assert mistake("ETH@mtgox funding < 0%").detail == VENUES


class TestLimits:
    def test_a_sentence_is_as_long_as_allowed_and_not_longer(self) -> None:
        fits = "ETH funding < 0%".ljust(LONGEST)

        assert isinstance(rule(fits), Draft)
        assert mistake(fits + " ").code == Code.LENGTH

    @pytest.mark.parametrize(("count", "code"), [(20, None), (21, Code.COINS)])
    def test_twenty_coins_are_allowed_and_one_more_is_not(self, count: int, code: Code | None) -> None:
        coins = [f"C{i}" for i in range(count)]

        read = parse(f"{','.join(coins)},C0 funding < 0%", replace(VOCABULARY, coins=coins))

        assert (read.code if isinstance(read, Problem) else None) == code

    def test_spans_are_those_of_the_text_as_typed(self) -> None:
        typed = "ETH funding &lt;\u00a0\u22120.01 for 15m"

        start, end = mistake(typed).span

        assert typed[start:end] == "\u22120.01"
