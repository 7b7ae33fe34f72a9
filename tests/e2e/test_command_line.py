"""The command line as a stranger meets it: real processes, real embedded store, everything read from their output."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main
from signals.registry import BY_NAME
from tests.e2e.strangers import PERPWATCH, ROOT, is_spoken, newcomer, perpwatch, typed
from tests.recordings import funding_story


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return newcomer(tmp_path / "home")


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Four days of hours in which ETH funding falls far below zero and comes back."""
    return funding_story(tmp_path / "story.parquet")


def test_replay_is_one_json_object_per_transition_and_byte_identical(
    environment: dict[str, str], recording: Path
) -> None:
    first = perpwatch(environment, "replay", str(recording), "--rule", "funding.settled < -0.01%", "--json")
    second = typed(environment, "replay", str(recording), "--rule", "funding.settled < -0.01%", "--json")

    transitions = [json.loads(line) for line in first.stdout.splitlines()]
    assert [t["transition"] for t in transitions] == ["fired", "resolved"]
    assert list(transitions[0]) == [
        *("time", "coin", "rule", "transition", "value", "threshold", "venues", "coverage", "trust", "alert_id"),
    ]
    assert transitions[0]["coin"] == "ETH"
    assert transitions[0]["threshold"] == -0.0001
    assert transitions[0]["alert_id"] == transitions[1]["alert_id"]
    assert first.stdout == second.stdout


def test_replay_can_be_cut_in_time(environment: dict[str, str], recording: Path) -> None:
    rule = ("--rule", "ETH funding.settled < -0.01%", "--json")
    whole = json.loads(typed(environment, "replay", str(recording), *rule).stdout.splitlines()[0])["time"]

    until = typed(environment, "replay", str(recording), *rule, "--to", whole).stdout.splitlines()
    after = typed(environment, "replay", str(recording), *rule, "--from", whole).stdout.splitlines()

    assert [json.loads(line)["transition"] for line in until] == ["fired"]
    assert after == []


def test_a_recording_that_lacks_what_a_rule_needs_is_told(environment: dict[str, str], recording: Path) -> None:
    done = typed(environment, "replay", str(recording), "--rule", "negfunding", "--json")

    assert (done.exit_code, done.stdout) == (0, "")
    assert "'negfunding' was never judged" in done.stderr


def test_a_question_about_a_recorded_moment_is_answered(environment: dict[str, str], recording: Path) -> None:
    words = typed(environment, "ask", "/funding ETH", "--recording", str(recording))
    facts = typed(environment, "ask", "/funding ETH", "--recording", str(recording), "--json")

    assert "binance" in words.stdout.lower()
    assert "per 8h" in words.stdout or "8h" in words.stdout
    assert json.loads(facts.stdout)


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("run", "--speed", "60"), "--speed needs --demo or --recording"),
        (("poll", "--speed", "60"), "--speed needs --demo or --recording"),
        (("history", "nosuch"), "nosuch"),
        (("telegram",), "Set TELEGRAM_TOKEN"),
        (("discord",), "Set DISCORD_TOKEN"),
        (("replay", "nosuch.parquet"), "nosuch.parquet"),
        (("run", "--recording", "nosuch.parquet"), "nosuch.parquet"),
        (("replay", str(ROOT / "pyproject.toml")), "Parquet"),
        (("replay", str(ROOT)), "folder"),
        (("ask", "/funding BTC"), "No perpwatch runs"),
        (("ask", "/funding BTC", "--at", "2025-04-01"), "--at needs --recording"),
        (("run", "--demo", "--speed", "fast"), "is not a speed"),
        (("run", "--demo", "--speed", "-1"), "is not a speed"),
        (("nosuch",), "nosuch"),
        (("ask", "/funding BTC", "--recording", "RECORDING", "--at", "2020-01-01"), "begins at 2026-01-05T01:00:00Z"),
    ],
)
def test_a_mistake_is_one_sentence_with_a_cure(
    environment: dict[str, str], recording: Path, args: tuple[str, ...], says: str
) -> None:
    done = typed(environment, *(str(recording) if arg == "RECORDING" else arg for arg in args))

    assert is_spoken(done)
    assert says in done.stderr


def test_a_mistake_is_told_by_a_real_process_just_so(environment: dict[str, str]) -> None:
    done = perpwatch(environment, "ask", "/funding BTC", "--at", "2025-04-01")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == typed(environment, "ask", "/funding BTC", "--at", "2025-04-01").stderr


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("PERPWATCH_REDIS_ULR", "x", "did you mean PERPWATCH_REDIS_URL"),
        ("PERPWATCH_REDIS_URL", "123456789:AAcanaryCANARYcanaryCANARYcanaryCANA", "not the URL of a store"),
        ("PERPWATCH_REDIS_URL", "redis://:canaryCANARY@127.0.0.1:9", "127.0.0.1:9"),
        ("PERPWATCH_RULE_LIMIT", "many", "PERPWATCH_RULE_LIMIT"),
        ("TELEGRAM_TOKEN", "canary", "@BotFather"),
        ("DISCORD_TOKEN", "canary", "Developer Portal"),
        ("DISCORD_TOKEN_FILE", "/nowhere/canary", "DISCORD_TOKEN_FILE"),
        ("PERPWATCH_DATA", "/dev/null/x", "/dev/null"),
    ],
)
def test_a_wrong_setting_is_one_sentence_and_never_repeats_a_secret(
    environment: dict[str, str], name: str, value: str, says: str
) -> None:
    done = typed(environment | {name: value}, "check")

    assert is_spoken(done)
    assert says in done.stderr
    assert "canary" not in done.stdout + done.stderr


