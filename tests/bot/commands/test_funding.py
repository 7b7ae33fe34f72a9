"""`/funding` shows each venue's rate with its own interval, and one number only where it is honest."""

from collections import deque
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from adapters.store.base import Quota
from adapters.store.memory import MemoryStore
from adapters.venues.recording import open_recording
from bot.commands.base import Desk
from bot.market import play, trailing
from bot.services.dispatcher import PATIENCE
from signals.registry import SIGNALS
from tests.bot.commands.desks import NOW, ask, desk, said

VENUES_1H = Path(__file__).parents[3].parent / "shared" / "data" / "venues_1h_2025_2026.parquet"


async def test_one_coin_by_venue_and_weighted_by_open_interest() -> None:
    assert (
        await said(await desk(), "/funding ETH")
        == """\
📊 ETH running funding · 12:00:00 UTC
venue            rate  per        8h  a year    next  age
Binance      −0.0200%   8h  −0.0200%  −21.9%  1h 43m   0s
Bybit        −0.0100%   8h  −0.0100%  −11.0%  1h 43m   0s
Hyperliquid   0.0012%   1h   0.0100%   11.0%  1h 43m   0s
by OI               –    –  −0.0140%  −15.3%       –    –
Negative: shorts pay longs. A $10k short pays about $1.4 each 8h.
Neutral is about +0.0100% per 8h; this is 0.0240% below it.
Last settled 12:00 UTC: −0.0070% per 8h.
Too little history to place it in its own 90 days.
3 venues, weighted by open interest. Running rates drift until settlement.
[1] Chart
"""
    )


async def test_where_one_open_interest_is_unknown_the_mean_is_unweighted_and_says_why() -> None:
    text = await said(await desk(without_oi=["bybit"]), "/funding ETH")

    assert "mean                –    –  −0.0067%" in text
    assert "3 venues, unweighted mean (no open interest for Bybit)." in text


async def test_too_few_venues_make_no_number_and_a_silent_one_is_never_shown_as_current() -> None:
    message = await ask(await desk(silent=["bybit"]), "/funding ETH")
    text, facts = await said(await desk(silent=["bybit"]), "/funding ETH"), dict(message.data)

    assert "Bybit          silent    –         –        –       –  since 09:00 UTC" in text
    assert "by OI         unknown    –   unknown  unknown" in text
    assert "Silent: Bybit; 70% of open interest present." in text
    assert (facts["all"]["value"], facts["rate_year"]) == (None, None)
    assert [row["fresh"] for row in facts["venues"]] == [True, False, True]


async def test_machines_are_told_the_unrounded_rates() -> None:
    facts = dict((await ask(await desk(), "/funding ETH")).data)

    assert facts["all"]["value"] == pytest.approx(-0.00014)
    assert facts["rate_year"] == pytest.approx(-0.00014 * 3 * 365)
    assert [row["interval_h"] for row in facts["venues"]] == [8.0, 8.0, 1.0]
    assert facts["venues"][2]["rate"] == pytest.approx(0.0000125)
    assert facts["at"] == "2026-01-05T12:00:00Z"


async def test_ages_grow_with_the_time_that_passes_without_news() -> None:
    market = await desk()

    text = await said(replace(market, now=NOW + timedelta(minutes=5)), "/funding ETH")

    assert "1h 38m   5m" in text


async def test_without_a_coin_it_shows_both_ends() -> None:
    rows = dict((await ask(await desk(), "/funding")).data)["coins"]

    assert [row["coin"] for row in rows] == ["ETH", "BTC", "SOL"]
    assert rows[0]["rate_8h"] == pytest.approx(-0.00014)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/funding ETHH", "I do not follow ETHH."),
        ("/funding ZZZZZ", "I do not follow ZZZZZ. Name one that I follow: BTC, ETH, SOL."),
        ("/funding ETH 7d", "This tells what is now. How it was before is a chart:\n[1] /chart funding ETH 7d"),
        ("/chart funding ETH 99d", "Over how long? From 1h to 30d, such as:"),
        ("/signals ETH 7d", "This tells what is now: leave 7d out.\n[1] /signals ETH"),
        ("/funding ETH@okx", "one venue alone is for rules; an answer shows each venue.\n[1] /funding ETH\n"),
        ("/mute ETHH@okx 2h", "I do not follow ETHH."),
        ("/funding ETH BTC", "One coin at a time, such as: /funding ETH"),
        ("/funding " + "x" * 10_000, "That is too long: write at most 300 characters."),
    ],
)
async def test_a_mistake_is_one_sentence(line: str, says: str) -> None:
    assert says in await said(await desk(), line)


@pytest.mark.skipif(not VENUES_1H.exists(), reason="the recording of venues is not beside this project")
@pytest.mark.parametrize("coin", ["BTC", "ETH", "SOL"])
async def test_on_a_real_recording_each_venue_and_the_mean_are_those_of_the_file(coin: str) -> None:
    at = datetime(2025, 4, 1, tzinfo=UTC)
    facts = dict((await ask(await _recorded(at), f"/funding {coin}")).data)

    table = pd.read_parquet(VENUES_1H)
    rows = table[(table["time"] == at) & table["symbol"].str.contains(coin)].set_index("venue")
    per_8h = rows["funding_rate"] * 8 / rows["funding_interval_hours"]
    assert {row["venue"]: row["rate_8h"] for row in facts["venues"]} == pytest.approx(per_8h.to_dict())
    assert facts["all"]["value"] == pytest.approx(per_8h.mean())
    assert facts["all"]["weighing"] == "unweighted mean"
    assert facts["metric"] == "funding.settled"


async def _recorded(at: datetime) -> Desk:
    recording = open_recording(VENUES_1H)
    store, bars = MemoryStore(), trailing(recording.step)
    last = deque(play(recording, bars, at), maxlen=1)[0]
    await store.extend([bars.panel(), *bars.panel().others.values()])
    await store.close(last)
    return Desk(store, SIGNALS, last.at, "0.1.0", last.at, Quota(50), recording.step, PATIENCE)
