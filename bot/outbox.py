"""`perpwatch outbox`: dead letters listed, read and sent again."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import click

from adapters.chat.registry import PLATFORMS
from adapters.chat.rendering import render
from adapters.store.base import Store
from adapters.store.dead_port import DEAD_FOR, DeadEvent, DeadLetter
from adapters.store.place_settings import PLAIN
from bot import app
from bot.past import BadRequest
from bot.phrases import count
from bot.settings import load
from bot.spoken import spoken
from bot.telling import told
from bot.wording import headline
from signals.event import Event
from signals.units import duration

T = TypeVar("T")
Dead = DeadLetter | DeadEvent

EVENT = "event"
"""What the name of a dead event begins with, where that of a letter has its platform."""


@click.group(invoke_without_command=True)
@click.pass_context
def outbox(context: click.Context) -> None:
    """List, read and replay dead letters: alerts that a chat refused too often, or that could not be read."""
    if context.invoked_subcommand is None:
        context.invoke(list_, as_json=False)


@outbox.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@spoken
def list_(as_json: bool) -> None:
    """List the dead letters of the service that runs, oldest first, each with the reason why it is dead."""
    found = _on_store(_all)
    for name, of in found.items():
        click.echo(json.dumps(_facts(name, of), ensure_ascii=False) if as_json else _line(name, of))
    if not as_json:
        kept = f"they are kept for {duration(DEAD_FOR)}. Read one with: perpwatch outbox read ID"
        click.echo(f"{count(len(found), 'dead letter')}; {kept}" if found else "No dead letters: nothing was given up.")


@outbox.command("read")
@click.argument("name", metavar="ID")
@spoken
def read(name: str) -> None:
    """Show one dead letter: when and why it died, and the message as it would be sent."""
    of = _known(_on_store(_all), name)
    click.echo(_line(name, of))
    if isinstance(of, DeadEvent):
        click.echo(f"Nobody was told of it: its {of.size} bytes were written by another version, or are damaged.")
        click.echo("A perpwatch that can read it tells all its places after: perpwatch outbox replay " + name)
    elif of.told is None:
        click.echo("What it told cannot be read by this version.")
    else:
        click.echo(render(told([of.told], of.at, PLAIN), colour=False), nl=False)


@outbox.command("replay")
@click.argument("names", nargs=-1, metavar="ID...")
@click.option("--all", "everything", is_flag=True, help="All dead letters.")
@spoken
def replay(names: tuple[str, ...], everything: bool) -> None:
    """Send dead letters again: each goes to the end of its lane once, however often this is typed.

    It passes the gates again, so what is muted by now stays unsent; it does not expire, and says how late it is.
    Mend first what the reason names, else it dies again.
    """
    if bool(names) == everything:
        raise BadRequest("Name dead letters by their ID, or all of them with --all; `perpwatch outbox` lists them.")
    for said in _on_store(lambda store: _revived(store, names)):
        click.echo(said)


async def _all(store: Store) -> dict[str, Dead]:
    """Every dead letter by its name."""
    letters = [of for platform in PLATFORMS for of in await store.dead(platform)]
    events = await store.dead_events()
    return {
        **{f"{EVENT}:{of.id}": of for of in events},
        **{f"{of.place.platform}:{of.id}": of for of in letters},
    }


async def _revived(store: Store, names: Sequence[str]) -> Sequence[str]:
    known, said = await _all(store), list[str]()
    for name in names or known:
        of = known.get(name)
        if of is None:
            said.append(f"{name}: there is no such dead letter; it may have been sent again already.")
        elif await (store.revive_event(of) if isinstance(of, DeadEvent) else store.revive(of, app.now())):
            said.append(f"{name}: waits to be sent again.")
        else:
            said.append(f"{name}: somebody else was faster; it waits to be sent again.")
    return said or ["No dead letters: nothing to send again."]


def _on_store(ask: Callable[[Store], Awaitable[T]]) -> T:
    """Ask the store of the service that runs."""

    async def asked() -> T:
        async with app.opened(app.running(load(os.environ))) as store:
            return await ask(store)

    return asyncio.run(asked())


def _known(found: dict[str, Dead], name: str) -> Dead:
    if name not in found:
        raise BadRequest(f"There is no dead letter {name}; `perpwatch outbox` lists them.")
    return found[name]


def _line(name: str, of: Dead) -> str:
    if isinstance(of, DeadEvent):
        return f"{name}  {of.at:%Y-%m-%d %H:%M:%S} UTC  no place yet  an event that cannot be read ({of.size} bytes)"
    return f"{name}  {of.at:%Y-%m-%d %H:%M:%S} UTC  {of.place}  {_what(of)}  {of.reason}"


def _what(of: DeadLetter) -> str:
    if of.told is None:
        return "unreadable"
    return f"A-{of.told.episode[:8]} {headline(of.told)}" if isinstance(of.told, Event) else of.told.headline


def _facts(name: str, of: Dead) -> dict[str, object]:
    if isinstance(of, DeadEvent):
        return {"id": name, "at": of.at.isoformat(), "place": None, "alert": None, "reason": "it cannot be read"}
    alert = of.told.id if of.told else None
    return {"id": name, "at": of.at.isoformat(), "place": str(of.place), "alert": alert, "reason": of.reason}
