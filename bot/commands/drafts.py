"""Drafts: sentences that wait for a button. Each lives for a day under a token that only its place can use."""

import base64
import hashlib
import re
from collections.abc import Sequence
from datetime import timedelta

from adapters.chat.base import Button, Form, Invocation
from adapters.store.base import DRAFTS_FOR, Full, KeptDraft
from bot.commands.arguments import Mistake
from bot.commands.base import Desk
from bot.phrases import window
from signals.rules.canonical import canonical
from signals.rules.model import Draft, Rule

TOKEN = re.compile(r"[A-Z2-7]{16}", re.ASCII)

UNDO_FOR = timedelta(minutes=10)

_GONE = "That draft is not here any more: it was saved or cancelled, is older than {age}, or was never made here."


async def keep(draft: Draft, rule: Rule | None, invocation: Invocation, desk: Desk, lines: str = "") -> str | Full:
    """Keep a draft, of a new rule or of the next revision of one, under a token made of the update that asks."""
    kept = KeptDraft(draft, rule.id if rule else None, rule.revision if rule else 0, lines)
    return await _kept(kept, invocation, desk, DRAFTS_FOR)


async def keep_deleted(draft: Draft, invocation: Invocation, desk: Desk) -> str | Full:
    """Keep what a deleted rule said for as long as that can be undone."""
    return await _kept(KeptDraft(draft, None, 0), invocation, desk, UNDO_FOR)


async def _kept(kept: KeptDraft, invocation: Invocation, desk: Desk, lives: timedelta) -> str | Full:
    token = token_of(invocation, kept.lines or canonical(kept.draft))
    held = await desk.store.keep_draft(invocation.place, token, kept, desk.now, desk.quota, lives)
    return held if held is not None else token


def token_of(invocation: Invocation, text: str) -> str:
    """Sixteen letters and digits; the same update and text always give the same."""
    said = f"{invocation.place}|{invocation.seen}|{text}"
    return base64.b32encode(hashlib.sha256(said.encode()).digest()).decode()[:16]


async def taken(word: str, invocation: Invocation, desk: Desk, lives: timedelta = DRAFTS_FOR) -> KeptDraft:
    """The draft of this place under the token. Raises Mistake where there is none now."""
    if not TOKEN.fullmatch(word):
        raise Mistake("Press a button under a dry run to save it; there is no such draft.", "/alert")
    kept = await desk.store.draft(invocation.place, word, desk.now)
    if kept is None:
        raise Mistake(f"{_GONE.format(age=window(lives))} Write the sentence again.", "/alerts", "/alert")
    return kept


def buttons(token: str, form: Form | None = None) -> Sequence[Button]:
    """What can be done with a draft; `form` is how its line is changed where platforms have forms."""
    return (
        Button("Save", f"/save {token}"),
        Button("Adjust", f"/adjust {token}", form=form),
        Button("Cancel", f"/cancel {token}"),
    )
