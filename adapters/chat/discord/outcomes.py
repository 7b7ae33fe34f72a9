"""What Discord's refusals and failures mean for a send."""

from collections.abc import Mapping
from datetime import timedelta

import discord

from adapters.chat.base import Gone, Limited, Outcome, Refusal, Retry
from adapters.chat.discord.wire import never_left

SOON = timedelta(seconds=5)
"""When a send is tried again where the platform names no time."""

LATER = timedelta(minutes=1)
"""The same where somebody has to mend something first."""

GONE: Mapping[int, str] = {
    10003: "the channel was deleted",
    10013: "there is no such person any more",
    50001: "the bot cannot see the channel",
    50007: "the person takes no direct messages",
    50013: "the bot may not write in the channel",
    50033: "there is no such person",
    50278: "the person shares no server with the bot",
}
"""Codes after which nobody reads there any more."""

EMPTY = 50006
"""An embed was all there was, and the bot may not show embeds."""

ANSWERED = frozenset({10062, 40060, 10015})
"""Codes of an interaction that is over: also by chance, so they are counted and nothing more."""

LOST = 401
"""The status of a token that is not valid, or not any more."""


def outcome_of(error: BaseException, lacking: str = "") -> Outcome:
    """The outcome of a send that raised; `lacking` names the permissions that are missing in the channel."""
    match error:
        case discord.RateLimited():
            after = timedelta(seconds=error.retry_after)
            return Retry(after, certain=True, reason="limited for a long time", limited=Limited.PLACE)
        case discord.HTTPException():
            return _refused(error, lacking)
        case _ if never_left(error):
            return Retry(SOON, certain=True, reason="no connection to Discord")
        case _:
            return Retry(SOON, certain=False, reason=f"Discord did not answer ({type(error).__name__})")


def banned_for(error: BaseException) -> timedelta | None:
    """How long nothing is let through at all: a 429 that the platform itself did not write."""
    if not isinstance(error, discord.HTTPException) or error.status != 429 or error.response.headers.get("Via"):
        return None
    said = error.response.headers.get("Retry-After", "")
    return timedelta(seconds=float(said)) if said.replace(".", "", 1).isdigit() else SOON


def _refused(error: discord.HTTPException, lacking: str) -> Outcome:
    reason = GONE.get(error.code)
    if reason is not None or (error.code == EMPTY and lacking):
        return Gone(f"{reason or GONE[50013]}{f': it lacks {lacking}' if lacking else ''}")
    if error.status == 429:
        banned = banned_for(error)
        limited = Limited.EVERYBODY if banned else Limited.PLACE
        return Retry(banned or SOON, certain=banned is not None, reason="limited", limited=limited)
    if error.status == LOST:
        return Retry(LATER, certain=True, reason="the token is not valid", limited=Limited.TOKEN)
    if error.status >= 500:
        return Retry(SOON, certain=False, reason=f"Discord is in trouble ({error.status})")
    return Refusal(f"{error.status} (code {error.code})")
