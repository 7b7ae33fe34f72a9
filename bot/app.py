"""The one place that names concrete classes and makes the clock: it puts the parts together."""

import asyncio
import tempfile
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import version as installed_version
from pathlib import Path
from random import SystemRandom
from secrets import token_hex
from typing import TYPE_CHECKING, TypeAlias

import structlog
from pydantic import SecretStr

from adapters.chat.base import Invocation, Message, Place
from adapters.chat.identity import Refused, Unidentified
from adapters.chat.registry import PLATFORMS, identities
from adapters.store import embedded
from adapters.store.base import Quota, Store, StoreRefused
from adapters.store.memory import MemoryStore
from adapters.store.registry import open_store
from adapters.venues.base import Label, MarketSource
from adapters.venues.client import Endpoints, LiveVenue, Wiring
from adapters.venues.live import LiveMarket
from adapters.venues.probe import Look, look_at
from adapters.venues.recording import Recording
from adapters.venues.registry import VENUES
from adapters.venues.warming import Warming
from bot.chats import Around, Loops, discord_of, opened_chats, telegram_of
from bot.clock import Clock
from bot.demo import Script, play_script
from bot.health import Health
from bot.market import play, trailing
from bot.past import BadRequest, Shown, Wanted, chosen
from bot.phrases import venue as venue_called
from bot.services.aftermath import Aftermath
from bot.services.dispatcher import Dispatcher
from bot.services.eraser import Eraser
from bot.services.evaluator import Evaluator
from bot.services.fanout import Fanout
from bot.services.judging import Judging
from bot.services.keeping import limits, until_stopped
from bot.services.notices import Notices
from bot.services.poller import Poller
from bot.services.records import Records
from bot.services.runtime import GivenUp, Watch, stop_on_signals
from bot.settings import Settings
from bot.welcome import Welcome
from signals.model import Instrument
from signals.registry import SIGNALS

if TYPE_CHECKING:
    from adapters.venues.http import Http

log = structlog.get_logger()

VERSION = installed_version("perpwatch")
HERE = Place("terminal", "local")

LOOK_FOR_MARKET = 0.5
"""Seconds between looks for a market that another process has yet to write."""


ASKED_PATIENCE = timedelta(minutes=1)
"""How long a command asked from a shell waits for a dry run: nobody else waits behind it."""


def now() -> datetime:
    """The wall clock, read nowhere else."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Storage:
    """Where the store is, and the embedded server if this process looks after one."""

    url: str
    server: embedded.Embedded | None

    @property
    def owned(self) -> bool:
        """Whether the store is ours alone: an external one always is, an embedded one if we started it."""
        return self.server is None or self.server.owned


@contextmanager
def storage(settings: Settings, folder: Path) -> Iterator[Storage]:
    """The external store of the settings, else an embedded one on the folder, stopped at the end if it is ours."""
    if settings.redis_url is not None:
        yield Storage(settings.redis_url.get_secret_value(), None)
        return
    server = embedded.start(folder)
    try:
        yield Storage(server.url, server)
    finally:
        if server.owned:
            server.stop()


def running(settings: Settings) -> str:
    """The URL of the store of a perpwatch that runs. Raises BadRequest where none does."""
    if settings.redis_url is not None:
        return settings.redis_url.get_secret_value()
    url = embedded.attach(settings.data)
    if url is None:
        raise BadRequest(
            f"No perpwatch runs on the data folder {settings.data}. Start one, or name a --recording FILE."
        )
    return url


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is gone afterwards: the demo leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="perpwatch-demo-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    """The store at that URL, checked, and let go of at the end."""
    store = await open_store(url)
    try:
        yield store
    finally:
        await store.aclose()


OpenMarket: TypeAlias = Callable[[Store, Clock], AbstractAsyncContextManager[MarketSource]]
"""How a market is opened on a store; the clock is the wall's, which a live market may correct."""


