"""Run the fake Bot API as a process: it prints the settings to use and each message that it takes, as JSON lines."""

import argparse
import asyncio
import json
import signal
import sys
import time
from dataclasses import asdict

from tests.fake_telegram.server import serving
from tests.fake_telegram.world import World


async def run(args: argparse.Namespace) -> None:
    """Serve until a signal comes; lines `PERSON TEXT` on standard input are said to the bot."""
    world = World(time.time, limited=not args.unlimited)  # noqa: TID251  the process that stands for the outside world
    for number in range(args.people):
        world.person(args.person + number)
    stop = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)
    async with serving(world, args.port) as server:
        _say({"telegram_url": server.url, "telegram_token": world.token, "person": args.person})
        reading = asyncio.create_task(_read(world, args.person))
        told = 0
        while not stop.is_set():
            for taken in world.taken[told:]:
                _say(asdict(taken))
            told = len(world.taken)
            await asyncio.wait([asyncio.ensure_future(stop.wait())], timeout=0.05)
        reading.cancel()
        _say({"refused": world.limits.refused if world.limits is not None else 0})


async def _read(world: World, person: int) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().strip():
        world.say(person, line)


def _say(what: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--person", type=int, default=42, help="id of the person who writes the lines of standard input"
    )
    parser.add_argument("--people", type=int, default=1, help="so many people, with the ids from there on")
    parser.add_argument("--unlimited", action="store_true", help="without Telegram's flood limits")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
