"""What people are told of a transition: the exact text, and the bad news about ourselves first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.chat.base import Button, Tone
from adapters.chat.rendering import render
from adapters.store.place_settings import PLAIN, Units
from bot import wording
from bot.wording import alert, problem, trouble
from signals.aggregate import Weighing
from signals.event import Event
from signals.model import Fact, Unit, Yardstick
from signals.notice import About, Notice
from signals.rules.lifecycle import Change
from signals.rules.model import Compare, Crossing, Loudness
from tests.bot.events import AT, FUNDING, LIQUIDATIONS
from tests.signals.rules.vocabulary import mistake

MINUTE = timedelta(minutes=1)


def told(event: Event, later: timedelta = timedelta(0)) -> str:
    return render(alert(event, event.at + later), colour=False)


def test_a_signal_that_fires() -> None:
    assert (
        told(FUNDING)
        == """\
🔻 ETH · shorts pay longs  A-A7FK
−0.0121% per 8h (−13.2% a year), 3 venues weighted by OI, 14:17 UTC
Shorts pay longs. Line: below −0.01% per 8h for 15m, true since 14:02 UTC.
Why
• grade: notable
• lower than 96% of its own 90 days
• from neutral: −0.0221% per 8h, neutral is about +0.01%
• below zero for: 3h
• last settled: 0.0021% per 8h
Structure: normal · spot trades as much against futures as is usual for this coin
ETH: what followed before is not known yet.
Stop: /mute #3 2h · /delete 3
Binance −0.0137% per 8h · Bybit −0.0056% per 4h · OKX −0.0098% per 8h. \
Rule #3: ETH negfunding for 15m every 1h. Not advice.
[1] Chart  [2] Mute 2h  [3] Why  [4] Rule #3
"""
    )


def test_a_reminder() -> None:
    later = AT + 60 * MINUTE

    assert (
        told(replace(FUNDING, change=Change.REMINDED, at=later, value=-0.0002, facts=()))
        == """\
🔻 ETH · shorts pay longs: still, and further  A-A7FK
−0.0200% per 8h (−21.9% a year), 3 venues weighted by OI, 15:17 UTC
Shorts pay longs. Line: below −0.01% per 8h for 15m, true since 14:02 UTC.
Structure: normal · spot trades as much against futures as is usual for this coin
Stop: /mute #3 2h · /delete 3
From Binance, Bybit, OKX. Rule #3: ETH negfunding for 15m every 1h. Not advice.
[1] Chart  [2] Mute 2h  [3] Ack  [4] Why  [5] Rule #3
"""
    )


def test_an_end() -> None:
    later = AT + 310 * MINUTE

    assert (
        told(replace(FUNDING, change=Change.RESOLVED, at=later, value=0.000012, facts=()))
        == """\
✅ ETH · shorts pay longs: over  A-A7FK
0.0012% per 8h (1.3% a year), 3 venues weighted by OI, 19:27 UTC
It was past the line for 5h 25m, since 14:02 UTC; it ends above −0.005% per 8h.
Stop: /mute #3 2h · /delete 3
From Binance, Bybit, OKX. Rule #3: ETH negfunding for 15m every 1h. Not advice.
"""
    )


def test_low_trust_stands_in_the_icon_and_in_words() -> None:
    text = told(replace(FUNDING, trust="low", facts=()))

    assert (
        text
        == """\
⚠️ ETH · shorts pay longs  A-A7FK
−0.0121% per 8h (−13.2% a year), 3 venues weighted by OI, 14:17 UTC
Shorts pay longs. Line: below −0.01% per 8h for 15m, true since 14:02 UTC.
Low trust · spot trades very little against futures for this coin
ETH: what followed before is not known yet.
Stop: /mute #3 2h · /delete 3
From Binance, Bybit, OKX. Rule #3: ETH negfunding for 15m every 1h. Not advice.
[1] Chart  [2] Mute 2h  [3] Why  [4] Rule #3
"""
    )


def test_a_multiple_of_sampled_sums_is_no_floor_but_its_sums_are() -> None:
    assert (
        told(LIQUIDATIONS)
        == """\
🌊 BTC · liquidations far above normal  A-A7FK
24.6x in 1h, 3 venues, 14:17 UTC
Line: above 20x, true since 14:17 UTC.
Why
• liquidated: ≥$41.2M
• side: long positions: forced selling (81% longs)
• median of 30 days: ≥$1.67M
Structure: normal · spot trades as much against futures as is usual for this coin
BTC: what followed before is not known yet.
Stop: /mute #3 2h · /delete 3
From Binance, Bybit, OKX. A venue shows only a sample: real totals are higher. \
Rule #3: BTC liqspike 1h > 20x for 0s every 1h. Not advice.
[1] Chart  [2] Mute 2h  [3] Why  [4] Rule #3
"""
    )


SUM = replace(
    LIQUIDATIONS,
    sentence="SOL liq.long 15m > $2M for 0s every 1h",
    coin="SOL",
    name="liq.long",
    window=15 * MINUTE,
    value=2_412_345.0,
    line=2_000_000.0,
    clear=1_600_000.0,
    unit=Unit.USD,
    facts=(),
)


def test_a_sum_of_samples_is_a_floor() -> None:
    assert (
        told(SUM)
        == """\
