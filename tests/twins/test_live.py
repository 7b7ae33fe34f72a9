"""Traps of live venues on the pure path: contracts that are listed, renewed and delisted, volumes of a day.

Numbers with a V are those of the acceptance list of live venues; `tests/live/traps.py` says where each is proven on
the whole path.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from signals.heard import code
from signals.model import ROLLING, Instrument, Metric, Observation
from tests.twins.test_time import BELOW, stamped
from tests.twins.test_values import becomes, every, then, turns
from tests.twins.test_venues import POSITIONS_OPENED, without
from tests.twins.twin import ENDED, ONCE, Half, Twin, each
from tests.twins.world import (
    CALM,
    POSITIONS_CLOSED,
    PRICE_UP,
    SHARES,
    STARTS,
    Roster,
    Stage,
    Story,
    calm,
    everybody,
    instrument,
    scaled,
    silent,
    times,
    together,
)

FUNDING, OI, PRICE = Metric.FUNDING, Metric.OI_LEVEL, Metric.PRICE
SPOT = Metric.VOLUME_SPOT


def joined_by(*more: Instrument, since: int = STARTS) -> Roster:
    """From that minute on these are listed beside the others, in place of those of the same name."""

    def roster(minute: int) -> Sequence[Instrument]:
        new = {(i.venue, i.symbol): i for i in more if minute >= since}
        old = {(i.venue, i.symbol): i for i in everybody(minute)}
        return [*(old | new).values()]

    return roster


def renewed(*venues: str, since: int = STARTS) -> Roster:
    """From that minute on the contracts of these venues have another size."""
    return joined_by(*(instrument(venue, version=2) for venue in venues), since=since)


def another(venue: str, quote: str, since: int = STARTS, **factors: float) -> Story:
    """The venue's second contract says the same as the first, but for what is so much larger."""
    by = {Metric[name.upper()]: factor for name, factor in factors.items()}

    def story(minute: int, said: Sequence[Observation]) -> Iterable[Observation]:
        own = [o for o in said if o.venue == venue and minute >= since]
        return [*said, *(replace(scaled(o, by.get(o.metric, 1.0)), symbol=f"BTC{quote}") for o in own)]

    return story


def resized(*venues: str, price: float = 1.0, oi: float = 1.0) -> Story:
    """From the start of the story on all sizes and prices of these venues are counted anew."""
    return together(
        times(PRICE, price, venues=venues), times(Metric.INDEX, price, venues=venues), times(OI, oi, venues=venues)
    )


def rolling(of: Story) -> Story:
    """Volumes are told as those of the last day."""

    def story(minute: int, said: Sequence[Observation]) -> Iterable[Observation]:
        for seen in of(minute, said):
            is_sum = seen.metric in ROLLING
            metric = ROLLING[seen.metric] if is_sum else seen.metric
            yield replace(seen, metric=metric, value=seen.value * 1440, span=timedelta(0)) if is_sum else seen

    return story


def tells_days(minute: int) -> Sequence[Instrument]:
    """All six, with volumes of the last day."""
    return [replace(i, metrics=frozenset(ROLLING.get(m, m) for m in i.metrics)) for i in everybody(minute)]


def on_live(minutes: int = 40) -> Stage:
    """Without a past, whose bars of sums no live market has."""
    return Stage(tells_days, warm=False, minutes=minutes)


def dated(minute: int, said: Sequence[Observation]) -> Iterable[Observation]:
    """Dated futures with a rate of exactly zero stand beside the perpetuals."""
    del minute
    futures = [replace(o, symbol="BTCUSDT_261225", value=0.0, rate=0.0) for o in said if o.metric is FUNDING]
    return [*said, *futures]


def floors(factor: float) -> Story:
    """Until the story gate tells a sample, from then on everything: so many times as much."""

    def story(minute: int, said: Sequence[Observation]) -> Iterable[Observation]:
        for seen in said:
            is_liq = seen.venue == "gate" and seen.metric in (Metric.LIQ_LONG, Metric.LIQ_SHORT)
            yield (scaled(seen, factor) if minute >= STARTS else replace(seen, floor=True)) if is_liq else seen

    return story