def played(source: MarketSource) -> OpenMarket:
    """A market that needs nothing to be opened."""

    @asynccontextmanager
    async def open_it(store: Store, wall: Clock) -> AsyncIterator[MarketSource]:
        del store, wall
        yield source

    return open_it


def live(settings: Settings, endpoints: Mapping[str, Endpoints]) -> OpenMarket:
    """The live venues of the settings."""

    @asynccontextmanager
    async def open_it(store: Store, wall: Clock) -> AsyncIterator[MarketSource]:
        async with live_venues(settings, endpoints, store, wall) as venues:
            warming = Warming(venues, lambda: _listed(venues, wall.now()), store, wall.now)
            yield LiveMarket(venues, store, wall.now, wall.shift, warming.run)

    return open_it


def _listed(venues: Sequence[LiveVenue], at: datetime) -> Sequence[Instrument]:
    return [of for venue in venues for of in venue.client.roster.instruments(at)]


def _http(where: Endpoints) -> "Http":
    from adapters.venues.http import Http  # noqa: PLC0415 - it loads aiohttp, which most commands do without

    return Http(where.hosts)


@asynccontextmanager
async def live_venues(
    settings: Settings, endpoints: Mapping[str, Endpoints], store: Store, wall: Clock
) -> AsyncIterator[Sequence[LiveVenue]]:
    """The live venues of the settings, each with connections of its own."""
    async with AsyncExitStack() as stack:
        venues = []
        for name, key in keys(settings).items():
            where = endpoints[name]
            transport = _http(where)
            stack.push_async_callback(transport.aclose)
            wiring = Wiring(where, transport, store, wall.now, SystemRandom(), settings.egress, key)
            venues.append(VENUES[name].open(wiring))
        yield venues


def known_venue(settings: Settings, name: str) -> str:
    """The live venue that is meant. Raises BadRequest where there is none, or where it needs a key that is not set."""
    found = chosen("VENUE", name, list(VENUES))[0]
    if VENUES[found].needs_key and not keys(settings).get(found):
        raise BadRequest(f"{venue_called(found)} needs a key: set PERPWATCH_{found.upper()}_KEY.")
    return found


async def write_history(
    settings: Settings, endpoints: Mapping[str, Endpoints], url: str, wanted: Wanted, shown: Shown
) -> Sequence[str]:
    """Write a venue's past, within the budgets of the store at that URL; returns what could not be had."""
    from bot.history import History  # noqa: PLC0415 - it loads pyarrow, which only recordings need

    wall, name = Clock(now()), wanted.venue
    async with opened(url) as store, aclosing(_http(endpoints[name])) as transport:
        key = keys(settings).get(name, "")
        venue = VENUES[name].open(
            Wiring(endpoints[name], transport, store, wall.now, SystemRandom(), settings.egress, key)
        )
        return await History(venue, wanted, wall.now, shown).run()


async def write_archive(url: str, folder: Path, shown: Shown) -> None:
    """Write the days of the store at that URL that are over and not in the folder yet."""
    from bot.archive import Archive  # noqa: PLC0415 - it loads pyarrow, which only files need

    async with opened(url) as store:
        await Archive(store, folder, shown).run()


def keys(settings: Settings) -> Mapping[str, str]:
    """The venues to watch, each with its key; empty for those that need none."""
    found = dict.fromkeys(settings.venues.split(","), "")
    if settings.coinglass_key is not None:
        found["coinglass"] = settings.coinglass_key.get_secret_value()
    return found


@dataclass(frozen=True, slots=True)
class Plan:
    """What `run` should run: a market at a speed, the terminal and other chats, perhaps a script, perhaps an end."""

    market: OpenMarket
    speed: float
    folder: Path
    tokens: Mapping[str, SecretStr] = field(default_factory=dict)
    script: Script | None = None
    exit_after: float | None = None


