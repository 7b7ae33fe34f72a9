"""What the small Discord says of its people, servers, channels and messages."""

from datetime import UTC, datetime

from tests.fake_discord.world import APPLICATION, BOT, MANAGE, MEMBER, Body, Interaction, Json, Message, Server, World


def user(id_: int, name: str = "ann", *, bot: bool = False) -> Body:
    """A person, or the bot."""
    return {
        "id": str(id_),
        "username": name,
        "discriminator": "0",
        "global_name": None,
        "avatar": None,
        "bot": bot,
        "public_flags": 0,
    }


ME = user(BOT, "perpwatch", bot=True)


def application() -> Body:
    """The application of the bot."""
    return {
        "id": str(APPLICATION),
        "name": "perpwatch",
        "description": "",
        "icon": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "owner": user(1, "owner"),
        "verify_key": "",
        "flags": 0,
    }


def member(id_: int, permissions: int) -> Body:
    """A person in a server; its roles are the one of managers or none."""
    return {
        "user": user(id_) if id_ != BOT else ME,
        "roles": ["9"] if permissions & MANAGE else [],
        "joined_at": "2026-01-01T00:00:00+00:00",
        "deaf": False,
        "mute": False,
        "flags": 0,
        "avatar": None,
        "permissions": str(permissions),
    }


def server(of: Server) -> Body:
    """A server as it is told when the bot is there."""
    roles: list[Json] = [_role(of.id, "@everyone", MEMBER), _role(9, "Managers", MEMBER | MANAGE)]
    channels: list[Json] = [channel(of, id_) for id_ in of.channels]
    return {
        "id": str(of.id),
        "name": of.name,
        "owner_id": "1",
        "roles": roles,
        "channels": channels,
        "members": [member(BOT, MEMBER)],
        "member_count": len(of.members) + 1,
        "threads": [],
        "emojis": [],
        "stickers": [],
        "features": [],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "premium_tier": 0,
        "premium_progress_bar_enabled": False,
        "system_channel_flags": 0,
        "preferred_locale": "en-US",
        "afk_timeout": 0,
        "large": False,
        "unavailable": False,
    }


def channel(of: Server, id_: int) -> Body:
    """A text channel of a server."""
    return {
        "id": str(id_),
        "type": 0,
        "name": of.channels[id_],
        "guild_id": str(of.id),
        "position": 0,
        "permission_overwrites": [],
        "nsfw": False,
        "parent_id": None,
        "topic": None,
    }


def room(world: World, id_: int) -> Body:
    """The channel of a person's direct messages."""
    return {"id": str(id_), "type": 1, "recipients": [user(world.rooms[id_])], "last_message_id": None}


def message(of: Message) -> Body:
    """A message as it is answered."""
    files: list[Json] = [
        {"id": str(n), "filename": name, "size": 1, "url": f"https://cdn.example/{name}", "proxy_url": ""}
        for n, name in enumerate(of.files)
    ]
    return {
        "id": str(of.id),
        "channel_id": str(of.channel),
        "author": ME,
        "content": of.body.get("content") or "",
        "timestamp": datetime.fromtimestamp(0, UTC).isoformat(),
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": files,
        "embeds": of.body.get("embeds") or [],
        "components": of.body.get("components") or [],
        "pinned": False,
        "type": 0,
        "flags": of.body.get("flags") or 0,
        "nonce": of.nonce or None,
    }


def answer(of: Interaction) -> Body:
    """The answer to an interaction as a message."""
    return message(Message(of.message or 0, of.channel, of.answer or {}))


def interaction(world: World, of: Interaction, kind: int, person: int, data: Body) -> Body:
    """An interaction as the gateway tells it."""
    where = world.server_of(of.channel)
    common: Body = {
        "id": str(of.id),
        "application_id": str(APPLICATION),
        "type": kind,
        "token": of.token,
        "version": 1,
        "channel_id": str(of.channel),
        "channel": channel(where, of.channel) if where is not None else room(world, of.channel),
        "data": data,
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {},
        "context": 0 if where is not None else 1,
        "attachment_size_limit": 10_485_760,
        "app_permissions": str(MEMBER),
    }
    if where is None:
        return {**common, "user": user(person)}
    own = member(person, where.members.get(person, MEMBER))
    return {**common, "guild_id": str(where.id), "guild": {"id": str(where.id), "features": []}, "member": own}


def _role(id_: int, name: str, permissions: int) -> Body:
    return {
        "id": str(id_),
        "name": name,
        "permissions": str(permissions),
        "position": 0 if name == "@everyone" else 1,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }
