"""Words that complete arguments are those of the market and of the place."""

import pytest

from bot.choices import choices
from signals.registry import SIGNALS
from tests.bot.commands.desks import HERE, desk, save


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("coin", ["BTC", "ETH", "SOL"]),
        ("venue", ["binance", "bybit", "hyperliquid"]),
        ("signal", [signal.name for signal in SIGNALS]),
        ("rule", ["#1", "#2"]),
        ("weather", []),
    ],
)
async def test_words_come_from_the_market_and_the_place(kind: str, expected: list[str]) -> None:
    here = await desk()
    for sentence in ("ETH funding < -0.01%", "BTC funding < -0.02%"):
        await save(here, sentence)

    found = await choices(here.store, here.signals)(kind, HERE, "")

    assert list(found) == expected
