import pytest

from adapters.chat.base import Place
from adapters.store.base import Quota
from bot.settings import BadSettings, Settings, load


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
