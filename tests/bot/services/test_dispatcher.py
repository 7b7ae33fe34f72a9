"""Who may ask, for which place, and what comes and goes: the dispatcher with a front that knows its admins."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from adapters.chat.base import Delivery, Invocation, MenuEntry, Message, Outcome, Place, Reception, Sent
from adapters.chat.rendering import render
from adapters.store.base import Store
from bot.commands.base import Desk
from bot.floods import A_MINUTE
from bot.services.dispatcher import Dispatcher, Doors
from bot.services.eraser import HEARD, Eraser
from signals.registry import SIGNALS
from signals.rules.canonical import canonical
from tests.bot.commands.desks import NOW, STEP, command_of, desk

ANN, BOB, GROUP = Place("telegram", "7"), Place("telegram", "8"), Place("telegram", "-100")


@dataclass
class Front:
    """A platform where Ann looks after the group."""

    writes: bool = True
    name: str = "telegram"
    admins: set[str] = field(default_factory=lambda: {ANN.id})

    async def send(self, delivery: Delivery) -> Outcome:
        return Sent("1")

    async def serve(self, menu: Sequence[MenuEntry], reception: Reception) -> None:
        raise AssertionError

    async def find(self, named: str) -> Place | None:
        return GROUP if named == "@whales" else None

    async def owns(self, person: str, place: Place) -> bool:
        return place == Place("telegram", person) or (place == GROUP and person in self.admins)

    async def can_send(self, place: Place) -> bool:
        return self.writes

    async def aclose(self) -> None:
        """Nothing is open."""


@dataclass
class Talk:
    """People and the dispatcher that answers them."""

    desk: Desk
    front: Front
    dispatcher: Dispatcher
    said: int = 0

    async def ask(self, place: Place, line: str, person: Place | None = None, *, owner: bool = True) -> Message:
        self.said += 1
        name, _, arguments = line.removeprefix("/").partition(" ")
        who = person or place
        return await self.dispatcher.answer(
            Invocation(place, who.id, name, arguments, f"{self.said}", NOW, owner=owner)
        )

    async def text(self, place: Place, line: str) -> str:
        return render(await self.ask(place, line), colour=False)

    async def save(self, place: Place, sentence: str) -> None:
        await self.ask(place, command_of(await self.ask(place, f"/alert {sentence}"), "Save"))

    async def rules(self, place: Place) -> list[str]:
        return [canonical(rule.draft) for rule in await self.store.of(place)]

    @property
    def store(self) -> Store:
        return self.desk.store


async def talk(doors: Doors | None = None) -> Talk:
    market, front = await desk(), Front()
    dispatcher = Dispatcher(
        market.store, SIGNALS, lambda: NOW, NOW, "0.1.0", lambda _: market.quota, STEP, market.patience,
        doors=doors or Doors(), fronts={"telegram": front},
    )  # fmt: skip
    return Talk(market, front, dispatcher)


LINE = "ETH funding < -0.01% for 15m every 1h"


async def test_commands_act_on_the_place_that_was_chosen_and_each_answer_names_it() -> None:
    on = await talk()

    assert "act on @whales" in await on.text(ANN, "/use @whales")
    await on.save(ANN, LINE)

    assert (await on.rules(ANN), await on.rules(GROUP)) == ([], [LINE])
    assert "For @whales; back: /use me." in await on.text(ANN, "/alerts")
    assert "act on this place" in await on.text(ANN, "/use me")
    assert "No rules here yet" in await on.text(ANN, "/alerts")


async def test_only_who_looks_after_a_place_may_choose_it_and_as_long_as_that_is_so() -> None:
    on = await talk()

    assert "Only those who look after @whales" in await on.text(BOB, "/use @whales")
    assert "I see no channel or group @nowhere" in await on.text(ANN, "/use @nowhere")
    on.front.writes = False
    assert "I may not write in @whales" in await on.text(ANN, "/use @whales")
    on.front.writes = True
    await on.ask(ANN, "/use @whales")
    on.front.admins.clear()

    assert "do not look after the place any more" in await on.text(ANN, f"/alert {LINE}")
    assert "Delete everything?" in await on.text(ANN, "/forget me")
    assert await on.rules(GROUP) == []


async def test_a_member_of_a_group_may_ask_and_not_change() -> None:
    on = await talk()

    may = await on.ask(GROUP, "/funding ETH", BOB, owner=False)
    may_not = await on.ask(GROUP, f"/alert {LINE}", BOB, owner=False)

    assert "code" not in dict(may.data)
    assert dict(may_not.data)["code"] == "rights"


async def test_only_those_who_were_let_in_are_answered() -> None:
    on = await talk(Doors(lambda person: person == ANN, invited_only=True))

    assert "answers invited people only. Ask who runs it to let in telegram:8" in await on.text(BOB, "/funding ETH")
    assert "telegram:8 may come in" in await on.text(ANN, "/admin allow telegram:8")
    assert "ETH running funding" in await on.text(BOB, "/funding ETH")
    assert "invited people only" in await on.text(Place("telegram", "9"), "/funding ETH")
    await on.ask(ANN, "/admin deny telegram:8")
    assert "invited people only" in await on.text(BOB, "/funding ETH")


async def test_who_is_shut_out_is_not_answered_and_told_nothing_and_only_an_operator_may_do_that() -> None:
    on = await talk(Doors(lambda person: person == ANN))

    assert "Only operators may use /admin" in await on.text(BOB, "/admin deny telegram:7")
    assert "is shut out" in await on.text(ANN, "/admin deny telegram:8")
    assert "have shut out this account" in await on.text(BOB, "/funding ETH")
    assert (await on.store.settings(BOB)).barred
    assert "may come in" in await on.text(ANN, "/admin allow telegram:8")
    assert not (await on.store.settings(BOB)).barred
    assert "ETH running funding" in await on.text(BOB, "/funding ETH")


async def test_an_operator_gives_one_place_another_limit_and_speaks_to_all() -> None:
    on = await talk(Doors(lambda person: person == ANN))
    await on.ask(ANN, "/admin quota telegram:8 1")
    await on.save(BOB, LINE)

    assert "1 of its 1 rules" in await on.text(BOB, command_of(await on.ask(BOB, "/alert BTC price > 65000"), "Save"))
    await on.save(GROUP, LINE)
    assert "Said to 2 places" in await on.text(ANN, "/admin say Back at noon")
    assert [await on.store.waiting(place) for place in (BOB, GROUP)] == [1, 1]
    for wrong in ("/admin quota telegram:8 none", "/admin deny", "/admin deny 8", "/admin say", "/admin dance"):
        assert "error" in dict((await on.ask(ANN, wrong)).data), wrong


async def test_too_many_commands_are_told_to_wait_and_an_operator_is_not() -> None:
    on = await talk(Doors(lambda person: person == ANN))

    for person, refused in ((BOB, True), (ANN, False)):
        for _ in range(A_MINUTE):
            assert "Write again" not in await on.text(person, "/help")
        assert ("Write again in 1m" in await on.text(person, "/help")) is refused


async def test_what_a_place_can_be_told_follows_who_comes_and_goes() -> None:
    on = await talk()
    await on.dispatcher.left(ANN, "blocked")
    assert (await on.store.settings(ANN)).gone == ""
    await on.save(ANN, LINE)

    await on.dispatcher.left(ANN, "blocked")
    assert (await on.store.settings(ANN)).gone == "blocked"
    await on.dispatcher.came(ANN)
    assert (await on.store.settings(ANN)).gone == ""
    await on.dispatcher.left(ANN, "blocked")
    await on.ask(ANN, "/help")
    assert (await on.store.settings(ANN)).gone == ""


async def test_a_group_that_moved_keeps_its_rules() -> None:
    on, new = await talk(), Place("telegram", "-200")
    await on.save(GROUP, LINE)

    await on.dispatcher.moved(GROUP, new)

    assert LINE in await on.text(new, "/alerts")
    assert await on.rules(GROUP) == [LINE]
    await on.save(new, "BTC price > 65000")
    assert len(await on.rules(GROUP)) == 2


async def test_what_is_deleted_is_asked_twice_and_leaves_nothing() -> None:
    on = await talk()
    await on.save(ANN, LINE)

    assert "send /forget me first" in await on.text(ANN, "/erase")
    assert "To delete everything" in await on.text(ANN, "/forget")
    asked = await on.ask(ANN, "/forget me")
    assert "1 rule, 0 coins watched" in render(asked, colour=False)
    assert await on.rules(ANN) == [LINE]
    assert "Deleted" in await on.text(ANN, command_of(asked, "Delete everything"))
    await erased(on)

    assert await on.rules(ANN) == []
    assert "No rules here yet" in await on.text(ANN, "/alerts")


async def erased(on: Talk) -> None:
    """What is being forgotten is gone."""
    at = [NOW]
    eraser = Eraser(on.store, lambda: at[-1])
    await eraser.round()
    at.append(NOW + HEARD)
    await eraser.round()


@pytest.mark.parametrize("place", [ANN, GROUP])
async def test_a_rule_is_saved_for_good_or_not_at_all_while_its_place_is_being_forgotten(place: Place) -> None:
    on = await talk()
    await on.store.erase(place, NOW)
    if place == GROUP:
        await on.ask(ANN, "/use @whales")

    assert "is being deleted" in await on.text(ANN, f"/alert {LINE}")
    assert "is being deleted" in await on.text(ANN, "/subscribe negfunding")
    assert "No rules here yet" in await on.text(BOB, "/alerts")
    await erased(on)
    await on.save(ANN, LINE)
    await erased(on)

    assert await on.rules(place) == [LINE]


async def test_words_that_are_no_command_and_no_rule_are_not_answered() -> None:
    on = await talk()

    async def overheard(line: str) -> Message | None:
        name, _, arguments = line.partition(" ")
        return await on.dispatcher.overheard(Invocation(ANN, ANN.id, name, arguments, line, NOW, owner=True))

    for small_talk in ("good morning", "ETH is 5% up", "I <3 ETH", "see you at 5"):
        assert await overheard(small_talk) is None
    assert await overheard("funding") is not None
    found = await overheard("ETH funding < -0.01%")
    assert found is not None
    assert found.buttons[0].command == "/alert ETH funding < -0.01%"
    nearly = await overheard("ETH funding < -0.01")
    assert nearly is not None
    assert [button.command for button in nearly.buttons] == ["/alert ETH funding < -0.01%", "/alert ETH funding < -1%"]


@pytest.mark.parametrize("line", ["/old", "/about", "/privacy"])
async def test_plain_answers_need_no_market(line: str) -> None:
    on = await talk()
    on.dispatcher = replace(on.dispatcher, fronts={})

    assert (await on.ask(ANN, line)).buttons
