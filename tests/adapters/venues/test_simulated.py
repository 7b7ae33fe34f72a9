import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.venues.acts import ALL_COINS, PERIOD, Act
from adapters.venues.base import Label, Unavailable
from adapters.venues.simulated import DEMO, SimulatedMarket
from bot import demo
from signals.aggregate import Cycle, Ledger
from signals.bars import Bars
from signals.book import Rules
from signals.cells import Cells, Vectors
from signals.engine import Engine
from signals.model import OBSERVED, ROLLING, Metric, Observation
from signals.panel import KEEP, STORED, Panel, from_ms, resolutions
from signals.registry import BY_NAME, SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.lifecycle import Change
from signals.rules.model import Draft, Rule

START = demo.START
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
VENUES = ("binance", "bitget", "bybit", "gate", "hyperliquid", "okx")
OUTAGES = ("one venue is silent", "two large venues are silent")


def market(acts: Sequence[Act] = DEMO, start: datetime = START) -> SimulatedMarket:
    return SimulatedMarket(demo.SEED, start, acts)


@dataclass
class Life:
    """A market lived through minute by minute, as the poller does it: what it says becomes cycles and bars."""

    source: SimulatedMarket
    now: datetime = START

    def __post_init__(self) -> None:
        self.venues = self.source.venues(lambda: self.now)
        self.ledger, self.bars = Ledger(), Bars(resolutions(self.source.step))
        self.asked: dict[tuple[str, str], datetime] = {}
        self.now = self.source.start
        self.ledger.expect(i for v in self.venues for i in asyncio.run(v.instruments()))

    def live(self, minutes: int) -> Iterator[Cycle]:
        for n in range(minutes):
            self.now = self.source.start + n * MINUTE
            self.ledger.take(asyncio.run(self._said()))
            cycle = self.ledger.read(self.now, self.source.label)
            yield replace(cycle, bars=self.bars.close(cycle))

    async def _said(self) -> Sequence[Observation]:
        seen: list[Observation] = []
        for venue in self.venues:
            for feed in venue.feeds:
                last = self.asked.get((venue.name, feed.name))
                if last is not None and self.now - last < feed.every:
                    continue
                try:
                    seen += (await venue.snapshot(feed, ())).observations
                except Unavailable:
                    continue
                self.asked[venue.name, feed.name] = self.now
        return seen


def rule(number: int, sentence: str) -> Rule:
    draft = parse(sentence, Vocabulary(ALL_COINS, VENUES, SIGNALS, START, UTC))
    assert isinstance(draft, Draft), draft
    return Rule(f"rule-{number}", "terminal:local", number, 1, draft, START, 0)


Told = tuple[int, str, Change]
"""Minute, coin, what."""


@lru_cache(maxsize=4)
def transitions(acts: tuple[Act, ...], sentences: tuple[str, ...], minutes: int = 270) -> Mapping[str, Sequence[Told]]:
    """What each sentence tells on a market with those acts, judged as the evaluator does it from minute 1 on."""
    life = Life(market(acts))
    for panel in life.source.past():
        life.bars.append(panel)
    rules = [rule(n, sentence) for n, sentence in enumerate(sentences, start=1)]
    engine = Engine(BY_NAME, Rules())
    told: dict[str, list[Told]] = {sentence: [] for sentence in sentences}
    for minute, cycle in enumerate(life.live(minutes)):
        cells = Cells(cycle, Vectors(life.bars.panel(), SIGNALS, rows=1), life.source.step)
        if minute == 1:
            for one in rules:
                engine.put(one)
        for judged in chain.from_iterable(engine.judge(cells)):
            if judged.event is not None:
                told[sentences[judged.rule.number - 1]].append((minute, judged.coin, judged.event.change))
    return told


NEGFUNDING, LIQSPIKE, LIQUIDATED = "ETH negfunding", "BTC liqspike > 20x", "SOL liq.long 15m > $2M"
DIVERGENCE = "ETH divergence"
OF_THE_DEMO = (NEGFUNDING, LIQSPIKE, LIQUIDATED, DIVERGENCE)


# The demo's plot


def test_the_demo_tells_exactly_this() -> None:
    assert transitions(DEMO, OF_THE_DEMO) == {
        NEGFUNDING: [(20, "ETH", Change.FIRED), (44, "ETH", Change.RESOLVED), (260, "ETH", Change.FIRED)],
        LIQSPIKE: [(67, "BTC", Change.FIRED), (137, "BTC", Change.RESOLVED)],
        LIQUIDATED: [(62, "SOL", Change.FIRED), (93, "SOL", Change.RESOLVED)],
        DIVERGENCE: [(110, "ETH", Change.FIRED), (190, "ETH", Change.RESOLVED)],
    }


