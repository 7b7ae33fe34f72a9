"""Who the bot is on Discord, and the link that invites it."""

import asyncio

import discord

from adapters.chat.discord_invitation import invitation
from adapters.chat.discord_settings import DiscordSettings
from adapters.chat.discord_wire import NETWORK, use
from adapters.chat.identity import PATIENCE, Identity, Unidentified


async def identity(settings: DiscordSettings) -> Identity:
    """Ask Discord, without connecting to its gateway. Raises Unidentified."""
    use(settings.api, settings.gateway)
    client = discord.Client(intents=discord.Intents.none())
    try:
        async with asyncio.timeout(PATIENCE):
            await client.login(settings.token)
    except discord.LoginFailure:
        raise Unidentified(
            "Discord refuses the token: make a new one on the bot's page in the Developer Portal, and put it into "
            "DISCORD_TOKEN."
        ) from None
    except (discord.DiscordException, TimeoutError, RuntimeError, *NETWORK):
        raise Unidentified(
            f"Discord is not reached at {settings.api}: look at the network, or set PERPWATCH_DISCORD_API."
        ) from None
    finally:
        await client.close()
    if client.user is None or client.application_id is None:
        raise AssertionError("a login tells both")
    return Identity(client.user.name, invitation(client.application_id))
