"""Gates hold alerts back in one order, and each leaves its name."""

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from adapters.store.place_settings import PLAIN, Mute, Noise, PlaceSettings, Quiet
from bot.gates import Passage, passage, passage_of_notice
from signals.event import Event
from signals.notice import About, Notice
from signals.rules.lifecycle import Change
from signals.rules.model import Loudness, Rule
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


QUIET = replace(PLAIN, zone="Europe/Berlin", quiet=Quiet(time(15), time(16)))
"""Quiet when the alert comes: 14:17 UTC is 15:17 in Berlin."""

LOUD = replace(FUNDING, loudness=Loudness.LOUD)
REMINDED, RESOLVED = (replace(FUNDING, change=change) for change in (Change.REMINDED, Change.RESOLVED))


@pytest.mark.parametrize(
    ("asked", "event", "name"),
    [
        (replace(PLAIN, barred=True), LOUD, "barred by an operator"),
        (replace(PLAIN, gone="blocked"), LOUD, "gone: blocked"),
        (replace(PLAIN, acked=(FUNDING.episode,)), REMINDED, "acked"),
        (replace(PLAIN, acked=(FUNDING.episode,)), FUNDING, ""),
        (replace(PLAIN, acked=(FUNDING.episode,)), RESOLVED, ""),
        (replace(PLAIN, acked=("ANOTHER",)), REMINDED, ""),
        (replace(PLAIN, resolved=False), RESOLVED, "resolved off"),
        (replace(PLAIN, resolved=False), FUNDING, ""),
        (replace(PLAIN, noise=Noise.LOUD), FUNDING, "only loud alerts"),
        (replace(PLAIN, noise=Noise.LOUD), LOUD, ""),
        (QUIET, FUNDING, "quiet hours"),
        (QUIET, RESOLVED, "quiet hours"),
        (QUIET, LOUD, ""),
        (replace(QUIET, zone=""), FUNDING, ""),
        (replace(QUIET, quiet=Quiet(time(15), time(16), silent=True)), FUNDING, ""),
    ],
)
def test_each_gate_holds_what_it_is_for_and_leaves_its_name(asked: PlaceSettings, event: Event, name: str) -> None:
    assert held(event, RULE, asked, AT) == name


def test_the_gates_are_asked_in_their_order() -> None:
    everything = PlaceSettings(
        stopped=True,
        barred=True,
        gone="kicked",
        mutes=(Mute("*", LATER, AT),),
        quiet=Quiet(time(0), time(23, 59)),
        resolved=False,
        noise=Noise.LOUD,
        acked=(FUNDING.episode,),
    )
    shadowed = replace(RULE, draft=replace(RULE.draft, shadow=timedelta(days=7)))
    opened = [
        {"barred": False},
        {"gone": ""},
        {},
        {"stopped": False},
        {"mutes": ()},
        {"acked": ()},
        {"noise": Noise.ALL},
        {"quiet": None},
    ]

    names = [held(REMINDED, shadowed, everything, AT)]
    for number, change in enumerate(opened):
        everything = replace(everything, **change)
        names.append(held(REMINDED, RULE if number > 1 else shadowed, everything, AT))

    assert names == [
        *("barred by an operator", "gone: kicked", "shadow", "stopped", "muted *", "acked", "only loud alerts"),
        *("quiet hours", ""),
    ]


@pytest.mark.parametrize(
    ("asked", "event", "silent"),
    [
        (PLAIN, FUNDING, False),
        (PLAIN, replace(FUNDING, trust="low"), True),
        (PLAIN, replace(FUNDING, trust="low", ungated=True), False),
        (PLAIN, replace(LOUD, trust="low"), False),
        (replace(PLAIN, noise=Noise.ALL), replace(FUNDING, trust="low"), False),
        (replace(QUIET, quiet=Quiet(time(15), time(16), silent=True)), FUNDING, True),
        (replace(QUIET, quiet=Quiet(time(15), time(16), silent=True)), LOUD, False),
        (replace(QUIET, quiet=Quiet(time(16), time(17), silent=True)), FUNDING, False),
    ],
)
def test_what_goes_through_may_come_without_sound(asked: PlaceSettings, event: Event, silent: bool) -> None:
    assert passage(event, RULE, asked, AT) == Passage("", silent)


@pytest.mark.parametrize("about", About)
def test_a_notice_passes_unless_nothing_may_or_can_be_sent(about: About) -> None:
    one = Notice("N", about, AT, "LIVE", "told")

    assert passage_of_notice(one, QUIET) == Passage()
    assert passage_of_notice(one, replace(PLAIN, gone="blocked")) == Passage("gone: blocked")
    assert passage_of_notice(one, replace(PLAIN, barred=True)) == Passage("barred by an operator")
    assert passage_of_notice(one, replace(PLAIN, stopped=True)).held == ("" if about is About.SAMPLE else "stopped")