def test_a_newcomer_sees_the_first_alert_within_fifteen_seconds() -> None:
    first = min(minute for told in transitions(DEMO, OF_THE_DEMO).values() for minute, _, _ in told)

    assert first * 60 / demo.SPEED <= 15


def test_venues_that_fall_silent_change_nothing_of_what_is_told() -> None:
    without = tuple(act for act in DEMO if act.name not in OUTAGES)

    assert transitions(DEMO, OF_THE_DEMO) == transitions(without, OF_THE_DEMO)


def test_an_alert_that_fires_stays_through_an_outage_and_ends_after_it() -> None:
    long = Act("shorts pay longs", 3, 150, ("ETH",), funding=-0.0004)
    dark = Act("most are silent", 140, 170, down=frozenset(VENUES[:4]))

    told = transitions((long, dark), (NEGFUNDING,), 200)[NEGFUNDING]

    assert [what for _, _, what in told] == [Change.FIRED, Change.RESOLVED]
    assert told[0][0] == 20
    assert told[1][0] > 170


def test_a_calm_market_tells_nothing() -> None:
    assert not any(transitions((), OF_THE_DEMO, 90).values())


@pytest.fixture(scope="module")
def demo_life() -> Mapping[int, Cycle]:
    """The demo's moments by minute."""
    return dict(enumerate(Life(market()).live(PERIOD)))


def reading(cycle: Cycle, coin: str, metric: Metric) -> float:
    value = cycle.readings[coin][metric].value
    assert value is not None
    return value


def grown(life: Mapping[int, Cycle], coin: str, metric: Metric, start: int, stop: int) -> float:
    return reading(life[stop], coin, metric) / reading(life[start], coin, metric) - 1


def summed(life: Mapping[int, Cycle], coin: str, metric: Metric, start: int, stop: int) -> float:
    return sum(reading(life[minute], coin, metric) for minute in range(start + 1, stop + 1))


def test_in_the_cascade_longs_are_closed_while_price_and_open_interest_fall(demo_life: Mapping[int, Cycle]) -> None:
    for coin in ("BTC", "SOL"):
        assert grown(demo_life, coin, Metric.PRICE, 60, 75) < -0.02
        assert grown(demo_life, coin, Metric.OI_LEVEL, 60, 75) < -0.04
        longs, shorts = (summed(demo_life, coin, m, 60, 75) for m in (Metric.LIQ_LONG, Metric.LIQ_SHORT))
        assert longs > 100 * summed(demo_life, coin, Metric.LIQ_LONG, 45, 60)
        assert longs > 10 * shorts


def test_in_the_squeeze_price_rises_while_coins_leave(demo_life: Mapping[int, Cycle]) -> None:
    assert grown(demo_life, "ETH", Metric.PRICE, 95, 120) > 0.01
    assert grown(demo_life, "ETH", Metric.OI_LEVEL, 95, 120) < -0.01
    longs, shorts = (summed(demo_life, "ETH", m, 95, 120) for m in (Metric.LIQ_LONG, Metric.LIQ_SHORT))
    assert shorts > 10 * longs


def test_shorts_pay_longs_on_eth_alone_and_not_for_ever(demo_life: Mapping[int, Cycle]) -> None:
    funding = {minute: reading(demo_life[minute], "ETH", Metric.FUNDING) for minute in (3, 6, 37, 40)}

    assert min(funding[3], funding[40]) > 0
    assert max(funding[6], funding[37]) < -0.0001
    assert reading(demo_life[20], "BTC", Metric.FUNDING) > 0


def test_one_silent_venue_is_missing_and_most_silent_venues_make_it_unknown(demo_life: Mapping[int, Cycle]) -> None:
    before, one, many, after = (demo_life[m].readings["BTC"][Metric.FUNDING] for m in (125, 140, 155, 165))

    assert (before.missing, before.coverage) == ((), 1.0)
    assert (one.missing, one.value is None) == (("okx",), False)
    assert (many.missing, many.value) == (("binance", "bybit"), None)
    assert after.missing == ()


