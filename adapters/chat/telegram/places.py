"""Places of Telegram: a chat's id, and behind a dot the topic of a forum; the General topic has none."""

from telegram import Chat, Message

from adapters.chat.base import Place

NAME = "telegram"


def place_in(chat: int, topic: int | None = None) -> Place:
    """The place of a chat, or of a topic in it."""
    return Place(NAME, str(chat) if topic is None else f"{chat}.{topic}")


def target(place: Place) -> tuple[int, int | None]:
    """The chat and the topic of a place. Raises ValueError where it is none of Telegram's."""
    chat, _, topic = place.id.partition(".")
    return int(chat), int(topic) if topic else None


def place_of_message(message: Message) -> Place:
    """Where a message stands; answers to others in a group without topics carry a thread that is no topic."""
    topic = message.message_thread_id if message.is_topic_message else None
    return place_in(message.chat.id, topic)


def is_private(chat: Chat) -> bool:
    """Whether it is a person's own chat with us."""
    return chat.type == Chat.PRIVATE
