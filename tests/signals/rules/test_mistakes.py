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
        (
            "ETH price rises 3 for 5m",
            Code.MOVE_WINDOW,
            "price",
            [f"price {window} rises by 3% for 5m" for window in ("15m", "1h", "4h", "24h")],
        ),
        ("ETH is over 4000", Code.METRIC_MISSING, "is over", ["ETH price is over 4000"]),
        (
            "ETH falls by 3%",
            Code.METRIC_MISSING,
            "falls",
            [f"price {window} falls by 3%" for window in ("15m", "1h", "4h", "24h")],
        ),
        ("ETH ls > 80%", Code.SHARE, "80%", ["ls > 4"]),
        ("ETH ratio < 20%", Code.PLAIN, "20%", ["ratio < 0.2"]),
        ("ETH oi.level > 2.4M", Code.COIN_UNIT, "2.4M", ["> 2.4M coins", "> p95"]),
        ("ETH oi 3h falls by 5%", Code.WINDOW, "3h", ["oi 2h falls by 5%"]),
        ("ETH oi.usd falls by 5%", Code.MOVER, "oi.usd", ["oi 4h falls by 5%"]),
        ("ETH fundin < -0.01%", Code.METRIC, "fundin", ["funding < -0.01%"]),
        ("ETHH funding < -0.01%", Code.COIN, "ETHH", ["ETH funding < -0.01%"]),
        ("ETH funding -0.01%", Code.COMPARISON, "-0.01%", []),
        ("ETH funding < -0.01% or oi > 5%", Code.OR, "or", []),
        ("ETH funding < -0.01% fr 15m", Code.WORD, "fr", ["< -0.01% for 15m"]),
        ("ETH funding 4h < -0.01%", Code.NO_WINDOW, "4h", []),
        ("ETH funding > 3x", Code.TIMES, "3x", []),
        ("ETH funding < -0.01% clear -0.02%", Code.CLEAR, "-0.02%", []),
        ("ETH@binanse funding < 0%", Code.VENUE, "binanse", ["ETH@binance funding < 0%"]),
        ("BTC@okx,ETH@bybit funding < 0%", Code.ONE_VENUE, ",", []),
        ("ETH funding crosses down 0% every 1h", Code.MOMENT, "every", []),
        ("ETH cascade.up", Code.SIDE, "cascade.up", ["ETH cascade.long", "ETH cascade.short"]),
        ("ETH cascade > 2", Code.ON_OFF, ">", []),
        ("ETH liqspike > 20", Code.SIGNAL_UNIT, "20", []),
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
        ("BTC,* funding < 0%", Code.ALONE, "*"),
        ("*,BTC funding < 0%", Code.ALONE, "*"),
        ("wl,BTC funding < 0%", Code.ALONE, "wl"),
        ("BTC,watchlist funding < 0%", Code.ALONE, "watchlist"),
        ("ETH@okx negfunding", Code.VENUE_SIGNAL, "okx"),
        ("ETH@okx funding < 0% and divergence", Code.VENUE_SIGNAL, "okx"),
        ("\u0415TH funding < 0%", Code.CHARACTER, "\u0415"),
        ("ETH funding < \u0661%", Code.CHARACTER, "\u0661"),
        ("ETH funding < 0%\x00", Code.CHARACTER, "\x00"),
        ("ETH@ funding < 0%", Code.VENUE, "funding"),
        ("ETH@okx@gate funding < 0%", Code.ONE_VENUE, "@"),
        ("ETH > 5%", Code.METRIC_MISSING, ">"),
        ("ETH rises 5", Code.METRIC_MISSING, "rises"),
        ("ETH crosses 5%", Code.METRIC_MISSING, "crosses"),
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
        ("ETH price > 1e999", Code.NUMBER, "1e999"),
        ("ETH price > NaN", Code.NUMBER, "NaN"),
        ("ETH price > -inf", Code.NUMBER, "-inf"),
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
        ("ETH funding < -101%", Code.YEARLY, "-101%"),
        ("ETH funding.settled > 10001bp", Code.YEARLY, "10001bp"),
        ("ETH negfunding < -101%", Code.RANGE, "-101%"),
        ("ETH funding > p101", Code.RANGE, "p101"),
        ("ETH funding > p-5", Code.NUMBER, "p-5"),
        ("ETH funding > p5%", Code.NUMBER, "p5%"),
        ("ETH funding > z$5", Code.NUMBER, "z$5"),
        ("ETH funding > p", Code.NUMBER, "p"),
        ("ETH funding > z2,5", Code.COMMA, "z2,5"),
        ("ETH funding < p5 clear -0.01%", Code.CLEAR_LIKE, "-0.01%"),
        ("ETH funding < -0.01% clear p10", Code.CLEAR_LIKE, "p10"),
        ("ETH liq > 5x clear $1M", Code.CLEAR_LIKE, "$1M"),
        ("ETH liq > $5M clear 2x", Code.CLEAR_LIKE, "2x"),
        ("ETH funding < p5 clear p4", Code.CLEAR, "p4"),
        ("ETH oi falls by p5", Code.UNIT, "p5"),
        ("ETH price > p95", Code.PRICE_MOVE, "price > p95"),
        ("ETH price < z-3", Code.PRICE_MOVE, "price < z-3"),
        ("ETH price crosses 5%", Code.PRICE_MOVE, "price crosses 5%"),
        ("ETH liqspike > z3", Code.SIGNAL_UNIT, "z3"),
        ("ETH liqspike p99", Code.COMPARISON, "p99"),
        ("ETH cascade > p99", Code.ON_OFF, ">"),
        ("ETH liqspike crosses 20x", Code.NO_CROSSING, "crosses"),
        ("ETH funding crosses below 0%", Code.WAY, "below"),
        ("ETH funding crosses up", Code.INCOMPLETE, ""),
        ("ETH funding crosses up 0% clear 1%", Code.MOMENT, "clear"),
        ("ETH funding crosses up 0% for 5m clear 1%", Code.MOMENT, "clear"),
        ("ETH funding crosses up 0% every off", Code.MOMENT, "every"),
        ("ETH funding crosses up 0% and ls crosses 1", Code.CROSSINGS, "and"),
        ("ETH funding < 0% and", Code.INCOMPLETE, ""),
        ("ETH funding < 0% and for 5m", Code.METRIC, "for"),
        ("ETH funding < 0% for 5m and oi > 5%", Code.AND_LATE, "and"),
        ("ETH ls > 1 and ls > 2 and ls > 3 and ls > 4 and ls > 5", Code.CONDITIONS, "and"),
        ("ETH ls > 1 and ls.top > 1 for 5m clear 0.5", Code.CLEAR_WHICH, "clear"),
        ("ETH ls > 1 clear 0.5 and divergence clear 0.4", Code.TWICE, "clear"),
        ("ETH liqspike. > 20x", Code.SIDE, "liqspike."),
        ("ETH negfunding.long", Code.SIDE, "negfunding.long"),
        ("ETH funding < 0% loud quiet", Code.LOUDNESS, "loud"),
        ("ETH funding < 0% until", Code.INCOMPLETE, ""),
        ("ETH funding < 0% until soon", Code.DATE, "soon"),
        ("ETH funding < 0% until 2026-02-30", Code.DATE, "2026-02-30"),
        ("ETH funding < 0% until 2026-12-31T24:00", Code.DATE, "2026-12-31T24:00"),
        ("ETH funding < 0% until 0000-01-01", Code.DATE, "0000-01-01"),
        ("ETH funding < 0% until 0001-01-01T00:00", Code.DATE, "0001-01-01T00:00"),
        ("ETH funding < 0% until 2026-12-31T18:00ZZ", Code.DATE, "2026-12-31T18:00ZZ"),
        ("ETH funding < 0% until 9999-12-31", Code.FAR, "9999-12-31"),
        ("ETH funding < 0% until 2026-11-22", Code.PAST, "2026-11-22"),
        ("ETH funding < 0% until 367d", Code.DURATION, "367d"),
        ("ETH funding < 0% until 30s", Code.DURATION, "30s"),
        ("ETH funding < 0% until 3M", Code.DURATION, "3M"),
        ("ETH funding < 0% shadow 12h", Code.DURATION, "12h"),
        ("ETH funding < 0% shadow 31d", Code.DURATION, "31d"),
        ("ETH funding < 0% loud loud", Code.TWICE, "loud"),
        ("ETH funding < 0% note", Code.INCOMPLETE, ""),
        ('ETH funding < 0% note ""', Code.INCOMPLETE, ""),
        ("ETH funding < 0% note \x01", Code.CHARACTER, "\x01"),
        ("ETH funding < 0% note \ud800", Code.CHARACTER, "\ud800"),
        ("ETH funding < 0% note a\u202eb", Code.CHARACTER, "\u202e"),
        (f"ETH funding < 0% note {'n' * 81}", Code.NOTE, "n" * 81),
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