def test_one_missed_minute_does_not_matter_and_the_second_does() -> None:
    short = Act("a venue is silent", 2, 4, down=frozenset({"okx"}))

    missing = [cycle.readings["BTC"][Metric.PRICE].missing for cycle in Life(market((short,))).live(7)]

    assert missing == [(), (), (), ("okx",), ("okx",), (), ()]


def test_spot_dries_up(demo_life: Mapping[int, Cycle]) -> None:
    before, after = (
        summed(demo_life, "BTC", Metric.VOLUME_SPOT, at, at + 30) / summed(demo_life, "BTC", Metric.VOLUME, at, at + 30)
        for at in (10, 170)
    )

    assert after < 0.2 * before


@pytest.mark.parametrize("act", DEMO, ids=lambda act: act.name)
def test_an_act_is_over_when_the_plot_begins_anew(act: Act) -> None:
    assert 0 <= act.starts < act.ends
    assert act.ends + act.fades <= PERIOD
    assert set(act.coins) <= set(ALL_COINS)
    assert act.down <= set(VENUES)
    assert bool(act.coins) != bool(act.down)


# The same for everyone


def said(source: SimulatedMarket, minutes: Sequence[int]) -> Sequence[Observation]:
    now = [source.start]
    venues = source.venues(lambda: now[0])
    seen: list[Observation] = []
    for minute in minutes:
        now[0] = source.start + minute * MINUTE
        for venue in venues:
            for feed in venue.feeds:
                seen += asyncio.run(venue.snapshot(feed, ())).observations
    return seen


@settings(max_examples=10, deadline=None)
@given(minutes=st.lists(st.integers(0, 120), min_size=1, max_size=4))
def test_whoever_asks_whenever_and_in_whatever_order_hears_the_same(minutes: Sequence[int]) -> None:
    one, other = said(market(), minutes), said(market(), minutes[::-1])

    assert sorted(map(repr, one)) == sorted(map(repr, other))


def test_another_seed_is_another_market() -> None:
    mine, other = market(), SimulatedMarket(demo.SEED + 1, START, DEMO)

    assert {o.value for o in said(mine, [1])}.isdisjoint(
        {o.value for o in said(other, [1]) if o.metric in (Metric.PRICE, Metric.OI_LEVEL, Metric.VOLUME)}
    )


def test_seconds_do_not_matter() -> None:
    source = market()
    times = [START + MINUTE, START + MINUTE + timedelta(seconds=59)]

    whole, late = ([asyncio.run(v.snapshot(v.feeds[0], ())) for v in source.venues(lambda at=at: at)] for at in times)

    assert whole == late


def test_it_says_that_it_is_simulated_and_goes_on() -> None:
    source = market()

    assert (source.label, source.step, source.start, source.end) == (Label.SIMULATED, MINUTE, START, None)
    assert {venue.label for venue in source.venues(lambda: START)} == {Label.SIMULATED}
    assert said(source, [600 * 24 * 60])


# Coins and venues


def test_every_venue_has_every_coin_under_its_own_name() -> None:
    listed = {v.name: asyncio.run(v.instruments()) for v in market().venues(lambda: START)}

    assert tuple(listed) == VENUES
    assert all({i.coin for i in own} == set(ALL_COINS) for own in listed.values())
    pepe = {name: next((i.symbol, i.multiplier) for i in own if i.coin == "PEPE") for name, own in listed.items()}
    assert pepe == {
        "binance": ("1000PEPEUSDT", 1000.0),
        "bitget": ("PEPEUSDT", 1.0),
        "bybit": ("1000PEPEUSDT", 1000.0),
        "gate": ("PEPE_USDT", 1.0),
        "hyperliquid": ("kPEPE", 1000.0),
        "okx": ("PEPE-USDT-SWAP", 1.0),
    }


def test_prices_of_a_coin_agree_across_venues() -> None:
    prices: dict[str, list[float]] = {}
    for seen in said(market(), [0, 60, 119]):
        if seen.metric is Metric.PRICE:
            prices.setdefault(f"{seen.coin} {seen.at}", []).append(seen.value)

    assert all(len(of) == len(VENUES) and max(of) / min(of) < 1.002 for of in prices.values())


