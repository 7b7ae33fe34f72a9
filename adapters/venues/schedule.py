"""When a venue is to be asked what: every feed at its own pace, spread over time, never all at once. Pure."""

import heapq
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from adapters.venues.base import Feed, Scope

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ANSWER_WITHIN = 0.8
"""Share of its period in which a call must be answered."""


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """One call that is due: of a feed, for one instrument where the feed is asked for each."""

    due: datetime
    feed: str
    symbol: str = ""


class Schedule:
    """The calls of one venue by the time they are due. `start` is its first; venues start apart from each other."""

    def __init__(self, feeds: Sequence[Feed], start: datetime) -> None:
        self._feeds = {feed.name: feed for feed in feeds}
        self._start = start
        self._heap = [Call(start, feed.name) for feed in feeds if feed.scope is Scope.BULK]
        heapq.heapify(self._heap)
        self._each: dict[str, Mapping[str, timedelta]] = {f.name: {} for f in feeds if f.scope is Scope.EACH}
        self._ranks: dict[str, int] = {}

    def rank(self, symbols: Sequence[str], hot: Collection[str], now: datetime) -> None:
        """From now on these instruments are asked about, the most important first; who is new is asked in turn."""
        self._ranks = {symbol: rank for rank, symbol in enumerate(symbols)}
        for name, before in self._each.items():
            feed = self._feeds[name]
            periods = dict(_periods(feed, symbols, hot))
            self._each[name] = periods
            for period in set(periods.values()):
                fresh = [s for s, own in periods.items() if own == period and s not in before]
                for place, symbol in enumerate(fresh):
                    heapq.heappush(self._heap, Call(self._turn(feed, symbol, place / len(fresh), now), name, symbol))

    def next_due(self) -> datetime | None:
        """When the next call is due; None where nothing is to be asked."""
        return self._heap[0].due if self._heap else None

    def take(self, now: datetime) -> Call | None:
        """The call that is due longest; None where none is. It comes again only after `again`."""
        while self._heap and self._heap[0].due <= now:
            call = heapq.heappop(self._heap)
            if not call.symbol or call.symbol in self._each[call.feed]:
                return call
        return None

    def again(self, call: Call, now: datetime, not_before: datetime | None = None) -> None:
        """The call is done: it is due again a period after it was, or later; turns that were missed are left out."""
        feed = self._feeds[call.feed]
        earliest = max(now, not_before or now)
        if feed.after is not None:
            due = self._sweep(feed, call.symbol, earliest)
        else:
            period = self.period(call)
            was_due = min(call.due, now)  # the clock may have been set back meanwhile
            missed = max(0, -((was_due - earliest) // period))
            due = was_due + max(1, missed) * period
        heapq.heappush(self._heap, Call(due, call.feed, call.symbol))

    def shift(self, by: timedelta) -> None:
        """The clock was wrong by so much: all turns move with it."""
        self._start += by
        self._heap = [replace(call, due=call.due + by) for call in self._heap]

    def period(self, call: Call) -> timedelta:
        """How often it is asked."""
        feed = self._feeds[call.feed]
        return self._each[feed.name].get(call.symbol, feed.every) if call.symbol else feed.every

    def _turn(self, feed: Feed, symbol: str, share: float, now: datetime) -> datetime:
        if feed.after is not None:
            return self._sweep(feed, symbol, now)
        return max(now, self._start) + self._each[feed.name][symbol] * share

    def _sweep(self, feed: Feed, symbol: str, now: datetime) -> datetime:
        """The instrument's turn in the sweep that begins next after `now`."""
        after, pace = feed.after or timedelta(0), feed.pace or float("inf")
        begins = _EPOCH + ((now - after - _EPOCH) // feed.every + 1) * feed.every + after
        return begins + timedelta(seconds=self._ranks.get(symbol, 0) / pace)


def _periods(feed: Feed, symbols: Sequence[str], hot: Collection[str]) -> Iterator[tuple[str, timedelta]]:
    """How often each instrument is asked about; those beyond the feed's limit not at all."""
    for symbol in symbols[: feed.most]:
        yield symbol, feed.every if feed.cold is None or symbol in hot else feed.cold
