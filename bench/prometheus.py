"""The same thresholds in Prometheus with Alertmanager, where Debian's packages of both are installed.

Twice: every threshold as an alerting rule of its own, and thresholds as series that one rule joins with the values.
Measured: how long one evaluation takes, resident memory of both servers, and the time from a value that crosses to
the notification at a webhook. What they do besides (query language, long storage, any metric) perpwatch does not do;
what it does besides (hold in event time, clear levels, reminders, unknown data, one message per person, in order)
they do in part or not at all.

Our row is one process with the memory store, from a closed moment through evaluator, fan-out and sender to a platform
that notes the time: its evaluation includes the bars of all coins and the write of the moment; a market adds the wait
for its minute to close, as theirs adds the wait for the next scrape, which is part of their figure. Their memory is
that of both servers, which keep a history; ours holds every rule twice, in the store and in the engine.
"""

import asyncio
import json
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import aiohttp
from aiohttp import web

from bench.measure import Figures, report

COINS = 500
SIZES = (1_000, 10_000, 100_000)
CALM = 0.0001
HAIR = 1e-6
"""By how much a value passes its nearest line, which is one rule's alone."""
ROUNDS = 3
PATIENCE = 180.0
"""Seconds that the slowest step may take."""

Rules: TypeAlias = Callable[[int], str]


def lines(rules: int) -> Mapping[int, tuple[int, float]]:
    """Per rule its coin and its line: spread below every calm value, so that nobody fires by itself."""
    return {rule: (rule % COINS, -0.0001 - 0.5 * rule / rules) for rule in range(rules)}


class Market:
    """What both servers look at: values by coin, the lines where they are series, and who was told when."""

    def __init__(self, rules: int, *, as_series: bool) -> None:
        self.values = dict.fromkeys(range(COINS), CALM)
        drawn = lines(rules)
        self.nearest = {coin: drawn[coin][1] for coin in range(COINS)}
        written = (f'line{{coin="C{coin}",rule="{rule}"}} {at!r}' for rule, (coin, at) in drawn.items())
        self._lines = "\n".join(written) if as_series else ""
        self.told: asyncio.Queue[float] = asyncio.Queue()

    async def metrics(self, _: web.Request) -> web.Response:
        """The page that Prometheus reads every second."""
        values = "\n".join(f'funding{{coin="C{coin}"}} {value!r}' for coin, value in self.values.items())
        return web.Response(text=f"{values}\n{self._lines}\n", content_type="text/plain")

    async def notified(self, request: web.Request) -> web.Response:
        """What Alertmanager sends."""
        body = await request.json()
        if body["status"] == "firing":
            self.told.put_nowait(time.perf_counter())
        return web.Response()


def alerting_rules(rules: int) -> str:
    """Every threshold a rule of its own."""
    said = (
        f"  - {{alert: A{r}, expr: 'funding{{coin=\"C{coin}\"}} < {at!r}'}}" for r, (coin, at) in lines(rules).items()
    )
    return "groups:\n- name: lines\n  rules:\n" + "\n".join(said) + "\n"


def joined_series(_: int) -> str:
    """One rule that joins values and lines."""
    expr = "'line > on(coin) group_left funding'"
    return f"groups:\n- name: lines\n  rules:\n  - {{alert: Crossed, expr: {expr}}}\n"


FORMS: Mapping[str, tuple[Rules, bool]] = {"alerting rules": (alerting_rules, False), "series": (joined_series, True)}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port: int = asked.getsockname()[1]
        return port


@asynccontextmanager
async def _served(market: Market) -> AsyncIterator[int]:
    app = web.Application()
    app.add_routes([web.get("/metrics", market.metrics), web.post("/told", market.notified)])
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield port
    finally:
        await runner.cleanup()