def test_each_venue_offers_what_the_real_one_does() -> None:
    offered = {v.name: frozenset().union(*(f.metrics for f in v.feeds)) for v in market().venues(lambda: START)}
    everything = set(OBSERVED) - set(ROLLING.values())

    assert everything - offered["binance"] == set()
    assert everything - offered["bitget"] == {Metric.LS}
    assert everything - offered["bybit"] == {Metric.LS_TOP, Metric.LS_POS, Metric.TAKER_BUY, Metric.TAKER_SELL}
    assert everything - offered["gate"] == set()
    assert everything - offered["okx"] == set()
    assert offered["hyperliquid"] == {
        *(Metric.PRICE, Metric.INDEX, Metric.FUNDING, Metric.FUNDING_SETTLED, Metric.OI_LEVEL, Metric.VOLUME),
    }


def test_liquidations_are_floors_where_the_stream_is_a_sample() -> None:
    floors = {o.venue: o.floor for o in said(market(), [1]) if o.metric is Metric.LIQ_LONG}

    assert floors == {"binance": True, "bitget": False, "bybit": False, "gate": False, "okx": True}


def test_a_settled_rate_is_what_funding_was_when_it_settled() -> None:
    seen = {(o.at, o.metric): o for o in said(market(), [8 * 60, 9 * 60]) if (o.venue, o.coin) == ("okx", "BTC")}
    settled_at = START + 8 * HOUR

    settled = seen[settled_at, Metric.FUNDING_SETTLED]

    assert settled.value == seen[settled_at, Metric.FUNDING].value
    assert settled.value != seen[settled_at + HOUR, Metric.FUNDING].value
    assert (settled.received, settled.next_at) == (settled_at + HOUR, settled_at + 8 * HOUR)


# The past


@cache
def past_of(acts: Sequence[Act] = DEMO, start: datetime = START) -> Mapping[timedelta, Panel]:
    return {panel.step: panel for panel in market(acts, start).past()}


def test_the_past_fills_every_window_up_to_the_last_bar_before_the_start() -> None:
    past = past_of()

    assert past.keys() == KEEP.keys()
    for step, panel in past.items():
        assert len(panel.times) == KEEP[step] // step
        assert from_ms(int(panel.times[-1])) == START - step
        assert set(np.diff(panel.times).tolist()) == {step // timedelta(milliseconds=1)}
        assert set(panel.matrices) == set(STORED) - set(ROLLING.values())
        assert all(np.isfinite(matrix).all() for matrix in panel.matrices.values())
        assert all(np.isfinite(leg).all() for legs in panel.legs.values() for leg in legs.values())


def test_what_one_market_lives_through_is_the_past_of_a_later_one() -> None:
    early = Life(market(acts=()))
    for _ in early.live(3 * 60 + 1):
        pass
    lived = early.bars.panel()
    past = past_of((), START + 3 * HOUR)

    for step, panel in past.items():
        same = lived.at(step).known_by(int(panel.times[-1])).tail(2 * HOUR // step)
        known = panel.tail(len(same.times))
        order = [same.coins.index(coin) for coin in known.coins]
        assert same.times.tolist() == known.times.tolist()
        for metric in STORED:
            np.testing.assert_allclose(known[metric], same[metric][:, order], rtol=2e-6, err_msg=f"{metric} {step}")
        for metric, legs in known.legs.items():
            for venue, leg in legs.items():
                np.testing.assert_allclose(
                    leg, same.leg(metric, venue)[:, order], rtol=2e-6, err_msg=f"{metric} {venue}"
                )


def test_the_past_knows_nothing_of_what_will_happen() -> None:
    calm, eventful = past_of(()), past_of()

    for step, panel in calm.items():
        for metric in STORED:
            np.testing.assert_array_equal(panel[metric], eventful[step][metric])


@pytest.mark.parametrize("metric", [Metric.PRICE, Metric.OI_LEVEL, Metric.FUNDING])
def test_nothing_jumps_where_the_past_ends(metric: Metric) -> None:
    past = past_of()[MINUTE]
    first = next(Life(market()).live(1))
    live = np.array([reading(first, coin, metric) for coin in past.coins])
    moves = np.abs(np.diff(past[metric].astype(np.float64), axis=0))

    assert (np.abs(live - past[metric][-1]) <= 1.5 * moves.max(axis=0)).all()


def test_coins_move_together_but_not_as_one() -> None:
    hours = past_of()[HOUR]
    moves = np.diff(np.log(hours[Metric.PRICE].astype(np.float64)), axis=0)

    likeness = np.corrcoef(moves.T)[~np.eye(len(hours.coins), dtype=bool)]

    assert likeness.min() > 0.4
    assert likeness.max() < 0.95
    assert ((moves.std(axis=0) > 0.002) & (moves.std(axis=0) < 0.02)).all()
