"""A plugin for pytest: no secret that tests give away may come back in what they print, log or leave behind.

`scripts/canary` runs the suite with it, everything logged. What it finds is named with its test, and the run fails.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

LEAST = 12
"""Letters from which a part of a secret is one: shorter ones are ids."""

GIVEN_AWAY = ("tests/both/test_canary.py", "tests/bot/test_logs.py")
"""Tests that write secrets on purpose, to see that they are found."""

LEFT = "files left behind"


@cache
def secrets() -> Sequence[bytes]:
    """The tokens, keys and passwords of the tests, and the parts of them that are as good as the whole."""
    from tests.adapters.store.test_client import SECRET as PASSWORD  # noqa: PLC0415 - only where it is asked for
    from tests.adapters.venues.test_coinglass_client import KEY  # noqa: PLC0415
    from tests.adapters.venues.test_http import KEY as OF_HTTP  # noqa: PLC0415
    from tests.both.house import DISCORD_TOKEN  # noqa: PLC0415
    from tests.fake_discord.world import TOKEN as OF_DISCORD  # noqa: PLC0415
    from tests.fake_telegram.world import TOKEN as OF_TELEGRAM  # noqa: PLC0415

    whole = (PASSWORD, KEY, OF_HTTP, DISCORD_TOKEN, OF_DISCORD, OF_TELEGRAM)
    parts = {part for secret in whole for part in (secret, *re.split(r"[:.]", secret)) if len(part) >= LEAST}
    return [part.encode() for part in sorted(parts)]


def leaking(said: bytes) -> bool:
    """Whether a secret is in it."""
    return any(secret in said for secret in secrets())


@dataclass(eq=False)
class Canary:
    """What was looked through, and where a secret was."""

    tests: int = 0
    letters: int = 0
    hits: list[str] = field(default_factory=list)

    @pytest.hookimpl
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """What the test leaves in its folder is a section of its report."""
        folder = getattr(item, "funcargs", {}).get("tmp_path")
        if isinstance(folder, Path):
            leaks = [str(path.relative_to(folder)) for path in _files(folder) if leaking(path.read_bytes())]
            item.add_report_section("teardown", LEFT, "\n".join(leaks))

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look through all that a test printed and logged, which its last report has."""
        if report.when != "teardown" or report.nodeid.startswith(GIVEN_AWAY):
            return
        self.tests += 1
        for name, said in report.sections:
            self.letters += len(said)
            leaks = said if LEFT in name else leaking(said.encode())
            if leaks:
                self.hits.append(f"{report.nodeid}: {name}{f': {said}' if LEFT in name else ''}")

    @pytest.hookimpl
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """A hit is a failure."""
        if self.hits and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was found."""
        terminalreporter.section("canary")
        for hit in self.hits:
            terminalreporter.line(hit)
        terminalreporter.line(f"{self.tests} tests, {self.letters} letters looked through, {len(self.hits)} hits")


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def pytest_configure(config: pytest.Config) -> None:
    """Watch over the session."""
    config.pluginmanager.register(Canary(), "canary-of-secrets")
