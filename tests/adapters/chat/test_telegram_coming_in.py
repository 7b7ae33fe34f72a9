"""Updates come in by asking or by webhook, at least once and never lost, whatever happens to us or to Telegram."""

import asyncio
from datetime import timedelta

import aiohttp
import pytest

from adapters.chat.base import Barred, Invocation, Message
from adapters.chat.telegram import outcomes as telegram_outcomes
from adapters.chat.telegram import polling as telegram_polling
from adapters.chat.telegram.lanes import Lanes
from adapters.chat.telegram.settings import Webhook
from tests import ports
from tests.fake_telegram.desk import MENU, said
from tests.fake_telegram.faults import NOT_FOUND, UNAUTHORISED, Refused, Trouble, flooded
from tests.fake_telegram.server import HEADER
from tests.fake_telegram.stage import Stage, staged
from tests.fake_telegram.world import BOT

SECRET = "s" * 32
SOON = 10.0


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of no length to speak of."""
    monkeypatch.setattr(telegram_polling, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(telegram_polling, "GRACE", 0.02)
    monkeypatch.setattr(telegram_polling, "FINISHING", 0.3)
    monkeypatch.setattr(telegram_outcomes, "MARGIN", timedelta(0))


async def test_what_was_answered_is_confirmed_at_the_end(stage: Stage) -> None:
    async with stage.served():
        stage.world.say(42, "/funding ETH")
        await stage.texts(1)
    await asyncio.sleep(0)

    assert stage.world.confirmed == 1000
    assert not stage.world.updates


async def test_what_came_before_the_start_is_kept(stage: Stage) -> None:
    stage.world.say(42, "/funding ETH")

    async with stage.served():
        await stage.texts(1)

    assert [parameters for method, parameters in stage.world.calls if method == "deleteWebhook"] == [
        {"drop_pending_updates": False}
    ]


@pytest.mark.usefixtures("quick")
async def test_an_update_under_way_at_the_end_comes_again(stage: Stage) -> None:
    gate = asyncio.Event()

    async def waits(invocation: Invocation) -> Message:
        await gate.wait()
        return said(invocation.arguments)

    stage.reception.reply = waits
    async with stage.served():
        stage.world.say(42, "/funding ETH")
        await stage.reception.heard.wait()
    gate.set()
    async with stage.served():
        texts = await stage.texts(1)

    assert texts == ["📊 ETH"]
    assert [asked.seen for asked in stage.reception.asked] == ["telegram:1000"] * 2


@pytest.mark.usefixtures("quick")
async def test_a_slow_answer_holds_up_nobody_and_is_not_lost_either(stage: Stage) -> None:
    stage.world.person(43, "Bob")
    gate = stage.reception.holds_slow()
    async with stage.served():
        stage.world.say(42, "/funding slow")
        await stage.reception.heard.wait()
        await stage.until(lambda: stage.world.confirmed == 1000)  # Telegram has forgotten it
        stage.world.say(43, "/funding quick")
        first = await stage.texts(1)
    gate.set()
    async with stage.served():
        await stage.until(lambda: "📊 slow" in [taken.text for taken in stage.world.taken])

    assert first == ["📊 quick"]


@pytest.mark.usefixtures("quick")
async def test_what_was_noted_is_forgotten_when_it_is_answered(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = asyncio.Event()

    async def waits(invocation: Invocation) -> Message:
        await gate.wait()
        return said(invocation.arguments)

    stage.reception.reply = waits
    async with stage.served():
        stage.world.say(42, "/funding slow")
        await stage.until(lambda: stage.world.confirmed == 1000)
        monkeypatch.setattr(telegram_polling, "GRACE", 5.0)
        gate.set()
        stage.world.say(42, "/funding next")
        await stage.texts(2)
        await stage.until(lambda: stage.notes.kept[f"telegram:unanswered:{BOT}"][0] == "[]")
    async with stage.served():
        stage.world.say(42, "/funding last")
        await stage.texts(3)

    assert stage.reception.lines == ["/funding slow", "/funding next", "/funding last"]


@pytest.mark.usefixtures("quick")
async def test_a_slow_answer_that_was_given_is_not_given_again_after_a_sudden_end(stage: Stage) -> None:
    gate = stage.reception.holds_slow()
    noted = f"telegram:unanswered:{BOT}"
    async with stage.served():
        stage.world.say(42, "/funding slow")
        await stage.until(lambda: "slow" in stage.notes.kept.get(noted, ("",))[0])
        gate.set()
        await stage.texts(1)

        await stage.until(lambda: stage.notes.kept[noted][0] == "[]")  # though Telegram has nothing new to tell


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "trouble", [Trouble.BAD_GATEWAY, Trouble.HTML, Trouble.CUT_AFTER, Trouble.CUT_BEFORE, Refused(500, "x"), flooded(0)]
)
async def test_trouble_at_telegram_is_waited_out_and_nothing_is_lost(stage: Stage, trouble: Trouble | Refused) -> None:
    stage.world.say(42, "/funding ETH")
    stage.world.troubles["getMe"].append(trouble)
    stage.world.troubles["setMyCommands"].append(trouble)
    stage.world.troubles["getUpdates"] += [trouble] * 2

    async with stage.served():
        texts = await stage.texts(1)

    assert texts == ["📊 /funding ETH"]


@pytest.mark.usefixtures("quick")
async def test_another_process_with_the_token_is_waited_for(stage: Stage) -> None:
    async with stage.served():
        await stage.until(lambda: stage.server._poll is not None)
        async with aiohttp.ClientSession() as session:
            address = f"{stage.server.url}/bot{stage.world.token}/getUpdates"
            async with session.get(address) as answer:
                assert answer.status == 200
        stage.world.say(42, "/funding ETH")
        texts = await stage.texts(1)

    assert texts == ["📊 /funding ETH"]


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("method", "answers"),
    [("getMe", [UNAUTHORISED]), ("getUpdates", [UNAUTHORISED]), ("getUpdates", [NOT_FOUND] * 3)],
)
async def test_a_refused_token_stops_the_front_and_is_not_named(
    stage: Stage, method: str, answers: list[Refused]
) -> None:
    stage.world.troubles[method] += answers

    with pytest.raises(Barred) as barred:
        async with asyncio.timeout(SOON):
            await stage.front.serve(MENU, stage.reception)

    assert "token" in str(barred.value)
    assert stage.world.token not in str(barred.value)


async def ended(stage: Stage) -> None:
    """Wait until the front ends because it is barred, and no answer is there."""
    with pytest.raises(Barred, match="token"):
        async with asyncio.timeout(SOON):
            await stage.front.serve(MENU, stage.reception)
    assert stage.world.taken == []


@pytest.mark.usefixtures("quick")
async def test_an_answer_that_meets_a_refused_token_is_given_once_when_one_is_accepted_again(stage: Stage) -> None:
    stage.world.troubles["sendMessage"].append(UNAUTHORISED)
    stage.world.say(42, "/funding ETH")

    await ended(stage)
    async with stage.served():
        stage.world.say(42, "/funding BTC")
        texts = await stage.texts(2)

    assert texts == ["📊 /funding ETH", "📊 /funding BTC"]
    assert [asked.seen for asked in stage.reception.asked] == ["telegram:1000", "telegram:1000", "telegram:1001"]


@pytest.mark.usefixtures("quick")
async def test_so_is_one_whose_question_telegram_has_forgotten(stage: Stage) -> None:
    gate = stage.reception.holds_slow()
    stage.world.say(42, "/funding slow")
    serving = asyncio.create_task(ended(stage))
    await stage.until(lambda: stage.world.confirmed == 1000)
    stage.world.troubles["sendMessage"].append(UNAUTHORISED)
    gate.set()
    await serving

    async with stage.served():
        texts = await stage.texts(1)
        await stage.until(lambda: stage.notes.kept[f"telegram:unanswered:{BOT}"][0] == "[]")

    assert texts == ["📊 slow"]


@pytest.mark.usefixtures("quick")
async def test_a_question_that_waited_ten_minutes_for_a_token_is_late(stage: Stage) -> None:
    stage.world.troubles["sendMessage"].append(UNAUTHORISED)
    stage.world.say(42, "/funding ETH")

    await ended(stage)
    stage.clock.at += timedelta(minutes=11)
    async with stage.served():
        await stage.texts(1)

    assert stage.reception.lines == ["/funding ETH", "/late /funding ETH"]


@pytest.mark.usefixtures("quick")
async def test_one_404_stops_nothing(stage: Stage) -> None:
    stage.world.troubles["getUpdates"] += [NOT_FOUND, NOT_FOUND]

    async with stage.served():
        stage.world.say(42, "/funding ETH")
        await stage.texts(1)


# --- webhook


def hooked(port: int = 0) -> Webhook:
    return Webhook(f"http://127.0.0.1:{port}/hook", SECRET, "127.0.0.1", port)


@pytest.mark.parametrize("secret", ["", "s" * 31, "s" * 257, "s" * 31 + " ", "s" * 31 + "ü"])
def test_a_webhook_needs_a_secret_that_cannot_be_guessed(secret: str) -> None:
    with pytest.raises(ValueError, match="secret"):
        Webhook("https://example.org/hook", secret)


def test_neither_token_nor_secret_is_shown() -> None:
    assert SECRET not in repr(hooked())


async def test_a_webhook_takes_what_telegram_sends() -> None:
    async with staged(webhook=hooked(ports.free())) as stage, stage.served():
        await stage.until(lambda: stage.world.webhook)
        stage.world.say(42, "/funding ETH")
        texts = await stage.texts(1)
        await stage.until(lambda: stage.world.confirmed == 1000)

    assert stage.world.webhook is not None
    assert stage.world.webhook["secret_token"] == SECRET
    assert stage.world.webhook["allowed_updates"] == ["message", "callback_query", "my_chat_member"]
    assert texts == ["📊 /funding ETH"]


async def test_a_webhook_answers_only_when_the_update_is_dealt_with() -> None:
    gate = asyncio.Event()

    async def waits(invocation: Invocation) -> Message:
        await gate.wait()
        return said(invocation.arguments)

    async with staged(webhook=hooked(ports.free())) as stage:
        stage.reception.reply = waits
        async with stage.served():
            await stage.until(lambda: stage.world.webhook)
            stage.world.say(42, "/funding ETH")
            await stage.reception.heard.wait()
            await asyncio.sleep(0.1)
            assert stage.server.posted == []
            gate.set()
            await stage.until(lambda: stage.server.posted)

    assert [status for status, _ in stage.server.posted] == [200]


async def test_a_webhook_is_sent_again_what_met_a_refused_token() -> None:
    async with staged(webhook=hooked(ports.free())) as stage:
        stage.world.troubles["sendMessage"].append(UNAUTHORISED)
        stage.world.say(42, "/funding ETH")
        await ended(stage)
        async with stage.served():
            texts = await stage.texts(1)
            await stage.until(lambda: stage.world.confirmed == 1000)

    assert texts == ["📊 /funding ETH"]
    assert [status for status, _ in stage.server.posted] == [503, 200]


@pytest.mark.parametrize(
    ("header", "body", "status"),
    [
        ({}, b"{", 403),
        ({HEADER: "s" * 31 + "t"}, b'{"update_id": 1}', 403),
        ({HEADER: "\u00fc" * 32}, b'{"update_id": 1}', 403),
        ({HEADER: SECRET}, b"{", 400),
        ({HEADER: SECRET}, b"[]", 400),
        ({HEADER: SECRET}, b'{"update_id": 1}', 200),
        ({HEADER: SECRET}, b'"' + b"x" * 1_000_001 + b'"', 413),
        ({}, b'"' + b"x" * 1_000_001 + b'"', 403),
    ],
)
async def test_a_stranger_is_refused_before_anything_is_read(header: dict[str, str], body: bytes, status: int) -> None:
    async with staged(webhook=hooked(ports.free())) as stage, stage.served():
        await stage.until(lambda: stage.world.webhook)
        async with aiohttp.ClientSession() as session:
            webhook = stage.settings.webhook
            assert webhook is not None
            async with session.post(webhook.url, data=body, headers=header) as answer:
                assert answer.status == status


async def test_a_webhook_that_was_left_is_taken_away_before_asking(stage: Stage) -> None:
    stage.world.webhook = {"url": "http://127.0.0.1:9/"}
    stage.world.say(42, "/funding ETH")

    async with stage.served():
        texts = await stage.texts(1)

    assert texts == ["📊 /funding ETH"]
    assert stage.world.webhook is None


# --- lanes


async def test_a_lane_is_forgotten_when_it_is_empty() -> None:
    order: list[str] = []

    async def note(name: str) -> None:
        await asyncio.sleep(0)
        order.append(name)

    async with asyncio.TaskGroup() as group:
        lanes = Lanes(group)
        for name in ("a", "b", "c"):
            lanes.start(1, lambda name=name: note(name))

    assert order == ["a", "b", "c"]
    assert lanes._last == {}
