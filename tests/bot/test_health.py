"""How a process is, in words, without a store."""

from datetime import UTC, datetime, timedelta

from adapters.store.base import StoreUnavailable, StoreWontWrite
from bot.health import Health, Level

AT = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


class Now:
    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at


def test_what_lives_is_counted_with_its_oldest_sign_of_life() -> None:
    health = Health(Now())
    health.aged({"fanout": 1.4, "terminal sender": 0.1})

    assert (health.level, health.lines()) == (Level.OK, ["2 loops alive; the oldest sign of life is 1s old"])


def test_a_store_that_is_away_is_said_once_with_since_when_and_what_that_means() -> None:
    now = Now()
    health = Health(now)
    health.waits("fanout", StoreUnavailable("The store at x does not answer."))
    now.at += timedelta(seconds=90)
    health.waits("fanout", StoreUnavailable("The store at x does not answer."))
    health.waits("evaluator", StoreUnavailable("The store at x does not answer."))

    assert health.level is Level.DEGRADED
    assert health.lines() == [
        "⚠ The store at x does not answer: so for 1m 30s, since 12:00:00 UTC.",
        "Waiting for it: evaluator, fanout. Alerts that were decided wait in the store; none is lost.",
    ]
    health.works("fanout")
    health.works("evaluator")
    assert health.level is Level.OK


def test_a_store_that_takes_no_writes_is_red() -> None:
    health = Health(Now())
    health.waits("fanout", StoreWontWrite("The store is full."))

    assert health.level is Level.RED


def test_a_loop_that_was_started_again_is_told_for_ten_minutes() -> None:
    now = Now()
    health = Health(now)
    health.restarted("fanout", "it made no progress for 10 s")
    now.at += timedelta(minutes=9)
    health.restarted("fanout", "ValueError")
    said = health.lines()
    now.at += timedelta(minutes=10)

    assert said == ["⚠ fanout was started again 2 times in 10 minutes: ValueError."]
    assert health.level is Level.OK
