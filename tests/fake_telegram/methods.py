"""The methods of the Bot API that are known, with their parameters: an unknown one is refused, unlike at Telegram."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

from tests.fake_telegram.faults import NOT_FOUND, bad, flooded
from tests.fake_telegram.html import Unparsable, parse, units
from tests.fake_telegram.world import BOT, BOT_USER, GENERAL, Chat, Taken, World

TEXT, CAPTION, DATA, BUTTONS, IN_A_ROW, POPUP, COMMANDS = 4096, 1024, 64, 100, 8, 200, 100
NO_FILE = ("", False)
PNG = b"\x89PNG\r\n\x1a\n"
_BLANK = re.compile("[\\s\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\ufeff\ufffc]*")


@dataclass(frozen=True)
class File:
    """An upload."""

    name: str
    content: bytes


Value: TypeAlias = "str | int | bool | File | dict[str, object] | list[object]"
Parameters: TypeAlias = dict[str, Value]

_TO = {"chat_id": "chat", "message_thread_id": "int"}
_HOW = {"disable_notification": "bool", "reply_markup": "json", "reply_parameters": "json"}
_EDITED = {"chat_id": "chat", "message_id": "int", "reply_markup": "json"}
_CAPTION = {"caption": "str", "parse_mode": "str"}

PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "getMe": {},
    "getUpdates": {"offset": "int", "timeout": "int", "limit": "int", "allowed_updates": "json"},
    "setWebhook": {
        "url": "str",
        "secret_token": "str",
        "allowed_updates": "json",
        "max_connections": "int",
        "drop_pending_updates": "bool",
    },
    "getWebhookInfo": {},
    "deleteWebhook": {"drop_pending_updates": "bool"},
    "sendMessage": {**_TO, **_HOW, "text": "str", "parse_mode": "str", "link_preview_options": "json"},
    "sendPhoto": {**_TO, **_HOW, **_CAPTION, "photo": "file"},
    "sendDocument": {**_TO, **_HOW, **_CAPTION, "document": "file"},
    "editMessageText": {**_EDITED, "text": "str", "parse_mode": "str", "link_preview_options": "json"},
    "editMessageCaption": {**_EDITED, **_CAPTION},
    "editMessageMedia": {**_EDITED, "media": "json"},
    "answerCallbackQuery": {"callback_query_id": "str", "text": "str", "show_alert": "bool"},
    "getChat": {"chat_id": "chat"},
    "getChatMember": {"chat_id": "chat", "user_id": "int"},
    "setMyCommands": {"commands": "json", "scope": "json"},
}


def called(world: World, method: str, given: Mapping[str, object], files: Mapping[str, File]) -> object:
    """The result of a call. Raises Refused."""
    known = PARAMETERS.get(method)
    if known is None:
        raise NOT_FOUND
    parameters: Parameters = {}
    for name, value in given.items():
        if name not in known:
            raise bad(f"unknown parameter {name}")
        parameters[name] = _typed(name, value, known[name])
    parameters |= {name: file for name, file in files.items() if known.get(name) == "file"}
    world.calls.append((method, dict(parameters)))
    return _METHODS[method](Call(world, method, parameters, files))


def _typed(name: str, value: object, kind: str) -> Value:
    """A parameter in its type; forms carry everything as text."""
    if isinstance(value, str) and kind in ("int", "bool", "json"):
        try:
            value = json.loads(value)
        except ValueError:
            raise bad(f"{name} is no {kind}") from None
    if kind == "chat" and isinstance(value, str) and value.lstrip("-").isdigit():
        value = int(value)
    fits = {
        "int": isinstance(value, int) and not isinstance(value, bool),
        "bool": isinstance(value, bool),
        "str": isinstance(value, str),
        "json": isinstance(value, dict | list),
        "chat": isinstance(value, int | str),
        "file": isinstance(value, str),
    }[kind]
    if not fits:
        raise bad(f"{name} is no {kind}")
    return value  # type: ignore[return-value]


@dataclass
class Call:
    """One call of the Bot API. Each method returns its result, or raises Refused."""

    world: World
    method: str
    given: Parameters
    files: Mapping[str, File]

    def get_me(self) -> object:
        return BOT_USER | {"can_join_groups": True, "can_read_all_group_messages": False}

    def set_webhook(self) -> object:
        if urlsplit(str(self.given["url"])).scheme not in ("http", "https"):
            raise bad("bad webhook: the URL is not one")
        self.world.webhook = dict(self.given)
        self._remember_wanted()
        self.world.came.set()
        return True

    def get_webhook_info(self) -> object:
        url = self.world.webhook["url"] if self.world.webhook else ""
        return {"url": url, "has_custom_certificate": False, "pending_update_count": len(self.world.updates)}

    def delete_webhook(self) -> object:
        self.world.webhook = None
        return True

    def get_updates(self) -> object:
        """What is there now; the server does the waiting."""
        self._remember_wanted()
        self.world.confirm(self._int("offset", 0))
        return list(self.world.updates)[: self._int("limit", 100)]

    def send_message(self) -> object:
        text, entities = _text(self.given, "text", TEXT)
        if _BLANK.fullmatch(text):
            raise bad("message text is empty")
        return self._posted({"text": text, "entities": entities})

    def send_photo(self) -> object:
        file = self._file(self.given["photo"], png=True)
        return self._posted({**self._caption(self.given), "photo": _sizes(file)}, file)

    def send_document(self) -> object:
        file = self._file(self.given["document"])
        about = {"file_id": file[0], "file_unique_id": file[0]}
        return self._posted({**self._caption(self.given), "document": about}, file)

    def edit_text(self) -> object:
        chat, message = self._edited()
        if "text" not in message:
            raise bad("there is no text in the message to edit")
        text, entities = _text(self.given, "text", TEXT)
        return self._changed(chat, message, {"text": text, "entities": entities})

    def edit_caption(self) -> object:
        chat, message = self._edited()
        if "text" in message:
            raise bad("there is no caption in the message to edit")
        return self._changed(chat, message, self._caption(self.given))

    def edit_media(self) -> object:
        chat, message = self._edited()
        media = self.given["media"]
        if not isinstance(media, dict) or media.get("type") != "photo":
            raise bad("media is no photo")
        named = str(media["media"])
        file = self._file(self.files.get(named.removeprefix("attach://"), named), png=True)
        message.pop("text", None)
        return self._changed(chat, message, {**self._caption(media), "photo": _sizes(file)}, file)

    def answer_query(self) -> object:
        query, text = str(self.given["callback_query_id"]), self.given.get("text")
        if self.world.queries.pop(query, None) is None:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        if text is not None and units(str(text)) > POPUP:
            raise bad("MESSAGE_TOO_LONG")
        popup = (query, None if text is None else str(text), self.given.get("show_alert") is True)
        self.world.popups.append(popup)
        return True

    def get_chat(self) -> object:
        gifts = ["unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"]
        more = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(gifts, False)}
        return self._found().as_json() | more

    def get_chat_member(self) -> object:
        return self.world.member(self._found(), self._int("user_id"))

    def set_commands(self) -> object:
        commands, scope = self.given["commands"], self.given.get("scope", {"type": "default"})
        if not isinstance(commands, list) or not isinstance(scope, dict):
            raise bad("commands or scope is of no use")
        if len(commands) > COMMANDS:
            raise bad("BOT_COMMANDS_TOO_MUCH")
        for command in commands:
            assert isinstance(command, dict)
            if not re.fullmatch(r"[a-z0-9_]{1,32}", str(command["command"])):
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= len(str(command["description"])) <= 256:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        person = scope.get("chat_id")
        if scope["type"] == "chat":
            self.world.find(int(str(person)))
        self.world.menus[f"{scope['type']} {person or ''}".strip()] = [dict(c) for c in commands]  # type: ignore[call-overload]
        return True

    def _posted(self, said: dict[str, object], file: tuple[str, bool] = NO_FILE) -> object:
        chat = self._open()
        topic = _topic(chat, self.given.get("message_thread_id"))
        reply = _reply(chat, self.given.get("reply_parameters"))
        board = self._board()
        if self.world.limits is not None and (wait := self.world.limits.wait(chat.id)):
            raise flooded(wait)
        message = self.world.write(chat, topic, **said, **board)
        self._took(chat, message, reply, file)
        return message

    def _changed(
        self, chat: Chat, message: dict[str, object], said: dict[str, object], file: tuple[str, bool] = NO_FILE
    ) -> object:
        kept = {key: value for key, value in message.items() if key != "reply_markup"}
        new = kept | said | self._board()
        if new == message:
            raise bad("message is not modified: specified new message content and reply markup are exactly the same")
        chat.messages[int(str(message["message_id"]))] = new
        self._took(chat, new, None, file)
        return new

    def _took(self, chat: Chat, message: dict[str, object], reply: int | None, file: tuple[str, bool]) -> None:
        topic = message.get("message_thread_id")
        entities = message.get("entities", message.get("caption_entities"))
        board = message.get("reply_markup", {"inline_keyboard": []})
        assert isinstance(entities, list)
        assert isinstance(board, dict)
        self.world.taken.append(
            Taken(
                method=self.method,
                chat=chat.id,
                topic=topic if isinstance(topic, int) else None,
                message=int(str(message["message_id"])),
                text=str(message.get("text", message.get("caption"))),
                entities=tuple(str(entity["type"]) for entity in entities),
                buttons=tuple(tuple(row) for row in board["inline_keyboard"]),
                reply=reply,
                silent=self.given.get("disable_notification") is True,
                file=file[0] or None,
                uploaded=file[1],
            )
        )

    def _edited(self) -> tuple[Chat, dict[str, object]]:
        chat = self._open()
        message = chat.messages.get(self._int("message_id"))
        if message is None:
            raise bad("message to edit not found")
        return chat, dict(message)

    def _open(self) -> Chat:
        chat = self._found()
        if chat.refuses is not None:
            raise chat.refuses
        if chat.type == "channel" and chat.members.get(BOT) != "administrator":
            raise bad("need administrator rights in the channel chat")
        return chat

    def _found(self) -> Chat:
        wanted = self.given["chat_id"]
        assert isinstance(wanted, int | str)
        return self.world.find(wanted)

    def _file(self, given: object, *, png: bool = False) -> tuple[str, bool]:
        if isinstance(given, File):
            if png and not given.content.startswith(PNG):
                raise bad("IMAGE_PROCESS_FAILED")
            return self.world.keep(given.content), True
        if given not in self.world.files:
            raise bad("wrong file identifier/HTTP URL specified")
        return str(given), False

    def _caption(self, given: Mapping[str, object]) -> dict[str, object]:
        text, entities = _text(given, "caption", CAPTION)
        return {"caption": text, "caption_entities": entities}

    def _board(self) -> dict[str, object]:
        buttons = _buttons(self.given.get("reply_markup"))
        return {"reply_markup": {"inline_keyboard": buttons}} if buttons else {}

    def _int(self, name: str, default: int | None = None) -> int:
        return int(str(self.given.get(name, default)))

    def _remember_wanted(self) -> None:
        wanted = self.given.get("allowed_updates")
        if isinstance(wanted, list):
            self.world.allowed = [str(kind) for kind in wanted]


def _sizes(file: tuple[str, bool]) -> list[dict[str, object]]:
    return [{"file_id": file[0], "file_unique_id": file[0], "width": 90, "height": 60}]


def _topic(chat: Chat, topic: object) -> int | None:
    if topic is None:
        return None
    if topic == GENERAL or topic not in chat.topics:
        raise bad("message thread not found")
    return int(str(topic))


def _reply(chat: Chat, given: object) -> int | None:
    if given is None:
        return None
    assert isinstance(given, dict)
    if not given.get("allow_sending_without_reply") and given["message_id"] not in chat.messages:
        raise bad("message to be replied not found")
    return int(str(given["message_id"]))


def _text(parameters: Mapping[str, object], name: str, most: int) -> tuple[str, list[dict[str, object]]]:
    raw, mode = str(parameters.get(name, "")), parameters.get("parse_mode")
    try:
        raw.encode("utf-8")
    except UnicodeEncodeError:
        raise bad("strings must be encoded in UTF-8") from None
    try:
        text, entities = parse(raw) if mode == "HTML" else (raw, [])
    except Unparsable as error:
        raise bad(f"can't parse entities: {error}") from None
    if units(text) > most:
        raise bad("message is too long" if name == "text" else "message caption is too long")
    return text.strip(), [entity.as_json() for entity in entities]


def _buttons(markup: object) -> list[list[dict[str, str]]]:
    if markup is None:
        return []
    assert isinstance(markup, dict)
    rows: list[list[dict[str, str]]] = markup["inline_keyboard"]
    if sum(len(row) for row in rows) > BUTTONS or any(len(row) > IN_A_ROW for row in rows):
        raise bad("REPLY_MARKUP_TOO_LONG")
    for button in (button for row in rows for button in row):
        if not button["text"].strip():
            raise bad("BUTTON_TEXT_INVALID")
        data, url = button.get("callback_data"), button.get("url")
        if (data is None) == (url is None) or button.keys() - {"text", "callback_data", "url"}:
            raise bad("BUTTON_TYPE_INVALID")
        if data is not None and not 1 <= len(data.encode()) <= DATA:
            raise bad("BUTTON_DATA_INVALID")
        if url is not None and not re.fullmatch(r"https://t\.me/\w+\?start=[\w-]{1,64}", url, re.ASCII):
            raise bad("BUTTON_URL_INVALID")
    return rows


_METHODS: Mapping[str, Callable[[Call], object]] = {
    "getMe": Call.get_me,
    "getUpdates": Call.get_updates,
    "setWebhook": Call.set_webhook,
    "getWebhookInfo": Call.get_webhook_info,
    "deleteWebhook": Call.delete_webhook,
    "sendMessage": Call.send_message,
    "sendPhoto": Call.send_photo,
    "sendDocument": Call.send_document,
    "editMessageText": Call.edit_text,
    "editMessageCaption": Call.edit_caption,
    "editMessageMedia": Call.edit_media,
    "answerCallbackQuery": Call.answer_query,
    "getChat": Call.get_chat,
    "getChatMember": Call.get_chat_member,
    "setMyCommands": Call.set_commands,
}
