"""Who is there: people, groups, channels, their messages, and the updates that a bot is told of them."""

import asyncio
import hashlib
import itertools
import re
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tests.fake_telegram.faults import Refused, Trouble, bad
from tests.fake_telegram.limits import Limits

BOT, USERNAME, TOKEN = 7_000_001, "perpwatch_bot", "7000001:" + "A" * 35
ANONYMOUS, CHANNEL_SENDER = 1_087_968_824, 136_817_688
GENERAL = 1

_COMMAND = re.compile(r"(?:^|(?<=\s))/[a-zA-Z0-9_]{1,32}(?:@\w{3,32})?")
BOT_USER = {"id": BOT, "is_bot": True, "first_name": "perpwatch", "username": USERNAME}
_RIGHTS = (
    *("can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats"),
    *("can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories"),
    *("can_edit_stories", "can_delete_stories"),
)


@dataclass
class Chat:
    """A chat. `refuses` is what a send is answered with, if anything."""

    id: int
    type: str
    name: str
    forum: bool = False
    topics: set[int] = field(default_factory=set)
    members: dict[int, str] = field(default_factory=dict)
    refuses: Refused | None = None
    messages: dict[int, dict[str, object]] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        named = {"first_name": self.name} if self.type == "private" else {"title": self.name}
        public = {"username": self.name} if self.type == "channel" else {}
        forum = {"is_forum": True} if self.forum else {}
        return {"id": self.id, "type": self.type, **named, **public, **forum}


@dataclass(frozen=True)
class Taken:
    """A message or an edit that was accepted."""

    method: str
    chat: int
    topic: int | None
    message: int
    text: str
    entities: tuple[str, ...]
    buttons: tuple[tuple[dict[str, str], ...], ...]
    reply: int | None
    silent: bool
    file: str | None
    uploaded: bool

    @property
    def labels(self) -> list[str]:
        return [button["text"] for row in self.buttons for button in row]


