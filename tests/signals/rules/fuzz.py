"""Lines for the rule language, each by its own number of a seed, and what must be true of what is read from them."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import TypeAlias

from bot.mistakes import sentence
from signals.model import ALL
from signals.rules import durations, words
from signals.rules.canonical import canonical
from signals.rules.language import Vocabulary, parse
from signals.rules.metrics import METRICS
from signals.rules.model import Draft, Problem
from signals.rules.neighbours import step
from signals.rules.reading import LONGEST
from tests.signals.rules.vocabulary import COINS, NOW, VENUES, VOCABULARY

Read: TypeAlias = Callable[[str, Vocabulary], Draft | Problem]

MOST_COINS = 640
MOST_MICROSECONDS = 10_000
"""CPU that one line may cost."""
AGAIN = 3
"""How often a line that cost more is read again: what else the machine does is no fault of the line."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

_VALUES = (
    *("-0.01%", "5%", "+0.5 %", "-1bp", "7 bps", "$10M", "10m", "$ 4,000", "65432.75", "2.4M coins", "3k coins", "1.5"),
    *(
        "0",
        ".5",
        "p5",
        "p99.5",
        "z3",
        "z-2.5",
        "5x",
        "20x",
        "-0,01%",
        "10",
        "1e9",
        "101%",
        "p101",
        "9" * 14,
        "$",
        "-$5",
    ),
)
_WINDOWS = ("1m", "5m", "15m", "30m", "1h", "2h", "4h", "8h", "12h", "24h", "3d", "7d", "3h", "1d")
_TIMES = ("0s", "90s", "15m", "1h", "24h", "36h", "2d", "1w", "7d", "30d", "366d", "999999w", "15M", "off", "never")
_DATES = (
    *("2026-12-31", "2026-12-31T18:00", "2027-03-28T02:30", "2027-10-31T02:30Z"),
    *("2020-01-01", "2026-13-01", "9999-12-31"),
)
_NOTES = ("watch the close", '"quoted"', "\u043f\u043e\u0442\u043e\u043c", "a\u202eb", "", "n" * 81, "note for 5m")
_SIGNALS = ("negfunding", "divergence", "liqspike", "liqspike.long", "liqspike.short", "cascade", "momentum")
_COMPARED = ("<", "<=", ">", ">=", "below", "is above", "goes over", "crosses", "crosses up", "crosses down", "=")
_MOVED = ("falls by", "rises by", "moves by", "falls", "rises")
_SIGNS = "\u2212\u2013\u2264\u2265\u00a0\u201c\u0415\u0661\x00\ud800\U0001f469"
_JUNK = tuple(" ,@$#%&<>=.-+:/_\"'\t\n0123456789abcdefghijklmnopqrstuvwxyzMKBT") + tuple(_SIGNS)
_ENTITIES = ("&lt;", "&gt;", "&amp;")
_PIECES = (
    *(*METRICS, *sorted(words.RESERVED), *_SIGNALS, *_COMPARED, *_MOVED, *_VALUES, *_WINDOWS, *_TIMES, *_DATES),
    *(*_NOTES, *VENUES, *COINS, *_ENTITIES, "@", ",", "and", "for", "every", "clear", "until"),
)
_FITTING = {
    measure.name: (sorted(measure.all_forms), [durations.written(one) for one in measure.windows if one])
    for measure in METRICS.values()
}
"""Values and windows that a metric has."""


def many_coins() -> Vocabulary:
    """The names of a market as large as ours."""
    random, coins = Random(1), dict.fromkeys(COINS)
    while len(coins) < MOST_COINS:
        coins["".join(random.choices(LETTERS, k=random.choice((2, 3, 3, 4, 4, 5, 6, 8))))] = None
    return replace(VOCABULARY, coins=coins.keys())


@dataclass
class Tally:
    """What came of many lines; times are whole microseconds of CPU."""

    lines: int = 0
    rules: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    offers: int = 0
    microseconds: Counter[int] = field(default_factory=Counter)
    faults: list[Mapping[str, object]] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count another one in."""
        self.lines += other.lines
        self.rules += other.rules
        self.problems += other.problems
        self.offers += other.offers
        self.microseconds += other.microseconds
        self.faults += other.faults

    def quantile(self, share: float) -> int:
        """The time that so many of all lines took at most."""
        left = share * self.microseconds.total()
        for microseconds, count in sorted(self.microseconds.items()):
            left -= count
            if left <= 0:
                return microseconds
        return 0


@dataclass
class Fuzzer:
    """Reads lines that people might type, spoiled ones, heaps of words and heaps of signs."""

    seed: int
    read: Read = parse
    vocabulary: Vocabulary = field(default_factory=many_coins)

    def __post_init__(self) -> None:
        self._coins = tuple(self.vocabulary.coins)

    def run(self, numbers: Iterable[int]) -> Tally:
        """Read the lines of those numbers."""
        tally = Tally()
        for number in numbers:
            self._one(tally, number)
        return tally

    def line(self, number: int) -> str:
        """The line of that number."""
        random = Random(f"{self.seed} {number}")
        which = random.random()
        if which < 0.35:
            return _rule(random, self._coins)
        if which < 0.7:
            return _spoiled(random, _rule(random, self._coins))
        if which < 0.9:
            glue = random.choice((" ", " ", ""))
            return glue.join(random.choices(_PIECES, k=random.randint(0, 20)))
        return "".join(random.choices(_JUNK, k=random.randint(0, LONGEST + 20)))

    def _one(self, tally: Tally, number: int) -> None:
        line = self.line(number)
        tally.lines += 1
        try:
            took, read = self._timed(line)
            tally.microseconds[took] += 1
            if isinstance(read, Draft):
                tally.rules += 1
                _check_rule(read, self.vocabulary)
            else:
                tally.problems[read.code] += 1
                tally.offers += len(read.offers)
                _check_problem(read, line, self.vocabulary)
            if took > MOST_MICROSECONDS:
                least = min(self._timed(line)[0] for _ in range(AGAIN))
                assert least <= MOST_MICROSECONDS, f"it takes {least} microseconds"
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            says = f"{type(error).__name__}: {error}"[:500]
            tally.faults.append({"seed": self.seed, "number": number, "line": ascii(line), "says": says})

    def _timed(self, line: str) -> tuple[int, Draft | Problem]:
        """Microseconds of CPU, and what was read."""
        began = time.thread_time_ns()
        read = self.read(line, self.vocabulary)
        return (time.thread_time_ns() - began) // 1000, read


def _check_rule(draft: Draft, vocabulary: Vocabulary) -> None:
    """Raise AssertionError unless its text says it, and its neighbours' texts say them."""
    near = step(draft, vocabulary.signals)
    for one in (draft, near.easier, near.harder):
        again = parse(canonical(one), vocabulary) if one else None
        assert again == one, f"its text is read as {again}"
        assert not isinstance(again, Draft) or again.filled == (), "its text leaves something out"


