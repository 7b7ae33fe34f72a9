"""Streams: alive means data, holes are told before what follows them, and nothing is counted twice."""

import asyncio
import itertools
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.venues import binance_client, bitget_client, bybit_client, okx_client
from adapters.venues.base import Venue
from adapters.venues.http import Http
from adapters.venues.streams import BUFFER, MALFORMED, Channel, Stream
from adapters.venues.tally import MINUTE, Tally
from adapters.venues.wire import Known
from bot.clock import Clock
from signals.model import Gap, Liquidation, Metric, Pulse
from tests import virtual
from tests.adapters.venues.lines import (
    BINANCE_BEAT,
    BITGET_BEAT,
    BYBIT_BEAT,
    OKX_BEAT,
    Line,
    Lines,
    Listening,
    always,
    beating,
    bybit_frame,
    data,
    for_a_while,
    known_of,
    listening,
    okx_frame,
    refuses,
    silent,
)
from tests.adapters.venues.wired import heard, wiring
from tests.fake_venues.bybit import FakeBybit
from tests.fake_venues.everyone import everyone
from tests.fake_venues.faults import Fault, Kind
from tests.fake_venues.inprocess import InProcess
from tests.fake_venues.market import seeded
from tests.fake_venues.record import Record
from tests.fake_venues.server import serving

AT = datetime.fromisoformat("2026-11-23T14:00:00+00:00")
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
BYBIT, OKX = bybit_client.CHANNEL, okx_client.CHANNEL
BTC: Known = known_of("bybit", "BTCUSDT")
SWAP: Known = known_of("okx", "BTC-USDT-SWAP")
CLIENTS = {
    "binance": (binance_client.Binance, binance_client.ENDPOINTS),
    "bitget": (bitget_client.Bitget, bitget_client.ENDPOINTS),
    "bybit": (bybit_client.Bybit, bybit_client.ENDPOINTS),
    "okx": (okx_client.Okx, okx_client.ENDPOINTS),
}
BEATS: Mapping[str, tuple[Channel, bytes]] = {
    "binance": (binance_client.CHANNEL, BINANCE_BEAT),
    "bitget": (bitget_client.CHANNEL, BITGET_BEAT),
    "bybit": (BYBIT, BYBIT_BEAT),
    "okx": (OKX, OKX_BEAT),
}
ACK = data({"success": True, "ret_msg": "", "conn_id": "c1", "req_id": "", "op": "subscribe"})
PONG = data({"success": True, "ret_msg": "pong", "conn_id": "c1", "req_id": "", "op": "ping"})


def played(
    lines: Lines,
    during: Callable[[Listening, Clock], Awaitable[None]],
    channel: Channel = BYBIT,
    known: Callable[[], Known] = lambda: BTC,
) -> Listening:
    """What a stream over those lines said, while that happened."""

    async def main() -> Listening:
        clock = Clock(AT)
        clock.now()
        async with listening(channel, lines, known, clock.now) as heard:
            await during(heard, clock)
        return heard

    return virtual.run(main)


def waits(for_seconds: float) -> Callable[[Listening, Clock], Awaitable[None]]:
    async def during(heard: Listening, clock: Clock) -> None:
        del heard, clock
        await asyncio.sleep(for_seconds)

    return during


def said_by(venue: str, faults: list[Fault], minutes: int = 6) -> tuple[list[Liquidation | Gap | Pulse], Record]:
    """What a client's stream said of a fake venue with those faults, and what the fake had truly sent."""
    record = Record()
    fake = everyone(seeded(7, 14, AT), faults, record)[venue]

    async def main() -> list[Liquidation | Gap | Pulse]:
        clock = Clock(AT)
        opens, endpoints = CLIENTS[venue]
        client: Venue = opens(wiring(endpoints, InProcess([fake], clock.now), clock.now))
        await client.instruments()
        items: list[Liquidation | Gap | Pulse] = []

        async def listen() -> None:
            async for item in client.liquidations(()):
                items.append(item)  # noqa: PERF401 - what comes before the end counts

        task = asyncio.ensure_future(listen())
        await asyncio.sleep(60 * minutes)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return items

    return virtual.run(main), record


