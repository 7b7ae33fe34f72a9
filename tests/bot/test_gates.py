"""Gates hold alerts back in one order, and each leaves its name."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from adapters.store.place_settings import Mute, PlaceSettings
from bot.gates import passage
from signals.event import Event
from signals.rules.model import Rule
from tests.bot.events import AT, FUNDING
from tests.signals.rules.vocabulary import rule

MINUTE = timedelta(minutes=1)
LATER = AT + 10 * MINUTE
RULE = Rule("r1", "terminal:local", 3, 1, rule("ETH negfunding"), AT - 60 * MINUTE, 4)


def held(event: Event, of: Rule | None, settings: PlaceSettings, now: datetime) -> str:
    return passage(event, of, settings, now).held


def mutes(*of: Mute, stopped: bool = False) -> PlaceSettings:
    return PlaceSettings(stopped=stopped, mutes=of)


@pytest.mark.parametrize("subject", ["*", "ETH", "negfunding", "#3"])
def test_a_mute_holds_what_it_names_until_its_end(subject: str) -> None:
    settings = mutes(Mute(subject, LATER, AT))

    assert held(FUNDING, RULE, settings, LATER - MINUTE) == f"muted {subject}"
    assert held(FUNDING, RULE, settings, LATER) == ""


@pytest.mark.parametrize("subject", ["BTC", "funding", "#30", "liqspike"])
def test_other_mutes_do_not_matter(subject: str) -> None:
    assert held(FUNDING, RULE, mutes(Mute(subject, LATER, AT), Mute(subject, None, AT)), AT) == ""


def test_a_mute_until_clear_holds_the_episodes_that_were_on_and_no_later_one() -> None:
    settings = mutes(Mute("ETH", None, AT))

    assert held(replace(FUNDING, fired_at=AT), RULE, settings, LATER) == "muted ETH"
    assert held(replace(FUNDING, fired_at=AT + MINUTE), RULE, settings, LATER) == ""


def test_without_its_rule_an_alert_goes_nowhere() -> None:
    assert held(FUNDING, None, PlaceSettings(), AT) == "unsubscribed"


def test_the_first_gate_that_holds_an_alert_names_itself() -> None:
    shadowed = replace(RULE, draft=replace(RULE.draft, shadow=timedelta(days=7)))
    both = mutes(Mute("ETH", LATER, AT), stopped=True)

    assert held(FUNDING, shadowed, both, AT) == "shadow"
    assert held(FUNDING, RULE, both, AT) == "stopped"
    assert held(FUNDING, RULE, mutes(Mute("ETH", LATER, AT), Mute("*", LATER, AT)), AT) == "muted ETH"


def test_a_shadow_lasts_until_somebody_arms_the_rule() -> None:
    shadowed = replace(RULE, draft=replace(RULE.draft, shadow=timedelta(days=1)))

    assert held(FUNDING, shadowed, PlaceSettings(), AT + timedelta(days=30)) == "shadow"
