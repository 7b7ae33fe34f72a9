"""Logs as the service writes them, for as long as a test lasts."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

from bot.logs import NOISY, configure


@contextmanager
def logged_to(file: Path) -> Iterator[None]:
    """Events go to that file meanwhile."""
    levels = {of: of.level for of in map(logging.getLogger, ("", *NOISY))}
    configure("info", file)
    try:
        yield
    finally:
        logging.shutdown()
        for handler in logging.getLogger().handlers[:]:
            if isinstance(handler, logging.FileHandler):
                logging.getLogger().removeHandler(handler)
                with suppress(OSError):  # what is left to write finds no room
                    handler.close()
        for of, level in levels.items():
            of.setLevel(level)
        structlog.reset_defaults()