🌊 SOL · long liquidations in 15m above your line  A-A7FK
≥$2.41M in 15m, 3 venues, 14:17 UTC
Line: above $2M, true since 14:17 UTC.
Structure: normal · spot trades as much against futures as is usual for this coin
SOL: what followed before is not known yet.
Stop: /mute #3 2h · /delete 3
From Binance, Bybit, OKX. A venue shows only a sample: real totals are higher. \
Rule #3: SOL liq.long 15m > $2M for 0s every 1h. Not advice.
[1] Chart  [2] Mute 2h  [3] Why  [4] Rule #3
"""
    )


def test_partial_coverage_names_who_is_missing() -> None:
    assert (
        told(replace(FUNDING, missing=("gate",), coverage=0.86, trust="reduced", facts=()))
        == """\
🔻 ETH · shorts pay longs  A-A7FK
−0.0121% per 8h (−13.2% a year), 3 venues weighted by OI, 14:17 UTC
Shorts pay longs. Line: below −0.01% per 8h for 15m, true since 14:02 UTC.
Structure: reduced · little spot against futures for this coin, or few venues
ETH: what followed before is not known yet.
Stop: /mute #3 2h · /delete 3
From Binance, Bybit, OKX. Missing: Gate; 86% of open interest present. \
Rule #3: ETH negfunding for 15m every 1h. Not advice.
[1] Chart  [2] Mute 2h  [3] Why  [4] Rule #3
"""
    )


def test_a_sum_that_misses_a_venue_is_a_floor() -> None:
    assert "≥$2.41M in 15m" in told(replace(SUM, floor=False, missing=("gate",), coverage=0.86))
    assert "\n$2.41M in 15m" in told(replace(SUM, floor=False))


def test_a_simulated_alert_says_so_first_and_names_its_day() -> None:
    assert (
        told(replace(FUNDING, label="SIMULATED", facts=()))
        == """\
