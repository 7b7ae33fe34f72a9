"""`/status` says plainly what is blind, what is not durable, and what became of the alerts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.chat.rendering import render
from adapters.store.alert_port import Effort
from adapters.store.memory import MemoryStore
from adapters.venues.base import Health, Label, Quality
from bot.health import Health as ProcessHealth
from signals.aggregate import Cycle
from signals.counts import Counts
from tests.bot.commands.desks import NOW, ask, desk, said, save

HOUR = timedelta(hours=1)


async def test_a_sound_service() -> None:
    market = await desk()
    await save(market, "ETH price > 4000")
    await ask(market, "/mute ETH 2h")

    assert (
        await said(market, "/status")
        == """\
📊 Status · LIVE market, 3 coins, last moment 5 Jan 2026 12:00 UTC, 0s ago
Binance 0s · Bybit 0s · Hyperliquid 0s
All 30 readings are known.
Here: 1 of 50 rules, 1 muted, 0 waiting · last 100 alerts: none yet
Store: memory 1, NOT durable: rules are lost with the process (everything is lost when the process ends)
perpwatch 0.1.0 · up 3h of market time
"""
    )


async def test_a_silent_venue_is_silent_since_and_what_it_withholds_is_counted() -> None:
    text = await said(await desk(silent=["bybit"]), "/status")

    assert "Bybit silent since 09:00 UTC" in text
    assert "24 of 30 readings are unknown" in text


async def test_a_market_that_stands_still_shows_how_old_it_is() -> None:
    market = await desk()

    text = await said(replace(market, now=NOW + timedelta(minutes=7)), "/status")

    assert "last moment 5 Jan 2026 12:00 UTC, 7m ago" in text
    assert "Binance 7m" in text


async def test_a_simulated_market_is_marked_first() -> None:
    assert (await said(await desk(label=Label.SIMULATED), "/status")).startswith(
        "SIMULATED 📊 Status · SIMULATED market"
    )


async def test_without_a_market_it_still_answers() -> None:
    market = replace(await desk(), store=MemoryStore())

    assert "no market data yet" in await said(market, "/status")


async def test_a_question_from_outside_does_not_claim_to_know_the_uptime() -> None:
    market = await desk()

    assert "up " not in await said(replace(market, started=market.now), "/status")


@pytest.mark.parametrize(("late", "is_said"), [(0.3, True), (0.1, False)])
async def test_an_event_loop_that_wakes_late_is_said_and_measured(late: float, *, is_said: bool) -> None:
    health = ProcessHealth(lambda: NOW)
    health.woke(late)
    health.woke(0.0)

    message = await ask(replace(await desk(), health=health), "/status")

    assert ("held up for as long as 300 ms" in render(message, colour=False)) is is_said
    assert dict(message.data)["lag_ms"] == 1000 * late


@pytest.mark.parametrize(("lag", "own", "is_said"), [(0.3, 0.0, True), (0.1, 0.0, False), (0.3, 0.3, False)])
async def test_an_evaluator_of_another_process_that_wakes_late_is_said(
    lag: float, own: float, *, is_said: bool
) -> None:
    health, market = ProcessHealth(lambda: NOW), await desk()
    health.woke(own)
    await market.store.report_effort(Effort(NOW, timedelta(0), 0, Counts(1, 1, 1, 0, 0, 0), lag=lag))

    text = render(await ask(replace(market, health=health), "/status", owner=True), colour=False)

    assert ("⚠ The evaluator was held up for as long as 300 ms within a minute" in text) is is_said


async def test_a_venue_in_trouble_is_named_with_its_reason_and_the_end_of_its_ban() -> None:
    market = await desk()
    ends = NOW + timedelta(minutes=7)
    trouble = Health("okx", Quality.SILVER, down_since=NOW - HOUR, why="banned", banned_until=ends)
    await market.store.report([trouble, Health("bybit", Quality.SILVER)])

    text = await said(market, "/status")

    assert "⚠ OKX is in trouble since 11:00 UTC: banned. It is not asked before 5 Jan 2026 12:07 UTC." in text
    assert "Bybit is in trouble" not in text


async def test_a_stream_that_is_behind_is_blind_and_one_that_is_not_is_not_named() -> None:
    market = await desk()
    await market.store.report(
        [
            Health("okx", Quality.SILVER, stream_at=NOW - timedelta(minutes=3)),
            Health("bybit", Quality.SILVER, stream_at=NOW - timedelta(seconds=2)),
            Health("hyperliquid", Quality.SILVER),
        ]
    )

    text = await said(market, "/status")

    assert "⚠ Liquidations are blind on OKX since 11:57 UTC." in text


async def test_calls_and_what_was_not_used_are_counted() -> None:
    market = await desk()
    await market.store.report(
        [
            Health("okx", Quality.SILVER, requests=40, refused={"empty": 2}),
            Health("bybit", Quality.BRONZE, requests=2, refused={"empty": 1, "short-list": 1}),
        ]
    )

    text = await said(market, "/status")

    assert "42 calls today, not used since the start: 3 empty, 1 short-list · proven: OKX silver, Bybit bronze" in text


async def test_a_live_market_whose_venues_never_answered_says_so() -> None:
    market = replace(await desk(), store=MemoryStore())
    await market.store.close(Cycle(NOW, Label.LIVE, {}, ()))

    assert "No venue has answered yet." in await said(market, "/status")


async def test_what_cannot_be_computed_is_named_to_everybody() -> None:
    market = await desk()
    await market.store.report_effort(Effort(NOW, timedelta(0), 0, Counts(1, 1, 1, 0, 0, 0), ("liqspike", "negfunding")))

    for rights in ({"operator": True}, {"owner": True}):
        answer = await ask(market, "/status", **rights)
        assert "⚠ Cannot be computed: liqspike, negfunding. Rules on it wait; the log says why." in render(
            answer, colour=False
        )
        assert dict(answer.data)["broken"] == ["liqspike", "negfunding"]


async def test_everybody_is_told_of_what_time_no_alert_can_tell() -> None:
    market = await desk()
    missed = NOW - timedelta(hours=9), NOW - timedelta(hours=5)
    await market.store.report_effort(Effort(NOW, timedelta(0), 0, Counts(1, 1, 1, 0, 0, 0), missed=missed))

    text = render(await ask(market, "/status", owner=True), colour=False)

    assert (
        "⚠ Not judged: 5 Jan 2026 03:00 UTC to 5 Jan 2026 07:00 UTC, for the evaluator was away for too long." in text
    )


async def test_what_judging_takes_is_shown_to_operators_alone() -> None:
    market = await desk()
    counts = Counts(rules=1_000_000, keys=1_200_000, cells=6_000, kept=31, touched=42, bytes=14_440_000)
    await market.store.report_effort(Effort(NOW, timedelta(microseconds=12_345), 3, counts))

    judging = (
        "Judging: 1,000,000 rules on 6,000 cells, 31 states kept · 12:00 UTC: 42 looked at, 3 written, 12.3 ms · "
        "index 14.4 MB"
    )
    operators, others = await ask(market, "/status"), await ask(market, "/status", owner=True)
    assert judging in render(operators, colour=False).splitlines()
    assert "Judging" not in render(others, colour=False)
    facts = dict(operators.data)
    (judging,) = facts["judging"]
    assert judging == {
        "part": "1/1",
        "at": "2026-01-05T12:00:00Z",
        "took_ms": 12.3,
        "lag_ms": 0.0,
        "committed": 3,
        "rules": 1_000_000,
        "keys": 1_200_000,
        "cells": 6_000,
        "kept": 31,
        "touched": 42,
        "bytes": 14_440_000,
    }
    assert dict(others.data)["judging"] == []


async def test_moments_that_wait_to_be_judged_are_told_to_everybody_once_they_are_more_than_a_few() -> None:
    market = await desk()

    await market.store.mark_judged(NOW - 3 * market.step)
    assert "Judged only" not in await said(market, "/status")

    late = await desk()
    await late.store.mark_judged(NOW - 4 * late.step)
    text = await said(late, "/status")
    assert "⚠ Judged only up to 5 Jan 2026 08:00 UTC: later moments wait for an evaluator" in text