def test_check_says_that_all_is_well(environment: dict[str, str]) -> None:
    done = perpwatch(environment, "check")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Valkey" in done.stdout
    assert "FIX" not in done.stdout


@pytest.mark.parametrize("command", sorted(main.commands))
def test_every_command_explains_itself(command: str) -> None:
    done = CliRunner().invoke(main, [command, "--help"])

    assert done.exit_code == 0
    assert len(done.stdout.splitlines()) > 4


def test_the_first_help_shows_one_line_for_each_way_to_begin(environment: dict[str, str]) -> None:
    lines = [line.strip() for line in typed(environment, "--help").stdout.splitlines()]

    assert [line.rsplit("  ", 1)[-1].strip() for line in lines if "  perpwatch " in line] == [
        "perpwatch run",
        "perpwatch run --demo",
        'perpwatch ask "/funding BTC" --recording FILE --at 2025-04-01',
    ]


def test_signals_are_listed_for_people_and_machines(environment: dict[str, str]) -> None:
    words, facts = typed(environment, "signals"), typed(environment, "signals", "--json")

    names = [signal["name"] for signal in json.loads(facts.stdout)]
    assert names == list(BY_NAME)
    assert all(name in words.stdout for name in names)


@contextmanager
def running(environment: Mapping[str, str], *args: str, log: Path) -> Iterator[subprocess.Popen[str]]:
    """A service in the background, killed at the end if it still runs."""
    with log.open("a") as out:
        process = subprocess.Popen(
            [*PERPWATCH, *args], env=environment, stdin=subprocess.PIPE, stdout=out, stderr=out, text=True, cwd="/"
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            if process.stdin:
                process.stdin.close()


def wait_for(log: Path, text: str, seconds: float = 60) -> None:
    """Until the text stands in the log: other processes write it, so the real clock is looked at."""
    deadline = time.monotonic() + seconds
    while text not in log.read_text():
        assert time.monotonic() < deadline, f"{text!r} did not come: {log.read_text()[-2000:]}"
        time.sleep(0.05)


def say(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


def servers_on(folder: Path) -> list[int]:
    """Store servers that work in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                cwd = (entry / "cwd").resolve()
            except OSError:
                continue
            if b"valkey" in words[0] and (folder == cwd or folder in cwd.parents):
                found.append(int(entry.name))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc; macOS has no death signal either (see docs)")
def test_kill_9_leaves_no_server_and_loses_no_acknowledged_rule(
    environment: dict[str, str], recording: Path, tmp_path: Path
) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    log.touch()
    own = environment | {"PERPWATCH_DATA": str(data)}
    service = ("run", "--recording", str(recording), "--speed", "3600")
    with running(own, *service, log=log) as process:
        say(process, "/alert ETH funding.settled < -0.01%")
        wait_for(log, "[1] Save")
        say(process, "1")
        wait_for(log, "Rule #1 saved")
        assert servers_on(data)
        process.send_signal(signal.SIGKILL)
        process.wait()

    deadline = time.monotonic() + 5
    while servers_on(data) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not servers_on(data)

    log.write_text("")
    with running(own, *service, log=log) as process:
        say(process, "/alerts")
        wait_for(log, "funding.settled < -0.01%")


def test_a_second_run_on_the_same_folder_says_that_one_is_running(
    environment: dict[str, str], recording: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    log.touch()
    own = environment | {"PERPWATCH_DATA": str(tmp_path / "data")}
    with running(own, "run", "--recording", str(recording), log=log) as process:
        say(process, "/help")
        wait_for(log, "/funding")

        second = perpwatch(own, "run", "--recording", str(recording))

    assert second.returncode != 0
    assert "already running" in second.stderr


def test_the_loops_run_apart_on_one_store(environment: dict[str, str], recording: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    own = environment | {"PERPWATCH_DATA": str(tmp_path / "data")}
    with (
        running(own, "poll", "--recording", str(recording), "--speed", "36000", log=log),
        running(own, "evaluate", log=log),
        running(own, "fanout", log=log),
    ):
        wait_for(log, "loop=evaluate")
        wait_for(log, "loop=fanout")
        wait_for(log, "recording ended")
        asked = perpwatch(own, "ask", "/status")

    assert asked.returncode == 0, asked.stderr
    assert "Traceback" not in log.read_text()


def test_the_demo_fires_and_resolves_and_says_that_it_is_simulated(environment: dict[str, str], tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    with running(environment, "run", "--demo", "--speed", "600", log=log) as process:
        wait_for(log, "✅ ETH")
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 0

    shown = log.read_text()
    assert "SIMULATED" in shown
    assert "ETH · shorts pay longs" in shown
    assert "/delete" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("lines", "options"), [("/quit\n", ()), ("/subscribe negfunding ETH\n", ("--exit-after", "1"))]
)
def test_leaving_at_once_ends_the_service(environment: dict[str, str], lines: str, options: tuple[str, ...]) -> None:
    done = subprocess.run(
        [*PERPWATCH, "run", "--demo", *options],
        env=environment,
        input=lines,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd="/",
    )

    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("after", [0.3, 1.7, 2.6])
def test_a_stop_at_any_moment_ends_the_service(
    environment: dict[str, str], recording: Path, tmp_path: Path, after: float
) -> None:
    log = tmp_path / "log"
    log.touch()
    own = environment | {"PERPWATCH_DATA": str(tmp_path / "data")}
    with running(own, "run", "--recording", str(recording), "--speed", "36000", log=log) as process:
        say(process, "/help")
        wait_for(log, "/funding")
        time.sleep(after)
        process.send_signal(signal.SIGTERM)

        assert process.wait(15) == 0

    assert "Traceback" not in log.read_text()