@pytest.mark.parametrize("word", ["composite", "composite.up"])
def test_a_signal_that_is_not_built_yet_says_so_with_its_name(word: str) -> None:
    problem = mistake(f"ETH {word}", replace(VOCABULARY, signals=VOCABULARY.signals[:1]))

    assert (problem.code, problem.word) == (Code.LATER, word)
    assert problem.span == (4, 4 + len(word))


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

    def test_the_note_stays_in_every_offer(self) -> None:
        assert mistake("ETH funding < -0.01 note \u043f\u043e\u0442\u043e\u043c").repairs[0] == (
            "ETH funding < -0.01% note \u043f\u043e\u0442\u043e\u043c"
        )

    @pytest.mark.parametrize(
        ("typed", "fixed"),
        [
            ("ETH@okx divergence", ["ETH divergence"]),
            ("ETH funding > 150%", ["ETH funding.apr > 150%"]),
            ("ETH funding.settled < -10001 bp for 1m", ["ETH funding.apr < -100.01% for 1m"]),
            ("ETH liqsp > 20x", ["ETH liqspike > 20x"]),
            ("ETH ls > 1 and funding > 150%", ["ETH ls > 1 and funding.apr > 150%"]),
            ("ETH negfunding.long", ["ETH negfunding"]),
            ("ETH liqspik.long > 20x", ["ETH liqspike.long > 20x"]),
            ("ETH funding crosses below 0%", ["ETH funding crosses down 0%"]),
            ("ETH funding crosses over 0%", ["ETH funding crosses up 0%"]),
            ("ETH funding croses 0%", ["ETH funding crosses 0%"]),
            ("ETH price crosses up 5%", [f"ETH price {one} crosses up 5%" for one in ("15m", "1h", "4h", "24h")]),
            ("ETH price > p95", [f"ETH price {one} > p95" for one in ("15m", "1h", "4h", "24h")]),
            ("ETH oi.level < 2m", ["ETH oi.level < 2M coins", "ETH oi.level < p5"]),
            ("ETH funding < 0% loud for 1m quiet", ["ETH funding < 0% loud for 1m", "ETH funding < 0% for 1m quiet"]),
            ("ETH funding < 0% once every 2 h", ["ETH funding < 0% once", "ETH funding < 0% every 2 h"]),
            ("ETH funding < 0% until 400d", ["ETH funding < 0% until 366d"]),
            ("ETH funding < 0% until 2028-01-01", ["ETH funding < 0% until 366d"]),
            ("ETH funding < 0% shadow 5m", ["ETH funding < 0% shadow 24h"]),
            ("ETH funding < 0% shdow 7d", ["ETH funding < 0% shadow 7d"]),
            ("ETH funding < 0% ungatd", ["ETH funding < 0% ungated"]),
        ],
    )
    def test_what_was_probably_meant_is_a_whole_line(self, typed: str, fixed: list[str]) -> None:
        assert list(mistake(typed).repairs) == fixed

    def test_windows_and_venues_are_listed(self) -> None:
        assert mistake("ETH oi 3h falls by 5%").detail == ("oi", *WINDOWS)
        assert mistake("ETH@mtgox funding < 0%").detail == VENUES


