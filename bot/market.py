"""A recording played at full speed, without loops and clocks: the same aggregation, bars and judging as live."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from adapters.venues.recording import Recording
from signals.aggregate import Cycle, Ledger
from signals.bars import Bars
from signals.panel import resolutions


def play(recording: Recording, bars: Bars, until: datetime | None = None) -> Iterator[Cycle]:
    """Each closed moment of the recording up to `until`, in order; its bars are kept in `bars`."""
    ledger = Ledger()
    for frame in recording.frames(None, until):
        if frame.instruments is not None:
            ledger.expect(frame.instruments)
        ledger.take(frame.observations)
        cycle = ledger.read(frame.at, recording.label)
        yield replace(cycle, bars=bars.close(cycle))


def whole(recording: Recording) -> Bars:
    """Bars that keep every row of the recording."""
    span = recording.end - recording.start
    return Bars({step: max(rows, span // step + 2) for step, rows in resolutions(recording.step).items()})


def trailing(step: timedelta) -> Bars:
    """Bars that keep what the live service keeps."""
    return Bars(resolutions(step))
