"""Standard input, output and errors that were closed before we began."""

import os
import sys

NAMES = ("stdin", "stdout", "stderr")


def stand_in() -> None:
    """Put nothing in the place of those that are closed: else the next file or socket that is opened takes it."""
    for descriptor, name in enumerate(NAMES):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest that is free, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(descriptor, "w" if descriptor else "r", closefd=False))  # noqa: SIM115