def during(kind: Kind, venue: str, begins: int, ends: int) -> Fault:
    return Fault(venue, kind, AT + begins * SECOND, AT + ends * SECOND)


def gaps(items: list[Liquidation | Gap | Pulse]) -> list[Gap]:
    return [item for item in items if isinstance(item, Gap)]


def counted(items: list[Liquidation | Gap | Pulse]) -> Counter[tuple[str, datetime, str]]:
    return Counter((i.symbol, i.at, f"{i.coins:.8g}") for i in items if isinstance(i, Liquidation))


def sent(record: Record) -> Counter[tuple[str, datetime, str]]:
    return Counter((each.symbol, each.at, f"{each.coins:.8g}") for each in record.sent.values())


@pytest.mark.parametrize("venue", BEATS)
def test_a_silent_connection_is_changed_within_fifteen_seconds_and_a_pause_and_the_hole_is_told(venue: str) -> None:
    channel, beat = BEATS[venue]
    lines = Lines([for_a_while(beat, 10), always(beat)])

    heard = played(lines, waits(60), channel, lambda: BTC)

    [gap] = heard.gaps
    assert (gap.venue, gap.since) == (venue, AT + 9 * SECOND)
    assert AT + 24 * SECOND < gap.until <= AT + (9 + 15 + 1 + 2) * SECOND
    assert len(lines.opened) == 2
    assert lines.opened[0].closed is not None


def test_a_hole_is_told_before_the_pulse_that_ends_it() -> None:
    heard = played(Lines([for_a_while(BYBIT_BEAT, 10), always(BYBIT_BEAT)]), waits(60))

    [gap] = heard.gaps
    after = heard.items[heard.items.index(gap) + 1]
    assert after == Pulse("bybit", gap.until)


def test_a_connection_that_dies_after_its_first_beat_hides_no_hole() -> None:
    async def one_beat(line: Line) -> None:
        line.say(BYBIT_BEAT)
        await asyncio.sleep(0.1)
        line.hang_up()

    heard = played(Lines([for_a_while(BYBIT_BEAT, 10), one_beat, always(BYBIT_BEAT)]), waits(60))

    first, second = heard.gaps
    assert first.since == AT + 9 * SECOND
    assert second.since == first.until < second.until


def test_acknowledgements_and_pongs_are_no_heartbeat() -> None:
    async def polite(line: Line) -> None:
        while True:
            line.say(ACK, PONG)
            await asyncio.sleep(1)

    lines = Lines([polite])
    heard = played(lines, waits(120))

    assert heard.items == []
    assert len(lines.opened) >= 3
    assert all(line.closed is not None and line.closed - line.opened <= 15.5 for line in lines.opened[:-1])


@pytest.mark.parametrize("text", [b"pong", b'{"event":"subscribe","arg":{"channel":"tickers"}}'])
@pytest.mark.parametrize("channel", [OKX, bitget_client.CHANNEL])
def test_pongs_and_acknowledgements_in_other_words_are_neither_beats_nor_unreadable(
    channel: Channel, text: bytes
) -> None:
    async def polite(line: Line) -> None:
        line.say(text)

    heard = played(Lines([polite]), waits(10), channel, lambda: SWAP)

    assert heard.items == []
    assert heard.stream.dropped["malformed"] == 0


def test_pings_are_sent_as_the_venue_wants_them() -> None:
    lines = Lines([always(BYBIT_BEAT)])
    played(lines, waits(70))
    assert [message for message in lines.opened[0].sent if "ping" in message] == ['{"op":"ping"}'] * 3