@asynccontextmanager
async def _running(*command: str, cwd: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    log = (cwd / f"{Path(command[0]).name}.log").open("wb")
    process = await asyncio.create_subprocess_exec(*command, cwd=cwd, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.kill()
        await process.wait()
        log.close()


def _configured(folder: Path, rules: str, market: int, alertmanager: int) -> None:
    """Everything every second, nothing grouped or delayed that can be left out."""
    (folder / "rules.yml").write_text(rules)
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
        "rule_files: [rules.yml]\n"
        f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{alertmanager}']}}]}}]}}\n"
        f"scrape_configs: [{{job_name: m, static_configs: [{{targets: ['127.0.0.1:{market}']}}]}}]\n"
    )
    (folder / "alertmanager.yml").write_text(
        "route: {receiver: r, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\n"
        f"receivers: [{{name: r, webhook_configs: [{{url: 'http://127.0.0.1:{market}/told'}}]}}]\n"
    )


async def measured(form: str, rules: int) -> Figures:
    """One form at one size."""
    written, as_series = FORMS[form]
    market = Market(rules, as_series=as_series)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = await stack.enter_async_context(_served(market))
        ours, theirs, cluster = free_port(), free_port(), free_port()
        _configured(folder, written(rules), port, theirs)
        listens = [f"--web.listen-address=127.0.0.1:{theirs}", f"--cluster.listen-address=127.0.0.1:{cluster}"]
        where = ["--config.file=alertmanager.yml", "--storage.path=am"]
        alertmanager = await stack.enter_async_context(
            _running("prometheus-alertmanager", *listens, *where, cwd=folder)
        )
        listens = [f"--web.listen-address=127.0.0.1:{ours}"]
        where = ["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb"]
        prometheus = await stack.enter_async_context(_running("prometheus", *listens, *where, cwd=folder))
        http = await stack.enter_async_context(aiohttp.ClientSession())
        page = f"http://127.0.0.1:{ours}/metrics"
        await _evaluated(http, page)
        delays = [await _told(market, coin) for coin in range(ROUNDS)]
        evaluation = await _evaluated(http, page)  # only now are all lines surely read
        return {
            "evaluation_ms": round(evaluation * 1000, 3),
            "memory_mb": round(sum(map(_resident, (prometheus.pid, alertmanager.pid))), 1),
            "value_to_notification_ms": round(sorted(delays)[ROUNDS // 2] * 1000, 1),
        }


async def _evaluated(http: aiohttp.ClientSession, url: str) -> float:
    """Seconds of the last evaluation, once several were made: the first ones meet no values yet."""
    end = time.perf_counter() + PATIENCE
    while time.perf_counter() < end:
        await asyncio.sleep(1)
        try:
            async with http.get(url) as answer:
                page = await answer.text()
        except aiohttp.ClientError:
            continue
        seen = dict(line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("prometheus_rule_"))
        made = sum(float(v) for k, v in seen.items() if k.startswith("prometheus_rule_group_iterations_total"))
        lasted = [float(v) for k, v in seen.items() if k.startswith("prometheus_rule_group_last_duration_seconds")]
        if made >= 5 and lasted:
            return max(lasted)
    raise TimeoutError("Prometheus made no five evaluations in time")


async def _told(market: Market, coin: int) -> float:
    """Seconds from a value that crosses the coin's lines to the notification."""
    while not market.told.empty():
        market.told.get_nowait()
    since = time.perf_counter()
    market.values[coin] = market.nearest[coin] - HAIR
    return await asyncio.wait_for(market.told.get(), PATIENCE) - since


async def ours(rules: int) -> Figures:
    """The same lines in perpwatch, in a process of its own."""
    asked = {"lines": lines(rules), "coins": COINS, "calm": CALM, "rounds": ROUNDS}
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-P", "-m", "bench.prometheus_ours")
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    said, _ = await process.communicate(json.dumps(asked).encode())
    figures: Figures = json.loads(said.splitlines()[-1])
    return figures


def _resident(pid: int) -> float:
    page = Path(f"/proc/{pid}/status").read_text()
    return float(page.split("VmRSS:")[1].split()[0]) / 1024


async def main() -> None:
    """Print the measurement, or why there is none."""
    absent = [name for name in ("prometheus", "prometheus-alertmanager") if shutil.which(name) is None]
    if absent:
        json.dump({"bench": "prometheus", "skipped": f"not installed: {', '.join(absent)}"}, sys.stdout)
        print()
        return
    rows = {}
    for rules in SIZES:
        rows |= {f"{rules} {form}": await measured(form, rules) for form in FORMS}
        rows[f"{rules} perpwatch"] = await ours(rules)
    report("prometheus", "the same thresholds, beside ours", rows, scope=__doc__)


if __name__ == "__main__":
    asyncio.run(main())