class World:
    """Everything that the Bot API knows. `clock` is in seconds since 1970; `limits` None = no flood limits."""

    def __init__(self, clock: Callable[[], float], *, limited: bool = False) -> None:
        self.clock = clock
        self.limits = Limits(clock) if limited else None
        self.token = TOKEN
        self.chats: dict[int, Chat] = {}
        self.taken: list[Taken] = []
        self.calls: list[tuple[str, dict[str, object]]] = []
        self.updates: deque[dict[str, object]] = deque()
        self.allowed: Sequence[str] | None = None
        self.webhook: dict[str, object] | None = None
        self.menus: dict[str, list[dict[str, str]]] = {}
        self.queries: dict[str, int] = {}
        self.popups: list[tuple[str, str | None, bool]] = []
        self.files: set[str] = set()
        self.troubles: dict[str, deque[Trouble | Refused]] = defaultdict(deque)
        self.came = asyncio.Event()
        self.confirmed = 0
        self._updates = itertools.count(1000)
        self._messages = itertools.count(1)
        self._queries = itertools.count(1)

    # --- who is there

    def person(self, id_: int, name: str = "Ann") -> Chat:
        return self._chat(Chat(id_, "private", name, members={id_: "member"}))

    def group(self, id_: int, *, forum: bool = False, **members: str) -> Chat:
        """A group that we are a member of; `members` are `p42="administrator"`."""
        standing = {int(name[1:]): status for name, status in members.items()} | {BOT: "member"}
        return self._chat(Chat(id_, "supergroup", "Traders", forum=forum, members=standing))

    def channel(self, id_: int, name: str, standing: str = "administrator", **members: str) -> Chat:
        found = {int(person[1:]): status for person, status in members.items()} | {BOT: standing}
        return self._chat(Chat(id_, "channel", name, members=found))

    def _chat(self, chat: Chat) -> Chat:
        self.chats[chat.id] = chat
        return chat

    # --- what they do

    def say(
        self,
        person: int,
        text: str,
        chat: int | None = None,
        *,
        topic: int | None = None,
        as_chat: int | None = None,
        at: datetime | None = None,
        **more: object,
    ) -> int:
        """Somebody writes; `as_chat` speaks as the group itself or as a channel. Returns the message's id."""
        place = self.chats[chat or person]
        message = self._message(place, text, topic)
        message["from"] = self.user(person)
        if as_chat is not None:
            anonymous = as_chat == place.id
            message["from"] = {"id": ANONYMOUS if anonymous else CHANNEL_SENDER, "is_bot": True, "first_name": "x"}
            message["sender_chat"] = self.chats[as_chat].as_json()
        if at is not None:
            message["date"] = int(at.timestamp())
        entities = [
            {"type": "bot_command", "offset": found.start(), "length": len(found[0])}
            for found in _COMMAND.finditer(text)
        ]
        if entities:
            message["entities"] = entities
        message |= more
        self.tell("message", message)
        return int(str(message["message_id"]))

    def press(self, person: int, taken: Taken, label: str, *, gone: bool = False) -> str:
        """Somebody presses a button of a message; `gone`: the message is too old to be shown to the bot."""
        data = next(b["callback_data"] for row in taken.buttons for b in row if b["text"] == label)
        return self.press_data(person, taken, data, gone=gone)

    def press_data(self, person: int, taken: Taken, data: str, *, gone: bool = False) -> str:
        chat = self.chats[taken.chat]
        message = dict(chat.messages[taken.message])
        if gone:
            message = {"chat": chat.as_json(), "message_id": taken.message, "date": 0}
        query = str(next(self._queries))
        self.queries[query] = person
        self.tell(
            "callback_query",
            {"id": query, "from": self.user(person), "message": message, "chat_instance": "c", "data": data},
        )
        return query

    def block(self, person: int, refusal: Refused) -> None:
        self.chats[person].refuses = refusal
        self._standing(self.chats[person], person, "member", "kicked")

    def unblock(self, person: int) -> None:
        self.chats[person].refuses = None
        self._standing(self.chats[person], person, "kicked", "member")

    def stand(self, chat: int, new: str, *, by: int = 1, refusal: Refused | None = None) -> None:
        """Our own standing in a group or channel changes."""
        place = self.chats[chat]
        old, place.members[BOT] = place.members[BOT], new
        place.refuses = refusal
        self._standing(place, by, old, new)

    def migrate(self, chat: int, new: int) -> None:
        """A group becomes a supergroup: both say so, and sends to the old one are refused."""
        old = self.chats[chat]
        self.chats[new] = Chat(new, "supergroup", old.name, members=dict(old.members))
        old.refuses = Refused(
            400, "Bad Request: group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": new}
        )
        person = next(iter(set(old.members) - {BOT}), 1)
        for place, key, other in ((old, "migrate_to_chat_id", new), (self.chats[new], "migrate_from_chat_id", chat)):
            message = self._message(place, None, None)
            self.tell("message", message | {"from": self.user(person), key: other})

    def tell(self, kind: str, content: dict[str, object]) -> None:
        """An update, unless nobody asked for its kind."""
        if self.allowed is None or kind in self.allowed:
            self.updates.append({"update_id": next(self._updates), kind: content})
            self.came.set()

    # --- what the bot does

    def write(self, chat: Chat, topic: int | None, **more: object) -> dict[str, object]:
        message = self._message(chat, None, topic) | {"from": BOT_USER} | more
        chat.messages[int(str(message["message_id"]))] = message
        return message

    def keep(self, content: bytes) -> str:
        """The id of a file that was uploaded."""
        name = "file-" + hashlib.sha256(content).hexdigest()[:24]
        self.files.add(name)
        return name

    def confirm(self, offset: int) -> None:
        while self.updates and int(str(self.updates[0]["update_id"])) < offset:
            self.confirmed = int(str(self.updates.popleft()["update_id"]))
        if not self.updates:
            self.came.clear()

    def find(self, wanted: int | str) -> Chat:
        named = isinstance(wanted, str)
        for chat in self.chats.values():
            if chat.id == wanted or (named and wanted == f"@{chat.name}" and chat.type == "channel"):
                return chat
        raise bad("chat not found")

    def member(self, chat: Chat, person: int) -> dict[str, object]:
        status = chat.members.get(person, "left")
        rights = dict.fromkeys(_RIGHTS, False) | {"can_post_messages": status == "administrator"}
        user = BOT_USER if person == BOT else self.user(person)
        match status.split("-")[0]:
            case "administrator":
                return {"status": "administrator", "user": user, **rights, "can_post_messages": "-" not in status}
            case "creator":
                return {"status": "creator", "user": user, "is_anonymous": False}
            case "restricted":
                return {"status": "restricted", "user": user, "is_member": True, "until_date": 0, **_RESTRICTED}
            case "kicked":
                return {"status": "kicked", "user": user, "until_date": 0}
            case _:
                return {"status": status, "user": user}

    def user(self, id_: int) -> dict[str, object]:
        name = self.chats[id_].name if id_ in self.chats else "Someone"
        return {"id": id_, "is_bot": False, "first_name": name}

    def _message(self, chat: Chat, text: str | None, topic: int | None) -> dict[str, object]:
        said = {} if text is None else {"text": text}
        in_topic = {"message_thread_id": topic, "is_topic_message": True} if topic else {}
        return {
            "message_id": next(self._messages), "date": int(self.clock()), "chat": chat.as_json(), **said, **in_topic,
        }  # fmt: skip

    def _standing(self, chat: Chat, by: int, old: str, new: str) -> None:
        members = dict(chat.members)
        chat.members[BOT] = old
        before = self.member(chat, BOT)
        chat.members[BOT] = new
        after = self.member(chat, BOT)
        chat.members = members | ({BOT: new} if chat.type != "private" else {})
        self.tell(
            "my_chat_member",
            {
                "chat": chat.as_json(), "from": self.user(by), "date": int(self.clock()),
                "old_chat_member": before, "new_chat_member": after,
            },
        )  # fmt: skip


_RESTRICTED = dict.fromkeys(
    (
        *("can_send_messages", "can_send_audios", "can_send_documents", "can_send_photos", "can_send_videos"),
        *("can_send_video_notes", "can_send_voice_notes", "can_send_polls", "can_send_other_messages"),
        *("can_add_web_page_previews", "can_change_info", "can_invite_users", "can_pin_messages"),
        *("can_manage_topics", "can_edit_tag", "can_react_to_messages"),
    ),
    False,
)
