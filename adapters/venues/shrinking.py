"""Whether a list may be as short as it is: a cut page looks like a market that lost half its coins."""

LEAST = 0.95
"""Share of the last accepted count below which a list is not believed."""

TIMES = 3
"""Such lists in a row that are believed after all,"""
AGREE = 0.02
"""if their counts differ by no more than this share."""


class Shrinking:
    """The counts of one list, in order."""

    def __init__(self) -> None:
        self.last = 0
        """The last accepted count."""
        self._doubted: list[int] = []

    def accepts(self, count: int) -> bool:
        """Whether to believe a list of that many rows; an empty one never is, once there were any."""
        if count >= LEAST * self.last or self._is_confirmed(count):
            self.last = count
            self._doubted = []
            return True
        return False

    def _is_confirmed(self, count: int) -> bool:
        near = [n for n in self._doubted if abs(n - count) <= AGREE * count]
        self._doubted = [*near, count] if len(near) == len(self._doubted) else [count]
        return count > 0 and len(self._doubted) >= TIMES
