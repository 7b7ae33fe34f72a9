"""Zones are found by name and by guess, and every time says which zone it is of."""

from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.zones import MANY_PEOPLE, called, guesses, meant, names, zone_of

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Europe/Berlin", ["Europe/Berlin"]),
        ("europe/berlin", ["Europe/Berlin"]),
        ("america/new york", ["America/New_York"]),
        ("utc", ["UTC"]),
        ("Berlin", ["Europe/Berlin"]),
        ("new york", ["America/New_York"]),
        ("Berln", ["Europe/Berlin"]),
        ("EST", ["America/New_York"]),
        ("JST", ["Asia/Tokyo"]),
        ("+5:45", ["Asia/Kathmandu"]),
        ("UTC+05:45", ["Asia/Kathmandu"]),
        ("gmt-3", ["America/Sao_Paulo", "America/Argentina/Buenos_Aires"]),
        ("Nowhere", []),
        ("+99", []),
        ("", []),
    ],
)
def test_a_zone_is_found_by_its_name_its_city_its_letters_or_its_distance(typed: str, found: Sequence[str]) -> None:
    assert meant(typed, NOW) == found


def test_letters_mean_the_places_that_use_them_now() -> None:
    assert "America/New_York" in meant("EDT", datetime(2026, 7, 5, 12, tzinfo=UTC))
    assert meant("EDT", NOW) == []


def test_guesses_are_four_zones_in_which_people_are_awake() -> None:
    for hour in range(24):
        now = NOW.replace(hour=hour)

        found = guesses(now)

        assert len(found) == 4
        assert all(now.astimezone(ZoneInfo(name)).hour >= 8 for name in found)


def test_every_zone_that_is_offered_is_known() -> None:
    assert set(MANY_PEOPLE) <= set(names())
    assert len(set(MANY_PEOPLE)) == len(MANY_PEOPLE)


def test_a_zone_without_letters_is_called_by_its_distance() -> None:
    assert [called(NOW, zone_of(name)) for name in ("", "Europe/Berlin", "Asia/Kathmandu", "America/Sao_Paulo")] == [
        "UTC",
        "CET",
        "UTC+5:45",
        "UTC-3",
    ]
    assert called(NOW.replace(month=7), zone_of("Europe/Berlin")) == "CEST"


def test_a_zone_that_this_computer_does_not_know_is_told_in_utc() -> None:
    assert zone_of("Mars/Olympus") is UTC
