"""Mistakes of people and of their machine leave a command as one sentence, without a traceback."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import click

from adapters.store.base import StoreError
from adapters.venues.base import BadRecording
from bot.past import BadRequest
from bot.services.runtime import GivenUp
from bot.settings import BadSettings

P = ParamSpec("P")

SPOKEN = (BadSettings, StoreError, BadRecording, GivenUp, BadRequest)
"""Errors whose message is a sentence for people."""


def spoken(command: Callable[P, None]) -> Callable[P, None]:
    """The command, whose errors of that kind end it with their sentence and exit code 1."""

    @wraps(command)
    def inner(*args: P.args, **kwargs: P.kwargs) -> None:
        with _in_words():
            command(*args, **kwargs)

    return inner


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except SPOKEN as error:
        raise click.ClickException(str(error)) from None
    except BaseExceptionGroup as group:  # a task group may hold a cancellation beside the spoken error
        found = group.subgroup(SPOKEN)
        if found is None:
            raise
        raise click.ClickException(str(_first(found))) from None


def _first(error: BaseException) -> BaseException:
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