def around(
    minute: int, before: Callable[[int], float], at: float, after: Callable[[int], float]
) -> Callable[[int], float]:
    """One value in one minute, others before and after it."""
    return lambda now: at if now == minute else before(now) if now < minute else after(now)


USDC = instrument("binance", quote="USDC")
HOMONYM = instrument("okx", quote="USDC")
STRANGE = {"price": 0.001, "index": 0.001, "oi_level": 5_000.0, "funding": -50.0}
BY_AN_HOUR = timedelta(hours=1)
ALL_LIQUIDATED = together(times(Metric.LIQ_LONG, 9_000.0, until=11))
LIQS = (Metric.LIQ_LONG, Metric.LIQ_SHORT)
GATE_LIQUIDATES = [times(metric, 150.0, venues=["gate"]) for metric in LIQS]
OF_LIQUIDATIONS = (
    "BTC liqspike > 20x",
    "BTC liq 1h > 20x",
    "BTC liq 15m > 20x",
    "BTC liq 1h > z30",
    "BTC liq 1h > p99",
)
FALLS, AWAY_AND_BACK = together(times(PRICE, 0.98), POSITIONS_CLOSED), times(PRICE, 0.98, until=20)
A_SAMPLE = code((venue, venue == "gate") for venue in SHARES)
WITHOUT_GATE = code((venue, False) for venue in SHARES if venue != "gate")

