"""One trial with its report as JSON: python -m tests.crash --kills 300 --seed 1."""

from tests.crash.command import crash

crash()
