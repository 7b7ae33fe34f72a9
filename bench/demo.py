"""The demo as a newcomer starts it: seconds to the first alert, and the peak memory of the service and its store."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench.measure import report

RUNS_FOR = 60
LOOK_EVERY = 0.05


def resident_mb(pid: int | str, field: str = "VmHWM") -> float:
    """Peak resident memory of a process so far, or another of its figures; 0 where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    peak = [line.split()[1] for line in status.splitlines() if line.startswith(field)]
    return int(peak[0]) / 1024 if peak else 0.0


def children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def main() -> None:
    with tempfile.TemporaryDirectory() as home:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PERPWATCH_")} | {"HOME": home}
        words = [sys.executable, "-m", "bot.cli", "run", "--demo", "--exit-after", str(RUNS_FOR)]
        began = time.monotonic()
        first: list[float] = []
        alerts = {"fired": 0, "resolved": 0}
        with subprocess.Popen(
            words, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env=environment
        ) as run:
            peaks: dict[int, float] = {}

            def watch() -> None:
                while run.poll() is None:
                    for pid in (run.pid, *children(run.pid)):
                        peaks[pid] = max(peaks.get(pid, 0.0), resident_mb(pid))
                    time.sleep(LOOK_EVERY)

            watcher = threading.Thread(target=watch)
            watcher.start()
            assert run.stdout is not None
            for line in run.stdout:
                if any(icon in line for icon in ("🔻", "🔺", "🌊")):
                    first.append(time.monotonic() - began)
                    alerts["fired"] += 1
                alerts["resolved"] += "✅" in line
            watcher.join()
    report(
        "demo",
        "first alert within 15 s, peak memory under 250 MB, at least one alert fired and one resolved",
        {},
        exit_code=run.returncode,
        seconds_to_first_alert=round(first[0], 2) if first else None,
        peak_mb=round(sum(peaks.values()), 1),
        processes=len(peaks),
        **alerts,
    )


if __name__ == "__main__":
    main()