class TestLimits:
    def test_a_sentence_is_as_long_as_allowed_and_not_longer(self) -> None:
        fits = "ETH funding < 0%".ljust(LONGEST)

        assert isinstance(rule(fits), Draft)
        assert mistake(fits + " ").code == Code.LENGTH

    def test_a_sentence_that_is_too_long_only_when_written_in_full_is_refused(self) -> None:
        one = "liq.short>$1000000000.5"
        typed = f"ETH {one}&{one}&{one}&{one} note {'n' * 80}"
        longer = f"{','.join(f'C{i:06}' for i in range(14))} {typed.removeprefix('ETH ')}"

        problem = mistake(longer, replace(VOCABULARY, coins=[f"C{i:06}" for i in range(14)]))

        assert len(longer) <= LONGEST < problem.span[1]
        assert problem.detail == ("in full",)
        assert isinstance(rule(typed), Draft)

    def test_a_note_is_as_long_as_allowed(self) -> None:
        assert rule(f"ETH funding < 0% note {'n' * 80}").note == "n" * 80

    @pytest.mark.parametrize(("count", "code"), [(20, None), (21, Code.COINS)])
    def test_twenty_coins_are_allowed_and_one_more_is_not(self, count: int, code: Code | None) -> None:
        coins = [f"C{i}" for i in range(count)]

        read = parse(f"{','.join(coins)},C0 funding < 0%", replace(VOCABULARY, coins=coins))

        assert (read.code if isinstance(read, Problem) else None) == code

    def test_spans_are_those_of_the_text_as_typed(self) -> None:
        typed = "ETH funding &lt;\u00a0\u22120.01 for 15m"

        start, end = mistake(typed).span

        assert typed[start:end] == "\u22120.01"