SIMULATED 🔻 ETH · shorts pay longs  A-A7FK
−0.0121% per 8h (−13.2% a year), 3 venues weighted by OI, 5 Jan 2026 14:17 UTC
Shorts pay longs. Line: below −0.01% per 8h for 15m, true since 14:02 UTC.
Structure: normal · spot trades as much against futures as is usual for this coin
ETH: what followed before is not known yet.
Stop: /mute #3 2h · /delete 3
From Binance, Bybit, OKX. SIMULATED market. Rule #3: ETH negfunding for 15m every 1h. Not advice.
[1] Chart  [2] Mute 2h  [3] Why  [4] Rule #3
"""
    )


def test_a_recorded_alert_names_its_day_and_that_it_is_recorded() -> None:
    text = told(replace(FUNDING, label="REAL", facts=()))

    assert "5 Jan 2026 14:17 UTC" in text
    assert "REAL recording." in text
    assert "SIMULATED" not in text


def test_a_late_live_alert_says_so_before_its_value() -> None:
    late = told(FUNDING, later=timedelta(minutes=7, seconds=12)).splitlines()

    assert late[1] == "⏱ Late by 7m 12s"
    assert late[2].startswith("−0.0121%")
    assert "Late" not in told(FUNDING, later=2 * MINUTE)


def test_a_moment_of_another_day_carries_its_date() -> None:
    text = told(replace(FUNDING, since=AT - timedelta(days=1)))

    assert "true since 4 Jan 2026 14:17 UTC" in text


def test_a_price_line_on_one_venue() -> None:
    price = replace(
        FUNDING,
        sentence="BTC@okx price > $65000 for 0s once",
        coin="BTC",
        venue="okx",
        name="price",
        value=65_012.0,
        line=65_000.0,
        clear=64_935.0,
        compare=Compare.ABOVE,
        unit=Unit.USD,
        hold=timedelta(0),
        venues=("okx",),
        facts=(Fact("venue okx", 65_012.0, Unit.USD),),
    )

    assert told(price).splitlines()[:3] == [
        "🔺 BTC · price above your line  A-A7FK",
        "$65,012 on OKX, 14:17 UTC",
        "Line: above $65,000, true since 14:02 UTC.",
    ]
    assert "OKX $65,012." in told(price)


def test_a_move_to_either_side_is_beyond_its_line_and_ends_inside() -> None:
    move = replace(
        FUNDING,
        sentence="SOL price 1h moves by 3% for 0s every 1h",
        coin="SOL",
        name="price",
        window=60 * MINUTE,
        value=-0.0312,
        line=0.03,
        clear=0.024,
        compare=Compare.ABOVE,
        absolute=True,
        unit=Unit.FRACTION,
        hold=timedelta(0),
        facts=(),
    )

    assert told(move).splitlines()[:3] == [
        "🔺 SOL · price change in 1h beyond your line  A-A7FK",
        "−3.1% in 1h, 3 venues, 14:17 UTC",
        "Line: beyond 3%, true since 14:02 UTC.",
    ]
    assert "ends inside 2.4%" in told(replace(move, change=Change.RESOLVED))


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (replace(FUNDING, value=-0.00010002), "−0.010002% per 8h"),
        (replace(FUNDING, value=-0.00010002, yardstick=Yardstick.SPREADS, line=-0.0001), "0.00010002 own spreads"),
        (replace(FUNDING, unit=Unit.FRACTION, value=-0.03004, line=0.03, clear=0.024, absolute=True), "−3.004%"),
        (replace(FUNDING, unit=Unit.MULTIPLE, value=20.04, line=20.0, clear=5.0, compare=Compare.ABOVE), "20.04x"),
        (replace(FUNDING, unit=Unit.USD, value=20_040_000.0, line=2e7, clear=1e7, compare=Compare.ABOVE), "$20.04M"),
        (replace(FUNDING, value=-0.00005001, change=Change.RESOLVED, clear=-0.00005), "−0.005001%"),
    ],
)
def test_a_value_never_reads_as_on_its_line_where_it_is_beyond_it(event: Event, says: str) -> None:
    assert told(event).splitlines()[1].startswith(says)


@pytest.mark.parametrize(
    ("compare", "says"),
    [
        (Compare.BELOW, "Line: below −0.01%"),
        (Compare.AT_MOST, "Line: at or below −0.01%"),
        (Compare.ABOVE, "Line: above −0.01%"),
        (Compare.AT_LEAST, "Line: at or above −0.01%"),
    ],
)
def test_a_line_says_whether_a_value_on_it_counts(compare: Compare, says: str) -> None:
    assert says in told(replace(FUNDING, compare=compare))


@pytest.mark.parametrize(
    ("weighing", "says"), [(Weighing.OI, "3 venues weighted by OI,"), (Weighing.MEAN, "3 venues unweighted,")]
)
def test_a_rate_of_several_venues_says_how_it_was_made(weighing: Weighing, says: str) -> None:
    assert says in told(replace(FUNDING, weighing=weighing))


def test_shorts_that_were_liquidated_are_not_told_as_longs() -> None:
    side = Fact("side", 0.1, Unit.FRACTION, "short positions: forced buying")

    assert "side: short positions: forced buying (10% longs)" in told(replace(LIQUIDATIONS, facts=(side,)))


def test_a_sum_over_longer_bars_names_the_span_that_was_summed() -> None:
    assert "24.6x in 4h" in told(replace(LIQUIDATIONS, facts=(Fact("sum over", 4.0, Unit.HOURS),)))


def test_an_edited_rule_names_its_revision() -> None:
    assert "Rule #3 rev 2: ETH negfunding" in told(replace(FUNDING, revision=2))


def test_an_end_is_silent_and_a_firing_is_not() -> None:
    over = alert(replace(FUNDING, change=Change.RESOLVED), AT)

    assert (over.tone, over.silent, over.buttons) == (Tone.OVER, True, ())
    assert (alert(FUNDING, AT).tone, alert(FUNDING, AT).silent) == (Tone.FIRING, False)


def test_machines_are_told_the_unrounded_facts() -> None:
    facts = dict(alert(FUNDING, AT).data)

    assert facts["value"] == -0.000121
    assert facts["at"] == "2026-01-05T14:17:04Z"
    assert facts["venues"] == ["binance", "bybit", "okx"]
    assert (facts["rule"], facts["alert"]) == (3, "A7FK3QZ2WXYB5C6D")


def test_a_problem_offers_each_repaired_line_as_a_button() -> None:
    message = problem(mistake("ETH funding < -0.01"))

    assert message.buttons == (
        Button("ETH funding < -0.01%", "/alert ETH funding < -0.01%"),
        Button("ETH funding < -1%", "/alert ETH funding < -1%"),
    )
    assert dict(message.data)["code"] == "percent"


def test_trouble_is_one_sentence() -> None:
    assert render(trouble("The store does not answer."), colour=False) == "⚠️ The store does not answer.\n"


def test_a_crossing_is_told_as_a_moment_with_its_side() -> None:
    event = replace(FUNDING, name="funding", crossing=Crossing.DOWN, line=0.0, facts=(), hold=timedelta(0))

    text = told(event)

    assert text.startswith("🔁 ETH · funding crossed below your line  A-A7FK\n")
    assert "Line: crosses below 0% per 8h, across since 14:02 UTC." in text


@pytest.mark.parametrize(
    ("yardstick", "unit", "value", "line", "says", "drawn"),
    [
        (Yardstick.RANK, Unit.RANK, 0.04, 0.05, "lower than 96% of its last 90 days", "below p5"),
        (
            Yardstick.SPREADS,
            Unit.SPREADS,
            -3.2,
            -3.0,
            "3.20 own spreads below its own middle",
            "below z−3 (own spreads",
        ),
        (Yardstick.MULTIPLE, Unit.MULTIPLE, 3.4, 3.0, "3.4x its usual sum", "below 3x its usual sum"),
    ],
)
def test_a_value_by_its_own_past_is_told_in_words(
    yardstick: Yardstick, unit: Unit, value: float, line: float, says: str, drawn: str
) -> None:
    event = replace(FUNDING, name="funding", yardstick=yardstick, unit=unit, value=value, line=line, facts=())

    lines = told(event).splitlines()

    assert lines[1].startswith(says)
    assert f"Line: {drawn}" in lines[2]


def test_each_further_condition_is_told_with_its_value_and_its_line() -> None:
    facts = (Fact("and oi", -0.052, Unit.FRACTION), Fact("line of oi", -0.05, Unit.FRACTION, "<="))

    text = told(replace(FUNDING, facts=facts))

    assert "for 15m, all true since 14:02 UTC." in text
    assert "And open interest change −5.2%, line <= −5%." in text
    assert "•" not in text


def test_a_note_is_a_persons_own_words_and_cannot_steer_the_text() -> None:
    text = told(replace(FUNDING, note="watch\u202e the\n4h close", sentence='ETH negfunding note "watch the 4h close"'))

    assert "Your note: watch the 4h close\n" in text
    assert text.count("watch the 4h close") == 1


def test_how_loud_a_rule_is_shows_in_its_message() -> None:
    quiet, loud = (alert(replace(FUNDING, loudness=of), AT) for of in (Loudness.QUIET, Loudness.LOUD))

    assert (quiet.silent, loud.silent) == (True, False)
    assert "Loud: quiet hours do not hold it." in loud.small
    assert "Ungated: low trust is only marked." in alert(replace(FUNDING, ungated=True), AT).small


def test_a_sample_says_how_long_it_was_on_its_way() -> None:
    one = Notice(
        "N", About.SAMPLE, AT, "SIMULATED", "Test · nothing happened on the market", ("As alerts come.",), ("a",)
    )

    assert (
        render(wording.notice(one, AT + timedelta(seconds=0.4), repeat=True), colour=False)
        == """\