def test_a_connection_that_lives_long_is_changed_with_an_overlap_and_no_hole() -> None:
    async def both_say(_heard: Listening, clock: Clock) -> None:
        for _ in range(90):
            await asyncio.sleep(60)
            frame = bybit_frame((clock.now(), "1", 64_000))
            for line in lines.opened:
                line.say(frame)
        await asyncio.sleep(1)

    lines = Lines([lambda line: beating(line, BYBIT_BEAT, every=5)])
    heard = played(lines, both_say, replace(BYBIT, lasts=HOUR))

    assert {channel.lasts for channel, _ in BEATS.values()} == {23 * HOUR}
    assert len(lines.opened) == 2
    first, second = lines.opened
    assert 3600 < second.opened <= 3601
    assert first.closed is not None
    assert 10 <= first.closed - second.opened <= 12
    assert heard.gaps == []
    assert len(heard.closes) == 90


def test_a_notice_of_a_restart_changes_the_connection_with_an_overlap_and_no_double() -> None:
    notice = data({"event": "notice", "code": "64008", "msg": "The connection will soon be closed", "connId": "a"})

    async def both_say(_heard: Listening, clock: Clock) -> None:
        await asyncio.sleep(30)
        lines.opened[0].say(notice)
        for n in range(60):
            frame = okx_frame((clock.now(), str(n + 1), 64_000))
            for line in lines.opened:
                line.say(frame)
            await asyncio.sleep(1)

    lines = Lines([always(OKX_BEAT)])
    heard = played(lines, both_say, OKX, lambda: SWAP)

    assert [line.opened for line in lines.opened] == [0, pytest.approx(30, abs=1)]
    assert lines.opened[0].closed == pytest.approx(41, abs=1.5)
    assert heard.gaps == []
    assert [close.coins for close in heard.closes] == [n + 1 for n in range(60)]
    assert heard.stream.dropped["repeated"] >= 9


def test_who_cannot_be_changed_is_kept_and_the_venue_is_not_stormed() -> None:
    async def goes(line: Line) -> None:
        await asyncio.sleep(10)
        line.say(data({"event": "notice", "code": "64008"}))

    async def first(line: Line) -> None:
        await asyncio.gather(goes(line), beating(line, OKX_BEAT))

    lines = Lines([first, refuses])
    heard = played(lines, waits(310), OKX, lambda: SWAP)

    assert len(lines.opened) < 40
    assert lines.opened[0].closed is None or lines.opened[0].closed >= 310
    assert heard.gaps == []
    assert heard.pulses[-1] >= AT + 305 * SECOND


def test_what_okx_repeats_first_is_dropped_and_other_venues_repeat_nothing() -> None:
    async def replays(line: Line) -> None:
        line.say(okx_frame((AT - 5 * SECOND, "1", 64_000), (AT + SECOND, "2", 64_000)), OKX_BEAT)

    async def tells(line: Line) -> None:
        line.say(bybit_frame((AT - 5 * SECOND, "1", 64_000)), BYBIT_BEAT)

    okx = played(Lines([replays]), waits(5), OKX, lambda: SWAP)
    bybit = played(Lines([tells]), waits(5))

    assert [close.coins for close in okx.closes] == [2]
    assert okx.stream.dropped["replayed"] == 1
    assert [close.coins for close in bybit.closes] == [1]


def test_late_and_future_closes_are_dropped_with_their_reasons() -> None:
    async def tells(line: Line) -> None:
        await asyncio.sleep(1)
        now = AT + SECOND
        times = [
            now - timedelta(minutes=10, seconds=1),
            now - timedelta(minutes=10),
            now + 5 * SECOND,
            now + 6 * SECOND,
        ]
        line.say(*(bybit_frame((at, str(n + 1), 1.0)) for n, at in enumerate(times)))

    heard = played(Lines([tells]), waits(5))

    assert [close.coins for close in heard.closes] == [2, 3]
    assert (heard.stream.dropped["old"], heard.stream.dropped["future-time"]) == (1, 1)


def test_two_equal_rows_of_one_frame_are_two_and_the_same_frame_again_is_none() -> None:
    frame = bybit_frame((AT, "1", 64_000), (AT, "1", 64_000))

    heard = played(Lines([lambda line: line.say(BYBIT_BEAT, frame, frame)]), waits(5))

    assert len(heard.closes) == 2
    assert heard.stream.dropped["repeated"] == 2


