"""Telegram's flood limits: one a second to a chat, twenty a minute to a group, thirty a second in all."""

import math
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

A_CHAT, A_GROUP, ALL = (1, 1.0), (20, 60.0), (30, 1.0)


@dataclass
class Limits:
    """Counts what was taken, and what was refused. `clock` is in seconds."""

    clock: Callable[[], float]
    refused: int = 0
    taken: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def wait(self, chat: int) -> int:
        """Seconds to wait before a message to that chat, 0 if it is counted now."""
        now = self.clock()
        applied = [("all", ALL), (f"chat {chat}", A_CHAT), *([(f"group {chat}", A_GROUP)] if chat < 0 else [])]
        for name, (most, span) in applied:
            window = self.taken[name]
            while window and now - window[0] >= span:
                window.popleft()
            if len(window) >= most:
                self.refused += 1
                return max(1, math.ceil(span - (now - window[0])))
        for name, _ in applied:
            self.taken[name].append(now)
        return 0
