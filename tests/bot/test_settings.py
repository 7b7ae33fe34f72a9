from pathlib import Path

import pytest

from adapters.chat.base import Place
from adapters.store.base import Quota
from bot.settings import BadSettings, Settings, load, tokens


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"PERPWATCH_{name.upper()}", raising=False)


def load_with(monkeypatch: pytest.MonkeyPatch, **values: str) -> Settings:
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return load(values)


def test_nothing_set_is_fine() -> None:
    settings = load({})

    assert settings.quota(Place("telegram", "7")) == Quota(50)
    assert settings.quota(Place("telegram", "-7")) == Quota(200)
    assert settings.redis_url is None
    assert settings.data.is_absolute()


def test_an_unknown_setting_is_named_with_its_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSettings, match="no setting PERPWATCH_REDIS_ULR; did you mean PERPWATCH_REDIS_URL"):
        load_with(monkeypatch, PERPWATCH_REDIS_ULR="redis://x")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PERPWATCH_RULE_LIMIT", "many", "PERPWATCH_RULE_LIMIT cannot be used"),
        ("PERPWATCH_RULE_LIMIT", "0", "PERPWATCH_RULE_LIMIT cannot be used"),
        ("PERPWATCH_LOG_LEVEL", "loud", "write debug, info, warning or error"),
        ("PERPWATCH_OPERATORS", "telegram:me", "write platform:number"),
        ("PERPWATCH_TELEGRAM_API", "http://example.com", "begins with https://"),
        ("PERPWATCH_DISCORD_GATEWAY", "https://example.com", "begins with wss://"),
        ("PERPWATCH_TELEGRAM_WEBHOOK_SECRET", "short", "write 32 to 256"),
        ("PERPWATCH_TELEGRAM_WEBHOOK", "https://example.com", "needs PERPWATCH_TELEGRAM_WEBHOOK_SECRET"),
    ],
)
def test_a_wrong_value_is_one_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    with pytest.raises(BadSettings, match=says) as caught:
        load_with(monkeypatch, **{name: value})

    assert value not in str(caught.value).replace(name, "").split()
    assert "\n" not in str(caught.value)


def test_the_stores_address_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_with(monkeypatch, PERPWATCH_REDIS_URL="redis://:canary-password@host:1")

    assert "canary" not in repr(settings) + str(settings) + str(settings.model_dump())


TELEGRAM, DISCORD = "123456789:" + "A" * 35, "x" * 24 + "." + "y" * 6 + "." + "z" * 38
"""They look like tokens and are none."""


def test_tokens_come_from_the_environment_or_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{DISCORD}\n")

    found = tokens({"TELEGRAM_TOKEN": TELEGRAM, "DISCORD_TOKEN_FILE": str(tmp_path / "token")})

    assert {name: token.get_secret_value() for name, token in found.items()} == {
        "telegram": TELEGRAM,
        "discord": DISCORD,
    }
    assert TELEGRAM not in repr(found)
    assert tokens({"TELEGRAM_TOKEN": "", "OTHER": "x"}) == {}


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"TELEGRAM_TOKEN": "canary-secret"}, "@BotFather gives it"),
        ({"DISCORD_TOKEN": "canary-secret"}, "Developer Portal gives it"),
        ({"DISCORD_TOKEN_FILE": "/nowhere/at/all"}, "DISCORD_TOKEN_FILE cannot be read: No such file"),
    ],
)
def test_what_is_no_token_is_said_without_saying_it(environment: dict[str, str], says: str) -> None:
    with pytest.raises(BadSettings, match=says) as caught:
        tokens(environment)

    assert "canary" not in str(caught.value)


def test_operators_are_known_by_platform_and_number(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_with(monkeypatch, PERPWATCH_OPERATORS=" telegram:7 , discord:9,")

    assert settings.operates(Place("telegram", "7"))
    assert settings.operates(Place("discord", "9"))
    assert not settings.operates(Place("discord", "7"))
    assert not Settings().operates(Place("telegram", ""))
