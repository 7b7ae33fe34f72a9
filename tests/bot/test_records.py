"""Records in words: counts with their interval, base rate and verdict on every platform, and nothing invented."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.chat.base import Text
from adapters.chat.discord.markup import page as discord_page
from adapters.chat.rendering import render
from adapters.chat.telegram.markup import caption, pages
from bot.records import by_horizon, in_a_line, lines, numbers, of_live, reach
from bot.wording import alert
from signals.chance import wilson
from signals.model import Direction, Fact, Unit
from signals.record import Finding, Followed, Study
from signals.recorded import lived
from signals.rules.lifecycle import Change
from signals.study import Observed, study
from tests.bot.events import FUNDING
from tests.signals.test_recorded import T0, case, moved
from tests.signals.test_study import HOUR, walk

DAY = timedelta(days=1)
FORTY_ONE = Followed(41, 41, 23, 23 / 41, wilson(23, 41), wilson(23, 41), 0.004, 0.003, -0.089, 0.12)
NOTHING = Followed(0, 0, 0, None, None, None, None, None, None, None)
PAST = Study(
    ("ETH",),
    Direction.UP,
    DAY,
    HOUR,
    T0,
    T0 + 90 * DAY - HOUR,
    2_000,
    0.01,
    0.52,
    FORTY_ONE,
    FORTY_ONE,
    0,
    0.3,
)


def text(said: tuple[Text, ...]) -> str:
    return "".join(span.text for span in said)


def test_an_alert_says_what_followed_against_any_moment_and_how_sure_that_is() -> None:
    assert [text(of) for of in lines(PAST, "ETH")] == [
        "What followed on ETH, 41 past cases",
        "24h later up 23 of 41 (56%, likely 41–70%) · any moment 52%",
        "middle +0.4%, worst −8.9% → no proven edge",
    ]


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (None, "ETH: what followed before is not known yet."),
        (replace(PAST, entry=NOTHING, later=NOTHING), "No past case on ETH: too few to say what follows."),
        (replace(PAST, entry=replace(FORTY_ONE, events=1)), "1 past case on ETH: too few to say what follows."),
        (replace(PAST, entry=replace(FORTY_ONE, events=19)), "19 past cases on ETH: too few to say what follows."),
    ],
)
def test_too_few_and_unknown_are_said_as_that_and_show_no_share(of: Study | None, said: str) -> None:
    assert [text(each) for each in lines(of, "ETH")] == [said]


def test_several_cases_on_a_day_are_said_to_weigh_as_days() -> None:
    crowded = replace(FORTY_ONE, days=20, on_days=wilson(11, 20))

    assert "(56%; of 20 days likely 34–74%)" in text(lines(replace(PAST, entry=crowded), "ETH")[1])


def test_an_effect_of_the_first_bar_is_said_to_be_one() -> None:
    strong = replace(FORTY_ONE, hits=38, share=38 / 41, on_days=wilson(38, 41))

    assert text(lines(replace(PAST, entry=strong, later=strong), "ETH")[2]).endswith("→ edge seen")
    assert text(lines(replace(PAST, entry=strong), "ETH")[2]).endswith("→ no proven edge, only in the first bar")


def test_only_an_alert_that_fires_has_a_record() -> None:
    fired = replace(FUNDING, record=PAST)

    assert "What followed on ETH, 41 past cases" in render(alert(fired, fired.at), colour=False)
    assert dict(alert(fired, fired.at).data)["record"] == numbers(PAST)
    for change in (Change.REMINDED, Change.RESOLVED):
        assert "followed" not in render(alert(replace(fired, change=change), fired.at), colour=False)


def test_a_dry_run_tells_all_its_bars_in_one_line() -> None:
    assert text(in_a_line(PAST)) == (
        "90 days: 41 past cases; 24h later up 23 of 41 (56%, likely 41–70%), any moment 52%: no proven edge"
    )
    nothing = replace(PAST, entry=NOTHING, later=NOTHING, open=2)
    assert text(in_a_line(nothing)) == "90 days: No past case and 2 of unknown outcome: too few to say what follows."
    assert text(in_a_line(None)) == "What followed before is not known yet."


def test_every_platform_keeps_the_verdict_where_reasons_have_to_go() -> None:
    many = tuple(Fact(f"reason {number} {'long ' * 300}", None, Unit.FRACTION, "said") for number in range(5))
    message = alert(replace(FUNDING, record=PAST, facts=many), FUNDING.at)

    sent = {
        "telegram": "".join(page.plain for page in pages(message)),
        "discord": discord_page(message).description,
        "terminal": render(message, colour=False),
    }

    for platform, said in sent.items():
        assert "no proven edge" in said, platform
        assert "any moment 52%" in said, platform
    assert len(pages(message)) == 1
    assert "reason 4" not in sent["telegram"]


def test_an_alert_with_its_record_still_fits_below_a_picture() -> None:
    page = caption(alert(replace(FUNDING, record=PAST), FUNDING.at))

    assert page is not None
    assert "no proven edge" in page.plain


def test_live_alerts_tell_what_is_open_and_what_is_unknown() -> None:
    alerts = [case(0, *moved(0.02)), case(30, 100.0, *[None] * 7), case(90)]

    (said,) = of_live([lived(alerts, Direction.UP, DAY, T0 + 4 * DAY)], {DAY: 0.5})

    assert text(said) == (
        "   live, 3 alerts: 24h later up 1 of 1 (100%, likely 21–100%), "
        "1 of unknown outcome, 1 of no outcome yet → too few"
    )
    assert list(of_live([lived([], Direction.UP, DAY, T0)], {})) == []


@pytest.mark.parametrize("direction", list(Direction))
def test_a_study_is_told_by_its_own_numbers(direction: Direction) -> None:
    seen: Observed = walk(900, 1, seed=5)

    for of in (study(seen, direction, horizon) for horizon in (HOUR, 4 * HOUR, DAY)):
        said = "\n".join(text(each) for each in by_horizon([of]))

        assert f"{direction} {of.entry.hits} of {of.entry.events} (" in said
        assert f"any moment {of.base_rate:.0%}" in said
        assert said.endswith(of.finding) or of.is_first_bar_only
        assert numbers(of)["verdict"] == of.finding == Finding(of.finding)


def test_less_than_a_day_of_bars_is_told_in_hours() -> None:
    short = replace(PAST, first=T0, last=T0 + timedelta(hours=23, minutes=49), step=timedelta(minutes=1))

    assert reach(short) == "23h 50m"
    assert reach(PAST) == "90 days"
