"""Calls of the store's client that are given up at any moment: nobody ever reads the answer to somebody else's call."""

import asyncio
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random

from adapters.store import embedded
from adapters.store.base import StoreUnavailable
from adapters.store.client import Client

AT_ONCE = 25
LATEST = 0.004
"""Seconds after which a call is given up at the latest; most are done by then."""


def give_up(folder: Path, count: int, seed: int) -> Counter[str]:
    """So many calls, most of them given up: how many were, were answered, and had a foreign answer."""
    server = embedded.start(folder / "store")
    try:
        return asyncio.run(_give_up(server.url, count, Random(f"{seed} cancels")))
    finally:
        server.stop()


async def _give_up(url: str, count: int, rng: Random) -> Counter[str]:
    client, seen = Client(url), Counter[str]()

    async def call(number: int) -> None:
        said = f"call {number}".encode()
        match number % 3:
            case 0:
                answers = [await client.do("ECHO", said)]
            case 1:
                answers = list(await client.many([("ECHO", said), ("ECHO", said)]))
            case _:
                answers = [await client.step("mark_applied", [f"{{t}}{number}"], number)]
                said = b""
        seen["answered"] += 1
        seen["crossed"] += any(answer != (said or 1) for answer in answers)

    async def given_up(number: int) -> None:
        task = asyncio.create_task(call(number))
        await asyncio.sleep(rng.random() * LATEST)
        seen["cancelled"] += task.cancel()
        with suppress(asyncio.CancelledError, StoreUnavailable):
            await task

    for start in range(0, count, AT_ONCE):
        await asyncio.gather(*(given_up(number) for number in range(start, min(count, start + AT_ONCE))))
    for number in range(AT_ONCE):
        await call(number)
    await client.aclose()
    return seen