def _check_problem(problem: Problem, line: str, vocabulary: Vocabulary) -> None:
    """Raise AssertionError unless it has its words, its place, and offers that are rules."""
    start, end = problem.span
    assert 0 <= start <= end <= max(len(line), 2 * LONGEST), "it points beside the line"
    assert sentence(problem), "it has no words"
    assert all(isinstance(parse(offer, vocabulary), Draft) for offer in problem.offers), "an offer is no rule"


# How lines are made


def _rule(random: Random, coins: Sequence[str]) -> str:
    """A sentence as people type it, mostly right."""
    scope = random.choice(("*", "watchlist", "wl", *[",".join(random.choices(coins, k=random.randint(1, 3)))] * 5))
    venue = f"@{random.choice((*VENUES, ALL))}" if random.random() < 0.2 else ""
    joined = random.choice((" and ", " & ")).join(_condition(random) for _ in range(random.choice((1, 1, 1, 2, 3, 5))))
    said = " ".join([f"{scope}{venue}", joined, *random.sample(_modifiers(random), random.choice((0, 1, 1, 2, 3)))])
    return f"{said} note {random.choice(_NOTES)}" if random.random() < 0.1 else said


def _condition(random: Random) -> str:
    subject = random.choice((*METRICS, "price", "oi", *_SIGNALS))
    values, windows = _FITTING.get(subject, (_VALUES, _WINDOWS))
    if random.random() < 0.1:
        values, windows = _VALUES, _WINDOWS
    window = f" {random.choice(windows)}" if windows and random.random() < 0.4 else ""
    if random.random() < 0.4 and subject in _SIGNALS:
        return subject + window
    moved = _MOVED if subject in ("oi", "price") and random.random() < 0.5 else _COMPARED
    clear = f" clear {random.choice(values)}" if random.random() < 0.05 else ""
    return f"{subject}{window} {random.choice(moved)} {random.choice(values)}{clear}"


def _modifiers(random: Random) -> Sequence[str]:
    times = random.choices(_TIMES, k=4)
    until = random.choice((*_DATES, times[2]))
    timed = (f"for {times[0]}", f"every {times[1]}", f"until {until}", f"shadow {times[3]}")
    return (*timed, "once", "loud", "quiet", "ungated", f"clear {random.choice(_VALUES)}")


def _spoiled(random: Random, line: str) -> str:
    """The line with a few slips of the hand."""
    for _ in range(random.randint(1, 3)):
        at = random.randint(0, len(line))
        match random.choice(("drop", "drop", "add", "double", "swap", "cut", "entity", "word")):
            case "drop":
                line = line[:at] + line[at + 1 :]
            case "add":
                line = line[:at] + random.choice(_JUNK) + line[at:]
            case "double":
                line = line[:at] + line[at : at + random.randint(1, 30)] + line[at:]
            case "swap":
                line = line[:at] + line[at + 1 : at + 2] + line[at : at + 1] + line[at + 2 :]
            case "cut":
                line = line[:at]
            case "entity":
                line = line.replace(random.choice("<>&"), random.choice(_ENTITIES), 1)
            case _:
                line = line[:at] + f" {random.choice(_PIECES)} " + line[at:]
    return line


def summary(tally: Tally, seed: int) -> Mapping[str, object]:
    """One report."""
    return {
        "fuzz": "rules",
        "seed": seed,
        "now": NOW.isoformat(),
        "coins": MOST_COINS,
        "lines": tally.lines,
        "rules": tally.rules,
        "problems": dict(tally.problems.most_common()),
        "offers": tally.offers,
        "cpu_microseconds": {
            "p50": tally.quantile(0.5),
            "p99": tally.quantile(0.99),
            "p99.9": tally.quantile(0.999),
            "max": max(tally.microseconds, default=0),
        },
        "failures": tally.faults,
    }
