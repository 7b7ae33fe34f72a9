"""Who the bot is on Telegram, and whether a webhook takes its updates."""

import asyncio
from urllib.parse import urlsplit

import msgspec
from telegram.error import InvalidToken, TelegramError

from adapters.chat.identity import PATIENCE, Identity, Unidentified
from adapters.chat.telegram_outcomes import UNAUTHORISED
from adapters.chat.telegram_request import Request
from adapters.chat.telegram_settings import TelegramSettings


class _Me(msgspec.Struct):
    username: str


class _Hook(msgspec.Struct):
    url: str = ""


async def identity(settings: TelegramSettings) -> Identity:
    """Ask the Bot API. Raises Unidentified."""
    request = Request(settings)
    await request.initialize()
    try:
        async with asyncio.timeout(PATIENCE):
            me = msgspec.convert(await request.call("getMe", {}), _Me)
            hook = msgspec.convert(await request.call("getWebhookInfo", {}), _Hook)
    except InvalidToken as error:
        if UNAUTHORISED.search(error.message):
            raise Unidentified(
                "Telegram refuses the token: put the one that @BotFather gave into TELEGRAM_TOKEN."
            ) from None
        raise _unreached(settings) from None
    except (TelegramError, TimeoutError, msgspec.ValidationError):
        raise _unreached(settings) from None
    finally:
        await request.shutdown()
    ours = settings.webhook is not None and settings.webhook.url == hook.url
    return Identity(f"@{me.username}", f"https://t.me/{me.username}", "" if ours else urlsplit(hook.url).hostname or "")


def _unreached(settings: TelegramSettings) -> Unidentified:
    through = " through the proxy of PERPWATCH_TELEGRAM_PROXY" if settings.proxy else ""
    return Unidentified(
        f"Telegram is not reached at {settings.url}{through}: look at the network, or set PERPWATCH_TELEGRAM_API."
    )
