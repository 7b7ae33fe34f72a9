"""Settings of live venues: which, where, and with what key."""

import pytest

from bot.settings import BadSettings, Settings, endpoints, load


def test_a_key_is_in_no_representation_and_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERPWATCH_COINGLASS_KEY", "top-secret")
    monkeypatch.setenv("PERPWATCH_VENUES", "okx")
    settings = Settings()
    assert settings.coinglass_key is not None
    assert settings.coinglass_key.get_secret_value() == "top-secret"
    assert "top-secret" not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize(("given", "read"), [("OKX, bybit,okx", "okx,bybit"), ("binance", "binance")])
def test_venues_are_named_once_each(monkeypatch: pytest.MonkeyPatch, given: str, read: str) -> None:
    monkeypatch.setenv("PERPWATCH_VENUES", given)
    assert Settings().venues == read


@pytest.mark.parametrize(
    ("given", "said"), [("okx,ftx", "there is no live venue ftx"), (" , ", "name at least one of")]
)
def test_unknown_venues_are_told(monkeypatch: pytest.MonkeyPatch, given: str, said: str) -> None:
    monkeypatch.setenv("PERPWATCH_VENUES", given)
    with pytest.raises(BadSettings, match=said):
        load({"PERPWATCH_VENUES": given})


def test_another_server_may_stand_in_a_venues_place() -> None:
    found = endpoints({"PERPWATCH_VENUE_OKX_REST": "http://127.0.0.1:9000/"})
    assert found["okx"].rest == "http://127.0.0.1:9000"
    assert found["okx"].ws == "wss://ws.okx.com:8443"
    assert found["bybit"].rest == "https://api.bybit.com"


def test_a_server_elsewhere_must_speak_tls() -> None:
    with pytest.raises(BadSettings, match="PERPWATCH_VENUE_OKX_REST cannot be used"):
        endpoints({"PERPWATCH_VENUE_OKX_REST": "http://example.com"})
