"""What the small Discord holds: people, servers, channels, messages, interactions, and what of them it takes."""

import asyncio
import itertools
import re
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Body: TypeAlias = dict[str, Json]

APPLICATION = BOT = 424_242_424_242_424_242
TOKEN = "NDI0MjQyNDI0MjQyNDI0MjQy.fake00.only-for-tests-on-this-computer"
MANAGE, VIEW, SEND, EMBED, ATTACH, HISTORY = 1 << 5, 1 << 10, 1 << 11, 1 << 14, 1 << 15, 1 << 16
MEMBER = VIEW | SEND | EMBED | ATTACH | HISTORY
DEADLINE = 3.0
"""Seconds after which an interaction takes no first response."""

NONCES = 120.0
"""Seconds for which a nonce is remembered."""

_MORNING = 347_500_800_000
"""Milliseconds from Discord's first second to 5 January 2026."""


class Refused(Exception):
    """An answer that is an error: a status, and Discord's own code."""

    def __init__(self, status: int, code: int, said: str) -> None:
        super().__init__(said)
        self.status, self.code, self.said = status, code, said


@dataclass
class Message:
    """A message that was taken."""

    id: int
    channel: int
    body: Body
    files: tuple[str, ...] = ()
    nonce: str = ""
    at: float = 0.0
    edits: int = 0


@dataclass
class Interaction:
    """Something that a person did, and what was answered."""

    id: int
    token: str
    channel: int
    at: float
    deadline: float
    acknowledged: float | None = None
    """Seconds until the first response."""
    kind: int | None = None
    answer: Body | None = None
    message: int | None = None
    late: list[float] = field(default_factory=list)
    tried: asyncio.Event = field(default_factory=asyncio.Event)
    """Somebody responded, in time or not."""
    said: asyncio.Event = field(default_factory=asyncio.Event)
    """The answer is there: at once, or in place of the first response."""


@dataclass
class Server:
    """A server with its channels; members have their permissions in it."""

    id: int
    name: str
    channels: dict[int, str] = field(default_factory=dict)
    members: dict[int, int] = field(default_factory=dict)


class World:
    """All of it. `log` are the messages that were taken, in order; none is there twice."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self.servers: dict[int, Server] = {}
        self.rooms: dict[int, int] = {}
        """People by the channels of their direct messages."""
        self.closed: dict[int, tuple[int, int]] = {}
        """Channels that refuse, with status and code."""
        self.log: list[Message] = []
        self.interactions: dict[str, Interaction] = {}
        self.commands: list[Body] = []
        self.syncs = 0
        self.deadline = DEADLINE
        self.nonces = NONCES
        self.token = TOKEN

    def new_id(self) -> int:
        """A snowflake of one fixed morning."""
        return (_MORNING << 22) + next(self._ids)

    def server(self, name: str, *channels: str) -> Server:
        """A new server with those channels."""
        made = Server(self.new_id(), name, {self.new_id(): channel for channel in channels})
        self.servers[made.id] = made
        return made

    def room(self, person: int) -> int:
        """The channel of a person's direct messages."""
        known = next((room for room, of in self.rooms.items() if of == person), None)
        if known is None:
            known = self.new_id()
            self.rooms[known] = person
        return known

    def server_of(self, channel: int) -> Server | None:
        """The server that a channel is in."""
        return next((server for server in self.servers.values() if channel in server.channels), None)

    def post(self, channel: int, body: Body, files: tuple[str, ...]) -> Message:
        """Take a message; one with a nonce that was seen already is the one that was taken then."""
        if channel in self.closed:
            status, code = self.closed[channel]
            raise Refused(status, code, "closed by the test")
        if channel not in self.rooms and self.server_of(channel) is None:
            raise Refused(404, 10003, "Unknown Channel")
        check(body, files)
        nonce = str(body.get("nonce") or "")
        now = time.monotonic()
        if nonce and body.get("enforce_nonce"):
            for taken in reversed(self.log):
                if (taken.channel, taken.nonce) == (channel, nonce) and now - taken.at < self.nonces:
                    return taken
        message = Message(self.new_id(), channel, body, files, nonce, now)
        self.log.append(message)
        return message

    def since(self, channel: int, after: int, limit: int) -> list[Message]:
        """The first messages of the channel after that id, newest first."""
        found = [of for of in self.log if of.channel == channel and of.id > after]
        return found[:limit][::-1]

    def edit(self, channel: int, message: int, body: Body, files: tuple[str, ...]) -> Message:
        """Change a message that was taken."""
        found = next((of for of in self.log if (of.channel, of.id) == (channel, message)), None)
        if found is None:
            raise Refused(404, 10008, "Unknown Message")
        check({**found.body, **body}, files)
        found.body, found.edits = {**found.body, **body}, found.edits + 1
        return found

    def interact(self, channel: int) -> Interaction:
        """A person did something; the answer is awaited from now on."""
        made = self.new_id()
        interaction = Interaction(made, f"token-{made}", channel, time.monotonic(), self.deadline)
        self.interactions[interaction.token] = interaction
        return interaction

    def respond(self, token: str, body: Body, files: tuple[str, ...]) -> Interaction:
        """The first response, which comes in time and once."""
        interaction = self.interactions.get(token)
        took = time.monotonic() - interaction.at if interaction is not None else 0.0
        if interaction is None or took > interaction.deadline:
            if interaction is not None:
                interaction.late.append(took)
                interaction.tried.set()
            raise Refused(404, 10062, "Unknown interaction")
        if interaction.acknowledged is not None:
            raise Refused(400, 40060, "Interaction has already been acknowledged.")
        data = body.get("data")
        answer = data if isinstance(data, dict) else {}
        interaction.kind = int(str(body["type"]))
        if interaction.kind == 4:
            check(answer, files)
        if interaction.kind == 8:
            _choices(answer)
        interaction.acknowledged, interaction.answer = took, answer
        interaction.message = self.new_id()
        interaction.tried.set()
        if interaction.kind not in (5, 6):
            interaction.said.set()
        return interaction

    def follow(self, token: str, body: Body, files: tuple[str, ...]) -> Interaction:
        """The answer in place of the first response."""
        interaction = self.interactions.get(token)
        if interaction is None or interaction.acknowledged is None:
            raise Refused(404, 10015, "Unknown Webhook")
        check(body, files)
        flags = (interaction.answer or {}).get("flags")
        interaction.answer = {**body, **({"flags": flags} if flags else {})}
        interaction.said.set()
        return interaction


