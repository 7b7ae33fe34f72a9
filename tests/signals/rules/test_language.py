"""What people type, and the rule it says."""

from datetime import timedelta

import pytest

from signals.model import ALL, Unit
from signals.registry import SIGNALS
from signals.rules.canonical import canonical
from signals.rules.language import Vocabulary, parse
from signals.rules.metrics import METRICS, PRICE_MOVE, Measure
from signals.rules.model import EVERY_COIN, Compare, Condition, Draft
from tests.signals.rules.vocabulary import VENUES, rule

ZERO = timedelta(0)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("eth funding &lt; −1bp for 15m", "ETH funding < -0.01% for 15m every 1h"),
        ("ETH@okx funding.settled < 0% every off", "ETH@okx funding.settled < 0% for 0s every off"),
        ("ETH funding < -0.01% for 15m clear > -0.004%", "ETH funding < -0.01% clear -0.004% for 15m every 1h"),
        ("BTC,ETH oi 4h falls by 5%", "BTC,ETH oi 4h falls by 5% for 5m every 1h"),
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
        draft = parse(f"{typed} funding < 0%", Vocabulary(("A-B", "AB"), VENUES, SIGNALS))

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
