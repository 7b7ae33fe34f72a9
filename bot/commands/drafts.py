"""Drafts: sentences that wait for a button. Each lives for a day under a token that only its place can use."""

import base64
import hashlib
import re
from collections.abc import Sequence

from adapters.chat.base import Button, Invocation
from adapters.store.base import Full, KeptDraft
from bot.commands.arguments import Mistake
from bot.commands.base import Desk
from signals.rules.canonical import canonical
from signals.rules.model import Draft, Rule

TOKEN = re.compile(r"[A-Z2-7]{16}", re.ASCII)

GONE = "That draft is not here any more: it was saved or cancelled, is older than 24h, or was never made here."


async def keep(draft: Draft, rule: Rule | None, invocation: Invocation, desk: Desk, lines: str = "") -> str | Full:
    """Keep a draft, of a new rule or of the next revision of one, under a token made of the update that asks."""
    token = token_of(invocation, lines or canonical(draft))
    kept = KeptDraft(draft, rule.id if rule else None, rule.revision if rule else 0, lines)
    held = await desk.store.keep_draft(invocation.place, token, kept, desk.now, desk.quota)
    return held if held is not None else token


def token_of(invocation: Invocation, text: str) -> str:
    """Sixteen letters and digits; the same update and text always give the same."""
    said = f"{invocation.place}|{invocation.seen}|{text}"
    return base64.b32encode(hashlib.sha256(said.encode()).digest()).decode()[:16]


async def taken(word: str, invocation: Invocation, desk: Desk) -> KeptDraft:
    """The draft of this place under the token. Raises Mistake where there is none now."""
    if not TOKEN.fullmatch(word):
        raise Mistake("Press a button under a dry run to save it; there is no such draft.", "/alert")
    kept = await desk.store.draft(invocation.place, word)
    if kept is None:
        raise Mistake(f"{GONE} Write the sentence again.", "/alerts", "/alert")
    return kept


def buttons(token: str) -> Sequence[Button]:
    """What can be done with a draft."""
    return (
        Button("Save", f"/save {token}"),
        Button("Adjust", f"/adjust {token}"),
        Button("Cancel", f"/cancel {token}"),
    )
