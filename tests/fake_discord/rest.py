"""The REST part: the routes that a bot of commands, alerts and answers uses, and no others."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from tests.fake_discord import payloads
from tests.fake_discord.faults import Faults, limited, plain, suffered
from tests.fake_discord.world import APPLICATION, MEMBER, Body, Refused, World, commands

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
PREFIX = "/api/v10"


class Rest:
    """Answers requests. `most` messages go into a channel in `every` seconds; more are limited, as the bucket says."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world = world
        self.faults = faults
        self.most, self.every = 5, 0.2
        self.requests: list[tuple[str, str, int]] = []
        self.valid = True
        """Whether the token is accepted."""
        self.starts_left = 1000
        """Sessions that may still be begun, and the seconds until all may be again."""
        self.starts_again_in = 3600.0
        self._sent: dict[int, list[float]] = {}

    def routes(self) -> web.Application:
        """The application."""
        app = web.Application(middlewares=[self._around], client_max_size=30 << 20)
        api = PREFIX
        app.router.add_get(f"{api}/users/@me", self._me)
        app.router.add_get(f"{api}/gateway/bot", self._gateway)
        app.router.add_get(f"{api}/oauth2/applications/@me", self._application)
        app.router.add_put(f"{api}/applications/{APPLICATION}/commands", self._commands)
        app.router.add_post(f"{api}/users/@me/channels", self._room)
        app.router.add_post(f"{api}/channels/{{channel}}/messages", self._post)
        app.router.add_get(f"{api}/channels/{{channel}}/messages", self._history)
        app.router.add_patch(f"{api}/channels/{{channel}}/messages/{{message}}", self._edit)
        app.router.add_get(f"{api}/guilds/{{server}}/members/{{person}}", self._member)
        app.router.add_post(f"{api}/interactions/{{id}}/{{token}}/callback", self._callback)
        app.router.add_patch(f"{api}/webhooks/{APPLICATION}/{{token}}/messages/@original", self._original)
        return app

    @web.middleware
    async def _around(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        path = request.path.removeprefix(PREFIX)
        if request.path.startswith("/gateway"):
            return await handler(request)
        fault = self.faults.take(request.method, path)
        if fault is not None and not fault.taken and not fault.slow:
            await request.read()
            self._note(request, path, fault.status)
            return await suffered(request, fault)
        try:
            if not path.startswith(("/interactions", "/webhooks")) and not self._known(request):
                raise Refused(401, 0, "401: Unauthorized")
            response = await handler(request)
        except Refused as refused:
            response = plain({"code": refused.code, "message": refused.said}, refused.status)
        except web.HTTPException as error:
            response = plain({"code": 0, "message": f"no such route: {request.method} {path}"}, error.status)
        if fault is not None and fault.slow:
            await asyncio.sleep(fault.slow)
        elif fault is not None:
            response = await suffered(request, fault)
        self._note(request, path, response.status)
        return response

    def _note(self, request: web.Request, path: str, status: int) -> None:
        self.requests.append((request.method, path, status))

    def _known(self, request: web.Request) -> bool:
        return self.valid and request.headers.get("Authorization") == f"Bot {self.world.token}"

    async def _me(self, request: web.Request) -> web.StreamResponse:
        return plain(payloads.ME)

    async def _gateway(self, request: web.Request) -> web.StreamResponse:
        after = round(1000 * self.starts_again_in)
        limit = {"total": 1000, "remaining": self.starts_left, "reset_after": after, "max_concurrency": 1}
        return plain({"url": "wss://gateway.discord.gg", "shards": 1, "session_start_limit": limit})

    async def _application(self, request: web.Request) -> web.StreamResponse:
        return plain(payloads.application())

    async def _commands(self, request: web.Request) -> web.StreamResponse:
        self.world.commands = commands(await request.json())
        self.world.syncs += 1
        return plain([{**of, "id": str(n), "version": "1"} for n, of in enumerate(self.world.commands)])

    async def _room(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        return plain(payloads.room(self.world, self.world.room(int(body["recipient_id"]))))

    async def _post(self, request: web.Request) -> web.StreamResponse:
        channel = int(request.match_info["channel"])
        now = asyncio.get_running_loop().time()
        recent = [at for at in self._sent.get(channel, []) if now - at < self.every]
        left = self.most - len(recent)
        headers = {
            "X-RateLimit-Bucket": "messages",
            "X-RateLimit-Limit": str(self.most),
            "X-RateLimit-Remaining": str(max(0, left - 1)),
            "X-RateLimit-Reset-After": f"{self.every - (now - recent[0]) if recent else self.every:.3f}",
            "X-RateLimit-Reset": "0",
        }
        if left <= 0:
            return await suffered(request, limited(self.every - (now - recent[0])))
        self._sent[channel] = [*recent, now]
        body, files = await _said(request)
        return plain(payloads.message(self.world.post(channel, body, files)), headers=headers)

    async def _history(self, request: web.Request) -> web.StreamResponse:
        channel, of = int(request.match_info["channel"]), request.query
        return plain([payloads.message(one) for one in self.world.since(channel, int(of["after"]), int(of["limit"]))])

    async def _edit(self, request: web.Request) -> web.StreamResponse:
        body, files = await _said(request)
        edited = self.world.edit(int(request.match_info["channel"]), int(request.match_info["message"]), body, files)
        return plain(payloads.message(edited))

    async def _member(self, request: web.Request) -> web.StreamResponse:
        server = self.world.servers.get(int(request.match_info["server"]))
        person = int(request.match_info["person"])
        if server is None or person not in server.members:
            raise Refused(404, 10007, "Unknown Member")
        return plain(payloads.member(person, server.members.get(person, MEMBER)))

    async def _callback(self, request: web.Request) -> web.StreamResponse:
        body, files = await _said(request)
        done = self.world.respond(request.match_info["token"], body, files)
        return plain(
            {
                "interaction": {
                    "id": str(done.id),
                    "type": 2,
                    "response_message_id": str(done.message),
                    "response_message_loading": done.kind == 5,
                    "response_message_ephemeral": (done.answer or {}).get("flags") == 64,
                },
                "resource": {"type": done.kind},
            }
        )

    async def _original(self, request: web.Request) -> web.StreamResponse:
        body, files = await _said(request)
        return plain(payloads.answer(self.world.follow(request.match_info["token"], body, files)))


async def _said(request: web.Request) -> tuple[Body, tuple[str, ...]]:
    """The body of a message, and the names of its files."""
    if request.content_type != "multipart/form-data":
        return await request.json(), ()
    form = await request.post()
    files = tuple(of.filename for name, of in form.items() if name.startswith("files") and not isinstance(of, str))
    said: Body = json.loads(str(form["payload_json"]))
    return said, files
