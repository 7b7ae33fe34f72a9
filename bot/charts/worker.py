"""The process that draws: reads charts, writes pictures, and ends when nobody can ask any more."""

import gc
import sys
import traceback
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

import msgspec

from adapters.chat.chart import Chart, Curve, Panel
from bot.charts.draw import draw
from bot.charts.frames import ANSWER, SIZE
from bot.charts.theme import CARD
from signals.model import Unit

FIRST = Chart(
    "first",
    "first",
    "",
    timedelta(hours=1),
    (datetime(2026, 1, 1, tzinfo=UTC),),
    (Panel("price", Unit.USD, (Curve("price", (1.0,)),)),),
    "",
)
"""Drawn before anybody asks: the first picture takes longer than the others."""


def main(asked: BinaryIO, answered: BinaryIO) -> None:
    """Draw what is asked for, one after another, until there is no more to read."""
    draw(FIRST, CARD)
    gc.freeze()
    while (body := _next(asked)) is not None:
        try:
            drawn, said = True, draw(msgspec.msgpack.decode(body, type=Chart), CARD)
        except Exception:  # noqa: BLE001 - the loop's outer edge: the asker logs it, and the next picture is drawn
            drawn, said = False, traceback.format_exc().encode()
        answered.write(ANSWER.pack(drawn, len(said)) + said)
        answered.flush()
        gc.collect()  # a sheet refers to itself: left to their time, a dozen of them double the memory


def _next(asked: BinaryIO) -> bytes | None:
    head = asked.read(SIZE.size)
    return asked.read(*SIZE.unpack(head)) if len(head) == SIZE.size else None


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
