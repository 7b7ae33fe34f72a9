"""What `perpwatch check` says of bots: who they are and how people come to them, or one sentence on what to mend."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from adapters.chat.discord_invitation import NEEDED
from bot import check
from bot.check import Finding
from bot.settings import Settings
from tests.contracts.conftest import MEMORY
from tests.fake_discord.hearing import Wall
from tests.fake_discord.online import NOW, own_addresses
from tests.fake_discord.server import fake_discord
from tests.fake_discord.world import APPLICATION
from tests.fake_discord.world import TOKEN as DISCORD_TOKEN
from tests.fake_telegram.faults import Trouble
from tests.fake_telegram.server import serving
from tests.fake_telegram.world import TOKEN, World

NOWHERE = "http://127.0.0.1:9"


@asynccontextmanager
async def telegram() -> AsyncIterator[tuple[World, Settings]]:
    """A Bot API, and settings that lead to it."""
    world = World(Wall(NOW)().timestamp)
    async with serving(world) as server:
        yield world, Settings(telegram_api=server.url)


async def said(settings: Settings, **tokens: str) -> Sequence[Finding]:
    """What is found beside all that is said without a token."""
    known = {name: SecretStr(token) for name, token in tokens.items()}
    without = len(await check.findings(settings, {}, MEMORY, NOW)) - 1
    return list(await check.findings(settings, known, MEMORY, NOW))[without:]


async def test_a_bot_of_telegram_is_named_with_the_link_that_opens_it() -> None:
    async with telegram() as (_, settings):
        (found,) = await said(settings, telegram=TOKEN)

    assert found == Finding(
        fine=True, text="Telegram: the bot is @perpwatch_bot; people find it at: https://t.me/perpwatch_bot"
    )


async def test_a_webhook_of_another_service_is_told_without_its_path_which_may_be_secret() -> None:
    async with telegram() as (world, settings):
        world.webhook = {"url": "https://hooks.example.org/canary"}
        fine, found = await said(settings, telegram=TOKEN)

    assert (fine.fine, found.fine) == (True, False)
    assert "hooks.example.org" in found.text
    assert "canary" not in found.text


async def test_our_own_webhook_is_no_trouble() -> None:
    async with telegram() as (world, settings):
        world.webhook = {"url": "https://bots.example.org/hook"}
        hook = {"telegram_webhook": "https://bots.example.org/hook", "telegram_webhook_secret": SecretStr("s" * 32)}
        (found,) = await said(settings.model_copy(update=hook), telegram=TOKEN)

    assert found.fine


@pytest.mark.parametrize("trouble", [None, Trouble.BAD_GATEWAY, Trouble.CUT_BEFORE, Trouble.HTML])
async def test_a_telegram_that_does_not_answer_is_told_with_what_to_look_at(trouble: Trouble | None) -> None:
    async with telegram() as (world, settings):
        if trouble is not None:
            world.troubles["getMe"].append(trouble)
        (found,) = await said(settings if trouble else Settings(telegram_api=NOWHERE), telegram=TOKEN)

    assert not found.fine
    assert "not reached at http://127.0.0.1" in found.text
    assert "PERPWATCH_TELEGRAM_API" in found.text


async def test_a_token_that_telegram_refuses_is_told_and_not_repeated() -> None:
    async with telegram() as (_, settings):
        (found,) = await said(settings, telegram="7000001:" + "canary" * 6)

    assert not found.fine
    assert "TELEGRAM_TOKEN" in found.text
    assert "canary" not in found.text


async def test_a_bot_of_discord_is_named_with_an_invitation_for_just_what_it_needs() -> None:
    with own_addresses():
        async with fake_discord() as fake:
            settings = Settings(discord_api=fake.api, discord_gateway=fake.gateway_url)
            (found,) = await said(settings, discord=DISCORD_TOKEN)

    link = urlsplit(found.text.rpartition(" ")[2])
    asked = parse_qs(link.query)
    assert found.fine
    assert "the bot is perpwatch" in found.text
    assert link.hostname == "discord.com"
    assert asked["client_id"] == [str(APPLICATION)]
    assert asked["scope"] == ["bot applications.commands"]
    assert int(asked["permissions"][0]) == sum(NEEDED.values())


@pytest.mark.parametrize(("there", "says"), [(True, "DISCORD_TOKEN"), (False, "PERPWATCH_DISCORD_API")])
async def test_a_discord_that_refuses_or_is_away_is_told_with_what_to_do(there: bool, says: str) -> None:
    with own_addresses():
        async with fake_discord() as fake:
            settings = Settings(discord_api=fake.api if there else NOWHERE, discord_gateway=fake.gateway_url)
            (found,) = await said(settings, discord="canary")

    assert not found.fine
    assert says in found.text
    assert "canary" not in found.text


async def test_without_a_token_nobody_is_asked() -> None:
    (found,) = await said(Settings(telegram_api=NOWHERE, discord_api=NOWHERE))

    assert found.fine
    assert "docs/telegram.md" in found.text
