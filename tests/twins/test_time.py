"""Traps of when it was said: stale, late, repeated, reordered and future words, holes, restarts and backfill.

Numbers and names are those of the list of false-signal traps. What is not told here, and why:

| traps | reason |
|---|---|
| 5, 6 | new versions of an instrument come with the live venues: `tests/twins/test_live.py` |
| 7 | units, and texts that are no numbers (32), end at the edge: `tests/adapters/venues/test_recording.py` |
| 11, 17 | streams, their watchdog and their sampling come with the live venues: `tests/live` |
| 33, 34 | dated futures and maintenance: what a venue lists and stamps, so with the live venues: `tests/live` |
| 36 | mistyped lines are refused by the language: `tests/signals/rules/test_mistakes.py` |
| 39 | late alerts expire where they are sent: `tests/bot/services/test_delivery.py` |
| 40 | what a message names: `tests/bot/test_wording.py` |
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from signals.model import Metric, Observation
from tests.twins.twin import ENDED, ONCE, Half, Twin, each
from tests.twins.world import (
    CALM,
    MINUTE,
    POSITIONS_CLOSED,
    PRICE_UP,
    SHARES,
    STARTS,
    Down,
    Stage,
    Story,
    calm,
    says,
    silent,
    times,
    together,
)

FUNDING, OI = Metric.FUNDING, Metric.OI_LEVEL
BELOW = times(FUNDING, -3.0)
LIQS = (Metric.LIQ_LONG, Metric.LIQ_SHORT)


def stamped(by: timedelta, *metrics: Metric, since: int = STARTS, until: int = 10**6) -> Story:
    """From some minute on the event times of these metrics are off by so much."""

    def story(minute: int, said: Sequence[Observation]) -> Sequence[Observation]:
        off = since <= minute < until
        return [replace(o, at=o.at + by) if off and o.metric in metrics else o for o in said]

    return story


def cached(of: Story, *metrics: Metric) -> Story:
    """The answer of the story's first minute is given again and again, with its stamp."""
    kept: dict[tuple[str, Metric], Observation] = {}

    def story(minute: int, said: Sequence[Observation]) -> Iterable[Observation]:
        for seen in of(minute, said):
            if minute == STARTS and seen.metric in metrics:
                kept[seen.venue, seen.metric] = seen
            yield kept[seen.venue, seen.metric] if minute > STARTS and seen.metric in metrics else seen

    return story


def at_once(since: int, until: int, *metrics: Metric) -> Story:
    """What would have been said in these minutes is said at their end, all together."""
    held: list[Observation] = []

    def story(minute: int, said: Sequence[Observation]) -> Iterable[Observation]:
        late = [o for o in said if since <= minute < until and o.metric in metrics]
        if minute == since:
            held.clear()
        held.extend(late)
        now = [o for o in said if o not in late]
        return [*held, *now] if minute == until else now

    return story


def repeated(minute: int, said: Sequence[Observation]) -> Iterable[Observation]:
    """Everything is said three times, the last first."""
    del minute
    return [*said, *said, *reversed(said)]


def word_of(from_now: timedelta, values: Mapping[Metric, float], minutes: Iterable[int], *, first: bool) -> Story:
    """Beside what is true, in these minutes all venues say words of another time, stamped as such."""
    when = frozenset(minutes)

    def story(minute: int, said: Sequence[Observation]) -> Iterable[Observation]:
        others = [says(venue, metric, value, minute) for venue in SHARES for metric, value in values.items()]
        others = [replace(o, at=o.at + from_now) for o in others] if minute in when else []
        return [*others, *said] if first else [*said, *others]

    return story


def a_price(minute: int) -> Story:
    """The price is three percent higher from that minute on."""
    return times(Metric.PRICE, 1.03, since=minute)


ALWAYS = range(1, 100)
SECOND = timedelta(seconds=1)
YESTERDAY, TOMORROW = timedelta(days=-1), timedelta(days=1)
DEEP = {FUNDING: -0.0004}
LONG_AWAY = Down(15, 75)