def check(body: Mapping[str, Json], files: tuple[str, ...]) -> None:
    """What Discord would refuse in a message. Raises Refused."""
    embeds = _dicts(body.get("embeds"))
    if not (body.get("content") or embeds or files):
        raise Refused(400, 50006, "Cannot send an empty message")
    problems = [*_long(body.get("content"), 2000, "content"), *_long(body.get("nonce"), 25, "nonce")]
    whole = 0
    for embed in embeds:
        footer = embed.get("footer")
        small = footer.get("text") if isinstance(footer, dict) else ""
        texts = (embed.get("title"), embed.get("description"), small)
        whole += sum(len(str(text or "")) for text in texts)
        limits = ((256, "title"), (4096, "description"), (2048, "footer"))
        problems += [p for text, (most, name) in zip(texts, limits, strict=True) for p in _long(text, most, name)]
        image = embed.get("image")
        url = str(image.get("url")) if isinstance(image, dict) else ""
        if url.startswith("attachment://") and url.removeprefix("attachment://") not in files:
            problems.append(f"no file for {url}")
    if whole > 6000 or len(embeds) > 10:
        problems.append(f"embeds of {whole} characters")
    problems += _components(_dicts(body.get("components")))
    if "allowed_mentions" not in body:
        problems.append("nothing said of mentions, so that anybody could be called")
    if problems:
        raise Refused(400, 50035, f"Invalid Form Body: {'; '.join(problems)}")


def _components(rows: list[Body]) -> list[str]:
    leaves = [leaf for row in rows for leaf in _dicts(row.get("components"))]
    ids = Counter(str(leaf.get("custom_id")) for leaf in leaves)
    problems = [f"{name} twice" for name, count in ids.items() if count > 1]
    problems += ["too many rows"] if len(rows) > 5 else []
    for row in rows:
        kinds = [leaf.get("type") for leaf in _dicts(row.get("components"))]
        if not kinds or len(kinds) > 5 or (3 in kinds and len(kinds) > 1):
            problems.append("a row that cannot be")
    for leaf in leaves:
        problems += [*_long(leaf.get("custom_id"), 100, "custom_id"), *_long(leaf.get("label"), 80, "label")]
        options = _dicts(leaf.get("options"))
        values = Counter(str(option.get("value")) for option in options)
        if leaf.get("type") == 3 and (not 0 < len(options) <= 25 or max(values.values()) > 1):
            problems.append("options that cannot be")
        for option in options:
            problems += [*_long(option.get("value"), 100, "value"), *_long(option.get("label"), 100, "label")]
    return problems


def _choices(answer: Body) -> None:
    choices = _dicts(answer.get("choices"))
    sizes = [len(str(choice[key])) for choice in choices for key in ("name", "value")]
    if len(choices) > 25 or any(not 0 < size <= 100 for size in sizes):
        raise Refused(400, 50035, "Invalid Form Body: choices")


def commands(body: Json) -> list[Body]:
    """Commands as they may be set. Raises Refused."""
    found = _dicts(body)
    for command in found:
        options = _dicts(command.get("options"))
        required = [bool(option.get("required")) for option in options]
        names = [str(of["name"]) for of in (command, *options)]
        helps = [str(of["description"]) for of in (command, *options)]
        fits = all(re.fullmatch(r"[-_a-z0-9]{1,32}", name) for name in names) and all(0 < len(h) <= 100 for h in helps)
        if not fits or len(options) > 25 or required != sorted(required, reverse=True):
            raise Refused(400, 50035, f"Invalid Form Body: {names[0]}")
        if sum(map(len, (*names, *helps))) > 8000:
            raise Refused(400, 50035, "Command exceeds maximum size (8000)")
    if len(found) > 100:
        raise Refused(400, 30032, "Maximum number of application commands reached (100).")
    return found


def _long(text: Json, most: int, name: str) -> list[str]:
    return [f"{name} of {len(str(text))} characters"] if len(str(text or "")) > most else []


def _dicts(value: Json) -> list[Body]:
    return [of for of in value if isinstance(of, dict)] if isinstance(value, list) else []
