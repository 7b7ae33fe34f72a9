"""What people type and press on Telegram comes in once, in order, with the right rights, and is answered there."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from adapters.chat.base import Button, Invocation, Message, Picture, Place, Text, Tone
from tests.fake_telegram.desk import MENU, echo, said
from tests.fake_telegram.faults import BLOCKED, KICKED, Trouble, bad, flooded
from tests.fake_telegram.stage import Stage, staged
from tests.fake_telegram.world import USERNAME

GROUP, CHANNEL = -100123, -100777
PNG = Picture(b"\x89PNG\r\n\x1a\n", "c.png", "a curve")


def with_buttons(text: str, *buttons: Button, **more: object) -> Message:
    return said(text, buttons=buttons, **more)


# --- commands


async def test_a_command_is_handed_on_and_answered(stage: Stage) -> None:
    async with stage.served():
        stage.world.say(42, "/Funding@Perpwatch_Bot  ETH@okx 8h")
        texts = await stage.texts(1)

    (asked,) = stage.reception.asked
    assert texts == ["📊 /funding ETH@okx 8h"]
    assert asked == Invocation(
        place=Place("telegram", "42"),
        person="42",
        name="funding",
        arguments="ETH@okx 8h",
        seen="telegram:1000",
        at=stage.clock.at,
        owner=True,
    )


async def test_lines_stay_apart_and_what_cannot_be_seen_is_left_out(stage: Stage) -> None:
    async with stage.served():
        stage.world.say(42, "/alert ETH\u202e funding\nBTC \x07oi")
        await stage.texts(1)

    assert stage.reception.lines == ["/alert ETH funding\nBTC oi"]


async def test_an_operator_is_known_by_id() -> None:
    async with staged(operators=frozenset({"42"})) as stage, stage.served():
        stage.world.say(42, "/admin status")
        await stage.texts(1)

    assert stage.reception.asked[0].operator


async def test_plain_words_are_answered_in_private_only_where_they_are_understood(stage: Stage) -> None:
    stage.world.group(GROUP, p42="creator")
    stage.reception.knows = ("funding",)

    async with stage.served():
        stage.world.say(42, "good morning")
        stage.world.say(42, "funding ETH", GROUP)
        stage.world.say(42, "funding ETH")
        texts = await stage.texts(1)

    assert texts == ["📊 /funding ETH"]
    assert stage.world.taken[0].chat == 42


async def test_a_command_for_another_bot_or_nobody_in_a_group_is_ignored(stage: Stage) -> None:
    stage.world.group(GROUP, p42="creator")

    async with stage.served():
        stage.world.say(42, "/help@OtherBot", GROUP)
        stage.world.say(42, "/ban spammer", GROUP)
        stage.world.say(42, f"/fundng@{USERNAME} ETH", GROUP)
        await stage.texts(1)

    assert stage.reception.lines == ["/fundng ETH"]


async def test_an_edited_command_does_not_act_twice(stage: Stage) -> None:
    async with stage.served():
        stage.world.say(42, "/funding ETH")
        await stage.texts(1)
        stage.world.tell("edited_message", {"message_id": 1})
        stage.world.say(42, "/funding BTC")
        await stage.texts(2)

    assert stage.world.allowed == ["message", "callback_query", "my_chat_member"]
    assert stage.reception.lines == ["/funding ETH", "/funding BTC"]


async def test_a_question_that_waited_ten_minutes_is_late_and_a_change_is_not(stage: Stage) -> None:
    old = stage.clock.at - timedelta(minutes=11)

    async with stage.served():
        stage.world.say(42, "/funding ETH", at=old)
        stage.world.say(42, "/alert ETH funding < 0%", at=old)
        stage.world.say(42, "/funding BTC", at=stage.clock.at - timedelta(minutes=9))
        await stage.texts(3)

    assert stage.reception.lines == ["/late /funding ETH", "/alert ETH funding < 0%", "/funding BTC"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("/start", "/start"),
        ("/start w-ETH", "/watch ETH"),
        ("/start t-abcdefghijklmnop", "/old"),
        ("/start t-known", "/alert ETH funding < 0%"),
        ("/start r-known", "/alert ETH funding < 0%"),
        ("/start something", "/start"),
    ],
)
async def test_a_deep_link_is_the_line_it_stands_for(stage: Stage, text: str, line: str) -> None:
    await stage.notes.write("link:known", "/alert ETH funding < 0%", timedelta(hours=1))

    async with stage.served():
        stage.world.say(42, text)
        await stage.texts(1)

    assert stage.reception.lines == [line]


async def test_what_is_no_message_for_us_ends_nothing(stage: Stage) -> None:
    async with stage.served():
        stage.world.tell("message", {"message_id": 1, "date": "never", "chat": 5})
        stage.world.tell("message", {"message_id": 2, "date": 0, "chat": {"id": 42, "type": "private"}, "dice": {}})
        stage.world.say(42, "/funding ETH")
        texts = await stage.texts(1)

    assert texts == ["📊 /funding ETH"]


async def test_a_fault_in_one_answer_ends_nothing(stage: Stage) -> None:
    async def fails_first(invocation: Invocation) -> Message:
        if invocation.arguments == "bad":
            raise RuntimeError("a fault")
        return said(invocation.arguments)

    stage.reception.reply = fails_first
    with capture_logs() as logs:
        async with stage.served():
            stage.world.say(42, "/funding bad")
            stage.world.say(42, "/funding good")
            texts = await stage.texts(1)

    assert texts == ["📊 good"]
    assert [(log["event"], log["seen"]) for log in logs] == [("update failed", "telegram:1000")]


async def test_updates_of_one_chat_keep_their_order_and_chats_do_not_wait_for_each_other(stage: Stage) -> None:
    stage.world.person(43, "Bob")
    gate = asyncio.Event()

    async def waits(invocation: Invocation) -> Message:
        if invocation.arguments == "slow":
            await gate.wait()
        return said(invocation.arguments)

    stage.reception.reply = waits
    async with stage.served():
        stage.world.say(42, "/funding slow")
        stage.world.say(42, "/funding after")
        stage.world.say(43, "/funding other")
        first = await stage.texts(1)
        gate.set()
        texts = await stage.texts(3)

    assert first == ["📊 other"]
    assert texts == ["📊 other", "📊 slow", "📊 after"]


# --- groups, topics, channels


async def test_in_a_group_the_answer_replies_to_who_asked(stage: Stage) -> None:
    stage.world.group(GROUP)

    async with stage.served():
        asked = stage.world.say(42, "/funding ETH", GROUP)
        await stage.texts(1)

    assert stage.world.taken[0].reply == asked
    assert stage.reception.asked[0].place == Place("telegram", str(GROUP))


@pytest.mark.parametrize(
    ("standing", "owner"),
    [("creator", True), ("administrator", True), ("member", False), ("restricted", False), ("left", False)],
)
async def test_who_owns_a_group_is_asked_of_telegram(stage: Stage, standing: str, owner: bool) -> None:
    stage.world.group(GROUP, p42=standing)

    async with stage.served():
        stage.world.say(42, "/alert ETH funding < 0%", GROUP)
        await stage.texts(1)

    assert stage.reception.asked[0].owner is owner


async def test_a_question_asks_nobody_for_rights(stage: Stage) -> None:
    stage.world.group(GROUP, p42="creator")

    async with stage.served():
        stage.world.say(42, "/funding ETH", GROUP)
        await stage.texts(1)

    assert "getChatMember" not in [method for method, _ in stage.world.calls]


async def test_a_standing_is_remembered_for_a_minute(stage: Stage) -> None:
    group = stage.world.group(GROUP, p42="administrator")

    async with stage.served():
        for number in range(1, 4):
            stage.world.say(42, "/alert x", GROUP)
            await stage.texts(number)
            group.members[42] = "member"
            stage.clock.pass_(seconds=31)

    assert [asked.owner for asked in stage.reception.asked] == [True, True, False]


async def test_an_admin_who_speaks_as_the_group_owns_it_and_another_channel_does_not(stage: Stage) -> None:
    stage.world.group(GROUP)
    stage.world.channel(CHANNEL, "news")

    async with stage.served():
        stage.world.say(42, "/alert x", GROUP, as_chat=GROUP)
        stage.world.say(42, "/alert x", GROUP, as_chat=CHANNEL)
        stage.world.say(42, "/alert x", GROUP, as_chat=CHANNEL, is_automatic_forward=True)
        stage.world.say(42, "/funding x", GROUP)
        await stage.texts(3)

    assert [(asked.person, asked.owner) for asked in stage.reception.asked] == [
        (str(GROUP), True),
        (str(CHANNEL), False),
        ("42", False),
    ]
    assert "getChatMember" not in [method for method, _ in stage.world.calls]


async def test_a_topic_is_a_place_and_a_thread_of_replies_is_none(stage: Stage) -> None:
    stage.world.group(GROUP, forum=True).topics.add(45)

    async with stage.served():
        stage.world.say(42, "/funding A", GROUP, topic=45)
        stage.world.say(42, "/funding B", GROUP, message_thread_id=99)
        stage.world.say(42, "/funding C", GROUP)
        await stage.texts(3)

    assert [asked.place.id for asked in stage.reception.asked] == [f"{GROUP}.45", str(GROUP), str(GROUP)]
    assert [taken.topic for taken in stage.world.taken] == [45, None, None]


async def test_a_channel_is_found_by_its_name_and_owned_by_its_admins(stage: Stage) -> None:
    stage.world.channel(CHANNEL, "news", p42="administrator", p43="member")
    place = Place("telegram", str(CHANNEL))

    found = [
        await stage.front.find(name) for name in ("@news", "https://t.me/news", str(CHANNEL), "@none", "-1", "x y")
    ]
    owns = [await stage.front.owns(person, place) for person in ("42", "43", "44")]

    assert found == [place, place, place, None, None, None]
    assert owns == [True, False, False]
    assert await stage.front.owns("42", Place("telegram", "42"))
    assert not await stage.front.owns("43", Place("telegram", "42"))


@pytest.mark.parametrize(
    ("standing", "may"),
    [("administrator", True), ("administrator-silent", False), ("member", False), ("kicked", False)],
)
async def test_a_channel_takes_posts_only_of_admins_with_that_right(stage: Stage, standing: str, may: bool) -> None:
    stage.world.channel(CHANNEL, "news", standing)

    assert await stage.front.can_send(Place("telegram", str(CHANNEL))) is may


async def test_rights_that_telegram_does_not_tell_are_none_and_not_remembered(stage: Stage) -> None:
    stage.world.group(GROUP, p42="creator")
    await stage.front.can_send(Place("telegram", "42"))
    stage.world.troubles["getChatMember"].append(Trouble.BAD_GATEWAY)
    place = Place("telegram", str(GROUP))

    assert [await stage.front.owns("42", place) for _ in range(2)] == [False, True]


async def test_while_telegram_is_away_nothing_is_found_and_nobody_owns_anything(stage: Stage) -> None:
    stage.world.group(GROUP, p42="creator")
    stage.world.troubles["getMe"] += [Trouble.CUT_BEFORE] * 3
    place = Place("telegram", str(GROUP))

    assert await stage.front.find("@news") is None
    assert not await stage.front.can_send(place)
    assert not await stage.front.owns("42", place)
    assert await stage.front.owns("42", place)


async def test_a_button_for_oneself_leads_out_of_a_group(stage: Stage) -> None:
    stage.world.group(GROUP)
    stage.world.person(43)
    alert = with_buttons(
        "x", Button("Watch", "/watch ETH", alone=True), Button("Rule", "/alert " + "y" * 90, alone=True)
    )

    await stage.send(alert, to=str(GROUP))
    await stage.send(alert, to="43")

    urls = [button["url"] for row in stage.world.taken[0].buttons for button in row]
    assert urls[0] == f"https://t.me/{USERNAME}?start=w-ETH"
    async with stage.served():
        stage.world.say(42, "/start " + urls[1].partition("start=")[2])
        await stage.texts(3)
    assert stage.reception.lines == ["/alert " + "y" * 90]
    assert all("url" not in button for row in stage.world.taken[1].buttons for button in row)


# --- presses


async def test_a_press_on_an_answer_changes_it_in_its_place(stage: Stage) -> None:
    stage.reception.reply = answering({"alerts": with_buttons("page 1", Button("Next", "/alerts 2"))})

    async with stage.served():
        stage.world.say(42, "/alerts")
        await stage.texts(1)
        stage.world.press(42, stage.world.taken[0], "Next")
        await stage.until(lambda: len(stage.world.taken) == 2)

    first, second = stage.world.taken
    assert (second.method, second.message, second.text) == ("editMessageText", first.message, "📊 page 1")
    assert stage.reception.asked[1].pressed
    assert stage.reception.asked[1].arguments == "2"
    assert stage.world.popups == [("1", None, False)]


def answering(answers: dict[str, Message]) -> Callable[[Invocation], Awaitable[Message]]:
    """Those answers by command, to a press without their buttons; others are echoed."""

    async def answer(invocation: Invocation) -> Message:
        found = answers.get(invocation.name, said(f"/{invocation.name} {invocation.arguments}".strip()))
        return replace(found, buttons=()) if invocation.pressed else found

    return answer


async def test_a_press_on_an_alert_is_answered_below_it_in_silence(stage: Stage) -> None:
    await stage.send(with_buttons("alert", Button("Why", "/why A-7F3K")))

    async with stage.served():
        stage.world.press(42, stage.world.taken[0], "Why")
        await stage.texts(2)

    alert, answer = stage.world.taken
    assert (answer.method, answer.text, answer.reply, answer.silent) == (
        "sendMessage",
        "📊 /why A-7F3K",
        alert.message,
        True,
    )


async def test_a_long_line_is_found_under_its_token_until_it_is_too_old(stage: Stage) -> None:
    line = "/alert ETH funding < -0.01% for 15m every 1h note " + "é" * 60
    await stage.send(with_buttons("x", Button("Use", line)))

    async with stage.served():
        stage.world.press(42, stage.world.taken[0], "Use")
        await stage.texts(2)
        stage.clock.pass_(hours=49)
        stage.world.press(42, stage.world.taken[0], "Use")
        await stage.until(lambda: len(stage.world.popups) == 2)

    assert stage.reception.lines == [line, "/old"]
    assert stage.world.popups[1] == ("2", "📊 /old", True)
    assert len(stage.world.taken) == 2  # the alert is left as it is


@pytest.mark.parametrize("data", ["1:mute:A-7F3K:2h", "", "zz", "a", "n", "a~nothing", "\U0001f9e8"])
async def test_a_press_of_what_we_never_sent_is_an_old_one(stage: Stage, data: str) -> None:
    await stage.send(with_buttons("x", Button("Use", "/x")))

    async with stage.served():
        stage.world.press_data(42, stage.world.taken[0], data)
        await stage.until(lambda: stage.world.popups)

    assert stage.reception.lines == ["/old"]


async def test_a_member_who_may_not_is_told_alone(stage: Stage) -> None:
    stage.world.group(GROUP)
    refusal = Message(Tone.ANSWER, "❔", (Text("Only admins " + "x" * 400),), data=(("code", "rights"),))
    await stage.send(with_buttons("x", Button("Delete", "/delete 3")), to=str(GROUP))
    stage.reception.reply = answering({"delete": refusal})

    async with stage.served():
        stage.world.press(42, stage.world.taken[0], "Delete")
        await stage.until(lambda: stage.world.popups)

    ((_, text, alert),) = stage.world.popups
    assert text is not None
    assert text.startswith("❔ Only admins")
    assert alert
    assert len(stage.world.taken) == 1
    assert not stage.reception.asked[0].owner


async def test_a_press_is_acknowledged_even_where_its_answer_fails(stage: Stage) -> None:
    async def fails(invocation: Invocation) -> Message:
        raise RuntimeError(f"a fault in {invocation.name}")

    await stage.send(with_buttons("x", Button("Why", "/why A")))
    stage.reception.reply = fails
    with capture_logs():
        async with stage.served():
            stage.world.press(42, stage.world.taken[0], "Why")
            await stage.until(lambda: stage.world.popups)

    assert stage.world.popups == [("1", None, False)]


async def test_a_press_is_acknowledged_within_a_second_and_answered_when_the_answer_is_there(stage: Stage) -> None:
    slow = asyncio.Event()

    async def waits(invocation: Invocation) -> Message:
        await slow.wait()
        return await echo(invocation)

    await stage.send(with_buttons("x", Button("Why", "/why A")))
    stage.reception.reply = waits
    async with stage.served():
        began = asyncio.get_running_loop().time()
        stage.world.press(42, stage.world.taken[0], "Why")
        await stage.until(lambda: stage.world.popups)
        took = asyncio.get_running_loop().time() - began
        slow.set()
        texts = await stage.texts(2)

    assert took < 1.0
    assert stage.world.popups == [("1", None, False)]
    assert texts[1] == "📊 /why A"


async def test_a_press_too_old_to_acknowledge_or_to_edit_still_acts(stage: Stage) -> None:
    stage.reception.reply = answering({"alerts": with_buttons("page 1", Button("Next", "/alerts 2"))})

    async with stage.served():
        stage.world.say(42, "/alerts")
        await stage.texts(1)
        query = stage.world.press(42, stage.world.taken[0], "Next", gone=True)
        del stage.world.queries[query]
        await stage.texts(2)

    assert (stage.world.taken[1].method, stage.world.taken[1].reply) == ("sendMessage", stage.world.taken[0].message)


async def test_pictures_change_in_place_and_words_do_not_become_pictures(stage: Stage) -> None:
    picture = with_buttons("chart", Button("4h", "/chart 4h"), Button("Why", "/why"), picture=PNG)
    other = Picture(PNG.png + b"4h", "d.png", "another")
    stage.reception.reply = answering({"start": picture, "chart": said("chart", picture=other), "why": said("why")})

    async with stage.served():
        stage.world.say(42, "/start")
        await stage.texts(1)
        stage.world.press(42, stage.world.taken[0], "4h")
        await stage.texts(2)
        stage.world.press(42, stage.world.taken[0], "Why")
        await stage.texts(3)

    assert [taken.method for taken in stage.world.taken] == ["sendPhoto", "editMessageMedia", "sendMessage"]
    assert stage.world.taken[1].message == stage.world.taken[0].message


# --- coming and going


async def test_blocking_and_unblocking_are_told(stage: Stage) -> None:
    async with stage.served():
        stage.world.block(42, BLOCKED)
        stage.world.unblock(42)
        await stage.until(lambda: len(stage.reception.events) == 2)

    assert stage.reception.events == [("left", "telegram:42 blocked by the person"), ("came", "telegram:42")]


async def test_our_standing_in_groups_and_channels_is_told(stage: Stage) -> None:
    stage.world.group(GROUP)
    stage.world.channel(CHANNEL, "news")

    async with stage.served():
        stage.world.stand(GROUP, "kicked", refusal=KICKED)
        stage.world.stand(GROUP, "member")
        stage.world.stand(GROUP, "restricted")
        stage.world.stand(CHANNEL, "administrator-silent")
        stage.world.stand(CHANNEL, "administrator")
        await stage.until(lambda: len(stage.reception.events) == 5)

    assert sorted(stage.reception.events) == sorted(
        [
            ("left", f"telegram:{GROUP} removed from the chat"),
            ("came", f"telegram:{GROUP}"),
            ("left", f"telegram:{GROUP} not allowed to write there"),
            ("left", f"telegram:{CHANNEL} not allowed to write there"),
            ("came", f"telegram:{CHANNEL}"),
        ]
    )


async def test_a_group_that_becomes_a_supergroup_has_moved(stage: Stage) -> None:
    stage.world.group(GROUP)

    async with stage.served():
        stage.world.migrate(GROUP, -1009)
        await stage.until(lambda: len(stage.reception.events) == 2)
        outcome = await stage.send(said("x"), to=f"{GROUP}.45")

    assert set(stage.reception.events) == {("moved", f"telegram:{GROUP} telegram:-1009")}
    assert repr(outcome) == "Migrated(new=Place(platform='telegram', id='-1009.45'))"


# --- menus


async def test_menus_are_set_for_each_kind_of_chat(stage: Stage) -> None:
    async with stage.served():
        await stage.until(lambda: len(stage.world.menus) == 3)

    assert {scope: [c["command"] for c in commands] for scope, commands in stage.world.menus.items()} == {
        "all_private_chats": ["funding", "start", "alert", "watch"],
        "all_group_chats": ["funding"],
        "all_chat_administrators": ["funding", "start", "alert", "watch"],
    }


async def test_an_operator_has_a_menu_of_their_own_where_telegram_knows_them() -> None:
    async with staged(operators=frozenset({"42", "99"})) as stage, stage.served():
        await stage.until(lambda: len(stage.world.menus) == 4)

    assert [c["command"] for c in stage.world.menus["chat 42"]][-1] == "admin"


async def test_menus_are_set_again_only_when_they_have_changed(stage: Stage) -> None:
    for menu in (MENU, MENU, MENU[:3]):
        stage.world.calls.append(("started", {}))
        async with stage.served(menu):
            await stage.until(lambda: stage.world.calls[-1][0] == "getUpdates")

    set_ = [parameters for method, parameters in stage.world.calls if method == "setMyCommands"]
    assert len(set_) == 3 + 2  # the groups' menu is the same


async def test_an_answer_that_may_have_been_taken_is_not_said_again(stage: Stage) -> None:
    stage.world.troubles["sendMessage"] += [Trouble.CUT_BEFORE, bad("chat not found")]

    async with stage.served():
        stage.world.say(42, "/funding uncertain")
        stage.world.say(42, "/funding gone")
        stage.world.say(42, "/funding fine")
        texts = await stage.texts(1)

    assert texts == ["📊 /funding fine"]


async def test_an_answer_that_telegram_holds_back_comes_a_little_later(stage: Stage) -> None:
    stage.world.troubles["sendMessage"] += [flooded(0)]

    async with stage.served():
        stage.world.say(42, "/funding ETH")
        texts = await stage.texts(1)

    assert texts == ["📊 /funding ETH"]