def test_more_than_can_wait_is_a_hole_from_the_first_close_that_was_lost() -> None:
    async def tells(line: Line) -> None:
        line.say(BYBIT_BEAT)
        for n in range(BUFFER + 500):
            line.say(bybit_frame((AT - 100 * SECOND + n * timedelta(milliseconds=1), "1", 64_000)))

    async def main() -> tuple[list[Liquidation | Gap | Pulse], Counter[str]]:
        clock = Clock(AT)
        lines = Lines([tells, always(BYBIT_BEAT)])
        stream = Stream(BYBIT, "wss://there", lines, lambda: BTC, clock.now, random.Random(1))
        items: list[Liquidation | Gap | Pulse] = []
        async for item in stream.items():
            items.append(item)
            if len(items) == 1:
                await asyncio.sleep(5)
            if isinstance(item, Gap):
                break
        return items, stream.dropped

    items, dropped = virtual.run(main)

    last = items[-1]
    assert isinstance(last, Gap)
    assert dropped["overflow"] == 500
    assert AT - 80 * SECOND <= last.since <= AT - 79 * SECOND
    assert last.until == AT + 5 * SECOND


def test_a_burst_is_counted_exactly_once_and_lets_others_have_their_turn() -> None:
    frames = [bybit_frame((AT + n * timedelta(microseconds=1000), "1", 64_000)) for n in range(5_000)]
    turns = 0

    async def look() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async def main() -> list[Liquidation]:
        clock = Clock(AT)
        lines = Lines([lambda line: line.say(BYBIT_BEAT, *frames, *frames)])
        async with listening(BYBIT, lines, lambda: BTC, clock.now) as heard:
            looking = asyncio.ensure_future(look())
            while heard.stream.dropped["repeated"] < 5_000:  # noqa: ASYNC110 - it is seen nowhere else
                await asyncio.sleep(0)
            looking.cancel()
            await asyncio.sleep(0)
            return heard.closes

    closes = asyncio.run(main())

    assert [close.at for close in closes] == [AT + n * timedelta(milliseconds=1) for n in range(5_000)]
    assert turns >= 20


def test_unreadable_frames_are_holes_and_many_in_a_row_change_the_connection() -> None:
    async def babbles(line: Line) -> None:
        await asyncio.sleep(5)
        for _ in range(MALFORMED):
            line.say(b"<html>", BYBIT_BEAT)
            await asyncio.sleep(0.1)

    lines = Lines([lambda line: asyncio.gather(babbles(line), beating(line, BYBIT_BEAT)), always(BYBIT_BEAT)])
    heard = played(lines, waits(30))

    assert len(lines.opened) == 2
    assert lines.opened[1].opened < 5 + 2 + 0.5 + 2
    assert heard.stream.dropped["malformed"] == MALFORMED
    assert heard.gaps[0].since >= AT + 4 * SECOND
    assert heard.gaps[0].until == AT + 5 * SECOND


class Bybit:
    """Answers subscriptions as Bybit does; `bad` topics fail their whole message, perhaps without a word why."""

    def __init__(self, bad: frozenset[str], *, names: bool) -> None:
        self.bad, self.names = bad, names
        self.topics: list[set[str]] = []

    async def play(self, line: Line) -> None:
        heard, topics = 0, set[str]()
        self.topics.append(topics)
        while True:
            for text in line.sent[heard:]:
                self._hear(line, json.loads(text), topics)
            heard = len(line.sent)
            if "tickers.BTCUSDT" in topics:
                line.say(BYBIT_BEAT)
            await asyncio.sleep(0.5)

    def _hear(self, line: Line, message: Mapping[str, object], topics: set[str]) -> None:
        asked = message.get("args")
        if not isinstance(asked, list):
            return
        wrong = sorted(set(asked) & self.bad)
        word = "error:handler not found" + (f",topic:{wrong[0]}" if wrong and self.names else "")
        line.say(data({"success": not wrong, "ret_msg": word, "req_id": message["req_id"], "op": "subscribe"}))
        topics |= set() if wrong else set(asked)


