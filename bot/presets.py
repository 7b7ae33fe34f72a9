"""Presets: ready sets of sentences for newcomers, in the language of everybody's own rules."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from signals.rules.scope import written

MAJORS = ("BTC", "ETH", "SOL")


@dataclass(frozen=True, slots=True)
class Preset:
    """A set of sentences for somebody: each speaks of `{coins}`, the largest coins of the market."""

    name: str
    title: str
    for_whom: str
    sentences: tuple[str, ...]

    def about(self, coins: Collection[str]) -> Sequence[str]:
        """The sentences on a market with these coins."""
        majors = [coin for coin in MAJORS if coin in coins] or sorted(coins)[: len(MAJORS)]
        return [sentence.format(coins=",".join(written(coin) for coin in majors)) for sentence in self.sentences]


_ALL = (
    Preset(
        "calm",
        "Calm",
        "the few moments that stand out, a few messages a week",
        (
            "{coins} funding < -0.02% for 1h every 8h",
            "{coins} price 24h moves by 10% for 0s every off",
            "{coins} liqspike for 0s every 4h",
        ),
    ),
    Preset(
        "active",
        "Active",
        "what moves during the day, several messages a day",
        (
            "{coins} negfunding for 15m every 1h",
            "{coins} divergence 4h for 5m every 1h",
            "{coins} price 1h moves by 3% for 0s every 1h",
            "{coins} oi 4h falls by 5% for 5m every 1h",
        ),
    ),
    Preset(
        "liquidations",
        "Liquidations night",
        "forced closes while you sleep: loud, and nothing else",
        (
            "{coins} cascade for 0s every 1h loud",
            "{coins} liqspike for 0s every 1h loud",
            "{coins} liq.long 1h > $50M for 0s every 1h loud",
            "{coins} liq.short 1h > $50M for 0s every 1h loud",
            "{coins} price 1h falls by 5% for 0s every 1h loud",
        ),
    ),
    Preset(
        "farmer",
        "Funding farmer",
        "when holding a position begins or ceases to pay",
        (
            "{coins} funding.apr > 30% for 1h every 8h",
            "{coins} funding > p95 for 1h every 8h",
            "{coins} funding crosses down 0% for 15m",
            "{coins} basis > 0.3% for 15m every 4h",
        ),
    ),
)

PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in _ALL}
"""Every preset by its name."""
