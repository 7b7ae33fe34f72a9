"""What may follow the text that is being typed: commands, then the words of the command's parameters."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from adapters.chat.base import CommandSpec, Place, Words
from adapters.chat.rendering import clean

Complete: TypeAlias = Callable[[str], Awaitable[Sequence[tuple[str, int]]]]
"""What may follow the text before the cursor: words, and how far back each begins (0 or less)."""


async def completions(
    before: str, menu: Sequence[CommandSpec], words: Words, place: Place
) -> Sequence[tuple[str, int]]:
    """Commands at the start of a line, then the words of that command's parameters, or whole sentences."""
    head, space, rest = before.partition(" ")
    if not space:
        typed = head.lower() or "/"
        return [(f"/{spec.name}", -len(head)) for spec in menu if f"/{spec.name}".startswith(typed)]
    spec = next((s for s in menu if f"/{s.name}" == head.lower()), None)
    kinds = dict.fromkeys(p.choices for p in spec.parameters if p.choices) if spec else ()
    if "sentence" in kinds:
        return [(clean(line), -len(rest)) for line in await words("sentence", place, rest)]
    token = rest.replace(",", " ").rpartition(" ")[2]
    _, at, venue = token.rpartition("@")
    wanted, typed = (("venue",), venue) if at else (tuple(kinds), token)
    found = [clean(word) for kind in wanted for word in await words(kind, place, typed)]
    return [(word, -len(typed)) for word in dict.fromkeys(found) if word.lower().startswith(typed.lower())]


async def no_words(kind: str, place: Place, typed: str) -> Sequence[str]:
    """Completes nothing but commands."""
    del kind, place, typed
    return ()
