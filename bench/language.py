"""Reading a rule among 640 coins: usual sentences, mistakes with their offers, and the worst lines of full length."""

from datetime import UTC, datetime

from bench.measure import Figures, race, report
from signals.registry import SIGNALS
from signals.rules.language import Vocabulary, canonical, parse
from signals.rules.model import Draft
from signals.rules.reading import LONGEST

ROUNDS = 51
COINS = dict.fromkeys(f"{a}{b}{c}X" for a in "ABCDEFGHIJ" for b in "ABCDEFGH" for c in "ABCDEFGH")
VENUES = ("binance", "bybit", "okx", "gate", "bitget", "hyperliquid")
VOCABULARY = Vocabulary(COINS.keys(), VENUES, SIGNALS, datetime(2026, 11, 23, tzinfo=UTC), UTC)

RULES = {
    "a usual rule": "AAAX funding < -0.01% for 15m every 1h",
    "a rank": "AAAX funding below p5 every 8h",
    "a signal": "* liqspike.long >= p99 loud",
    "a crossing": "AAAX funding crosses down 0%",
    "two conditions": "AAAX,ABAX oi 4h falls by 5% and price 4h rises by 2%",
    "four conditions": "wl funding < p5 and oi > z2 and ls > 1.5 and liq.short 1h > 5x once until 30d note all",
    "typographic": "aaax funding &lt; \u22121bp for 15m",
}
MISTAKES = {
    "a missing sign": "AAAX funding < -0.01 for 15m",
    "a name nearly known": "ABXYZCD funding < 0%",
    "a coin nearly known": "AAXX funding < 0%",
    "a metric nearly known": "AAAX fundin < -0.01%",
    "a move without its time": "AAAX price > 5%",
    "one letter": "A" * LONGEST,
    "commas": "," * LONGEST,
    "spaces": "ABX" + " " * (LONGEST - 3),
    "coins": ("ABX," * LONGEST)[:LONGEST],
    "numbers": "AAAX funding < " + "1,1." * 70,
    "signs": "AAAX funding < " + "- $" * 90,
    "holds": "AAAX liq > 10m " + "for 5m " * 40,
    "conditions": "AAAX ls > 1" + " and ls > 1" * 26,
    "escapes": "&lt;" * 75,
    "foreign letters": "\u2265" * LONGEST,
}


def figures(line: str) -> Figures:
    """How long that line takes."""
    return race({line: lambda: parse(line, VOCABULARY)}, ROUNDS)[line]


def written(line: str) -> Figures:
    """How long its text takes to be written."""
    draft = parse(line, VOCABULARY)
    assert isinstance(draft, Draft), draft
    return race({line: lambda: canonical(draft)}, ROUNDS)[line]


def main() -> None:
    """Measure each line and print JSON."""
    assert all(isinstance(parse(line, VOCABULARY), Draft) for line in RULES.values())
    assert not any(isinstance(parse(line, VOCABULARY), Draft) for line in MISTAKES.values())
    rows = {name: figures(line) for name, line in {**RULES, **MISTAKES}.items()}
    rows["the text of a usual rule"] = written(RULES["a usual rule"])
    report("language", "any line is read or refused within 10 ms, 999 of 1000 within 1 ms", rows, coins=len(COINS))


if __name__ == "__main__":
    main()
