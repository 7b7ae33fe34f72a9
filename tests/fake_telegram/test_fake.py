"""The fake Bot API is as strict as Telegram, and stricter where that catches slips."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from tests.fake_telegram.desk import Clock
from tests.fake_telegram.faults import BLOCKED, DEACTIVATED, KICKED, Refused, Trouble
from tests.fake_telegram.html import Unparsable, parse
from tests.fake_telegram.limits import Limits
from tests.fake_telegram.methods import COMMANDS
from tests.fake_telegram.server import HEADER, Server, serving
from tests.fake_telegram.world import BOT, USERNAME, World

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    world = World(Clock().seconds)
    world.person(42)
    async with serving(world) as server:
        yield server


async def call(server: Server, method: str, token: str | None = None, **given: object) -> tuple[int, dict[str, object]]:
    address = f"{server.url}/bot{token or server.world.token}/{method}"
    async with aiohttp.ClientSession() as session, session.post(address, json=given) as answer:
        return answer.status, await answer.json()


async def said(server: Server, text: str, **more: object) -> tuple[int, str]:
    status, answer = await call(server, "sendMessage", **{"chat_id": 42, "text": text} | more)
    return status, str(answer.get("description", ""))


async def test_who_it_is_has_what_the_library_needs(server: Server) -> None:
    _, answer = await call(server, "getMe")

    me = answer["result"]
    assert isinstance(me, dict)
    assert (me["id"], me["is_bot"], me["username"]) == (BOT, True, USERNAME)


@pytest.mark.parametrize(("token", "status"), [("7000001:wrong", 401), ("nonsense", 404)])
async def test_a_wrong_token_is_refused(server: Server, token: str, status: int) -> None:
    assert (await call(server, "getMe", token))[0] == status


async def test_what_is_unknown_is_refused(server: Server) -> None:
    assert (await call(server, "sendMassage"))[0] == 404
    assert (await said(server, "x", colour="red"))[0] == 400
    assert (await said(server, "x", chat_id="nobody"))[0] == 400
    assert (await said(server, "x", disable_notification="maybe"))[0] == 400


async def test_a_message_is_answered_in_types_and_with_seconds(server: Server) -> None:
    _, answer = await call(server, "sendMessage", chat_id="42", text="<b>a</b>", parse_mode="HTML")

    message = answer["result"]
    assert isinstance(message, dict)
    assert message["date"] == int(Clock().seconds())
    assert message["chat"] == {"id": 42, "type": "private", "first_name": "Ann"}
    assert (message["text"], message["entities"]) == ("a", [{"type": "bold", "offset": 0, "length": 1}])


@pytest.mark.parametrize(
    "html",
    [
        *(
            "a < b",
            "a > b",
            "a & b",
            "&quot;",
            "<b>",
            "</b>",
            "<b></b>",
            "<b><i>x</b></i>",
            "<u>x</u>",
            "<a href='x'>x</a>",
        ),
        *("<code><b>x</b></code>", "<pre><i>x</i></pre>", "<blockquote><blockquote>x</blockquote></blockquote>"),
        *("<b class='x'>x</b>", "<blockquote open>x</blockquote>"),
    ],
)
def test_html_that_is_none_of_telegrams_is_refused(html: str) -> None:
    with pytest.raises(Unparsable):
        parse(html)


def test_html_is_text_and_entities_in_utf_16() -> None:
    text, entities = parse("🧨<b>a &lt; b</b>\n<blockquote expandable>&amp;</blockquote>" + "<i>x</i>" * 200)

    assert text == "🧨a < b\n&" + "x" * 200
    assert [(found.type, found.offset, found.length) for found in entities[:2]] == [
        ("bold", 2, 5),
        ("expandable_blockquote", 8, 1),
    ]
    assert len(entities) == 100


async def test_texts_have_their_limits(server: Server) -> None:
    assert (await said(server, "x" * 4096))[0] == 200
    assert (await said(server, "🧨" * 2049)) == (400, "Bad Request: message is too long")
    assert (await said(server, " \u200b\n")) == (400, "Bad Request: message text is empty")
    assert (await said(server, "<b>x", parse_mode="HTML"))[0] == 400


@pytest.mark.parametrize(
    ("buttons", "status"),
    [
        ([[{"text": "a", "callback_data": "x" * 64}]], 200),
        ([[{"text": "a", "callback_data": "é" * 33}]], 400),
        ([[{"text": "a", "callback_data": ""}]], 400),
        ([[{"text": " ", "callback_data": "x"}]], 400),
        ([[{"text": "a"}]], 400),
        ([[{"text": "a", "url": "https://t.me/perpwatch_bot?start=w-ETH"}]], 200),
        ([[{"text": "a", "url": "https://t.me/perpwatch_bot?start=" + "x" * 65}]], 400),
        ([[{"text": "a", "callback_data": "x"}]] * 100, 200),
        ([[{"text": "a", "callback_data": "x"}]] * 101, 400),
        ([[{"text": "a", "callback_data": "x"}] * 9], 400),
    ],
)
async def test_buttons_have_their_limits(server: Server, buttons: list[object], status: int) -> None:
    assert (await said(server, "x", reply_markup={"inline_keyboard": buttons}))[0] == status


@pytest.mark.parametrize(
    ("commands", "status"),
    [
        ([{"command": "funding", "description": "x"}] * COMMANDS, 200),
        ([{"command": "funding", "description": "x"}] * (COMMANDS + 1), 400),
        ([{"command": "Funding", "description": "x"}], 400),
        ([{"command": "f" * 33, "description": "x"}], 400),
        ([{"command": "funding", "description": ""}], 400),
        ([{"command": "funding", "description": "x" * 257}], 400),
    ],
)
async def test_menus_have_their_limits(server: Server, commands: list[object], status: int) -> None:
    assert (await call(server, "setMyCommands", commands=commands))[0] == status


async def test_an_equal_edit_is_refused_and_another_returns_the_message(server: Server) -> None:
    await said(server, "a")
    edited = [await call(server, "editMessageText", chat_id=42, message_id=1, text=text) for text in ("a", "b")]

    assert [status for status, _ in edited] == [400, 200]
    assert "message is not modified" in str(edited[0][1]["description"])
    assert isinstance(edited[1][1]["result"], dict)


async def test_updates_wait_come_again_until_confirmed_and_only_as_wanted(server: Server) -> None:
    waiting = asyncio.create_task(call(server, "getUpdates", timeout=5, allowed_updates=["message"]))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    server.world.say(42, "/a@bob /c")
    server.world.tell("my_chat_member", {})

    first = (await waiting)[1]["result"]
    again = (await call(server, "getUpdates"))[1]["result"]
    after = (await call(server, "getUpdates", offset=1001))[1]["result"]

    assert isinstance(first, list)
    assert first == again
    assert [entity["length"] for entity in first[0]["message"]["entities"]] == [6, 2]
    assert after == []


async def test_a_second_poller_ends_the_first_and_a_webhook_all(server: Server) -> None:
    first = asyncio.create_task(call(server, "getUpdates", timeout=5))
    await asyncio.sleep(0.05)
    second = await call(server, "getUpdates", timeout=0)
    hook = await call(server, "setWebhook", url="http://127.0.0.1:9/", secret_token="s")
    third = await call(server, "getUpdates")

    assert ((await first)[0], second[0], hook[0], third[0]) == (409, 200, 200, 409)


async def test_floods_are_held_back() -> None:
    clock = Clock()
    limits = Limits(clock.seconds)

    taken = 0
    for _ in range(200):
        taken += limits.wait(-1) == 0
        clock.pass_(seconds=1)
        if taken == 20:
            break

    assert taken == 20
    assert limits.wait(-1) == 40
    assert [limits.wait(42), limits.wait(42)] == [0, 1]
    assert [limits.wait(chat) for chat in range(100, 129)] == [0] * 29
    assert limits.wait(200) == 1


@pytest.mark.parametrize("refusal", [BLOCKED, KICKED, DEACTIVATED])
async def test_who_went_away_refuses(server: Server, refusal: Refused) -> None:
    server.world.chats[42].refuses = refusal

    assert (await said(server, "x")) == (403, refusal.description)


async def test_a_group_that_migrated_names_its_new_id(server: Server) -> None:
    server.world.group(-5)
    server.world.migrate(-5, -1005)

    status, answer = await call(server, "sendMessage", chat_id=-5, text="x")

    assert (status, answer["parameters"]) == (400, {"migrate_to_chat_id": -1005})


async def test_the_general_topic_has_no_id(server: Server) -> None:
    server.world.group(-5, forum=True).topics.add(9)

    assert [(await call(server, "sendMessage", chat_id=-5, text="x", message_thread_id=n))[0] for n in (1, 9)] == [
        400,
        200,
    ]


@pytest.mark.parametrize("trouble", [Trouble.CUT_AFTER, Trouble.CUT_BEFORE, Trouble.CUT_BODY])
async def test_a_cut_says_nothing_of_what_was_taken(server: Server, trouble: Trouble) -> None:
    server.world.troubles["sendMessage"].append(trouble)

    with pytest.raises((aiohttp.ClientError, OSError)):
        await said(server, "x")

    assert len(server.world.taken) == (trouble is not Trouble.CUT_BEFORE)


async def test_a_webhook_is_told_with_its_secret_until_it_answers(server: Server) -> None:
    heard: list[str | None] = []

    async def receive(request: web.Request) -> web.Response:
        heard.append(request.headers.get(HEADER))
        return web.Response(status=500 if len(heard) == 1 else 200)

    application = web.Application()
    application.router.add_post("/hook", receive)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    await call(server, "setWebhook", url=url, secret_token="secret")
    server.world.say(42, "x")
    async with asyncio.timeout(5):
        while server.world.confirmed != 1000:  # noqa: ASYNC110  what is waited for is told by no event
            await asyncio.sleep(0.01)
    await runner.cleanup()

    assert heard == ["secret", "secret"]


async def test_it_runs_as_a_process_with_its_own_log() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "tests.fake_telegram"),
        env={"PYTHONPATH": str(ROOT)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    told = json.loads(await process.stdout.readline())
    address = f"{told['telegram_url']}/bot{told['telegram_token']}/sendMessage"
    async with aiohttp.ClientSession() as session:
        await session.post(address, json={"chat_id": told["person"], "text": "hello"})
    line = json.loads(await process.stdout.readline())
    process.terminate()
    await process.communicate()

    assert (line["text"], line["chat"]) == ("hello", told["person"])
    assert process.returncode == 0