MANY = [f"C{n:03}USDT" for n in range(120)]


@pytest.mark.parametrize("names", [True, False])
def test_refused_topics_are_found_and_left_out_and_all_others_are_heard(names: bool) -> None:
    bad = {"C007USDT", "C060USDT", "C061USDT"}
    venue = Bybit(frozenset(f"allLiquidation.{symbol}" for symbol in bad), names=names)

    heard = played(Lines([venue.play]), waits(60), known=lambda: known_of("bybit", *MANY))

    good = {f"allLiquidation.{symbol}" for symbol in MANY if symbol not in bad} | {"tickers.BTCUSDT"}
    assert heard.stream.refused == bad
    assert [topics == good for topics in venue.topics] == [True, True]  # the second is subscribed without them
    assert len(heard.gaps) == heard.stream.dropped["refused"]
    assert {gap.since for gap in heard.gaps} == {AT}
    assert max(gap.until for gap in heard.gaps) < AT + 12 * SECOND


def test_who_is_listed_anew_is_subscribed_to_with_an_overlap() -> None:
    listed = [BTC]

    async def list_one_more(_heard: Listening, _clock: Clock) -> None:
        await asyncio.sleep(30)
        listed[0] = known_of("bybit", "BTCUSDT", "ETHUSDT")
        await asyncio.sleep(30)

    lines = Lines([always(BYBIT_BEAT)])
    heard = played(lines, list_one_more, known=lambda: listed[0])

    first, second = lines.opened
    assert ["ETHUSDT" in "".join(line.sent) for line in lines.opened] == [False, True]
    assert 30 <= second.opened <= 36
    assert first.closed is not None
    assert first.closed > second.opened + 10
    assert heard.gaps == []


def test_a_venue_without_instruments_is_not_connected_to() -> None:
    lines = Lines([always(BYBIT_BEAT)])
    assert played(lines, waits(30), known=dict).items == []
    assert lines.opened == []


LONG = [f"LONGNAME{n:05}USDT" for n in range(900)]


def test_topics_are_spread_over_connections_and_the_pulse_is_the_slowest_of_them() -> None:
    lines = Lines([always(BYBIT_BEAT), for_a_while(BYBIT_BEAT, 20), always(BYBIT_BEAT)])

    heard = played(lines, waits(60), known=lambda: known_of("bybit", *LONG))

    for line in lines.opened:
        topics = [topic for text in line.sent for topic in json.loads(text).get("args", ())]
        assert sum(map(len, topics)) <= 21_000
        assert topics[-1] == "tickers.BTCUSDT"
    assert len(lines.opened) == 3
    [gap] = heard.gaps
    assert gap.since == AT + 19 * SECOND
    before = heard.items[: heard.items.index(gap)]
    assert max(item.at for item in before if isinstance(item, Pulse)) <= gap.since
    assert heard.pulses[-1] > gap.until + 10 * SECOND


def test_a_connection_that_is_added_owes_the_time_since_the_last_pulse() -> None:
    listed = [known_of("bybit", *LONG[:100])]

    async def list_more(_heard: Listening, _clock: Clock) -> None:
        await asyncio.sleep(31)
        listed[0] = known_of("bybit", *LONG)
        await asyncio.sleep(60)

    lines = Lines([always(BYBIT_BEAT)])
    heard = played(lines, list_more, known=lambda: listed[0])

    assert len(lines.opened) == 3
    [gap] = heard.gaps
    assert AT + 30 * SECOND <= gap.since <= gap.until <= AT + 40 * SECOND


def test_subscribing_anew_tells_the_hole_up_to_the_first_beat_of_the_new_connection() -> None:
    async def late(line: Line) -> None:
        await asyncio.sleep(4)
        await beating(line, BYBIT_BEAT)

    async def doubt(heard: Listening, _clock: Clock) -> None:
        await asyncio.sleep(30)
        heard.stream.resubscribe(AT + 7 * SECOND)
        await asyncio.sleep(30)

    heard = played(Lines([always(BYBIT_BEAT), late]), doubt)

    first, second = heard.gaps
    assert (first.since, first.until) == (AT + 7 * SECOND, AT + 30 * SECOND)
    assert second.since <= first.until + SECOND
    assert second.until >= first.until + 4 * SECOND


