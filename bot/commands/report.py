"""How answers are laid out: about the market with its moment and label, about one's own rules without."""

from datetime import tzinfo

from adapters.chat.base import Button, Json, Line, Message, Table, Tone
from adapters.venues.base import Label
from bot.phrases import bold, iso, line, source
from bot.zones import called
from signals.aggregate import Cycle


def report(  # noqa: PLR0913 - the parts of an answer
    title: str,
    cycle: Cycle,
    zone: tzinfo,
    *,
    lines: tuple[Line, ...] = (),
    table: Table | None = None,
    after: tuple[Line, ...] = (),
    small: str = "",
    data: tuple[tuple[str, Json], ...] = (),
) -> Message:
    """An answer about the market for people and, in `data`, the same facts for machines."""
    return Message(
        tone=Tone.ANSWER,
        icon="📊",
        headline=line(bold(title), f" · {_when(cycle, zone)}"),
        lines=lines if table is None or table.rows else (*lines, line("No coin here has a known value.")),
        table=table if table and table.rows else None,
        after=after,
        small=small,
        simulated=cycle.label == Label.SIMULATED,
        data=(("at", iso(cycle.at)), ("label", cycle.label), *data),
    )


def reply(
    icon: str,
    headline: Line,
    *,
    lines: tuple[Line, ...] = (),
    small: str = "",
    buttons: tuple[Button, ...] = (),
    data: tuple[tuple[str, Json], ...] = (),
) -> Message:
    """An answer about what the place has asked for."""
    return Message(Tone.ANSWER, icon, headline, lines=lines, small=small, buttons=buttons, data=data)


def _when(cycle: Cycle, zone: tzinfo) -> str:
    """The moment; a recording's with its date and its name."""
    there = cycle.at.astimezone(zone)
    clock = f"{there:%H:%M:%S} {called(there, zone)}"
    return f"{there.day} {there:%b %Y} {clock} · {source(cycle.label)}" if cycle.label == Label.REAL else clock
