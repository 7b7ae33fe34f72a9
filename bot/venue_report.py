"""`perpwatch check venues`: what a look at each live venue settles of what its documentation leaves open, in words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC

from adapters.venues.probe import Called, Look
from bot.phrases import count, dated, venue
from signals.model import Metric, Side


@dataclass(frozen=True, slots=True)
class Open:
    """One point that no documentation settles: what is assumed until then, and how an operator can tell."""

    number: str
    venues: tuple[str, ...]
    question: str
    assumed: str
    tell: str


POINTS: Sequence[Open] = (
    Open("U2", ("gate",), "what the sign of a liquidation's size means", "no side until 20 matches agree",
         "let it run for some hours: the calibration says so in the log"),
    Open("U3", ("hyperliquid",), "whether its open interest counts both sides of a trade", "one side",
         "compare /oi with the vendor's own page or with CoinGlass"),
    Open("U4", ("binance", "okx", "bitget"), "whether open interest counts both sides", "one side",
         "compare /oi with the venue's own page"),
    Open("U5", ("bitget",), "whether the amount of a liquidation is money", "money",
         "amount / price must be a multiple of the contract's lot"),
    Open("U6", ("bitget",), "whose accounts the long/short ratios count", "top accounts",
         "compare /ls with the venue's own page"),
    Open("U7", ("binance",), "whether the statistics share one budget", "they do",
         "no refusals (429) in a day of running"),
    Open("U8", ("binance",), "whether coin-margined rows come in its lists", "they are left out",
         "see unknown-symbol below"),
    Open("U10", ("gate",), "how long a page of contracts is", "pages are asked for",
         "compare the number listed with the venue's own page"),
    Open("U11", ("bitget",), "the limits of its v3 stream", "those of v2", "see whether the stream below was heard"),
    Open("U12", ("hyperliquid",), "the order of its spot contexts", "joined by name", "see volume.spot.24h below"),
    Open("U13", ("coinglass",), "whose side its liquidations tell", "they are not read", "nothing to do"),
    Open("U14", ("binance", "okx"), "whether statistics are stamped with start or end of a step", "the start",
         "compare a past value with a live one of the same time"),
    Open("U15", ("bybit",), "whether one bad topic fails a whole subscription", "it does", "nothing to do"),
)  # fmt: skip


def report(look: Look) -> Iterator[str]:
    """The look in lines of Markdown: what answered, what did not, and what stays open."""
    yield f"## {venue(look.venue)}, {dated(look.at, UTC)}"
    yield ""
    yield f"{count(look.listed, 'perpetual')} listed."
    yield ""
    yield "| call | answered | values | refused |"
    yield "|---|---|---|---|"
    for called in look.called:
        yield _row(called)
    yield ""
    yield _stream(look)
    yield _past(look)
    yield ""
    yield from _open_points(look.venue)


def is_sound(look: Look) -> bool:
    """Whether every call was answered in its documented shape and the stream, where there is one, was alive."""
    return all(called.is_sound for called in look.called) and not (look.heard and look.heard.failed)


def _row(called: Called) -> str:
    answered = f"NO: {called.failed}" if called.failed else f"{called.took.total_seconds():.2f} s"
    return f"| {called.name} | {answered} | {_counted(called.values)} | {_counted(called.refused)} |"


def _counted(of: Mapping[Metric, int] | Mapping[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in sorted(of.items())) or "none"


def _stream(look: Look) -> str:
    heard = look.heard
    if heard is None:
        return "No stream of liquidations is read."
    sides = ", ".join(f"{heard.sides.get(side, 0)} {side}" for side in Side)
    failed = f"; NOT ALIVE: {heard.failed}" if heard.failed else ""
    return f"Stream: {count(heard.beats, 'heartbeat')}, liquidations {sides}, {count(heard.gaps, 'gap')}{failed}."


def _past(look: Look) -> str:
    found = ", ".join(
        f"{metric} {'no answer' if number is None else number or 'not kept'}" for metric, number in look.past.items()
    )
    return f"Past of a day by the hour: {found or 'not asked'}."


def _open_points(name: str) -> Iterator[str]:
    points = [point for point in POINTS if name in point.venues]
    if points:
        yield "Not settled by a look, and assumed until somebody tells otherwise:"
        yield ""
        yield from (f"- {p.number}: {p.question}. Assumed: {p.assumed}. To tell: {p.tell}." for p in points)
        yield ""
