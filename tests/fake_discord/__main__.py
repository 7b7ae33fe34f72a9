"""`python -m tests.fake_discord`: a small Discord to run a service against, told by lines and telling by lines of JSON.

It prints first where it listens, then each message and answer that it takes. A line on standard input makes a person
do something: `{"do": "command", "person": 1, "name": "funding", "options": {"coin": "ETH"}}`, or
`{"do": "press", "person": 1, "message": 5, "custom_id": "n/mute #3 2h"}`. `channel` says where; without it the person
is in direct messages.
"""

import asyncio
import json
import sys

import click

from tests.fake_discord.server import FakeDiscord, fake_discord
from tests.fake_discord.world import MANAGE, MEMBER, TOKEN, Interaction

MANAGER, PERSON = 1_000_000_001, 1_000_000_002


@click.command(help=__doc__)
@click.option("--port", default=0, help="Where to listen; any that is free if 0.")
def main(port: int) -> None:
    """Serve until the end of standard input or an interrupt."""
    asyncio.run(_serve(port))


async def _serve(port: int) -> None:
    async with fake_discord(port) as fake:
        server = fake.world.server("perps", "alerts", "talk")
        server.members |= {MANAGER: MEMBER | MANAGE, PERSON: MEMBER}
        _say(
            api=fake.api,
            gateway=fake.gateway_url,
            token=TOKEN,
            server=server.id,
            channels=server.channels,
            manager=MANAGER,
            person=PERSON,
        )
        telling = asyncio.create_task(_tell(fake))
        asking: set[asyncio.Task[None]] = set()
        try:
            while line := await asyncio.to_thread(sys.stdin.readline):
                task = asyncio.create_task(_do(fake, line))
                asking.add(task)
                task.add_done_callback(asking.discard)
            await asyncio.gather(*asking)
        finally:
            telling.cancel()


async def _tell(fake: FakeDiscord) -> None:
    """Print messages as they come."""
    told = 0
    while True:
        for message in fake.world.log[told:]:
            _say(message=message.id, channel=message.channel, files=message.files, body=message.body)
        told = len(fake.world.log)
        await asyncio.sleep(0.02)


async def _do(fake: FakeDiscord, line: str) -> None:
    said = json.loads(line)
    await fake.gateway.ready.wait()
    person = int(said.get("person", PERSON))
    channel = int(said["channel"]) if "channel" in said else fake.world.room(person)
    interaction: Interaction
    if said["do"] == "press":
        on = next(of for of in fake.world.log if of.id == int(said["message"]))
        interaction = await fake.press(on, person, said["custom_id"])
    else:
        interaction = await fake.command(channel, person, said["name"], **said.get("options", {}))
    answer = await fake.answered(interaction)
    _say(answer=interaction.id, acknowledged=interaction.acknowledged, body=answer)


def _say(**said: object) -> None:
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
