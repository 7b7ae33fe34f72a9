import logging
from pathlib import Path

import pytest
import structlog

from bot.logs import redact
from tests.logs import logged_to

TOKEN = "123456789:AAcanaryCANARYcanaryCANARYcanaryCANA"


FULL = Path("/dev/full")


@pytest.mark.parametrize(
    "secret",
    [
        f"https://api.telegram.org/bot{TOKEN}/getMe",
        "redis://user:canaryCANARY@host:6379/0",
        "Authorization: Bot canaryCANARY.canaryCANARY.canaryCANARY",
        "https://discord.com/api/webhooks/123/canaryCANARY",
    ],
)
def test_secrets_are_hidden_wherever_they_stand(secret: str) -> None:
    assert "canary" not in redact(f"before {secret} after")
    assert redact(f"before {secret} after").startswith("before ")


def test_control_and_bidi_characters_never_reach_a_log() -> None:
    assert redact("a\x1b[31mb\u202ec\rd") == "a[31mbcd"


def test_an_event_is_one_line_and_a_traceback_is_redacted(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with logged_to(file):
        log = structlog.get_logger()
        log.info("venue recovered", venue="okx", down_for="0:05:00")
        log.debug("not shown")
        try:
            raise ValueError(TOKEN)
        except ValueError:
            log.exception("loop failed", loop="poller")
        logging.getLogger("httpx").info("GET %s", TOKEN)

    text = file.read_text()
    assert "info    venue recovered venue=okx down_for=0:05:00" in text
    assert "not shown" not in text
    assert "Traceback" in text
    assert "canary" not in text


@pytest.mark.skipif(not FULL.exists(), reason="there is no device that is always full")
def test_a_log_that_cannot_be_written_stops_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with logged_to(FULL):
        structlog.get_logger().warning("store away", why=TOKEN)

    assert "canary" not in "".join(capsys.readouterr())
