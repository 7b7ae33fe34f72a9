"""The small Discord is strict: it refuses what Discord refuses, takes a nonce once, and waits three seconds."""

import pytest

from tests.fake_discord.world import DEADLINE, Body, Refused, World, check, commands

SAID: Body = {"content": "x", "allowed_mentions": {"parse": []}}


def embed(**parts: object) -> Body:
    return {"embeds": [parts], "allowed_mentions": {"parse": []}}  # type: ignore[dict-item]


def rows(*components: Body) -> Body:
    return {**SAID, "components": [{"type": 1, "components": list(components)}]}


def button(custom_id: str, label: str = "x") -> Body:
    return {"type": 2, "custom_id": custom_id, "label": label}


@pytest.mark.parametrize(
    "body",
    [
        {"content": "x"},
        {**SAID, "content": ""},
        {**SAID, "content": "x" * 2001},
        {**SAID, "nonce": "x" * 26},
        embed(title="x" * 257),
        embed(description="x" * 4097),
        embed(title="x", footer={"text": "x" * 2049}),
        embed(description="x" * 4096, footer={"text": "x" * 1905}),
        embed(title="x", image={"url": "attachment://missing.png"}),
        rows(button("a"), button("a")),
        rows(button("a" * 101)),
        rows(button("a", "x" * 81)),
        rows(*(button(str(n)) for n in range(6))),
        rows({"type": 3, "custom_id": "s", "options": []}),
        rows({"type": 3, "custom_id": "s", "options": [{"label": "x", "value": "1"}] * 2}),
    ],
)
def test_a_message_that_cannot_be_is_refused(body: Body) -> None:
    with pytest.raises(Refused):
        check(body, ())


def test_a_message_within_the_limits_is_taken() -> None:
    check({**embed(title="x" * 256, description="x" * 4096), **rows(button("a" * 100, "x" * 80))}, ())


@pytest.mark.parametrize(
    "command",
    [
        {"name": "Loud", "description": "x"},
        {"name": "x", "description": ""},
        {"name": "x", "description": "x" * 101},
        {"name": "x", "description": "x", "options": [{"name": "a", "description": "x"}] * 26},
        {
            "name": "x",
            "description": "x",
            "options": [{"name": "a", "description": "x"}, {"name": "b", "description": "x", "required": True}],
        },
    ],
)
def test_a_command_that_cannot_be_is_refused(command: Body) -> None:
    with pytest.raises(Refused):
        commands([command])


def test_a_nonce_is_taken_once_in_a_channel() -> None:
    world = World()
    one, other = world.server("s", "a", "b").channels

    taken = [world.post(channel, {**SAID, "nonce": "n", "enforce_nonce": True}, ()).id for channel in (one, one, other)]

    assert taken[0] == taken[1] != taken[2]
    assert len(world.log) == 2


@pytest.mark.parametrize(("later", "code"), [(0.0, 40060), (DEADLINE, 10062)])
def test_an_interaction_takes_one_response_in_time(later: float, code: int) -> None:
    interaction = (world := World()).interact(1)
    if later:
        interaction.at -= later
    else:
        world.respond(interaction.token, {"type": 5}, ())

    with pytest.raises(Refused) as refused:
        world.respond(interaction.token, {"type": 5}, ())
    assert refused.value.code == code


def test_an_answer_in_place_of_none_is_refused() -> None:
    interaction = (world := World()).interact(1)

    with pytest.raises(Refused):
        world.follow(interaction.token, SAID, ())