async def run(settings: Settings, storage: Storage, plan: Plan) -> None:
    """All loops and chats in one process, until a signal, the person at the terminal or `exit_after` ends it."""
    stop = asyncio.Event()
    stop_on_signals(stop)
    wall = Clock(now())
    async with opened(storage.url) as store, plan.market(store, wall) as source:
        market = await _clock(store, source, wall, plan.speed)
        poller = Poller(source, store, market)
        await poller.warm_up()  # before anyone looks at the market's clock
        health = Health(wall.now)
        around = Around(store, market, wall, source.step, plan.folder, VERSION, health)
        async with opened_chats(settings, plan.tokens, [HERE.platform, *plan.tokens], around) as chats:
            terminal = chats.fronts[HERE.platform]
            loops = {
                "poller": poller.run,
                "evaluator": _judging(settings, store, source.step, wall, health).run,
                "fanout": Fanout(store, list(chats.fronts), wall.now).run,
                "notices": Notices(store, SIGNALS, market.now).run,
                "aftermath": Aftermath(store, SIGNALS).run,
                "records": Records(store, SIGNALS).run,
                "eraser": Eraser(store, wall.now).run,
                **chats.loops(lambda name: stop.set() if name == HERE.platform else None),
            }
            if plan.script is not None:
                loops["script"] = partial(play_script, plan.script, terminal, HERE, chats.dispatcher, market)
            if source.label is Label.LIVE:
                loops["welcome"] = partial(Welcome(terminal, HERE, store, market.now, poller.health).run, source.start)
            watch = Watch(health, limits(loops, market.takes(source.step)))
            await until_stopped(loops, stop, storage.server, watch, plan.exit_after)


async def run_chat(settings: Settings, storage: Storage, name: str, token: SecretStr) -> None:
    """One chat of the Procfile alone, on the market that other processes keep. Raises GivenUp where it is barred."""
    stop = asyncio.Event()
    stop_on_signals(stop)
    wall = Clock(now())
    async with opened(storage.url) as store:
        await _introduced(settings, name, token)
        health, step = Health(wall.now), await _step_of(store, stop)
        around = Around(store, wall, wall, step, settings.data, VERSION, health)
        async with opened_chats(settings, {name: token}, [name], around) as chats:
            log.info("loop started", loop=name, instance=settings.instance)
            loops = chats.loops(lambda _: stop.set())
            await until_stopped(loops, stop, storage.server, Watch(health, limits(loops, step)))
            if chats.barred:
                raise GivenUp(chats.barred[0])


async def _introduced(settings: Settings, name: str, token: SecretStr) -> None:
    """Say who the bot is and how people come to it, before anything is waited for. Raises GivenUp where it is refused.

    A platform that is away is no reason to end: it is asked again for as long as it takes.
    """
    asked = identities(telegram_of(settings, {name: token}), discord_of(settings, {name: token}))[name]
    try:
        known = await asked()
    except Refused as refused:
        raise GivenUp(str(refused)) from None
    except Unidentified as error:
        log.warning("who the bot is cannot be told yet", platform=name, why=str(error))
    else:
        log.info("the bot is known", platform=name, bot=known.name, link=known.link)


async def run_loop(settings: Settings, storage: Storage, name: str, market: OpenMarket | None, speed: float) -> None:
    """One loop of the Procfile alone: poll, evaluate or fanout."""
    stop = asyncio.Event()
    stop_on_signals(stop)
    async with opened(storage.url) as store, AsyncExitStack() as stack:
        loops, health = Loops(), Health(Clock(now()).now)
        match name:
            case "poll":
                if market is None:
                    raise AssertionError("a poller needs a market")
                wall = Clock(now())
                source = await stack.enter_async_context(market(store, wall))
                loops = {name: Poller(source, store, await _clock(store, source, wall, speed)).run}
            case "evaluate":
                step = await _step_of(store, stop)
                loops = {name: _judging(settings, store, step, Clock(now()), health).run}
            case _:
                wall = Clock(now())
                loops = {
                    name: Fanout(store, list(PLATFORMS), wall.now).run,
                    "notices": Notices(store, SIGNALS, wall.now).run,
                    "aftermath": Aftermath(store, SIGNALS).run,
                    "records": Records(store, SIGNALS).run,
                    "eraser": Eraser(store, wall.now).run,
                }
        log.info("loop started", loop=name, instance=settings.instance)
        step = min(await store.steps(), default=timedelta(minutes=1))
        await until_stopped(loops, stop, storage.server, Watch(health, limits(loops, step)))


