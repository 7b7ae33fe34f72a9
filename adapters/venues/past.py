"""How clients page through the past: in time order, each value once, and only values that lie in the span."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import timedelta

from adapters.venues.base import Span
from adapters.venues.wire import Parsed
from signals.model import Observation


def pages(span: Span, length: timedelta) -> Iterator[Span]:
    """The span in stretches of at most that length, oldest first."""
    start = span.start
    while start < span.end:
        end = min(start + length, span.end)
        yield Span(start, end)
        start = end


async def read(
    span: Span, length: timedelta, look_up: Callable[[Span], Awaitable[Parsed]], overlap: timedelta = timedelta(0)
) -> AsyncIterator[Observation]:
    """What is found page by page; each page begins `overlap` early where its first values need those before them."""
    last = span.start
    for page in pages(span, length):
        found = await look_up(Span(page.start - overlap, page.end))
        for seen in sorted(found.observations, key=lambda seen: seen.at):
            if last < seen.at <= span.end:
                last = seen.at
                yield seen
