"""Studies as people ask for them: what is answered, and what is refused with a cure."""

import json
from datetime import timedelta
from math import sin
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from tests.recordings import START, write

DAY = timedelta(days=1)
RULE = "funding < 0%"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty days of two coins: ETH falls the day after its funding was negative, BTC does as it likes."""
    rows = []
    price = {"BTC": 90_000.0, "ETH": 3_000.0}
    for day in range(60):
        for coin, phase in (("BTC", 1.7), ("ETH", 0.0)):
            rate = 0.0001 if (day // 2) % 2 else -0.0001
            before = 0.0001 if ((day - 1) // 2) % 2 else -0.0001
            price[coin] *= 1 + 0.01 * (sin(day * day + phase) if coin == "BTC" else before / 0.0001)
            rows.append(
                {
                    "time": START + day * DAY,
                    "venue": "binance",
                    "symbol": coin,
                    "price": price[coin],
                    "funding_rate": rate,
                    "funding_interval_hours": 8.0,
                }
            )
    return write(tmp_path_factory.mktemp("study") / "days.parquet", rows, bar_seconds="86400")


def asked(*words: str) -> Result:
    return CliRunner().invoke(main, ["study", *words])


def facts(*words: str) -> dict[str, object]:
    done = asked(*words, "--json")
    assert done.exit_code == 0, done.output
    said: dict[str, object] = json.loads(done.stdout)
    return said


def test_facts_carry_all_that_a_study_counts(recording: Path) -> None:
    said = facts(RULE, "--direction", "down", "--data", str(recording), "--coin", "ETH")

    assert (said["rule"], said["label"]) == ("ETH funding < 0% for 15m every 1h", "SIMULATED")
    assert (said["n_events"], said["n_days"], said["hits"]) == (30, 30, 30)
    assert (said["hit_rate"], said["open_events"], said["no_data_share"]) == (1.0, 0, 0.0)
    assert said["base_rate"] == pytest.approx(30 / 59)
    assert said["verdict"] == "no proven edge"
    assert said["first_bar_only"] is True
    assert (said["horizon_h"], said["bar_h"], said["direction"]) == (24, 24, "down")
    assert said["p"] == pytest.approx(14 / 59, abs=0.03)  # each move by four days finds the same


def test_all_coins_are_counted_together_and_each_alone(recording: Path) -> None:
    said = facts(RULE, "--data", str(recording))
    by_coin = said["by_coin"]

    assert isinstance(by_coin, dict)
    assert said["direction"] == "up"
    assert said["n_events"] == 60 == sum(own["n_events"] for own in by_coin.values())
    assert said["n_days"] == 30


def test_a_signal_is_asked_for_its_claim_and_can_be_asked_the_other_way(recording: Path) -> None:
    data = ("--data", str(recording))

    assert facts("negfunding", *data)["direction"] == "up"
    assert facts("negfunding", "--direction", "down", *data)["direction"] == "down"
    assert "That is the signal's claim. --direction down asks the other way." in asked("negfunding", *data).output


def test_a_study_reads_like_an_answer(recording: Path) -> None:
    said = asked(RULE, "--direction", "down", "--data", str(recording)).stdout

    for part in (
        "Asked: was the price down 24h later?",
        "SIMULATED market from invented for a test.",
        "enter no record",
        "Verdict: no proven edge.",
        "95% on days",
        "one bar later",
        "ETH           30            100.0%",
        "What followed before is not what will follow.",
    ):
        assert part in said
    assert max(map(len, said.splitlines())) <= 120


def test_time_can_be_cut_at_both_ends(recording: Path) -> None:
    cut = ("--from", "2026-01-10", "--to", "2026-01-20")
    said = facts(RULE, "--data", str(recording), "--coin", "ETH", *cut)

    assert (said["first"], said["last"]) == ("2026-01-10T00:00:00Z", "2026-01-20T00:00:00Z")
    assert (said["n_events"], said["base_bars"]) == (5, 10)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            (RULE, "--horizon", "4h"),
            "--horizon 4h is no whole number of bars: those of days.parquet are 24h long. Use 24h.",
        ),
        ((RULE, "--coin", "XRP"), "--coin: there is no 'XRP' here. Known are BTC, ETH."),
        (("ETH funding < 0%", "--coin", "BTC"), "there is no 'BTC' here. Known are ETH."),
        (("fundin < 0%",), "I do not know the metric fundin"),
        (("watchlist funding < 0%",), "A study has no watchlist."),
        (("liqspike",), "days.parquet has no open interest and no long liquidations and no short liquidations. It has"),
        (("price 1h rises by 1%",), "a change in 1h needs shorter bars than 24h."),
        (("funding < p5",), "days.parquet is shorter than the past that it is held against."),
        ((RULE, "--from", "2027-01-01"), "Nothing of days.parquet lies in that time."),
        ((RULE, "--to", "2020-01-01"), "Nothing of days.parquet lies in that time."),
    ],
)
def test_what_cannot_be_studied_is_refused_with_the_cure(recording: Path, words: tuple[str, ...], says: str) -> None:
    done = asked(*words, "--data", str(recording))

    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert says in " ".join(done.stderr.split())


def test_a_market_without_prices_tells_nothing_of_what_followed(tmp_path: Path) -> None:
    rows = [
        {"time": START + n * DAY, "venue": "okx", "symbol": "BTC", "funding_rate": -1e-4, "funding_interval_hours": 8.0}
        for n in range(5)
    ]
    bare = write(tmp_path / "bare.parquet", rows, bar_seconds="86400")

    assert "bare.parquet has no prices of these coins then" in asked(RULE, "--data", str(bare)).stderr


def test_the_same_study_is_the_same_text(recording: Path) -> None:
    words = (RULE, "--data", str(recording), "--json")

    assert asked(*words).stdout == asked(*words).stdout
