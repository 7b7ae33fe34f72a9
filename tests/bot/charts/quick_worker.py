"""Stands in for the process that draws: as fast as a process starts, and it sleeps, dies or fails when a chart says so.

It answers with its own number and how many charts it was asked for.
"""

import os
import sys
import time

import msgspec

from adapters.chat.chart import Chart
from bot.charts.frames import ANSWER, SIZE


def main() -> None:
    asked = 0
    while head := sys.stdin.buffer.read(SIZE.size):
        asked += 1
        chart = msgspec.msgpack.decode(sys.stdin.buffer.read(*SIZE.unpack(head)), type=Chart)
        if chart.title == "sleeps":
            time.sleep(60)
        if chart.title == "dies":
            os._exit(1)
        if chart.title.startswith("slow"):
            time.sleep(0.2)
        said = f"{os.getpid()} {asked} {sorted(os.environ)}".encode()
        sys.stdout.buffer.write(ANSWER.pack(chart.title != "fails", len(said)) + said)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
