"""The token is in no log, no text of an error and no picture of our objects, whatever goes wrong."""

import asyncio
import logging
import traceback
from pathlib import Path

import pytest
import structlog

from adapters.chat.base import Barred
from adapters.chat.completion import no_words
from adapters.chat.registry import Wiring
from adapters.chat.telegram import polling as telegram_polling
from adapters.chat.telegram.front import Telegram
from adapters.chat.telegram.request import Request
from adapters.chat.telegram.settings import TelegramSettings
from tests.fake_telegram.desk import MENU, Clock, Notes, said
from tests.fake_telegram.faults import UNAUTHORISED, Refused, Trouble, bad, flooded
from tests.fake_telegram.stage import Stage, staged

SOON = 10.0
CANARY = "123456789:CANARY-token-that-nobody-may-ever-see-1"


async def test_no_log_at_debug_level_holds_the_token(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telegram_polling, "FIRST_PAUSE", 0.01)
    caplog.set_level(logging.DEBUG)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG))
    troubles: list[Trouble | Refused] = [*Trouble, UNAUTHORISED, flooded(0), bad("x"), Refused(500, "x")]
    troubles.remove(Trouble.SLOW_AFTER)
    try:
        async with staged() as stage:
            stage.world.token = CANARY
            object.__setattr__(stage.settings, "token", CANARY)
            for trouble in troubles:
                stage.world.troubles["sendMessage"].append(trouble)
                await stage.send(said("x"))
            stage.world.troubles["getUpdates"] += [Trouble.BAD_GATEWAY, Trouble.CUT_BEFORE, UNAUTHORISED]
            with pytest.raises(Barred) as barred:
                async with asyncio.timeout(SOON):
                    await stage.front.serve(MENU, stage.reception)
            told = [repr(stage.front), repr(stage.front._bot), str(stage.settings), repr(barred.value)]
    finally:
        structlog.reset_defaults()

    shown = capfd.readouterr()
    everything = "\n".join([caplog.text, shown.out, shown.err, *told])
    assert "telegram" in everything
    assert "CANARY" not in everything


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://[::bad", "nothing://x", "http://no.such.host.invalid"])
async def test_no_traceback_holds_the_token_even_with_its_values(url: str) -> None:
    request = Request(TelegramSettings(CANARY, url))
    await request.initialize()

    with pytest.raises(Exception, match="Telegram") as failed:
        await request.post("bot-api:/hidden/getMe")

    await request.shutdown()
    whole = traceback.TracebackException.from_exception(failed.value, capture_locals=True)
    assert "CANARY" not in "".join(whole.format())


def test_neither_wiring_nor_settings_show_the_token() -> None:
    clock = Clock()
    settings = TelegramSettings(CANARY, proxy="http://me:CANARY@proxy")
    wiring = Wiring(clock.now, Path(), no_words, clock.now, lambda _: Notes(clock), Path(), telegram=settings)

    assert "CANARY" not in repr(wiring)


async def test_what_is_asked_goes_through_the_proxy() -> None:
    async with staged() as stage:
        settings = TelegramSettings(stage.world.token, "http://telegram.invalid", proxy=stage.server.url)
        front = Telegram(settings, stage.notes, stage.clock.now, stage.clock.now)
        through = Stage(stage.world, stage.server, front, stage.clock, stage.notes, settings)
        outcome = await through.send(said("x"))
        await front.aclose()

    assert [taken.text for taken in stage.world.taken] == ["📊 x"]
    assert "Sent" in repr(outcome)


async def test_a_quiet_bot_asks_seldom(stage: Stage) -> None:
    async with stage.served():
        await stage.until(lambda: stage.server._poll is not None)
        stage.world.calls.clear()
        await asyncio.sleep(0.3)

    assert len([method for method, _ in stage.world.calls if method == "getUpdates"]) <= 1
