"""Mistakes of people and of their machine, as one sentence and exit code 1."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import NoReturn, ParamSpec

import click

from adapters.chat.rendering import render
from adapters.store.base import StoreError
from adapters.venues.base import BadRecording
from bot.past import BadRequest
from bot.sentences import BadSentence
from bot.services.runtime import GivenUp
from bot.settings import BadSettings
from bot.wording import problem as wording_of

P = ParamSpec("P")

SPOKEN = (BadSettings, StoreError, BadRecording, GivenUp, BadRequest)
"""Errors whose message is a sentence for people."""


def spoken(command: Callable[P, None]) -> Callable[P, None]:
    """The command, whose mistakes leave without a traceback."""

    @wraps(command)
    def inner(*args: P.args, **kwargs: P.kwargs) -> None:
        with _in_words():
            command(*args, **kwargs)

    return inner


def fail(sentence: str) -> NoReturn:
    """End with that sentence."""
    raise click.ClickException(sentence)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except SPOKEN as error:
        raise click.ClickException(str(error)) from None
    except BadSentence as bad:
        said = " ".join(render(wording_of(bad.problem), colour=False).split())
        raise click.ClickException(f"{bad.sentence!r}: {said}") from None
    except BaseExceptionGroup as group:  # a task group may hold a cancellation beside the spoken error
        found = group.subgroup(SPOKEN)
        if found is None:
            raise
        raise click.ClickException(str(_first(found))) from None


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