def test_pauses_grow_while_nothing_answers_and_never_exceed_a_minute() -> None:
    lines = Lines([refuses])
    played(lines, waits(3600))

    opened = [line.opened for line in lines.opened]
    between = [later - earlier for earlier, later in itertools.pairwise(opened)]
    assert max(between) <= 61
    assert len(opened) < 150
    assert sum(between[:4]) < sum(between[-4:])


@pytest.mark.parametrize("venue", CLIENTS)
@pytest.mark.parametrize("kind", [Kind.DUPLICATED, Kind.REORDERED])
def test_doubled_and_mixed_frames_are_counted_once(venue: str, kind: Kind) -> None:
    items, record = said_by(venue, [during(kind, venue, 60, 400)])

    assert gaps(items) == []
    assert counted(items) == sent(record)
    assert len(record.sent) > 50


@pytest.mark.parametrize("venue", CLIENTS)
def test_a_venue_that_hangs_up_leaves_a_short_hole(venue: str) -> None:
    items, record = said_by(venue, [during(Kind.DISCONNECTED, venue, 200, 201)])

    [gap] = gaps(items)
    assert AT + 190 * SECOND < gap.since <= AT + 200 * SECOND < gap.until < AT + 210 * SECOND
    assert counted(items) <= sent(record)


@pytest.mark.parametrize("venue", CLIENTS)
def test_a_venue_that_says_nothing_leaves_a_hole_as_long_as_that(venue: str) -> None:
    items, _ = said_by(venue, [during(Kind.SILENT, venue, 200, 300)])

    told = gaps(items)
    assert AT + 190 * SECOND < min(gap.since for gap in told) <= AT + 200 * SECOND
    assert AT + 300 * SECOND <= max(gap.until for gap in told) < AT + 400 * SECOND


@pytest.mark.parametrize("venue", CLIENTS)
def test_a_dead_channel_with_a_live_heart_is_no_hole_until_somebody_says_so(venue: str) -> None:
    items, _ = said_by(venue, [during(Kind.CHANNEL_DEAD, venue, 120, 600)])

    assert gaps(items) == []
    assert not [i for i in items if isinstance(i, Liquidation) and AT + 121 * SECOND < i.at < AT + 599 * SECOND]


@pytest.mark.parametrize("venue", CLIENTS)
def test_a_short_stall_loses_nothing(venue: str) -> None:
    items, record = said_by(venue, [during(Kind.STALLED, venue, 200, 208)])

    assert gaps(items) == []
    assert counted(items) == sent(record)


Step = tuple[str, int]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("close"), st.integers(0, 20)),
            st.tuples(st.just("again"), st.integers(0, 20)),
            st.tuples(st.just("mixed"), st.integers(0, 20)),
            st.tuples(st.just("hang up"), st.just(0)),
            st.tuples(st.just("silence"), st.integers(5, 40)),
            st.tuples(st.just("restart"), st.just(0)),
        ),
        max_size=60,
    ),
    st.integers(0, 1000),
)
def test_complete_minutes_hold_the_plain_sum_of_distinct_closes(  # noqa: C901 - one story
    steps: list[Step], seed: int
) -> None:
    rng = random.Random(seed)
    truth: dict[datetime, float] = {}
    frames: list[bytes] = []
    tally = Tally()
    told: list[tuple[datetime, Mapping[str, float]]] = []
    muted = [False]

    async def beats(line: Line) -> None:
        while True:
            if not muted[0]:
                line.say(BYBIT_BEAT)
            await asyncio.sleep(1)

    lines = Lines([beats])

    def to_all(*some: bytes) -> None:
        for line in lines.opened:
            if not muted[0]:
                line.say(*some)

    def do(what: str, much: int, heard: Listening, now: datetime) -> None:
        match what:
            case "close":
                truth[now] = len(frames) + 1
                frames.append(bybit_frame((now, str(len(frames) + 1), 1.0)))
                to_all(frames[-1])
            case "again" if frames:
                to_all(frames[much % len(frames)])
            case "mixed" if frames:
                to_all(*rng.sample(frames, min(len(frames), 3)))
            case "hang up":
                lines.opened[-1].hang_up()
            case "restart":
                heard.stream.resubscribe(now)

    def take(items: list[Liquidation | Gap | Pulse], now: datetime) -> None:
        while items:
            tally.take(items.pop(0))
        while now - (AT + len(told) * MINUTE) > MINUTE + 5 * SECOND:
            at = AT + (len(told) + 1) * MINUTE
            told.append((at, sums(tally, at)))

    async def play(heard: Listening, clock: Clock) -> None:
        await asyncio.sleep(1)
        taken = 0
        for what, much in steps:
            muted[0] = what == "silence"
            await asyncio.sleep(much if muted[0] else 0)
            muted[0] = False
            do(what, much, heard, clock.now())
            for _ in range(rng.choice((1, 4, 11))):
                await asyncio.sleep(0.7)
                take(heard.items[taken:], clock.now())
                taken = len(heard.said)

    played(lines, play)

    for at, known in told:
        if known:
            wanted = sum(size for when, size in truth.items() if at - MINUTE < when <= at)
            assert known["liq.long"] == pytest.approx(wanted)


