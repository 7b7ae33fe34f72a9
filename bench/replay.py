"""Replay in bars x coins a second: all bars of a signal at once against bar by bar, as the live service judges them."""

import tempfile
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from random import Random

from adapters.venues.recording import Recording, open_recording
from bench.measure import race, report
from bot.market import play, trailing
from bot.replay import Replay
from signals.book import Rules
from signals.cells import Cells, Vectors
from signals.engine import Engine
from signals.registry import BY_NAME, SIGNALS
from tests.recordings import write

COINS = 20
BARS = 1_200
ROUNDS = 3
START = datetime(2025, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULES = ("divergence", "liqspike", "price 4h rises by 3%")


def market(path: Path) -> Recording:
    """A seeded random market of hourly bars on one venue."""
    random = Random(7)
    prices, ois = [100.0] * COINS, [1e6] * COINS
    rows = []
    for bar in range(1, BARS + 1):
        for coin in range(COINS):
            prices[coin] *= 1 + random.gauss(0, 0.01)
            ois[coin] *= 1 + random.gauss(0, 0.01)
            rows.append(
                {
                    "time": START + bar * HOUR,
                    "venue": "binance",
                    "symbol": f"C{coin:02}",
                    "price": prices[coin],
                    "open_interest": ois[coin],
                    "liquidated_long_usd": random.expovariate(1e-4) * (300 if random.random() < 0.003 else 1),
                    "liquidated_short_usd": random.expovariate(1e-4),
                    "futures_volume_usd": 1e7,
                    "spot_volume_usd": 2e6,
                }
            )
    return open_recording(write(path, rows))


def at_once(recording: Recording) -> list[str]:
    return [played.event.id for played in Replay(recording, RULES, SIGNALS).run(None, None)]


def bar_by_bar(recording: Recording) -> list[str]:
    rules = list(Replay(recording, RULES, SIGNALS)._rules.values())  # noqa: SLF001 - the same rules, judged the other way
    bars = trailing(recording.step)
    engine = Engine(BY_NAME, Rules())
    for rule in rules:
        engine.put(rule)
    told = []
    for cycle in play(recording, bars):
        cells = Cells(cycle, Vectors(bars.panel(), SIGNALS, rows=1), recording.step)
        told += [judged.event.id for judged in chain.from_iterable(engine.judge(cells)) if judged.event is not None]
    return told


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        recording = market(Path(name) / "market.parquet")
        rows = race({"replay": lambda: at_once(recording), "bar by bar": lambda: bar_by_bar(recording)}, ROUNDS)
        told = len(at_once(recording))
    if told == 0:
        raise AssertionError("nothing was told: equal results prove nothing")
    (fast, slow) = (float(of["wall_ms"] or 0) / 1000 for of in rows.values())
    report(
        "replay",
        "bars x coins a second, with the same transitions as the live path",
        rows,
        bars=BARS,
        coins=COINS,
        rules=len(RULES),
        transitions=told,
        bars_x_coins_a_second=round(BARS * COINS / fast),
        bars_x_coins_a_second_bar_by_bar=round(BARS * COINS / slow),
    )


if __name__ == "__main__":
    main()