TWINS = [
    Twin(
        "9 open interest five minutes later than the price",
        "BTC divergence > 1.5",
        together(PRICE_UP, POSITIONS_CLOSED, stamped(-5 * MINUTE, Metric.OI_LEVEL)),
        together(PRICE_UP, POSITIONS_CLOSED),
    ),
    Twin(
        "10 a cache answers with the same stamp",
        "BTC funding < -0.01% for 5m",
        cached(BELOW, FUNDING),
        BELOW,
    ),
    Twin(
        "10 a cache answers while the price moves",
        "BTC divergence > 1.5 for 5m",
        together(PRICE_UP, cached(POSITIONS_CLOSED, Metric.OI_LEVEL)),
        together(PRICE_UP, POSITIONS_CLOSED),
    ),
    Twin(
        "18 a backlog delivered at once",
        "BTC liq 5m > $1500",
        at_once(STARTS, 30, *LIQS),
        times(Metric.LIQ_LONG, 4.0),
    ),
    Twin(
        "18 a backlog of a spike that is over",
        "BTC liq 5m > $10k",
        together(times(Metric.LIQ_LONG, 100.0, until=20), at_once(STARTS, 30, *LIQS)),
        times(Metric.LIQ_LONG, 100.0, until=20),
    ),
    Twin(
        "19 words repeated",
        "BTC liq 5m > $1500",
        repeated,
        together(times(Metric.LIQ_LONG, 4.0), repeated),
    ),
    Twin(
        "19 words of the minute before come after those of now",
        "BTC negfunding < -0.01%",
        word_of(-MINUTE, DEEP, ALWAYS, first=False),
        together(BELOW, word_of(-MINUTE, {FUNDING: 0.0001}, ALWAYS, first=False)),
    ),
    Twin(
        "20 minutes without liquidations are not zero",
        "BTC liq 5m < $500",
        silent(*SHARES, metrics=LIQS),
        together(times(Metric.LIQ_LONG, 0.1), times(Metric.LIQ_SHORT, 0.1)),
    ),
    Twin(
        "26 the first change after a downtime spans an hour",
        "BTC price 5m rises by 1%",
        a_price(40),
        a_price(85),
        fault_on=Stage(down=LONG_AWAY, minutes=100),
        truth_on=Stage(down=LONG_AWAY, minutes=100),
    ),
    Twin(
        "26 without a past no window is full",
        "BTC divergence > 1.5",
        together(PRICE_UP, POSITIONS_CLOSED),
        together(PRICE_UP, POSITIONS_CLOSED),
        fault_on=Stage(warm=False),
    ),
    Twin(
        "27 a rule that is true from the start waits until it was not",
        "BTC negfunding < -0.01%",
        times(FUNDING, -3.0, since=0),
        together(times(FUNDING, -3.0, since=0, until=5), BELOW),
    ),
    Twin(
        "27 a short restart tells nothing again",
        "BTC negfunding < -0.01%",
        BELOW,
        BELOW,
        told=ONCE,
        fault_on=Stage(down=Down(20, 21)),
    ),
    Twin(
        "27 after a long downtime the first bar only arms",
        "BTC funding < -0.01% for 30m",
        times(FUNDING, -3.0, since=40),
        times(FUNDING, -3.0, since=40),
        fault_on=Stage(down=LONG_AWAY, minutes=100),
        truth_on=Stage(down=LONG_AWAY, minutes=130),
    ),
    Twin(
        "28 words of yesterday",
        "BTC negfunding < -0.01%",
        word_of(YESTERDAY, DEEP, ALWAYS, first=False),
        together(word_of(YESTERDAY, {FUNDING: 0.0001}, ALWAYS, first=False), BELOW),
    ),
    Twin(
        "28 words of yesterday are all there is",
        "BTC negfunding < -0.01%",
        together(silent(*SHARES, metrics=[FUNDING], since=5), word_of(YESTERDAY, DEEP, ALWAYS, first=True)),
        BELOW,
    ),
    Twin(
        "29 words of tomorrow",
        "BTC negfunding < -0.01%",
        word_of(TOMORROW, DEEP, [5], first=False),
        together(word_of(TOMORROW, {FUNDING: 0.0001}, [5], first=False), BELOW),
    ),
    Twin(
        "29 words stamped in the wrong unit",
        "BTC oi 5m moves by 3%",
        word_of(timedelta(days=365_000), {Metric.OI_LEVEL: 1.0}, [5], first=True),
        together(word_of(timedelta(days=365_000), {Metric.OI_LEVEL: 1.0}, [5], first=True), POSITIONS_CLOSED),
    ),
    Twin(
        "29 a venue whose clock is an hour behind",
        "BTC funding < -0.01%",
        together(BELOW, stamped(-60 * MINUTE, *CALM)),
        BELOW,
    ),
    Twin(
        "29 a leap second that venues repeat and we do not",
        "BTC oi 5m falls by 3%",
        together(PRICE_UP, stamped(-SECOND, *CALM)),
        together(PRICE_UP, POSITIONS_CLOSED, stamped(-SECOND, *CALM)),
    ),
    Twin(
        "31 half of a cycle is fresh",
        "BTC divergence > 1.5",
        together(PRICE_UP, times(Metric.OI_LEVEL, 0.95), silent(*SHARES, metrics=[Metric.OI_LEVEL])),
        together(PRICE_UP, POSITIONS_CLOSED),
    ),
    Twin(
        "37 the hold stands still while nothing is known",
        "BTC funding < -0.01% for 20m",
        together(times(FUNDING, -3.0, until=15), silent(*SHARES, since=15, until=38)),
        BELOW,
    ),
    Twin(
        "38 one of two conditions is dark",
        "BTC price 5m rises by 1% and oi 5m falls by 3%",
        together(PRICE_UP, times(OI, 0.95), silent(*SHARES, metrics=[OI])),
        together(PRICE_UP, POSITIONS_CLOSED),
    ),
    Twin(
        "38 the other one is calm, and nothing ends while one is dark",
        "BTC price > $101 and oi.level > 1k coins",
        together(times(Metric.PRICE, 1.02, until=20), silent(*SHARES, metrics=[OI], since=15)),
        times(Metric.PRICE, 1.02, until=20),
        told=ONCE,
        true=ENDED,
    ),
    Twin("calm", "BTC liq 5m > $1500", calm, times(Metric.LIQ_SHORT, 4.0)),
]


@each(TWINS)
def test_the_fault_is_no_news_and_the_true_move_is(half: Half, seed: int) -> None:
    assert half.told(seed) == half.wanted
