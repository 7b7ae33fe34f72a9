"""Living events in words: one message that says how a cascade goes on, and the reply that says how it ended."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from adapters.chat.base import Line
from adapters.store.place_settings import PlaceSettings
from adapters.venues.base import Label
from bot.phrases import bold, dated, instant, line, moment, plain, ranked, share, spoken, venues
from bot.zones import zone_of
from signals.event import Event
from signals.model import Fact, Unit
from signals.rules.lifecycle import Change
from signals.units import duration

UNCHANGEABLE: Line = line("Its first message could not be changed any more.")


def what(event: Event) -> str:
    """The headline's half: the side, and whether it is over."""
    over = ": over" if is_over(event) else ""
    wide = ", market-wide" if _fact(event, "market-wide") else ""
    return f"{'short squeeze' if side(event) == 'short' else 'long cascade'}{wide}{over}"


def side(event: Event) -> str:
    """The positions that were closed most."""
    longs = _fact(event, "side")
    return "short" if longs is not None and longs.value is not None and longs.value < _HALF else "long"


def closed(event: Event) -> str:
    """What was liquidated."""
    dollars = _fact(event, "liquidated")
    return "liquidations" if dollars is None else f"{_said(dollars, event)} liquidated"


def is_over(event: Event) -> bool:
    """Whether it has ended."""
    return event.change is Change.RESOLVED or event.value <= event.line


def lines(event: Event, now: datetime, settings: PlaceSettings) -> Sequence[Line]:
    """How large it is, since when, and what open interest and price did meanwhile."""
    return tuple(_lines(event, now, settings))


def _lines(event: Event, now: datetime, settings: PlaceSettings) -> Iterator[Line]:
    zone, live = zone_of(settings.zone), event.label == Label.LIVE
    at, began = (moment(t, now, zone) if live else dated(t, zone) for t in (event.at, event.fired_at))
    if wide := _fact(event, "market-wide"):
        of_each = [of for of in event.facts if of.label.startswith(_OF)]
        each = [f"{of.label.removeprefix(_OF)} {_said(of, event)}" for of in of_each]
        yield line(bold(f"Market-wide: {wide.text}, {_said(wide, event)} liquidated"), f". Largest: {', '.join(each)}.")
    longs, fragile = (_fact(event, name) for name in ("side", "fragile before"))
    forced = "forced buying" if side(event) == "short" else "forced selling"
    part = "" if longs is None or longs.value is None else f", {_part(longs.value)}: {forced}"
    of = venues(event.venues) if len(event.venues) < _FEW else f"{len(event.venues)} venues"
    yield line(bold(closed(event)), f"{part} on {of}, as of ", instant(event.at, at))
    if moves := [f"{name} {_signed(move, event)}" for name in ("OI in coins", "price") if (move := _fact(event, name))]:
        said = ", ".join(moves)
        yield line(f"{said[0].upper()}{said[1:]} since 15 minutes before it was seen.")
    if fragile is not None and fragile.value is not None:
        yield line(f"Fragile before: open interest was {ranked(fragile.value)} of its own 90 days.")
    lasted = duration(event.at - event.fired_at)
    since = instant(event.fired_at, began)
    if is_over(event):
        yield line(f"It lasted {lasted}, since ", since, ", the last 15 minutes of it quiet.")
    elif event.change is Change.FIRED:
        yield line("Seen at ", since, ". This message follows it; its end comes as a reply.")
    else:
        yield line(f"Going on for {lasted}, since ", since, ".")
    if event.note:
        yield line(plain(f"Your note: {event.note}"))


_HALF, _FEW, _OF = 0.5, 3, "of "


def _part(longs: float) -> str:
    return f"{share(longs)} longs" if longs >= _HALF else f"{share(1 - longs)} shorts"


def _signed(fact: Fact, event: Event) -> str:
    return spoken(fact.value, Unit.FRACTION, event.coin) if fact.value is not None else ""


def _said(fact: Fact, event: Event) -> str:
    return spoken(fact.value, fact.unit, event.coin, floor=event.floor) if fact.value is not None else ""


def _fact(event: Event, label: str) -> Fact | None:
    return next((fact for fact in event.facts if fact.label == label), None)
