"""Tokens are found where they leak, so that finding none means something; and a bad one is not repeated."""

import subprocess
import sys
from pathlib import Path

import pytest

from bot.logs import redact
from tests.both.evening import leaks
from tests.both.house import DISCORD_TOKEN
from tests.e2e.strangers import newcomer, perpwatch
from tests.fake_telegram.world import TOKEN


@pytest.mark.parametrize("written", [TOKEN, TOKEN.partition(":")[2], DISCORD_TOKEN, DISCORD_TOKEN.rpartition(".")[2]])
def test_a_token_or_its_secret_part_in_any_file_is_found(written: str, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "store").write_bytes(b"\x00\xff" + written.encode() + b"\x00")

    assert leaks(tmp_path, TOKEN, DISCORD_TOKEN) == ["data/store"]


@pytest.mark.parametrize("token", [TOKEN, DISCORD_TOKEN])
def test_no_line_of_a_log_holds_a_token_however_it_came_there(token: str) -> None:
    for text in (f"GET /bot{token}/getMe", f"Authorization: Bot {token}", f"token={token!r}", token):
        assert token not in redact(text), text


@pytest.mark.parametrize("name", ["TELEGRAM_TOKEN", "DISCORD_TOKEN"])
def test_a_token_that_is_none_is_not_repeated(name: str, tmp_path: Path) -> None:
    done = perpwatch(newcomer(tmp_path) | {name: "CANARY not a token"}, "run", "--exit-after", "1")

    assert done.returncode != 0
    assert "CANARY" not in done.stdout + done.stderr


CAREFUL = """
import logging
import sys

def test_nothing(): logging.getLogger("x").debug("all is well")
"""
CARELESS = {
    "prints": f"import sys\ndef test_prints(): sys.stdout.write('{TOKEN}')",
    "logs": f"import logging\ndef test_logs(): logging.getLogger('x').debug('{TOKEN.partition(':')[2]}')",
    "leaves": f"def test_leaves(tmp_path): (tmp_path / 'log').write_text('Bot {DISCORD_TOKEN}')",
}


def test_a_secret_that_a_test_prints_logs_or_leaves_fails_the_run_that_looks_for_it(tmp_path: Path) -> None:
    for name, text in {**CARELESS, "careful": CAREFUL}.items():
        (tmp_path / f"test_{name}.py").write_text(text)
    words = ["-m", "pytest", "-p", "tests.canary", "-o", "log_level=DEBUG", "-p", "no:cacheprovider", "--rootdir", "."]
    done = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, env=newcomer(tmp_path), capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    named = [line.partition(":")[0] for line in done.stdout.splitlines() if "::test_" in line]
    assert sorted(named) == [f"test_{name}.py" for name in sorted(CARELESS)]
    assert "4 tests, " in done.stdout
