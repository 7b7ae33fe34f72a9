"""The gateway: identify and resume, events with their numbers, and connections that end as a test wants."""

import asyncio
import itertools
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from tests.fake_discord import payloads
from tests.fake_discord.world import APPLICATION, Body, World

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11


@dataclass
class Session:
    """What was told to one session, so that it can be told again."""

    id: str
    told: list[Body] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None


class Gateway:
    """Speaks to one bot. `closes` are the codes with which the next identifications are answered."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.url = ""
        self.sessions: dict[str, Session] = {}
        self.current: Session | None = None
        self.identified: list[Body] = []
        self.resumed: list[str] = []
        self.closes: list[int] = []
        self.forgets = False
        """Whether sessions that want to resume are unknown."""
        self.ready = asyncio.Event()
        self._changed = asyncio.Condition()
        self._names = itertools.count(1)
        self._sockets: set[web.WebSocketResponse] = set()

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """One connection. The path tells whether it was the address of resuming."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.add(socket)
        try:
            await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": 41_250}})
            async for frame in socket:
                if frame.type == aiohttp.WSMsgType.TEXT:
                    await self._heard(socket, frame.json(), resuming=request.path.endswith("/resume"))
        finally:
            self._sockets.discard(socket)
            if self.current is not None and self.current.socket is socket:
                self.ready.clear()
        return socket

    async def tell(self, event: str, data: Body) -> None:
        """Tell the bot of an event; without a connection it is told when the session resumes."""
        session = self.current
        assert session is not None, "nobody identified yet"
        said: Body = {"op": DISPATCH, "t": event, "s": len(session.told) + 1, "d": data}
        session.told.append(said)
        if session.socket is not None and not session.socket.closed:
            await session.socket.send_json(said)

    async def connected(self, times: int) -> None:
        """Wait until the bot is there for the so many-th time."""
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.sessions) >= times and self.ready.is_set())

    async def drop(self, code: int = 4000) -> None:
        """End the connection with a code."""
        if self.current is not None and self.current.socket is not None:
            await self.current.socket.close(code=code)

    async def ask_to_reconnect(self) -> None:
        """Ask the bot to come again, as Discord does now and then."""
        if self.current is not None and self.current.socket is not None:
            await self.current.socket.send_json({"op": RECONNECT, "d": None})

    async def close(self) -> None:
        """End all connections."""
        for socket in list(self._sockets):
            await socket.close()

    async def _heard(self, socket: web.WebSocketResponse, said: Body, *, resuming: bool) -> None:
        data = said.get("d")
        match said["op"]:
            case 1:
                await socket.send_json({"op": ACK})
            case 2 if isinstance(data, dict):
                await self._identify(socket, data)
            case 6 if isinstance(data, dict):
                await self._resume(socket, data, resuming=resuming)

    async def _identify(self, socket: web.WebSocketResponse, data: Body) -> None:
        self.identified.append(data)
        if data.get("token") != self.world.token:
            await socket.close(code=4004)
            return
        if self.closes:
            await socket.close(code=self.closes.pop(0))
            return
        session = Session(f"session-{next(self._names)}", socket=socket)
        self.sessions[session.id] = session
        self.current = session
        await self.tell(
            "READY",
            {
                "v": 10,
                "user": payloads.ME,
                "guilds": [{"id": str(server), "unavailable": True} for server in self.world.servers],
                "session_id": session.id,
                "resume_gateway_url": f"{self.url}/resume",
                "application": {"id": str(APPLICATION), "flags": 0},
            },
        )
        for server in self.world.servers.values():
            await self.tell("GUILD_CREATE", payloads.server(server))
        async with self._changed:
            self.ready.set()
            self._changed.notify_all()

    async def _resume(self, socket: web.WebSocketResponse, data: Body, *, resuming: bool) -> None:
        session = self.sessions.get(str(data.get("session_id")))
        if session is None or self.forgets or not resuming:
            await socket.send_json({"op": INVALID, "d": False})
            return
        self.resumed.append(session.id)
        session.socket = socket
        self.current = session
        for missed in session.told[int(str(data["seq"])) :]:
            await socket.send_json(missed)
        await socket.send_json({"op": DISPATCH, "t": "RESUMED", "s": len(session.told), "d": {}})
        self.ready.set()