def sums(tally: Tally, at: datetime) -> Mapping[str, float]:
    instruments = [of.instrument for of in BTC.values()]
    return {str(seen.metric): seen.value for seen in tally.close(at, instruments, at) if seen.metric is Metric.LIQ_LONG}


async def test_a_real_websocket_carries_the_same_stream() -> None:
    record = Record()
    loop = asyncio.get_running_loop()
    began = loop.time()
    market = replace(seeded(5, 20, AT), forced_a_minute=600.0)

    def clock() -> datetime:
        return AT + timedelta(seconds=loop.time() - began)

    fake = FakeBybit(market, (), record)
    async with serving([fake], clock) as served:
        there = served["bybit"]
        endpoints = bybit_client.Endpoints(there.rest, there.spot, there.ws)
        http = Http(endpoints.hosts)
        venue = bybit_client.Bybit(wiring(endpoints, http, clock))
        await venue.instruments()
        items = await heard(venue, 6)
        await http.aclose()

    assert gaps(items) == []
    assert counted(items) <= sent(record)
    assert len(counted(items)) >= 5
    assert [item for item in items if isinstance(item, Pulse)]


def test_a_close_that_cannot_be_used_is_a_hole_and_no_zero() -> None:
    async def tells(line: Line) -> None:
        speaking = asyncio.ensure_future(beating(line, BYBIT_BEAT))
        await asyncio.sleep(70)
        line.say(bybit_frame((AT + 70 * SECOND, "3", 100.0), side="Sideways"))
        await speaking

    heard = played(Lines([tells]), waits(100))

    assert heard.gaps == [Gap("bybit", AT + 65 * SECOND, AT + 70 * SECOND)]


def test_a_close_of_an_unlisted_symbol_is_no_hole() -> None:
    async def tells(line: Line) -> None:
        speaking = asyncio.ensure_future(beating(line, BYBIT_BEAT))
        await asyncio.sleep(70)
        line.say(bybit_frame((AT + 70 * SECOND, "3", 100.0), symbol="OTHERUSDT"))
        await speaking

    assert played(Lines([tells]), waits(100)).gaps == []


def test_a_process_that_stood_still_has_heard_nothing_meanwhile() -> None:
    slept = timedelta(0)

    async def main() -> Listening:
        nonlocal slept
        loop = asyncio.get_running_loop()

        async def tells(line: Line) -> None:
            nonlocal slept
            await beating(line, BYBIT_BEAT, 5)
            slept = 10 * MINUTE
            await beating(line, BYBIT_BEAT)

        def clock() -> datetime:
            return AT + timedelta(seconds=loop.time()) + slept

        async with listening(BYBIT, Lines([tells]), lambda: BTC, clock) as heard:
            await asyncio.sleep(60)
        return heard

    gaps = virtual.run(main).gaps

    assert min(gap.since for gap in gaps) <= AT + 5 * SECOND
    assert max(gap.until for gap in gaps) >= AT + 10 * MINUTE


