"""The past of the real clients, asked of the fakes on virtual time: recordings, and a warm start of the service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import numpy as np
import pytest

from adapters.store.memory import MemoryStore
from adapters.venues.client import LiveVenue, Wiring
from adapters.venues.recording import open_recording
from adapters.venues.registry import VENUES
from adapters.venues.warming import Warming
from bot.clock import Clock
from bot.history import History
from bot.past import METRICS, Wanted
from bot.replay import Replay
from signals.aggregate import MIN_COVERAGE
from signals.model import Instrument, Metric
from signals.panel import STORED, Panel, to_ms
from signals.registry import SIGNALS
from tests import virtual
from tests.adapters.venues.test_warming import moment
from tests.fake_venues.everyone import everyone
from tests.fake_venues.inprocess import InProcess
from tests.fake_venues.market import seeded
from tests.fake_venues.record import Record

START = datetime(2026, 11, 23, 14, 0, 3, tzinfo=UTC)
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
KEYLESS = sorted(name for name, opening in VENUES.items() if not opening.needs_key)
SINCE = datetime(2026, 11, 20, tzinfo=UTC)

NOT_KEPT: Mapping[str, frozenset[str]] = {
    "binance": frozenset(),
    "bybit": frozenset({"long/short top accounts", "long/short top positions"}),
    "okx": frozenset(),
    "gate": frozenset(),
    "bitget": frozenset(
        {"open interest", "long/short accounts", "long/short top accounts", "long/short top positions"}
    ),
    "hyperliquid": frozenset(
        {"open interest", "long/short accounts", "long/short top accounts", "long/short top positions"}
    ),
}


@dataclass
class Shown:
    waited: list[tuple[datetime, str]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)

    def begin(self, parts: int) -> None:
        pass

    def done(self, what: str) -> None:
        pass

    def waits(self, until: datetime, why: str) -> None:
        self.waited.append((until, why))

    def wrote(self, path: Path) -> None:
        self.files.append(path)


def opened(names: Sequence[str], clock: Clock, store: MemoryStore, record: Record) -> list[LiveVenue]:
    fakes = everyone(replace(seeded(1, 6, START), forced_a_minute=0.0), (), record)
    transport = InProcess([fakes[name] for name in names], clock.now)
    return [
        VENUES[name].open(Wiring(VENUES[name].endpoints, transport, store, clock.now, Random(1), "main"))
        for name in names
    ]


@pytest.mark.parametrize("name", KEYLESS)
def test_the_past_of_a_venue_is_written_and_can_be_replayed(tmp_path: Path, name: str) -> None:
    record = Record()

    async def live() -> tuple[Sequence[str], Shown]:
        clock, shown = Clock(START), Shown()
        (venue,) = opened([name], clock, MemoryStore(), record)
        wanted = Wanted(name, ("BTC", "ETH"), tuple(METRICS), SINCE, HOUR, tmp_path)
        return await History(venue, wanted, clock.now, shown).run(), shown

    lacking, shown = virtual.run(live)

    assert [path.name[-18:-8] for path in shown.files] == [f"2026-11-{day}" for day in (20, 21, 22, 23)]
    market = open_recording(shown.files[1])
    assert (market.coins, market.step, len(market.times())) == (["BTC", "ETH"], HOUR, 24)
    assert {sentence.split(":")[0] for sentence in lacking} == NOT_KEPT[name]
    known = {o.metric for frame in market.frames(None, None) for o in frame.observations}
    assert {Metric.PRICE, Metric.VOLUME, Metric.FUNDING_SETTLED} <= known
    played = Replay(market, ["BTC price 1h falls by 0.01%"], SIGNALS)
    assert [one.event.coin for one in played.run(None, None)]
    assert played.never_known == []


def test_windows_over_all_venues_are_warm_within_their_budgets() -> None:
    record = Record()

    async def live() -> tuple[Sequence[Instrument], Mapping[timedelta, Panel], timedelta]:
        clock, store = Clock(START), MemoryStore()
        venues = opened(KEYLESS, clock, store, record)
        listed = [of for venue in venues for of in await venue.instruments() if of.coin == "BTC"]
        await store.close(moment(START.replace(second=0)))
        keep = {MINUTE: 2 * HOUR, 5 * MINUTE: 6 * HOUR, HOUR: 4 * DAY}
        await Warming(venues, lambda: listed, store, clock.now, keep).run()
        bars = {step: await store.panel(step, STORED, 9999) for step in keep}
        return listed, bars, clock.now() - START

    listed, bars, took = virtual.run(live)

    for step, panel in bars.items():
        assert set(panel.legs[Metric.PRICE]) == set(KEYLESS)
        assert np.isfinite(panel[Metric.PRICE]).all()
        assert np.isfinite(panel[Metric.FUNDING_SETTLED]).all(), step
    hours = bars[HOUR]
    assert int(hours.times[-1]) == to_ms(START.replace(minute=0, second=0) - HOUR)
    keep_it = {"binance", "bybit", "okx", "gate"} & set(KEYLESS)
    assert set(hours.legs[Metric.OI_LEVEL]) == keep_it
    share = sum(of.venue in keep_it for of in listed) / len(listed)
    assert np.isfinite(hours[Metric.OI_LEVEL]).all() == (share >= MIN_COVERAGE)
    assert np.isfinite(hours[Metric.LS]).mean() > 0.9
    assert took < HOUR
