"""`perpwatch history` writes whole days that read back as they were, goes on where it was, and says what is lacking."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.venues.base import Banned, RateLimited, Unavailable, VenueError
from adapters.venues.recording import open_recording
from bot.clock import Clock
from bot.history import History
from bot.past import BadRequest, Wanted, chosen, since
from bot.replay import Replay
from signals.model import Instrument, Metric
from signals.registry import SIGNALS
from tests import virtual
from tests.pasts import HOUR, KEPT, Past, of, value

NOW = datetime(2026, 3, 10, 7, 40, tzinfo=UTC)
DAY = timedelta(days=1)
SINCE = datetime(2026, 3, 7, tzinfo=UTC)
BTC = of("bybit", "BTCUSDT", "BTC")
PEPE = of("bybit", "1000PEPEUSDT", "PEPE", 1000.0)
ALL = ("price", "oi", "funding", "ls", "volume")


@dataclass
class Shown:
    """What was shown."""

    parts: int = 0
    over: list[str] = field(default_factory=list)
    waited: list[tuple[datetime, str]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def begin(self, parts: int) -> None:
        self.parts = parts

    def done(self, what: str) -> None:
        self.over.append(what)

    def waits(self, until: datetime, why: str) -> None:
        self.waited.append((until, why))

    def wrote(self, path: Path) -> None:
        self.files.append(path.name)


def wanted(folder: Path, *, coins: Sequence[str] = (), metrics: Sequence[str] = ALL, step: timedelta = HOUR) -> Wanted:
    return Wanted("bybit", tuple(coins), tuple(metrics), SINCE, step, folder)


def run(venue: Past, want: Wanted, now: datetime = NOW) -> tuple[Sequence[str], Shown]:
    async def live() -> tuple[Sequence[str], Shown]:
        shown = Shown()
        return await History(venue, want, Clock(now).now, shown).run(), shown

    return virtual.run(live)


def venue(*contracts: Instrument, **others: object) -> Past:
    return Past("bybit", contracts or (BTC, PEPE), **others)  # type: ignore[arg-type] # fields of Past, by name


def days(folder: Path) -> list[str]:
    return sorted(path.name.removesuffix(".parquet")[-10:] for path in folder.glob("*.parquet"))


def test_each_utc_day_is_one_file_and_todays_goes_as_far_as_it_is_known(tmp_path: Path) -> None:
    lacking, shown = run(venue(), wanted(tmp_path))

    assert days(tmp_path) == ["2026-03-07", "2026-03-08", "2026-03-09", "2026-03-10"]
    whole = open_recording(tmp_path / "bybit-1h-2026-03-07.parquet")
    today = open_recording(tmp_path / "bybit-1h-2026-03-10.parquet")
    assert (whole.start, whole.end, whole.step) == (SINCE + HOUR, SINCE + DAY, HOUR)
    assert (whole.label, whole.source) == ("REAL", "Bybit, its public history")
    assert (today.start, today.end) == (SINCE + 3 * DAY + HOUR, SINCE + 3 * DAY + 7 * HOUR)
    assert [sentence for sentence in lacking if "top" not in sentence] == []
    assert len(shown.over) == shown.parts == 4


@pytest.mark.parametrize("contract", [BTC, PEPE])
@pytest.mark.parametrize("metric", sorted(KEPT))
def test_a_file_reads_back_as_the_values_that_the_venue_gave(
    tmp_path: Path, contract: Instrument, metric: Metric
) -> None:
    run(venue(), wanted(tmp_path))

    market = open_recording(tmp_path / "bybit-1h-2026-03-08.parquet")

    at = SINCE + DAY + 8 * HOUR
    (seen,) = [o for o in market.observations(at) if o.metric is metric and o.coin == contract.coin]
    assert seen.value == pytest.approx(value(contract, metric, at), rel=1e-12)
    assert (seen.venue, seen.interval_h) == ("bybit", 8.0 if metric is Metric.FUNDING_SETTLED else None)
    (listed,) = [i for i in market.instruments(at) if i.coin == contract.coin]
    assert listed.multiplier == contract.multiplier


def test_a_written_file_can_be_replayed(tmp_path: Path) -> None:
    run(venue(), wanted(tmp_path))

    played = Replay(open_recording(tmp_path / "bybit-1h-2026-03-08.parquet"), ["BTC price 1h falls by 0.1%"], SIGNALS)

    assert [one.event.coin for one in played.run(None, None)][:1] == ["BTC"]


def test_whole_days_are_not_asked_again_and_today_is_written_anew(tmp_path: Path) -> None:
    run(venue(), wanted(tmp_path))
    again = venue()

    _, shown = run(again, wanted(tmp_path), NOW + 2 * HOUR)

    assert shown.files == ["bybit-1h-2026-03-10.parquet"]
    assert {span.start for _, _, span, _ in again.asked} == {SINCE + 3 * DAY}
    assert open_recording(tmp_path / "bybit-1h-2026-03-10.parquet").end == SINCE + 3 * DAY + 9 * HOUR


def test_a_day_that_is_over_is_completed_by_the_next_run(tmp_path: Path) -> None:
    run(venue(), wanted(tmp_path))

    _, shown = run(venue(), wanted(tmp_path), NOW + DAY)

    assert shown.files == ["bybit-1h-2026-03-10.parquet", "bybit-1h-2026-03-11.parquet"]
    assert open_recording(tmp_path / "bybit-1h-2026-03-10.parquet").end == SINCE + 4 * DAY


@pytest.mark.parametrize("at", [NOW.replace(hour=0, minute=10), NOW.replace(hour=0, minute=14)])
def test_a_day_is_not_whole_before_its_last_statistics_are_out(tmp_path: Path, at: datetime) -> None:
    run(venue(), wanted(tmp_path), at)

    assert days(tmp_path) == ["2026-03-07", "2026-03-08", "2026-03-09"]
    assert open_recording(tmp_path / "bybit-1h-2026-03-09.parquet").end == SINCE + 3 * DAY - HOUR


def test_a_run_that_is_stopped_leaves_only_whole_files_and_goes_on_where_it_was(tmp_path: Path) -> None:
    past = venue(troubles=[RateLimited(HOUR)], after=30)

    async def stopped() -> None:
        task = asyncio.create_task(History(past, wanted(tmp_path), Clock(NOW).now, Shown()).run())
        await asyncio.sleep(60)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    virtual.run(stopped)
    assert days(tmp_path) == []

    run(venue(), wanted(tmp_path))
    assert len(days(tmp_path)) == 4
    assert [path.name for path in tmp_path.iterdir() if path.suffix != ".parquet"] == []


def test_coins_that_were_answered_before_an_interruption_are_not_asked_again(tmp_path: Path) -> None:
    contracts = (of("bybit", "AAAUSDT", "AAA"), of("bybit", "BBBUSDT", "BBB"))
    with pytest.raises(BadRequest, match=r"enough\. What was written stays"):
        run(venue(*contracts, refuses="BBBUSDT"), wanted(tmp_path))
    second = venue(*contracts)

    run(second, wanted(tmp_path))

    today = SINCE + 3 * DAY
    assert {symbol for symbol, _, span, _ in second.asked if span.start < today} == {"BBBUSDT"}
    assert open_recording(tmp_path / "bybit-1h-2026-03-07.parquet").coins == ["AAA", "BBB"]


@pytest.mark.parametrize(
    ("trouble", "until"),
    [(RateLimited(timedelta(seconds=90)), NOW + timedelta(seconds=90)), (Banned(NOW + HOUR), NOW + HOUR)],
)
def test_it_waits_where_it_is_told_to_and_loses_nothing(tmp_path: Path, trouble: VenueError, until: datetime) -> None:
    limited = venue(troubles=[trouble], after=10)

    _, shown = run(limited, wanted(tmp_path))

    assert [at for at, _ in shown.waited] == [until]
    assert open_recording(tmp_path / "bybit-1h-2026-03-07.parquet").start == SINCE + HOUR
    assert len(days(tmp_path)) == 4


def test_a_venue_that_is_away_for_a_moment_is_asked_again_and_one_that_stays_away_is_told(tmp_path: Path) -> None:
    run(venue(troubles=[Unavailable("no answer")] * 3), wanted(tmp_path))
    assert len(days(tmp_path)) == 4

    with pytest.raises(BadRequest, match=r"Bybit does not answer \(no answer\)\. Run the same command again"):
        run(venue(troubles=[Unavailable("no answer")] * 9), wanted(tmp_path / "other"))


def test_what_a_venue_does_not_keep_is_told_by_metric_and_by_coin(tmp_path: Path) -> None:
    late = venue(listed={"1000PEPEUSDT": NOW, "BTCUSDT": SINCE + 2 * DAY}, keeps=KEPT - {Metric.OI_LEVEL})

    lacking, _ = run(late, wanted(tmp_path, metrics=("price", "oi")))

    assert lacking == [
        "price: only since 2026-03-09 00:00 UTC; Bybit gave nothing older",
        "price: nothing of 1000PEPE",
        "open interest: not kept by Bybit in steps of 1h",
    ]


def test_contracts_of_one_coin_share_a_row(tmp_path: Path) -> None:
    usdc = of("bybit", "BTCPERP", "BTC")
    run(venue(usdc, BTC), wanted(tmp_path))

    at = SINCE + 5 * HOUR
    said = {o.metric: o.value for o in open_recording(tmp_path / "bybit-1h-2026-03-07.parquet").observations(at)}

    assert said[Metric.PRICE] == pytest.approx(value(BTC, Metric.PRICE, at))
    for metric in (Metric.OI_LEVEL, Metric.VOLUME):
        assert said[metric] == pytest.approx(value(BTC, metric, at) + value(usdc, metric, at))


def test_another_question_into_the_same_folder_is_refused(tmp_path: Path) -> None:
    run(venue(), wanted(tmp_path, coins=["BTC"]))

    with pytest.raises(BadRequest, match="Choose another --out folder"):
        run(venue(), wanted(tmp_path, coins=["PEPE"]))


def test_bars_of_minutes_and_days_are_written_too(tmp_path: Path) -> None:
    run(venue(), wanted(tmp_path / "m", metrics=("price",), step=timedelta(minutes=5)))
    run(venue(), wanted(tmp_path / "d", metrics=("price",), step=DAY))

    assert len(open_recording(tmp_path / "m" / "bybit-5m-2026-03-08.parquet").times()) == 288
    assert open_recording(tmp_path / "d" / "bybit-1d-2026-03-08.parquet").end == SINCE + 2 * DAY
    assert days(tmp_path / "d") == ["2026-03-07", "2026-03-08", "2026-03-09"]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("3d", SINCE),
        ("30D", datetime(2026, 2, 8, tzinfo=UTC)),
        ("2w", datetime(2026, 2, 24, tzinfo=UTC)),
        ("5h", datetime(2026, 3, 10, tzinfo=UTC)),
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T23:30-02:00", datetime(2026, 2, 1, tzinfo=UTC)),
    ],
)
def test_a_beginning_is_the_start_of_a_day(text: str, at: datetime) -> None:
    assert since(text, NOW) == at


@pytest.mark.parametrize("text", ["", "yesterday", "30", "-3d", "99999d", "2027-01-01", "1999-01-01", "٣d"])
def test_a_beginning_that_cannot_be_read_is_one_sentence(text: str) -> None:
    with pytest.raises(BadRequest, match=r"--since .* Write"):
        since(text, NOW)


@pytest.mark.parametrize(
    ("text", "says"),
    [("BTX", "Did you mean BTC"), ("btc,nosuch", "there is no 'nosuch' here. Known are BTC, ETH"), ("", "is empty")],
)
def test_an_unknown_name_is_one_sentence_with_a_suggestion(text: str, says: str) -> None:
    with pytest.raises(BadRequest, match=says):
        chosen("--coins", text, ["BTC", "ETH"])


def test_names_may_be_written_in_any_case_and_twice() -> None:
    assert chosen("--coins", " eth,BTC,Eth", ["BTC", "ETH"]) == ("ETH", "BTC")


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")

    with pytest.raises(BadRequest, match="cannot be written"):
        run(venue(), wanted(blocked / "folder"))
