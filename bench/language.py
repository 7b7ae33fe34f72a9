"""Reading a rule: the worst lines of full length against a usual one, among 640 coins."""

from datetime import UTC, datetime

from bench.measure import Figures, race, report
from signals.registry import SIGNALS
from signals.rules.language import Vocabulary, parse
from signals.rules.reading import LONGEST

ROUNDS = 51
COINS = dict.fromkeys(f"{a}{b}{c}X" for a in "ABCDEFGHIJ" for b in "ABCDEFGH" for c in "ABCDEFGH")
VOCABULARY = Vocabulary(COINS.keys(), ("binance", "okx"), SIGNALS, datetime(2026, 11, 23, tzinfo=UTC), UTC)
LINES = {
    "a usual rule": "AAAX funding < -0.01% for 15m every 1h",
    "one letter": "A" * LONGEST,
    "a name nearly known": "ABXYZCD funding < 0%",
    "commas": "," * LONGEST,
    "spaces": "ABX" + " " * (LONGEST - 3),
    "coins": ("ABX," * LONGEST)[:LONGEST],
    "numbers": "AAAX funding < " + "1,1." * 70,
    "signs": "AAAX funding < " + "- $" * 90,
    "holds": "AAAX liq > 10m " + "for 5m " * 40,
    "escapes": "&lt;" * 75,
    "foreign letters": "\u2265" * LONGEST,
}


def figures(line: str) -> Figures:
    """How long that line takes."""
    return race({line: lambda: parse(line, VOCABULARY)}, ROUNDS)[line]


def main() -> None:
    """Measure each line and print JSON."""
    rows = {name: figures(line) for name, line in LINES.items()}
    report("language", "a line of 300 characters is read or refused within 10 ms", rows, coins=len(VOCABULARY.coins))


if __name__ == "__main__":
    main()
