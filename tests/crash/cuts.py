"""The store's file cut at any byte, as a loss of power leaves it: what is read back must hold together."""

import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random

from redis import Redis

from adapters.store import codec, embedded, keys
from signals.rules.lifecycle import Change
from tests.crash.market import PLATFORMS


def cut(data: Path, folder: Path, count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Cut a copy of the file of that data folder so many times; how far back that went, and what did not hold."""
    rng, done, wrong = Random(f"{seed} cuts"), Counter[str](), list[str]()
    for number in range(count):
        copy = folder / "cut"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(data / "appendonlydir", copy / "appendonlydir")
        file = max((copy / "appendonlydir").glob("*.incr.aof"), key=lambda path: path.stat().st_size)
        size = file.stat().st_size
        at = size - rng.randrange(min(size, 2_000)) if number % 2 else rng.randrange(size)
        with file.open("r+b") as opened:
            opened.truncate(at)
        server = embedded.start(copy)
        try:
            redis = Redis(unix_socket_path=server.url.removeprefix("unix://"))
            wrong += [f"cut at {at} of {size}: {said}" for said in torn(redis)]
            done["cuts"] += 1
            done["with events"] += bool(redis.keys("{e0}told:*"))
            redis.close()
        finally:
            server.stop()
    return done, wrong


def torn(redis: "Redis") -> Iterator[str]:
    """What does not hold together."""
    waiting = {codec.read_event(of[b"e"]).id for _, of in redis.xrange(keys.EVENTS)}
    for name in redis.keys("{e0}told:*"):
        rule = keys.rule_of(name.decode())
        events = [codec.read_event(of[b"e"]) for _, of in redis.xrange(name)]
        states = [codec.read_kept((rule, track.decode()), of) for track, of in redis.hgetall(keys.states(rule)).items()]
        firing = any(kept.state.fired_at is not None for kept in states)
        if events and firing != (events[-1].change is Change.FIRED):
            yield f"{rule} fires: {firing}, and its last event is {events[-1].change}"
        for event in events:
            ends = {redis.get(keys.expanded(platform, event.id)) for platform in PLATFORMS}
            if event.id not in waiting and ends != {b"done"}:
                yield f"{event.id} of {rule} waits nowhere and is expanded to {ends}"
    for platform in PLATFORMS:
        ready = set(redis.zrange(keys.of_platform(platform, "ready"), 0, -1))
        lane = [entry.decode().split(":") for entry in redis.zrange(keys.of_platform(platform, "lane"), 0, -1)]
        yield from (
            f"{platform} {place} has entries and is never due" for place, *_ in lane if place.encode() not in ready
        )
        many = Counter((place, id_) for place, _, id_ in lane)
        for name in redis.keys(keys.of_platform(platform, "log:*")):
            place = name.decode().partition("log:")[2]
            many.update((place, of[b"entry"].decode().rpartition(":")[2]) for _, of in redis.xrange(name))
        yield from (f"{platform} {of} is there {count} times" for of, count in many.items() if count > 1)
