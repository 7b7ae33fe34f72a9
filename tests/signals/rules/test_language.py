"""What people type, and the rule it says."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from signals.model import ALL, Unit, Yardstick
from signals.rules.canonical import canonical
from signals.rules.language import parse
from signals.rules.metrics import METRICS, PRICE_MOVE, Measure
from signals.rules.model import EVERY_COIN, WATCHLIST, Compare, Condition, Crossing, Draft
from signals.rules.problems import Code
from tests.signals.rules.vocabulary import VOCABULARY, mistake, rule

ZERO = timedelta(0)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("eth funding &lt; −1bp for 15m", "ETH funding < -0.01% for 15m every 1h"),
        ("ethusdt funding below p5 every 8h", "ETH funding < p5 for 15m every 8h"),
        ("ETH@okx funding.settled < 0% every off", "ETH@okx funding.settled < 0% for 0s every off"),
        ("ETH funding < -0.01% for 15m clear > -0.004%", "ETH funding < -0.01% clear -0.004% for 15m every 1h"),
        ("ETH funding crosses down 0%", "ETH funding crosses down 0% for 15m"),
        (
            "BTC,ETH oi 4h falls by 5% and price 4h rises by 2%",
            "BTC,ETH oi 4h falls by 5% and price 4h rises by 2% for 5m every 1h",
        ),
        ("* liq.long 5m > 5x loud", "* liq.long 5m > 5x for 0s every 1h loud"),
        ("watchlist ratio < 0.2 for 30m", "watchlist ratio 24h < 0.2 for 30m every 1h"),
        ("ETH divergence and ratio > 0.3", "ETH divergence 4h and ratio 24h > 0.3 for 30m every 1h"),
        (
            "BTC price > 65432.75 once until 2026-12-31T18:00Z",
            "BTC price > $65432.75 for 0s once until 2026-12-31T18:00Z",
        ),
        (
            "1000PEPEUSDT ls.pos > 1.5 note watch the 4h close",
            'PEPE ls.pos > 1.5 for 15m every 1h note "watch the 4h close"',
        ),
        ("BTC,ETH oi 4h falls by 5%", "BTC,ETH oi 4h falls by 5% for 5m every 1h"),
        ("ETH oi 4h <= p5", "ETH oi 4h <= p5 for 5m every 1h"),
        ("ETH funding > p99.5 clear p90.0", "ETH funding > p99.5 clear p90 for 15m every 1h"),
        ("ETH ls > z+2.50", "ETH ls > z2.5 for 15m every 1h"),
        ("ETH funding < Z -3", "ETH funding < z-3 for 15m every 1h"),
        ("ETH volume > 3X once", "ETH volume 1h > 3x for 0s once"),
        ("ETH liqspike >= P99", "ETH liqspike 1h >= p99 for 0s every 1h"),
        ("eth liqspike.LONG > 20x", "ETH liqspike.long 1h > 20x for 0s every 1h"),
        ("ETH liqspike.short", "ETH liqspike.short 1h for 0s every 1h"),
        ("ETH cascade.long", "ETH cascade.long for 0s every 1h"),
        ("ETH price crosses up $4,000 once", "ETH price crosses up $4000 for 0s once"),
        ("WL@OKX funding crosses p50", "watchlist@okx funding crosses p50 for 15m"),
        ("eth funding<0%&oi>p95&&ls>1", "ETH funding < 0% and oi 4h > p95 and ls > 1 for 15m every 1h"),
        ("ETH liqspike&funding<0", "ETH liqspike 1h and funding < 0% for 15m every 1h"),
        (
            "ETH ls > 2 clear 1.5 and ls.top > 2 clear 1.6",
            "ETH ls > 2 clear 1.5 and ls.top > 2 clear 1.6 for 15m every 1h",
        ),
        ("ETH ls > 2 and divergence for 5m clear 1.5", "ETH ls > 2 clear 1.5 and divergence 4h for 5m every 1h"),
        ("ETH ls > 2 and divergence clear 1.5", "ETH ls > 2 clear 1.5 and divergence 4h for 15m every 1h"),
        (
            "ETH ls > 2 ungated QUIET shadow 168h until 2026-12-01 every never for 0h note x",
            'ETH ls > 2 for 0s every off until 2026-12-01T22:59Z shadow 7d quiet ungated note "x"',
        ),
        ("BTC oi 4h <= -5%", "BTC oi 4h falls by 5% for 5m every 1h"),
        ("BTC oi 4h >= 5%", "BTC oi 4h rises by 5% for 5m every 1h"),
        ("BTC oi 4h < -5%", "BTC oi 4h < -5% for 5m every 1h"),
        ("ETH ratio < 0.2 for 30m", "ETH ratio 24h < 0.2 for 30m every 1h"),
        ("ETH divergence", "ETH divergence 4h for 5m every 1h"),
        ("ETH divergence 1h > 2 clear 1", "ETH divergence 1h > 2 clear 1 for 5m every 1h"),
        ("BTC price > 65432.75 once", "BTC price > $65432.75 for 0s once"),
        ("$ALL price 24h moves by 20%", "$ALL price 24h moves by 20% for 0s every 1h"),
        ("1000PEPEUSDT ls.pos > 1.5", "PEPE ls.pos > 1.5 for 15m every 1h"),
        ("* negfunding", "* negfunding for 15m every 1h"),
        ("BTC liqspike > 20x", "BTC liqspike 1h > 20x for 0s every 1h"),
        ("SOL liq.long 15m > $2M", "SOL liq.long 15m > $2M for 0s every 1h"),
        ("ETH negfunding < -2 bps", "ETH negfunding < -0.02% for 15m every 1h"),
        ("ETH oi falls 5% clear 3%", "ETH oi 4h falls by 5% clear 3% for 5m every 1h"),
        ("ETH oi <= -5% clear 1%", "ETH oi 4h <= -5% clear 1% for 5m every 1h"),
        ("ETH basis > 25bp", "ETH basis > 0.25% for 5m every 1h"),
        ("ETH oi.level > 2.4m coins", "ETH oi.level > 2.4M coins for 5m every 1h"),
        ("ETH oi.usd > 1.2345B", "ETH oi.usd > $1234.5M for 5m every 1h"),
        ("ETH liq > $1234.5678", "ETH liq 15m > $1234.5678 for 0s every 1h"),
        ("ETH liq > $10", "ETH liq 15m > $10 for 0s every 1h"),
        ("ETH funding.apr > 30%", "ETH funding.apr > 30% for 15m every 1h"),
        ("ETH taker 1h > 1.5", "ETH taker 1h > 1.5 for 15m every 1h"),
        ("ETH volume 24h > 5b", "ETH volume 24h > $5B for 0s every 1h"),
        ("ETH price > 0.00001234", "ETH price > $0.00001234 for 0s every 1h"),
        ("ETH price > $1000000", "ETH price > $1000000 for 0s every 1h"),
    ],
)
def test_a_sentence_has_one_canonical_text(typed: str, text: str) -> None:
    assert canonical(rule(typed)) == text


class TestReading:
    @pytest.mark.parametrize(
        "typed",
        [
            "ETH funding<-0.01% for 15m every 1h",
            "eth FUNDING < -0.01% FOR 15m EVERY 1H",
            "  ETH   funding \t < -0.01 %   for 15 m\nevery 1 h ",
            "ETH funding is below -.01% for 900s",
            "ETH funding goes under -1bp",
            "ETH funding < \u22121bps",
            "ETH funding < \u20130.010%",
            "ETH funding &lt; \u20140.01%",
            "ETH\u00a0funding\u202f< -0.01\u2009%",
            "ETH funding.pred < -0.01% cooldown 60m",
            "ETH@all funding < -000.01%",
            "$ETH funding < -0.01%",
            "#eth funding < -0.01%",
            "ETHUSDT funding < -0.01%",
            "eth-usdt-swap funding < -0.01%",
            "ETH/USDT:USDT funding < -0.01%",
            "eth_usdc.perp funding < -0.01%",
            "ETH,ethusd,ETH funding < -0.01%",
        ],
    )
    def test_the_same_rule_can_be_typed_in_many_ways(self, typed: str) -> None:
        assert rule(typed) == rule("ETH funding < -0.01% for 15m every 1h")

    @pytest.mark.parametrize(
        ("sign", "compare"),
        [
            ("<", Compare.BELOW),
            ("<=", Compare.AT_MOST),
            ("\u2264", Compare.AT_MOST),
            ("&lt;=", Compare.AT_MOST),
            ("below", Compare.BELOW),
            ("under", Compare.BELOW),
            (">", Compare.ABOVE),
            (">=", Compare.AT_LEAST),
            ("\u2265", Compare.AT_LEAST),
            ("&gt;", Compare.ABOVE),
            ("above", Compare.ABOVE),
            ("is over", Compare.ABOVE),
        ],
    )
    def test_each_comparison_is_kept_as_typed(self, sign: str, compare: Compare) -> None:
        assert rule(f"ETH ls {sign} 1.5").condition.compare is compare

    def test_a_thousands_mark_is_read_in_dollars(self) -> None:
        assert rule("BTC price > $1,234,567.5").condition.line == 1234567.5

    @pytest.mark.parametrize("scope", ["*", "all", "ANY"])
    def test_every_coin_has_three_names(self, scope: str) -> None:
        assert rule(f"{scope} funding < 0%").coins == (EVERY_COIN,)

    @pytest.mark.parametrize("scope", ["watchlist", "WL", "wl@all"])
    def test_the_watchlist_has_two_names(self, scope: str) -> None:
        assert rule(f"{scope} funding < 0%").coins == (WATCHLIST,)

    @pytest.mark.parametrize("typed", ["ETH funding < 0", "ETH funding < -0%", "ETH funding < -0"])
    def test_zero_cannot_be_misread_and_has_no_sign(self, typed: str) -> None:
        draft = rule(typed)

        assert canonical(draft) == "ETH funding < 0% for 15m every 1h"
        assert str(draft.condition.line) == "0.0"

    def test_small_and_large_m_differ_in_what_they_mean(self) -> None:
        assert rule("BTC liq > $10m").condition.line == rule("BTC liq > 10M").condition.line == 10_000_000

    @pytest.mark.parametrize(
        ("typed", "unit", "line"),
        [
            ("ETH funding < -0.0037%", Unit.RATE_8H, -0.000037),
            ("ETH funding < -0.01%", Unit.RATE_8H, -0.0001),
            ("ETH funding < 7bp", Unit.RATE_8H, 0.0007),
            ("ETH oi falls by 5.7%", Unit.FRACTION, -0.057),
            ("ETH funding.apr > 109.5%", Unit.RATE_YEAR, 1.095),
            ("ETH liqspike > 20x", Unit.MULTIPLE, 20.0),
            ("ETH divergence > 1.1", Unit.SPREADS, 1.1),
            ("ETH liq > $41.2M", Unit.USD, 41_200_000.0),
            ("ETH oi.level > 0.7k coins", Unit.COINS, 700.0),
        ],
    )
    def test_a_line_is_the_nearest_float_in_the_unit_of_its_metric(self, typed: str, unit: Unit, line: float) -> None:
        condition = rule(typed).condition

        assert (condition.unit, condition.line) == (unit, line)


class TestSeveral:
    def test_the_longest_hold_of_all_is_filled_in(self) -> None:
        assert rule("ETH price > 5 and ratio > 0.3 and oi > 5%").hold == MINUTE * 30
        assert rule("ETH liqspike and negfunding").hold == MINUTE * 15

    def test_a_condition_keeps_its_own_clear_level(self) -> None:
        one, other = rule("ETH ls > 2 clear 1.5 and ls.top > 2").conditions

        assert (one.clear, one.own_clear, other.clear, other.own_clear) == (1.5, True, 1.9, False)

    def test_each_window_that_was_left_out_is_named(self) -> None:
        assert rule("ETH oi > 5% and ratio > 1 and ls > 1").filled == ("4h", "24h", "for 30m", "every 1h")


class TestOwnPast:
    @pytest.mark.parametrize(
        ("typed", "yardstick", "unit", "line", "clear"),
        [
            ("funding < p5", Yardstick.RANK, Unit.RANK, 0.05, 0.07),
            ("funding > p99.5", Yardstick.RANK, Unit.RANK, 0.995, 0.975),
            ("funding < p99", Yardstick.RANK, Unit.RANK, 0.99, 0.995),
            ("funding > p1", Yardstick.RANK, Unit.RANK, 0.01, 0.005),
            ("funding > p0", Yardstick.RANK, Unit.RANK, 0.0, 0.0),
            ("funding < z-3", Yardstick.SPREADS, Unit.SPREADS, -3.0, -2.5),
            ("oi > z3", Yardstick.SPREADS, Unit.SPREADS, 3.0, 2.5),
            ("liq > 5x", Yardstick.MULTIPLE, Unit.MULTIPLE, 5.0, 4.0),
            ("volume < 0.5x", Yardstick.MULTIPLE, Unit.MULTIPLE, 0.5, 0.6),
            ("liqspike >= p99", Yardstick.RANK, Unit.RANK, 0.99, 0.97),
            ("liqspike > 20x", Yardstick.VALUE, Unit.MULTIPLE, 20.0, 5.0),
        ],
    )
    def test_a_line_in_the_own_past_ends_by_the_band_of_its_yardstick(
        self, typed: str, yardstick: Yardstick, unit: Unit, line: float, clear: float
    ) -> None:
        one = rule(f"ETH {typed}").condition

        assert (one.yardstick, one.unit, one.line, one.clear) == (yardstick, unit, line, clear)

    def test_a_band_that_reaches_past_what_can_be_ends_half_way_there(self) -> None:
        assert rule("ETH ratio > 0.01").condition.clear == 0.005
        assert rule("ETH oi > -90%").condition.clear == -0.95


class TestCrossings:
    @pytest.mark.parametrize(
        ("typed", "crossing", "compare", "clear"),
        [
            ("funding crosses up 0%", Crossing.UP, Compare.ABOVE, -0.00002),
            ("funding crosses down 0%", Crossing.DOWN, Compare.BELOW, 0.00002),
            ("funding crosses 0%", Crossing.EITHER, Compare.ABOVE, -0.00002),
            ("price crosses 50000", Crossing.EITHER, Compare.ABOVE, 49950.0),
            ("ls crosses down 1", Crossing.DOWN, Compare.BELOW, 1.05),
            ("oi crosses up 0%", Crossing.UP, Compare.ABOVE, -0.003),
            ("oi crosses up 10%", Crossing.UP, Compare.ABOVE, 0.08),
            ("price 1h crosses down 0%", Crossing.DOWN, Compare.BELOW, 0.002),
            ("funding crosses up p95", Crossing.UP, Compare.ABOVE, 0.93),
        ],
    )
    def test_a_crossing_is_armed_on_the_calm_side_of_its_band(
        self, typed: str, crossing: Crossing, compare: Compare, clear: float
    ) -> None:
        one = rule(f"ETH {typed}").condition

        assert (one.crossing, one.compare, one.clear, one.own_clear) == (crossing, compare, clear, False)

    def test_it_has_no_reminders_and_none_are_filled_in(self) -> None:
        draft = rule("ETH funding crosses 0%")

        assert (draft.every, draft.once, draft.filled) == (None, False, ("for 15m",))


class TestEnds:
    @pytest.mark.parametrize(
        ("typed", "end"),
        [
            ("2026-12-31", "2026-12-31T22:59Z"),
            ("2026-12-31T18:00", "2026-12-31T17:00Z"),
            ("2026-12-31T18:00Z", "2026-12-31T18:00Z"),
            ("2026-12-31t18:00z", "2026-12-31T18:00Z"),
            ("2027-03-28T02:30", "2027-03-28T01:30Z"),
            ("2027-03-28T03:30", "2027-03-28T01:30Z"),
            ("2027-10-31T02:30", "2027-10-31T00:30Z"),
            ("2027-03-28", "2027-03-28T21:59Z"),
            ("3d", "2026-11-26T14:18Z"),
            ("1 m", "2026-11-23T14:19Z"),
            ("52w", "2027-11-22T14:18Z"),
            ("366d", "2027-11-24T14:18Z"),
            ("2027-11-24T14:18Z", "2027-11-24T14:18Z"),
            ("2026-11-23T14:18Z", "2026-11-23T14:18Z"),
        ],
    )
    def test_an_end_becomes_an_instant_of_utc_at_once(self, typed: str, end: str) -> None:
        draft = rule(f"ETH funding < 0% until {typed}")

        assert f" until {end}" in canonical(draft)
        assert draft.until == datetime.fromisoformat(end)
        assert rule(canonical(draft)) == draft

    @pytest.mark.parametrize("typed", ["2027-11-24T14:19Z", "2027-11-25"])
    def test_an_end_is_at_most_a_leap_year_away(self, typed: str) -> None:
        assert mistake(f"ETH funding < 0% until {typed}").code == Code.FAR

    @pytest.mark.parametrize("typed", ["2026-11-23T14:17Z", "2026-11-23T15:17"])
    def test_an_end_is_not_over(self, typed: str) -> None:
        assert mistake(f"ETH funding < 0% until {typed}").code == Code.PAST

    @pytest.mark.parametrize(
        ("zone", "end"),
        [("Asia/Kathmandu", "18:14"), ("Pacific/Kiritimati", "09:59"), ("UTC", "23:59"), ("America/New_York", "04:59")],
    )
    def test_a_day_ends_in_the_zone_of_the_place(self, zone: str, end: str) -> None:
        draft = rule("ETH funding < 0% until 2026-12-31", replace(VOCABULARY, zone=ZoneInfo(zone)))

        assert f"{draft.until:%H:%M}" == end

    @pytest.mark.parametrize(
        ("zone", "typed", "end"),
        [
            ("Australia/Lord_Howe", "2027-04-04T01:45", "2027-04-03T14:45Z"),  # twice: the first
            ("Australia/Lord_Howe", "2027-10-03T02:15", "2027-10-02T15:45Z"),  # missing: moved on by half an hour
            ("Australia/Lord_Howe", "2027-10-02", "2027-10-02T13:29Z"),
            ("Australia/Lord_Howe", "2027-10-03", "2027-10-03T12:59Z"),
            ("Asia/Kathmandu", "2026-12-31T18:00", "2026-12-31T12:15Z"),
        ],
    )
    def test_a_change_of_clocks_by_half_an_hour_and_an_odd_offset_are_followed(
        self, zone: str, typed: str, end: str
    ) -> None:
        draft = rule(f"ETH funding < 0% until {typed}", replace(VOCABULARY, zone=ZoneInfo(zone)))

        assert f" until {end}" in canonical(draft)


class TestNotes:
    @pytest.mark.parametrize(
        ("typed", "note"),
        [
            ("watch the 4h close", "watch the 4h close"),
            ("  two \u00a0 blanks\n", "two blanks"),
            ('"quoted"', "quoted"),
            ("\u201cquoted\u201d", "quoted"),
            ('he said "no"', 'he said "no"'),
            ('"', '"'),
            ('""twice""', '"twice"'),
            ("note for 5m", "note for 5m"),
            ("\u2212 \u2264 &lt; \u043f\u043e\u0442\u043e\u043c \U0001f469\u200d\U0001f4bb", None),
        ],
    )
    def test_a_note_is_kept_as_typed_and_survives_its_own_text(self, typed: str, note: str | None) -> None:
        draft = rule(f"ETH funding < 0% Note {typed}")

        assert draft.note == (typed if note is None else note)
        assert rule(canonical(draft)) == draft


class TestCoins:
    @pytest.mark.parametrize(
        ("typed", "coin"),
        [
            ("xbt", "BTC"),
            ("1000PEPE", "PEPE"),
            ("1000pepeusdt", "PEPE"),
            ("1inch", "1INCH"),
            ("1INCHUSDT", "1INCH"),
            ("BTCUSD", "BTCUSD"),
            ("BTCUSDT", "BTC"),
            ("BTCUSDTPERP", "BTC"),
            ("BTC-USD-PERP", "BTCUSD"),
            ("$for", "FOR"),
            ("#$ALL", "ALL"),
        ],
    )
    def test_a_coin_is_found_by_exact_name_then_alias_then_without_its_quote(self, typed: str, coin: str) -> None:
        assert rule(f"{typed} funding < 0%").coins == (coin,)

    @pytest.mark.parametrize(("typed", "coin"), [("A-B", "A-B"), ("ab", "AB"), ("A/B", "AB"), ("1MA-B", "A-B")])
    def test_a_name_with_a_separator_comes_before_the_name_without(self, typed: str, coin: str) -> None:
        draft = parse(f"{typed} funding < 0%", replace(VOCABULARY, coins=("A-B", "AB")))

        assert isinstance(draft, Draft)
        assert draft.coins == (coin,)

    def test_coins_stand_once_each_in_the_given_order(self) -> None:
        assert rule("SOL, btc ,ETH,SOL funding < 0%").coins == ("SOL", "BTC", "ETH")

    def test_a_coin_with_a_reserved_name_keeps_its_dollar_sign(self) -> None:
        assert canonical(rule("$for,$all,ETH funding < 0%")).startswith("$FOR,$ALL,ETH funding")


class TestSignals:
    def test_a_bare_signal_stands_for_its_own_levels(self) -> None:
        draft = rule("ETH negfunding")

        assert draft.condition == Condition(
            "negfunding", ZERO, Compare.BELOW, -0.0001, -0.00005, Unit.RATE_8H, stock=True
        )
        assert draft.hold == MINUTE * 15

    def test_a_signal_that_fires_upward_is_compared_upward(self) -> None:
        condition = rule("ETH liqspike").condition

        assert (condition.compare, condition.line, condition.clear) == (Compare.ABOVE, 20.0, 5.0)

    @pytest.mark.parametrize(
        ("typed", "clear"),
        [
            ("ETH liqspike > 40x", 10.0),
            ("ETH negfunding < -0.02%", -0.0001),
            ("ETH negfunding > 0.02%", 0.0001),
            ("ETH divergence 1h > 3", 1.5),
            ("ETH divergence 1h > 3 clear 2", 2.0),
        ],
    )
    def test_a_compared_signal_ends_at_its_own_share_of_the_line(self, typed: str, clear: float) -> None:
        assert rule(typed).condition.clear == clear

    def test_its_window_is_one_it_declares_or_its_first(self) -> None:
        assert rule("ETH divergence").condition.window == HOUR * 4
        assert rule("ETH divergence 24h").condition.window == HOUR * 24

    def test_a_bare_signal_and_its_level_typed_out_are_two_rules(self) -> None:
        assert rule("ETH divergence") != rule("ETH divergence > 1.5")


class TestMetrics:
    @pytest.mark.parametrize(
        ("typed", "window", "hold", "clear"),
        [
            ("funding < -0.1%", ZERO, MINUTE * 15, -0.0009),
            ("funding < -0.01%", ZERO, MINUTE * 15, -0.00008),
            ("funding.settled > 0.1%", ZERO, ZERO, 0.0009),
            ("funding.apr > 10%", ZERO, MINUTE * 15, 0.08),
            ("funding.apr > 100%", ZERO, MINUTE * 15, 0.9),
            ("oi < -5%", HOUR * 4, MINUTE * 5, -0.04),
            ("oi.level > 1M coins", ZERO, MINUTE * 5, 990_000.0),
            ("oi.usd < $1B", ZERO, MINUTE * 5, 1.01e9),
            ("ls > 2", ZERO, MINUTE * 15, 1.9),
            ("ls.top > 2", ZERO, MINUTE * 15, 1.9),
            ("ls.pos < 2", ZERO, MINUTE * 15, 2.1),
            ("taker > 2", HOUR, MINUTE * 15, 1.9),
            ("liq > $10M", MINUTE * 15, ZERO, 8e6),
            ("liq.long > $10M", MINUTE * 15, ZERO, 8e6),
            ("liq.short > $10M", MINUTE * 15, ZERO, 8e6),
            ("ratio < 0.2", HOUR * 24, MINUTE * 30, 0.23),
            ("ratio < 0.02", HOUR * 24, MINUTE * 30, 0.03),
            ("price > $1000", ZERO, ZERO, 999.0),
            ("price 1h > 5%", HOUR, ZERO, 0.04),
            ("basis > 0.05%", ZERO, MINUTE * 5, 0.0004),
            ("basis > 1%", ZERO, MINUTE * 5, 0.009),
            ("volume > $1B", HOUR, ZERO, 8e8),
            ("price 1h moves by 10%", HOUR, ZERO, 0.08),
        ],
    )
    def test_a_metric_has_its_default_window_hold_and_band(
        self, typed: str, window: timedelta, hold: timedelta, clear: float
    ) -> None:
        draft = rule(f"ETH {typed}")

        assert (draft.condition.window, draft.hold, draft.condition.clear) == (window, hold, clear)
        assert not draft.condition.own_clear

    @pytest.mark.parametrize("measure", [*METRICS.values(), PRICE_MOVE], ids=lambda measure: measure.name)
    def test_the_default_window_is_one_of_the_windows(self, measure: Measure) -> None:
        assert measure.window in measure.windows or (measure is PRICE_MOVE and measure.window is None)

    @pytest.mark.parametrize("typed", ["1m", "5m", "15m", "30m", "1h", "2h", "4h", "8h", "12h", "24h", "3d", "7d"])
    def test_a_price_moves_over_each_window_of_the_language(self, typed: str) -> None:
        assert canonical(rule(f"ETH price {typed} rises by 1%")).startswith(f"ETH price {typed} rises")

    def test_a_move_by_its_size_is_absolute(self) -> None:
        condition = rule("ETH price 1h moves by 5%").condition

        assert (condition.absolute, condition.compare, condition.line) == (True, Compare.AT_LEAST, 0.05)


class TestTimes:
    def test_what_was_left_out_is_filled_in_and_named(self) -> None:
        assert rule("ETH ratio < 0.2").filled == ("24h", "for 30m", "every 1h")
        assert rule("ETH ratio 24h < 0.2 for 30m every 1h").filled == ()
        assert rule("ETH price > 5 once").filled == ("for 0s",)

    @pytest.mark.parametrize(
        ("typed", "written"),
        [
            ("60m", "1h"),
            ("1d", "24h"),
            ("90m", "90m"),
            ("86400s", "24h"),
            ("45s", "45s"),
            ("0h", "0s"),
        ],
    )
    def test_a_hold_is_written_in_the_largest_unit_that_divides_it(self, typed: str, written: str) -> None:
        assert f"for {written} every" in canonical(rule(f"ETH funding < 0% for {typed}"))

    @pytest.mark.parametrize(("typed", "written"), [("48h", "2d"), ("1w", "7d"), ("36h", "36h"), ("1m", "1m")])
    def test_a_reminder_counts_days_from_two_on(self, typed: str, written: str) -> None:
        assert canonical(rule(f"ETH funding < 0% every {typed}")).endswith(f"every {written}")

    @pytest.mark.parametrize("off", ["every off", "every never", "cooldown OFF"])
    def test_reminders_can_be_off(self, off: str) -> None:
        draft = rule(f"ETH funding < 0% {off}")

        assert (draft.every, draft.once) == (None, False)

    def test_once_has_no_reminders(self) -> None:
        draft = rule("ETH funding < 0% once")

        assert (draft.every, draft.once) == (None, True)

    def test_modifiers_come_in_any_order(self) -> None:
        assert rule("ETH funding < -1% every 2h clear -0.5% for 1h") == rule(
            "ETH funding < -1% clear -0.5% for 1h every 2h"
        )

    def test_one_venue_is_judged_where_it_is_named(self) -> None:
        assert rule("ETH@OKX funding < 0%").venue == "okx"
        assert rule("ETH funding < 0%").venue == ALL
