"""The alert of each signal, word for word: what happened, how sure it is, and how to change or stop it."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from adapters.chat.rendering import render
from adapters.venues.base import Label
from bot.wording import alert
from signals.registry import BY_NAME
from tests.twins.test_signals import MOVES
from tests.twins.world import happened

BEFORE_THESE = frozenset({"negfunding", "divergence", "liqspike"})
"""Whose alerts are held word for word elsewhere."""

TOLD: Mapping[str, str] = {
    "fundingcross": """
SIMULATED 🔺 BTC · funding changed sign
0.0080% beyond the band around zero, 6 venues, 1 Jan 2026 00:24 UTC
Line: above 0%, true since 00:24 UTC.
Why
• funding: −0.0100% per 8h, shorts pay longs
• since it stood above zero: 15m
Structure: normal · spot trades as much against futures as is usual for this coin
""",
    "fundingextreme": """
SIMULATED 🔺 BTC · funding is extreme for this coin
100% of the way from the middle of its own 90 days to their end, 6 venues, 1 Jan 2026 00:10 UTC
Line: at or above p98, true since 00:10 UTC.
Why
• funding: −0.0400% per 8h, shorts pay longs
• lower than 100% of its own 90 days
• a year: −43.8% a year
Structure: normal · spot trades as much against futures as is usual for this coin
""",
    "momentum": """
SIMULATED 🔺 BTC · OI and price rise together
9.84 own spreads in 4h, 6 venues, 1 Jan 2026 00:10 UTC
Line: above 1.5 own spreads, true since 00:10 UTC.
Why
• price: +2.0%
• OI in coins: +5.0%
• funding: 0.0100% per 8h
• higher than 50% of its own 90 days
• confirmed by accounts: no, longs / shorts did not rise
Structure: normal · spot trades as much against futures as is usual for this coin
""",
    "crowdedshorts": """
SIMULATED 🔺 BTC · shorts are crowded and pay
2 votes, 6 venues, 1 Jan 2026 00:10 UTC
Line: at or above 1 vote, true since 00:10 UTC.
Why
• longs / shorts by all accounts: 0.90
• lower than 100% of its own 90 days
• last settled: −0.0100% per 8h, the last 3 all below zero
Structure: normal · spot trades as much against futures as is usual for this coin
""",
    "crowdedlongs": """
SIMULATED 🔺 BTC · longs are crowded and pay
2 votes, 6 venues, 1 Jan 2026 00:10 UTC
Line: at or above 1 vote, true since 00:10 UTC.
Why
• longs / shorts by all accounts: 3.00
• higher than 100% of its own 90 days
• funding: 0.0400% per 8h
Structure: normal · spot trades as much against futures as is usual for this coin
""",
    "cascade": """
SIMULATED 🌊 BTC · long cascade
$367k liquidated, 99.5% longs: forced selling on 6 venues, as of 1 Jan 2026 00:12 UTC
OI in coins −5.0%, price −2.0% since 15 minutes before it was seen.
Seen at 1 Jan 2026 00:12 UTC. This message follows it; its end comes as a reply.
Structure: normal · spot trades as much against futures as is usual for this coin
""",
    "liqcluster": """
SIMULATED 🔻 BTC · price is back where many were liquidated
0.0072% from a level of the last 7d, 6 venues, 1 Jan 2026 00:20 UTC
Line: below 0.5%, true since 00:20 UTC.
Why
• observed level: $100.00, with 100% of a week's liquidations
• price now: $99.99, after it was 1% away within the last day
Structure: normal · spot trades as much against futures as is usual for this coin
""",
    "ratiocollapse": """
SIMULATED 🔻 BTC · futures detach from spot
0% of its own 90 days have a lower 24h ratio, 6 venues, 1 Jan 2026 00:10 UTC
Line: at or below p5, true since 00:10 UTC.
Why
• spot / futures volume: 0.12, the same venues on both legs
• median of 30 days: 0.20
• lower than 100% of its own 90 days
• futures / spot: 8.6x
Structure: normal · spot trades as much against futures as is usual for this coin
""",
    "composite": """
SIMULATED 🔺 BTC · independent families agree
2 votes, 6 venues, 1 Jan 2026 00:10 UTC
Line: above 1.5 votes, true since 00:10 UTC.
Why
• funding: for down
• positioning: takes no side
• crowd: for down
Structure: normal · spot trades as much against futures as is usual for this coin
""",
}
"""From the headline to the trust grade."""


def test_each_signal_has_its_alert_here() -> None:
    assert set(TOLD) | BEFORE_THESE >= set(BY_NAME)


@pytest.mark.parametrize("name", TOLD)
def test_an_alert_says_what_happened_and_how_to_stop_it(name: str) -> None:
    story, stage = MOVES[name]
    event = replace(happened(f"BTC {name}", story, 0, stage)[0], label=Label.SIMULATED)

    lines = render(alert(event, event.at), colour=False).splitlines()

    assert "\n".join([lines[0].rpartition("  A-")[0], *lines[1:-4]]) == TOLD[name].strip()
    assert lines[-4] == "BTC: what followed before is not known yet."
    assert lines[-3] == "Stop: /mute #1 2h · /delete 1"
    assert lines[-2].endswith(f"SIMULATED market. Rule #1: {event.sentence}. Not advice.")
