"""The small Discord as a whole, on a port of this computer, and the people who use it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from tests.fake_discord import payloads
from tests.fake_discord.faults import Faults
from tests.fake_discord.gateway import Gateway
from tests.fake_discord.rest import PREFIX, Rest
from tests.fake_discord.world import MEMBER, Body, Interaction, Json, Message, World

COMMAND, PRESS, TYPING, FORM = 2, 3, 4, 5


class FakeDiscord:
    """A world, its REST and its gateway. `api` and `gateway_url` are what a front is given."""

    def __init__(self) -> None:
        self.world = World()
        self.faults = Faults()
        self.rest = Rest(self.world, self.faults)
        self.gateway = Gateway(self.world)
        self.api = ""
        self.gateway_url = ""

    def at(self, port: int) -> None:
        """It listens on that port."""
        self.api = f"http://127.0.0.1:{port}{PREFIX}"
        self.gateway_url = self.gateway.url = f"ws://127.0.0.1:{port}/gateway"

    def application(self) -> web.Application:
        """What is served."""
        app = self.rest.routes()
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_get("/gateway/resume", self.gateway.serve)
        return app

    async def command(
        self, where: int, person: int, name: str, /, channel: int | None = None, *, sees: bool = True, **options: str
    ) -> Interaction:
        """A person uses a command somewhere, with the channel that it is for."""
        filled: list[Json] = [{"name": key, "type": 3, "value": value} for key, value in options.items()]
        resolved: Body = {}
        if channel is not None:
            filled.append({"name": "channel", "type": 7, "value": str(channel)})
            resolved = {
                "channels": {str(channel): {"id": str(channel), "type": 0, "permissions": str(MEMBER if sees else 0)}}
            }
        data: Body = {"id": "1", "name": name, "type": 1, "options": filled, "resolved": resolved}
        return await self._happens(where, person, COMMAND, data)

    async def types(self, channel: int, person: int, name: str, option: str, typed: str) -> Interaction:
        """A person types into an option."""
        filled: list[Json] = [{"name": option, "type": 3, "value": typed, "focused": True}]
        return await self._happens(channel, person, TYPING, {"id": "1", "name": name, "type": 1, "options": filled})

    async def press(self, on: Message, person: int, custom_id: str) -> Interaction:
        """A person presses a button under a message."""
        data: Body = {"custom_id": custom_id, "component_type": 2}
        return await self._happens(on.channel, person, PRESS, data, message=payloads.message(on))

    async def answered(self, interaction: Interaction, *, within: float = 5.0) -> Body:
        """What was said in the end: the first response, or what came in its place."""
        async with asyncio.timeout(within):
            await interaction.said.wait()
        return interaction.answer or {}

    async def _happens(self, channel: int, person: int, kind: int, data: Body, **more: Json) -> Interaction:
        interaction = self.world.interact(channel)
        told = payloads.interaction(self.world, interaction, kind, person, data)
        await self.gateway.tell("INTERACTION_CREATE", {**told, **more})
        return interaction


@asynccontextmanager
async def fake_discord(port: int = 0) -> AsyncIterator[FakeDiscord]:
    """A small Discord on that port; 0 = any that is free."""
    fake = FakeDiscord()
    runner = web.AppRunner(fake.application(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    fake.at(runner.addresses[0][1])
    try:
        yield fake
    finally:
        await fake.gateway.close()
        await runner.cleanup()
