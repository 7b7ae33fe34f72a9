"""A platform of the trial: the front on one side, and on the other a server that decides what truly arrived.

The server writes down each message that it takes before it answers. By chance it refuses, breaks off before or after
taking, answers nonsense or late. One named `discord` shows the earlier message again where the nonce is known.
"""

import asyncio
import json
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from adapters.chat.base import (
    Delivery,
    Message,
    Outcome,
    Refusal,
    Retry,
    Sent,
    Text,
    Tone,
)
from adapters.chat.discord.front import nonce_of
from adapters.store.place_settings import PlaceSettings
from bot.telling import Way
from signals.event import Event
from signals.notice import Notice
from tests.crash.points import Point
from tests.platforms import WrittenTo, is_poison

SOON = timedelta(seconds=1)
ANSWERS_WITHIN = 1.0
LIMITED_FOR = 2.0
"""Seconds that a place is told to wait, on the wall clock of the trial."""


@dataclass(frozen=True)
class Chances:
    """How often each thing goes wrong, of 1; `slow` is how many seconds an answer takes at most."""

    limited: float = 0.0
    dropped: float = 0.0
    cut: float = 0.0
    trouble: float = 0.0
    garbled: float = 0.0
    slow: float = 0.0
    poison: bool = False


CALM = Chances()
ROUGH = Chances(limited=0.03, dropped=0.05, cut=0.05, trouble=0.03, garbled=0.03, slow=0.004, poison=True)


def said(of: Sequence[Event | Notice], now: object, settings: PlaceSettings, way: Way) -> Message:
    """The ids of what is told, and whether it may be a repeat."""
    del now, settings
    return Message(Tone.FIRING, "repeat" if way.repeat else "", (Text(" ".join(told.id for told in of)),))


class Front(WrittenTo):
    """What a sender writes to. `point` is passed before, between and after."""

    def __init__(self, name: str, folder: Path, point: Point) -> None:
        self._name = name
        self._where = where(folder, name)
        self._point = point

    @property
    def name(self) -> str:
        return self._name

    async def send(self, delivery: Delivery) -> Outcome:
        told = {
            "place": delivery.to.id,
            "nonce": nonce_of(delivery),
            "ids": delivery.message.headline[0].text.split(),
            "repeat": bool(delivery.message.icon),
            "edits": delivery.edits or "",
            "pid": os.getpid(),
        }
        self._point("send before")
        try:
            reader, writer = await asyncio.open_unix_connection(self._where)
        except OSError:
            return Retry(SOON, certain=True, reason="not connected")
        try:
            writer.write(json.dumps(told).encode() + b"\n")
            await writer.drain()
            self._point("send written")
            async with asyncio.timeout(ANSWERS_WITHIN):
                answer = await reader.readline()
            self._point("send answered")
            return _outcome(answer)
        except (OSError, TimeoutError, ValueError):
            return Retry(SOON, certain=False, reason="no answer")
        finally:
            writer.close()


def _outcome(answer: bytes) -> Outcome:
    said = json.loads(answer)
    match said["did"]:
        case "taken":
            return Sent(str(said["id"]))
        case "limited":
            return Retry(timedelta(seconds=LIMITED_FOR), certain=True, reason="limited")
        case "refused":
            return Refusal("poison")
        case _:
            return Retry(SOON, certain=False, reason="trouble")


def where(folder: Path, name: str) -> Path:
    return folder / f"{name}.sock"


def log_of(folder: Path, name: str) -> Path:
    return folder / f"{name}.log"


class Server:
    """The platform itself."""

    def __init__(self, name: str, folder: Path, chances: Chances, seed: int) -> None:
        self._known: dict[str, str] | None = {} if name == "discord" else None
        self._chances = chances
        self._rng = Random(f"{seed} {name}")
        self._log = os.open(log_of(folder, name), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._where = where(folder, name)
        self._ids = 0

    async def run(self) -> None:
        """Serve until the process ends."""
        async with await asyncio.start_unix_server(self._serve, self._where) as server:
            await server.serve_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError):  # whoever asked is dead
            writer.write(await self._answered(json.loads(await reader.readline())))
            await writer.drain()
        writer.close()

    async def _answered(self, told: Mapping[str, object]) -> bytes:
        chances, rng = self._chances, self._rng
        drawn = rng.random()
        if chances.slow:
            await asyncio.sleep(rng.random() * chances.slow)
        ids = told["ids"]
        assert isinstance(ids, list)
        if chances.poison and any(map(is_poison, ids)):
            return self._did(told, "refused")
        for name, chance in (("limited", chances.limited), ("dropped", chances.dropped)):
            if drawn < chance:
                return self._did(told, name)
            drawn -= chance
        answer = self._did(told, "taken")
        for said, chance in (
            (b"", chances.cut),
            (b'{"did": "trouble"}\n', chances.trouble),
            (b"<html", chances.garbled),
        ):
            if drawn < chance:
                return said
            drawn -= chance
        return answer

    def _did(self, told: Mapping[str, object], did: str) -> bytes:
        """Write it down, then say it."""
        nonce = str(told["nonce"])
        self._ids += 1
        id_ = str(told["edits"] or self._ids)
        how = did
        if did == "taken" and self._known is not None and not told["edits"]:
            how = "known" if nonce in self._known else "taken"
            id_ = self._known.setdefault(nonce, id_)
        os.write(self._log, json.dumps({**told, "did": how, "id": id_, "at": time.monotonic()}).encode() + b"\n")
        return b"" if did == "dropped" else json.dumps({"did": did, "id": id_}).encode() + b"\n"
