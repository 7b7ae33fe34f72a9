"""The table of what followed every signal on every recording of a folder, the bad ones included."""
# ruff: noqa: INP001 - a script, not a package

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from bot.past import BadRequest
from bot.phrases import window
from bot.study import Answer, Kept, Question, answer, kept
from signals.base import Signal
from signals.chance import Interval
from signals.model import Direction
from signals.record import Finding, Followed, Study
from signals.registry import SIGNALS
from signals.study import whole_horizons
from signals.units import percent

LORE: Mapping[str, Mapping[str, Direction]] = {
    "liqspike": {"long": Direction.DOWN, "short": Direction.UP},
    "fundingextreme": {"high": Direction.DOWN, "low": Direction.UP},
    "composite": {"up": Direction.UP, "down": Direction.DOWN},
}
"""What the lore says by side, where it differs: liquidations go on, extremes turn, votes are followed."""

HEADER = (
    "recording",
    "later",
    "events, days",
    "hit",
    "95 % on events",
    "95 % on days",
    "any bar",
    "p",
    "one bar later",
    "middle, mean",
    "worst, best",
    "no data",
    "verdict",
)


@dataclass(frozen=True, slots=True)
class Tried:
    """A signal's rule and where it is said to lead; without a claim both ways are tried."""

    rule: str
    direction: Direction
    is_claim: bool


PARTS: Mapping[str, tuple[str, Sequence[Tried]]] = {
    "crowdedshorts": (
        "No recording has settled rates beside ratios of accounts. With the running rate in place of settlements:",
        (Tried("funding < 0% and ls <= p20", Direction.UP, is_claim=True),),
    ),
    "cascade": (
        "No recording has minutes with liquidations. Its parts over an hour, which is no cascade yet:",
        tuple(Tried("liq 1h > 20x and oi 1h falls by 3%", way, is_claim=False) for way in Direction),
    ),
    "composite": (
        "No recording knows all six of its signals. Two of its three families, funding and positioning, that agree:",
        (
            Tried("negfunding and momentum", Direction.UP, is_claim=True),
            Tried("fundingextreme.high and divergence 4h", Direction.DOWN, is_claim=True),
        ),
    ),
}
"""What can be judged in place of signals that no recording can judge. It is not their record, and is not counted."""


def tried(signal: Signal) -> Iterator[Tried]:
    """What is tried of a signal: each window, each side that it can tell, each direction that may follow."""
    by_side = LORE.get(signal.name, {})
    for span, side in product(signal.windows, sorted(signal.sides) or [""]):
        name = f"{signal.name}.{side}" if side else signal.name
        rule = f"{name} {window(span)}" if len(signal.windows) > 1 else name
        claim = by_side.get(side, signal.claim)
        yield from ([Tried(rule, claim, True)] if claim else [Tried(rule, way, False) for way in Direction])  # noqa: FBT003


def table(data: Path) -> str:
    """The whole text: a table for each signal, and what was found in all."""
    markets = [kept(path) for path in sorted(data.glob("*.parquet"))]
    found = {signal.name: [(one, list(_studies(one, markets))) for one in tried(signal)] for signal in SIGNALS}
    studies = [said.whole for of in found.values() for _, rows in of for _, said in rows]
    sections = (f"{_section(name, of, markets)}{_in_parts(name, markets)}" for name, of in found.items())
    return "\n\n".join([_counted(studies, markets), *sections])


def _studies(one: Tried, markets: Sequence[Kept]) -> Iterator[tuple[Kept, Answer]]:
    for market in markets:
        for horizon in whole_horizons(market.bars((), ()).step):
            try:
                said = answer(market, Question(one.rule, one.direction, horizon), SIGNALS)
            except BadRequest:
                break  # what could not be judged can be at no horizon
            yield market, said


def _counted(studies: Sequence[Study], markets: Sequence[Kept]) -> str:
    by = {word: sum(study.finding is word for study in studies) for word in Finding}
    small = sum(study.p is not None and study.p < 0.05 and study.finding is not Finding.TOO_FEW for study in studies)
    enough = len(studies) - by[Finding.TOO_FEW]
    said = ", ".join(f"{count} times {word}" for word, count in by.items())
    return (
        f"{len(studies)} studies of {len(SIGNALS)} signals on {len(markets)} recordings (REAL): {said}. "
        f"Of the {enough} with cases enough {small} have a p below 0.05; "
        f"of as many rules without any effect about {round(enough / 20)} would."
    )


def _section(name: str, of: Sequence[tuple[Tried, Sequence[tuple[Kept, Answer]]]], markets: Sequence[Kept]) -> str:
    return "\n\n".join([f"### {name}", *_tables(of, markets)])


def _in_parts(name: str, markets: Sequence[Kept]) -> str:
    if name not in PARTS:
        return ""
    said, rules = PARTS[name]
    of = [(one, list(_studies(one, markets))) for one in rules]
    return "\n\n".join([f"\n\n#### {name} in parts", said, *_tables(of, markets)])


def _tables(of: Sequence[tuple[Tried, Sequence[tuple[Kept, Answer]]]], markets: Sequence[Kept]) -> Sequence[str]:
    parts = list[str]()
    for one, rows in of:
        claim = f"claim: {one.direction}" if one.is_claim else f"no claim; tried: {one.direction}"
        parts.append(f"`{one.rule}`, {claim}")
        if rows:
            lines = [HEADER, tuple("---" for _ in HEADER), *(_row(market, said.whole) for market, said in rows)]
            parts.append("\n".join(f"| {' | '.join(line)} |" for line in lines))
        unknown = [_short(market) for market in markets if market not in [known for known, _ in rows]]
        if unknown:
            parts.append(f"Could not be judged on {', '.join(unknown)}.")
    return parts


def _row(market: Kept, of: Study) -> tuple[str, ...]:
    entry, later = of.entry, of.later
    verdict = f"{of.finding}; first bar only" if of.is_first_bar_only else str(of.finding)
    return (
        _short(market),
        window(of.horizon),
        f"{entry.events:,}, {entry.days:,}",
        _share(entry.share),
        _interval(entry.on_events),
        _interval(entry.on_days),
        _share(of.base_rate),
        "" if of.p is None else f"{of.p:.3f}",
        _later(later),
        _moves(entry.median, entry.mean),
        _moves(entry.worst, entry.best),
        percent(of.no_data, 0),
        verdict,
    )


def _short(market: Kept) -> str:
    return market.name.removesuffix(".parquet")


def _share(of: float | None) -> str:
    return "" if of is None else percent(of, 1)


def _interval(of: Interval | None) -> str:
    return "" if of is None else f"{percent(of.low, 0)} to {percent(of.high, 0)}"


def _later(of: Followed) -> str:
    return f"{_share(of.share)} ({_interval(of.on_days)})" if of.share is not None else ""


def _moves(*of: float | None) -> str:
    return ", ".join(percent(move, 2, signed=True) for move in of if move is not None)