def test_what_was_lost_is_told_before_anything_newer() -> None:
    async def tells(line: Line) -> None:
        for second in range(200):
            line.say(BYBIT_BEAT)
            if second == 30:
                line.say(*(bybit_frame((AT + 30 * SECOND, str(n + 1), 1.0)) for n in range(BUFFER + 500)))
            await asyncio.sleep(1)

    async def main() -> list[Liquidation | Gap | Pulse]:
        clock = Clock(AT)
        stream = Stream(BYBIT, "wss://there", Lines([tells]), lambda: BTC, clock.now, random.Random(1))
        items: list[Liquidation | Gap | Pulse] = []
        async for item in stream.items():
            items.append(item)
            if len(items) == 1:
                await asyncio.sleep(40)
            if isinstance(item, Gap):
                break
        return items

    items = virtual.run(main)

    assert isinstance(items[-1], Gap)
    assert items[-1].since <= AT + 30 * SECOND
    assert not any(isinstance(item, Pulse) and item.at > AT + 30 * SECOND for item in items)


def test_a_symbol_counts_as_heard_from_the_first_beat_after_it_was_asked_for() -> None:
    both = known_of("bybit", "BTCUSDT", "ETHUSDT")
    lines = Lines([always(BYBIT_BEAT), silent, always(BYBIT_BEAT)])

    async def main() -> tuple[Mapping[str, datetime], Mapping[str, datetime]]:
        loop = asyncio.get_running_loop()
        clock = Clock(AT)
        clock.now()
        async with listening(BYBIT, lines, lambda: both if loop.time() > 70 else BTC, clock.now) as heard:
            await asyncio.sleep(71)
            before = heard.stream.heard
            await asyncio.sleep(60)
            return before, heard.stream.heard

    before, after = virtual.run(main)

    [first, _, third] = lines.opened
    assert not any("ETHUSDT" in text for text in first.sent)
    assert any("ETHUSDT" in text for text in third.sent)
    assert before == {"BTCUSDT": after["BTCUSDT"]}
    assert after["BTCUSDT"] <= AT + 2 * SECOND
    assert after["ETHUSDT"] >= AT + third.opened * SECOND


def test_a_symbol_that_was_away_is_not_heard_of_before_it_came_back() -> None:
    both = known_of("bybit", "BTCUSDT", "ETHUSDT")

    async def main() -> Mapping[str, datetime]:
        loop = asyncio.get_running_loop()
        clock = Clock(AT)
        clock.now()

        def known() -> Known:
            return BTC if 40 < loop.time() < 80 else both

        async with listening(BYBIT, Lines([always(BYBIT_BEAT)]), known, clock.now) as heard:
            await asyncio.sleep(60)
            assert set(heard.stream.heard) == {"BTCUSDT"}
            await asyncio.sleep(60)
            return heard.stream.heard

    assert virtual.run(main)["ETHUSDT"] >= AT + 80 * SECOND


def test_a_clock_that_is_set_back_withholds_no_pulse() -> None:
    ahead = timedelta(hours=1)

    async def main() -> Listening:
        nonlocal ahead
        loop = asyncio.get_running_loop()

        def clock() -> datetime:
            return AT + timedelta(seconds=loop.time()) + ahead

        async with listening(BYBIT, Lines([always(BYBIT_BEAT)]), lambda: BTC, clock) as heard:
            await asyncio.sleep(60)
            ahead = timedelta(0)
            heard.stream.shifted(timedelta(hours=-1))
            await asyncio.sleep(60)
        return heard

    heard = virtual.run(main)

    assert heard.gaps == []
    assert len([at for at in heard.pulses if AT + 60 * SECOND < at <= AT + 120 * SECOND]) > 50
    assert heard.stream.heard["BTCUSDT"] <= AT + 2 * SECOND