TWINS = [
    Twin(
        "V3 a second contract is listed",
        "BTC oi 5m moves by 3%",
        another("binance", "USDC"),
        together(POSITIONS_OPENED, another("binance", "USDC")),
        fault_on=Stage(joined_by(USDC)),
        truth_on=Stage(joined_by(USDC)),
    ),
    Twin(
        "V3 a second contract falls silent and comes back",
        "BTC oi 5m moves by 3%",
        lambda minute, said: another("binance", "USDC", since=0)(minute, said) if not 12 <= minute < 18 else said,
        together(POSITIONS_OPENED, another("binance", "USDC", since=0)),
        fault_on=Stage(joined_by(USDC, since=0)),
        truth_on=Stage(joined_by(USDC, since=0)),
    ),
    Twin(
        "V3 the largest venue joins just as positions are closed",
        "BTC oi 5m falls by 3%",
        calm,
        POSITIONS_CLOSED,
        fault_on=without("binance", until=STARTS),
        truth_on=without("binance", until=STARTS),
    ),
    Twin(
        "V3 a venue that is listed and says nothing blinds nobody",
        "BTC oi 5m falls by 3%",
        silent("binance", since=0),
        together(POSITIONS_CLOSED, silent("binance", since=0)),
        fault_on=without("binance", until=5),
        truth_on=without("binance", until=5),
    ),
    Twin(
        "V3 a venue joins the mean of rates",
        "BTC funding < 0%",
        times(FUNDING, -9.0, venues=["okx"], since=0, until=STARTS),
        times(FUNDING, -1.0),
        fault_on=without("okx", until=STARTS),
    ),
    Twin(
        "V4 a symbol is delisted after it said zero",
        "BTC oi 5m falls by 3%",
        times(OI, 0.0, venues=["okx"]),
        POSITIONS_CLOSED,
        fault_on=without("okx", since=STARTS + 2),
        truth_on=without("okx", since=STARTS),
    ),
    Twin(
        "V4 the largest venue is delisted just as positions are closed",
        "BTC oi 5m falls by 3%",
        calm,
        POSITIONS_CLOSED,
        fault_on=without("binance", since=STARTS),
        truth_on=without("binance", since=STARTS),
    ),
    *(
        Twin(
            f"V5 a redenomination at {len(venues)}: {sentence}",
            sentence,
            resized(*venues, price=0.001, oi=1000.0),
            times(PRICE, 0.7),
            fault_on=Stage(renewed(*venues)),
        )
        for sentence in ("BTC price 5m falls by 5%", "BTC price 15m falls by 5%")
        for venues in (["okx"], ["binance"], [*SHARES])
    ),
    *(
        Twin(
            f"V6 the contract size of {venue} changes: {sentence}",
            sentence,
            resized(venue, oi=2.0),
            POSITIONS_OPENED,
            fault_on=Stage(renewed(venue)),
            truth_on=Stage(renewed("gate")),
        )
        for venue, sentence in (
            ("okx", "BTC oi 5m rises by 5%"),
            ("binance", "BTC oi 5m rises by 5%"),
            ("okx", "BTC@okx oi 5m rises by 5%"),
            ("okx", "BTC@okx oi 15m rises by 5%"),
        )
    ),
    Twin(
        "V6 a new contract size and not yet a word of it",
        "BTC funding > 0.02%",
        together(silent("binance"), times(FUNDING, 5.0, venues=["gate"])),
        times(FUNDING, 5.0),
        fault_on=Stage(renewed("binance")),
    ),
    Twin(
        "V16 a venue whose clock is an hour ahead",
        "BTC funding < -0.01%",
        together(BELOW, stamped(BY_AN_HOUR, *CALM)),
        BELOW,
    ),
    Twin(
        "V17 the interval becomes four hours and then one",
        "BTC funding < 0.008%",
        together(every(4), lambda minute, said: every(1)(minute, said) if minute >= 20 else said),
        times(FUNDING, 0.5),
    ),
    Twin("V19 dated futures with a rate of zero", "BTC funding < 0.005%", dated, together(dated, times(FUNDING, -1.0))),
    Twin(
        "V20 what is paid has another sign than the next estimate",
        "BTC funding < 0%",
        together(becomes(Metric.FUNDING_SETTLED, lambda _: -0.0004), becomes(FUNDING, lambda _: 0.0001)),
        becomes(FUNDING, then(15, lambda _: 0.0001, lambda _: -0.0004)),
    ),
    Twin(
        "V20 an estimate that begins anew crosses for a minute",
        "BTC funding < 0% for 5m",
        becomes(FUNDING, around(15, lambda _: 0.0001, -0.0001, lambda _: 0.0001)),
        becomes(FUNDING, then(15, lambda _: 0.0001, lambda _: -0.0001)),
    ),
    *(
        Twin(
            f"V24 another coin of that name since minute {since}: {sentence}",
            sentence,
            another("okx", "USDC", since=since, **STRANGE),
            together(another("okx", "USDC", since=since, **STRANGE), truth),
            fault_on=Stage(joined_by(HOMONYM, since=since)),
            truth_on=Stage(joined_by(HOMONYM, since=since)),
        )
        for since in (0, STARTS)
        for sentence, truth in (
            ("BTC oi 5m moves by 3%", POSITIONS_OPENED),
            ("BTC price 5m moves by 3%", times(PRICE, 1.06)),
            ("BTC funding < -0.01%", times(FUNDING, -3.0)),
            ("BTC oi.level > 230k coins", POSITIONS_OPENED),
        )
    ),
    Twin(
        "V25 the spot volume of the largest venue is missing for a day's ratio",
        "BTC ratio 24h < 0.15",
        rolling(together(times(SPOT, 3.0, venues=["binance"], since=0), silent("binance", metrics=[SPOT]))),
        rolling(times(SPOT, 0.1)),
        fault_on=on_live(),
        truth_on=on_live(),
    ),
    Twin(
        "V25 the spot volume of a small venue is missing for a day's ratio",
        "BTC ratio 24h < 0.3",
        rolling(together(times(SPOT, 9.0, venues=["bybit"], since=0), silent("bybit", metrics=[SPOT]))),
        rolling(together(times(SPOT, 9.0, venues=["bybit"], since=0), times(SPOT, 0.1))),
        fault_on=on_live(),
        truth_on=on_live(),
    ),
    Twin(
        "V49 volumes of a day told every minute",
        "BTC volume 24h > $10B",
        rolling(calm),
        rolling(times(Metric.VOLUME, 2.0)),
        fault_on=on_live(),
        truth_on=on_live(),
    ),
    Twin(
        "V49 a venue leaves the volume of a day",
        "BTC volume 24h < $8B",
        rolling(silent("bybit")),
        rolling(times(Metric.VOLUME, 0.9)),
        fault_on=on_live(),
        truth_on=on_live(),
    ),
    Twin(
        "V49 mark and index move together",
        "BTC basis > 0.5%",
        together(times(PRICE, 1.01), times(Metric.INDEX, 1.01)),
        times(PRICE, 1.01),
    ),
    Twin(
        "V37 a sample and a whole are one sum",
        "BTC liqspike > 20x",
        floors(1.0),
        together(floors(1.0), ALL_LIQUIDATED),
        fault_on=Stage(minutes=80),
        truth_on=Stage(minutes=80),
    ),
    *(
        Twin(
            f"V47 a venue that told a sample now tells everything: {sentence}",
            sentence,
            floors(150.0),
            ALL_LIQUIDATED,
            fault_on=Stage(minutes=80, before=(timedelta(0), A_SAMPLE)),
            truth_on=Stage(minutes=80, before=(timedelta(days=10), A_SAMPLE)),
        )
        for sentence in OF_LIQUIDATIONS
    ),
    *(
        Twin(
            f"17 a venue's liquidations come back after weeks, or for the first time: {sentence}",
            sentence,
            together(silent("gate", metrics=LIQS, since=0, until=STARTS), *GATE_LIQUIDATES),
            ALL_LIQUIDATED,
            fault_on=Stage(minutes=80, before=(timedelta(0), WITHOUT_GATE)),
            truth_on=Stage(minutes=80, before=(timedelta(days=10), WITHOUT_GATE)),
        )
        for sentence in OF_LIQUIDATIONS
    ),
    Twin(
        "V47 a venue that told a sample now tells everything, and prices and positions fall",
        "BTC cascade",
        together(floors(150.0), FALLS),
        together(times(Metric.LIQ_LONG, 1_000.0), FALLS),
        fault_on=Stage(minutes=80, before=(timedelta(0), A_SAMPLE)),
        truth_on=Stage(minutes=80, before=(timedelta(days=10), A_SAMPLE)),
    ),
    Twin(
        "V47 for half of a week a venue told a sample, and the price comes back to a level of the other half",
        "BTC liqcluster",
        AWAY_AND_BACK,
        AWAY_AND_BACK,
        fault_on=Stage(minutes=46, before=(timedelta(days=4), A_SAMPLE)),
        truth_on=Stage(minutes=46, before=(timedelta(days=10), A_SAMPLE)),
    ),
    Twin(
        "V43 maintenance ends no alert",
        "BTC price > $101",
        together(times(PRICE, 1.02, until=20), silent(*SHARES, since=15)),
        times(PRICE, 1.02, until=20),
        told=ONCE,
        true=ENDED,
    ),
    Twin(
        "V43 the market opens again with a move",
        "BTC price > $101",
        silent(*SHARES, until=20),
        together(silent(*SHARES, until=20), PRICE_UP),
    ),
    Twin(
        "V46 a third of the positions is delisted at once",
        "BTC oi 5m falls by 3%",
        calm,
        POSITIONS_CLOSED,
        fault_on=without("bybit", "gate", "bitget", since=STARTS),
        truth_on=without("bybit", "gate", "bitget", since=STARTS),
    ),
    Twin(
        "V22 a rate around zero after a true crossing",
        "BTC funding < 0% for 5m",
        becomes(FUNDING, turns(-1e-10, 1e-10, 0.0)),
        becomes(FUNDING, lambda _: -0.0001),
    ),
]


@each(TWINS)
def test_the_fault_is_no_news_and_the_true_move_is(half: Half, seed: int) -> None:
    assert half.told(seed) == half.wanted