SIMULATED 🧪 Test · nothing happened on the market
As alerts come.
a
From the command to this message it took 0.4s of the market's own time, which is played.
May be a repeat.
"""
    )


@pytest.mark.parametrize(
    ("zone", "came", "since", "evening"),
    [
        ("", "14:17 UTC", "14:02 UTC", "23:17 UTC"),
        ("Europe/Berlin", "15:17 CET", "15:02 CET", "6 Jan 2026 00:17 CET"),
        ("Asia/Kathmandu", "20:02 UTC+5:45", "19:47 UTC+5:45", "6 Jan 2026 05:02 UTC+5:45"),
    ],
)
def test_an_alert_tells_its_times_in_the_zone_of_the_place_by_name(
    zone: str, came: str, since: str, evening: str
) -> None:
    settings = replace(PLAIN, zone=zone)
    late = replace(FUNDING, at=AT + 9 * 60 * MINUTE)

    lines = render(alert(FUNDING, AT, settings), colour=False).splitlines()
    over = render(alert(replace(FUNDING, change=Change.RESOLVED), AT, settings), colour=False).splitlines()

    assert lines[1] == f"−0.0121% per 8h (−13.2% a year), 3 venues weighted by OI, {came}"
    assert lines[2] == f"Shorts pay longs. Line: below −0.01% per 8h for 15m, true since {since}."
    assert over[2] == f"It was past the line for 15m, since {since}; it ends above −0.005% per 8h."
    assert evening in render(alert(late, AT, settings), colour=False)


def test_a_place_may_read_rates_of_a_year_first() -> None:
    lines = render(alert(FUNDING, AT, replace(PLAIN, units=Units.YEAR)), colour=False).splitlines()

    assert lines[1] == "−13.2% a year (−0.0121% per 8h), 3 venues weighted by OI, 14:17 UTC"
