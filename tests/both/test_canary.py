"""Tokens are found where they leak, so that finding none means something; and a bad one is not repeated."""

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