@pytest.mark.parametrize(
    ("typed", "both"),
    [
        ("ETHH fundin < -0.01%", "ETH funding < -0.01%"),
        ("ETHH funding < -0.01% fr 15m note by ETHH", "ETH funding < -0.01% for 15m note by ETHH"),
        ("ETH oi 3h falls by 5% fr 15m", "ETH oi 2h falls by 5% for 15m"),
        ("ETH fundin < -0,01%", "ETH funding < -0.01%"),
        ("ETH prise > $4k and fundin < -0.01%", "ETH price > $4k and funding < -0.01%"),
    ],
)
def test_two_mistakes_are_mended_together_where_there_is_one_way(typed: str, both: str) -> None:
    found = mistake(typed)

    assert (found.repairs, found.both, found.offers) == ((), both, (both,))
    assert isinstance(rule(both), Draft)


@pytest.mark.parametrize(
    "typed",
    [
        "ETHH funding < -0.01",  # the second mistake has two readings
        "ETHH fundin < -0.01% fr 15m",  # there is a third
        "ETHH fundin < -0.01% or oi > 5%",  # nothing mends the third
        "ETHH zzzzzz < -0.01%",  # nothing mends the second
    ],
)
def test_nothing_is_offered_where_two_repairs_are_not_enough_or_not_the_only_ones(typed: str) -> None:
    found = mistake(typed)

    assert found.offers == ()


def test_one_mistake_is_never_mended_twice() -> None:
    found = mistake("ETH funding < -0.01")

    assert (len(found.repairs), found.both) == (2, "")
