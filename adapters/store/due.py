"""Which of many lanes is due first, in memory."""

import heapq
from datetime import datetime


class Due:
    """When each place is due. Those that are due alike are ordered by name."""

    def __init__(self) -> None:
        self._times: dict[str, datetime] = {}
        self._heap: list[tuple[datetime, str]] = []
        """Every time that was set; those that hold no more are passed over."""

    def put(self, place: str, at: datetime) -> None:
        """From now on the place is due then."""
        self._times[place] = at
        heapq.heappush(self._heap, (at, place))

    def put_new(self, place: str, at: datetime) -> None:
        """The same, for a place that is not due at any time yet."""
        if place not in self._times:
            self.put(place, at)

    def pop(self, place: str) -> None:
        """The place is not due any more."""
        self._times.pop(place, None)

    def first(self) -> tuple[datetime, str] | None:
        """The place that is due first, and when; None where none is."""
        while self._heap and self._times.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0] if self._heap else None