def _judging(settings: Settings, store: Store, step: timedelta, wall: Clock, health: Health) -> Judging:
    owner = f"{settings.instance} {token_hex(4)}"
    evaluator = partial(Evaluator, store, SIGNALS, step, lag=lambda: health.lag)
    return Judging(store, settings.parts, owner, wall, evaluator)


async def ask(line: str, recording: Recording, at: datetime, quota: Callable[[Place], Quota]) -> Message:
    """The answer to one command on the state of a recording at that moment."""
    store = MemoryStore()
    bars = trailing(recording.step)
    last = next(iter(deque(play(recording, bars, at), maxlen=1)), None)
    if last is not None:
        panel = bars.panel()
        await store.extend([panel, *panel.others.values()])
        await store.close(last)
    return await answer_on(store, line, last.at if last else at, quota, recording.step, f"ask:{at}")


async def answer_on(
    store: Store, line: str, at: datetime, quota: Callable[[Place], Quota], step: timedelta, seen: str
) -> Message:
    """The answer to one command on what a store holds; `seen` is the id of the question."""
    dispatcher = Dispatcher(store, SIGNALS, lambda: at, at, VERSION, quota, step, ASKED_PATIENCE)
    name, _, arguments = line.strip().partition(" ")
    verb = name.removeprefix("/").lower()
    return await dispatcher.answer(Invocation(HERE, "local", verb, arguments.strip(), seen, at, operator=True))


async def ask_running(url: str, line: str, quota: Callable[[Place], Quota]) -> Message:
    """The answer to one command on the store of a service that runs."""
    async with opened(url) as store:
        latest = await store.latest()
        steps = await store.steps()
        at = latest.at if latest else now()
        step = min(steps, default=timedelta(minutes=1))
        return await answer_on(store, line, at, quota, step, f"ask:{now().isoformat()}")


async def look_at_venues(settings: Settings, endpoints: Mapping[str, Endpoints], url: str) -> Sequence[Look]:
    """One look at each live venue of the settings, all at once."""
    wall = Clock(now())
    async with opened(url) as store, live_venues(settings, endpoints, store, wall) as venues:
        return await asyncio.gather(*(look_at(venue, wall.now) for venue in venues))


async def _clock(store: Store, source: MarketSource, wall: Clock, speed: float) -> Clock:
    """The market's clock: the wall's where it is live, else from its first moment, or the last one the store has seen.

    Raises StoreRefused where the store holds another market.
    """
    latest = await store.latest()
    if latest is not None and (latest.label != source.label or (source.waits and latest.at < source.start)):
        raise StoreRefused(
            f"This store holds a {latest.label} market at {latest.at:%Y-%m-%d %H:%M} UTC, which is not the one asked "
            "for. Use another data folder (PERPWATCH_DATA) or another Redis database for this market."
        )
    return Clock(latest.at if latest else source.start, speed) if source.waits else wall


async def _step_of(store: Store, stop: asyncio.Event) -> timedelta:
    """The market's shortest bar, as soon as a poller has written one."""
    told = False
    while not (steps := await store.steps()) and not stop.is_set():
        if not told:
            log.info("waiting for a market; start `perpwatch poll`")
        told = True
        await asyncio.sleep(LOOK_FOR_MARKET)
    return min(steps, default=timedelta(minutes=1))
