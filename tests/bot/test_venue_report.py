"""The report of `perpwatch check venues` says of each call what it brought, or that it failed, and what stays open."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from adapters.store.memory import MemoryStore
from adapters.venues.client import Wiring
from adapters.venues.probe import Called, Heard, Look, look_at
from adapters.venues.registry import VENUES
from bot.clock import Clock
from bot.venue_report import POINTS, is_sound, report
from signals.model import Metric, Side
from tests import virtual
from tests.fake_venues.everyone import everyone
from tests.fake_venues.faults import Fault, Kind
from tests.fake_venues.golden import AT
from tests.fake_venues.inprocess import InProcess
from tests.fake_venues.market import seeded

LOOK = Look(
    "bybit",
    AT,
    12,
    (Called("tickers", timedelta(seconds=0.25), {Metric.PRICE: 12}, {"empty": 1}),),
    Heard({Side.LONG: 3}, beats=50),
    {Metric.PRICE: 24, Metric.OI_LEVEL: 0, Metric.LS: None},
)


def looked(name: str, *faults: Fault) -> Look:
    async def main() -> Look:
        clock = Clock(AT)
        clock.now()
        transport = InProcess([everyone(seeded(1, 6, AT), faults)[name]], clock.now)
        opening = VENUES[name]
        wiring = Wiring(opening.endpoints, transport, MemoryStore(), clock.now, Random(1), "main")
        return await look_at(opening.open(wiring), clock.now, listens=20)

    return virtual.run(main)


@pytest.mark.parametrize("name", sorted(set(VENUES) - {"coinglass"}))
def test_each_call_of_a_sound_venue_brings_values_and_its_stream_is_alive(name: str) -> None:
    look = looked(name)

    assert is_sound(look)
    assert look.listed >= 6
    assert all(
        call.values for call in look.called if call.name in {"tickers", "premium", "mark", "contracts", "contexts"}
    )
    assert look.heard is None or look.heard.beats > 0
    assert look.past[Metric.PRICE] is not None


def test_a_call_that_fails_is_said_to_and_makes_the_look_unsound() -> None:
    broken = Fault("bybit", Kind.BROKEN, AT, AT + timedelta(hours=1), path="account-ratio")
    look = looked("bybit", broken)

    assert not is_sound(look)
    assert any("| ls | NO: bybit answered with HTTP 503 |" in line for line in report(look))


def test_a_stream_without_a_heartbeat_makes_the_look_unsound() -> None:
    look = looked("bybit", Fault("bybit", Kind.SILENT, AT, AT + timedelta(hours=1)))

    assert not is_sound(look)
    assert any("NOT ALIVE: no heartbeat" in line for line in report(look))


def test_the_report_counts_what_was_answered_and_what_was_refused() -> None:
    text = "\n".join(report(LOOK))

    assert "12 perpetuals listed." in text
    assert "| tickers | 0.25 s | 12 price | 1 empty |" in text
    assert "Stream: 50 heartbeats, liquidations 3 long, 0 short, 0 gaps." in text
    assert "price 24, oi.level not kept, ls no answer" in text


def test_malformed_rows_make_the_look_unsound() -> None:
    malformed = replace(LOOK.called[0], refused={"malformed": 1})

    assert is_sound(LOOK)
    assert not is_sound(replace(LOOK, called=(malformed,)))


@pytest.mark.parametrize("name", sorted(VENUES))
def test_what_no_look_can_settle_is_named_with_what_is_assumed(name: str) -> None:
    text = "\n".join(report(replace(LOOK, venue=name)))

    for point in POINTS:
        assert (point.question in text) == (name in point.venues)
