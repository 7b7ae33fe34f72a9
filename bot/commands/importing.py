"""`/export` and `/import`: what a place has asked for as lines that can be pasted anywhere, and such lines saved."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from adapters.chat.base import Button, CommandSpec, Document, Invocation, Json, Line, Message, Parameter, Who
from adapters.store.base import Full, New
from bot import mistakes
from bot.aftermath import exported
from bot.commands.arguments import Mistake, coin_of, rule_number
from bot.commands.base import Command, Desk
from bot.commands.drafts import buttons, keep
from bot.commands.market import latest, vocabulary
from bot.commands.mute import muted
from bot.commands.report import reply
from bot.commands.saving import ask_zone, full, in_doubt, lacking
from bot.commands.settings import facts
from bot.phrases import bold, code, count, iso, line, shortened
from bot.swallowed import LOOKED_BACK, ends_of, fared
from bot.wording import headline, unclear
from signals.aggregate import Cycle
from signals.rules.canonical import canonical
from signals.rules.language import parse
from signals.rules.model import Draft, Problem, Rule
from signals.rules.scope import written

PAUSED, WATCH = "paused ", "watch "
"""What a line begins with that is more than a rule."""

REMARK = "//"
"""What a line begins with that is no rule and is skipped."""

LONGEST = 20_000
"""Characters of one import."""

FILE = "perpwatch.json"
"""The file that holds all that is kept of a place."""

MOST_SHOWN = 12
"""Lines that are said back one by one."""

FITS = 3_000
"""Characters of lines in one answer."""

_BETWEEN = re.compile(r"[\n;]")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: what it means, or why it means nothing and which lines would."""

    text: str
    draft: Draft | None = None
    paused: bool = False
    watched: tuple[str, ...] = ()
    why: str = ""
    repairs: tuple[str, ...] = ()


async def import_(invocation: Invocation, desk: Desk) -> Message:
    """What each line means and the button that saves them all, or which lines must be mended first."""
    if not invocation.arguments.strip():
        return unclear(
            "Paste rules behind /import, one a line; in a terminal put ; between them.", [Button("Export", "/export")]
        )
    if len(invocation.arguments) > LONGEST:
        raise Mistake(f"That is too long: paste at most {LONGEST} characters at a time.")
    rows = await _read(invocation.arguments, invocation, desk)
    wrong = [row for row in rows if row.why]
    if wrong:
        return _problems(rows, wrong)
    new = await _new(rows, invocation, desk)
    drafts = [row.draft for row in rows if row.draft is not None]
    if not drafts:
        raise Mistake(
            "There is no rule among these lines. A rule is one sentence, such as: ETH funding < -0.01%", "/alert"
        )
    room = await lacking([row.draft for row in new if row.draft is not None], invocation, desk)
    if room is not None:
        return await full(room, invocation, desk)
    held = await keep(drafts[0], None, invocation, desk, lines="\n".join(row.text for row in rows))
    if isinstance(held, Full):
        return await full(held, invocation, desk)
    return _shown(rows, len(new), held)


async def save_lines(lines: str, invocation: Invocation, desk: Desk, token: str) -> Message:
    """Save what the lines say, all or none."""
    rows = await _read(lines, invocation, desk)
    wrong = [row for row in rows if row.why]
    if wrong:
        return _problems(rows, wrong)
    new = await _new(rows, invocation, desk)
    watched = tuple(coin for row in rows for coin in row.watched)
    rules = [New(row.draft, row.paused) for row in new if row.draft is not None]
    seen = f"save:{invocation.place}:{token}"
    saved = await desk.store.add_all(invocation.place, rules, watched, seen, desk.now, desk.quota)
    if isinstance(saved, Full):
        return await full(saved, invocation, desk)
    said = await saved_all(saved, sum(row.draft is not None for row in rows) - len(new), desk)
    return ask_zone(said, invocation, desk)


async def saved_all(saved: Sequence[Rule], known: int, desk: Desk) -> Message:
    """That so many rules are here now."""
    said = f"{count(len(saved), 'rule')} saved" if saved else "Nothing new"
    again = f" · {count(known, 'line')} said what is here already" if known else ""
    return reply(
        "🔔",
        line(bold(said), again),
        lines=(
            *(line(bold(f"#{rule.number} "), code(canonical(rule.draft))) for rule in saved[:MOST_SHOWN]),
            *await in_doubt(desk),
        ),
        small="What is past its line already is told the next time it comes there. All of them: /alerts.",
        buttons=(Button("Rules", "/alerts"),),
        data=(("rules", [rule.number for rule in saved]),),
    )


async def export(invocation: Invocation, desk: Desk) -> Message:
    """The rules and the watchlist as lines that /import takes; with the settings also as data."""
    own = await desk.store.of(invocation.place)
    watched = await desk.store.watchlist(invocation.place)
    first = rule_number(invocation.arguments.strip()) or 0
    texts = [*([WATCH + " ".join(written(coin) for coin in watched)] if watched and not first else [])]
    rest = [rule for rule in own if rule.number >= first]
    shown = _fitting(rest, FITS - sum(map(len, texts)))
    texts += [_line_of(rule) for rule in shown]
    held = [of for of in desk.settings.mutes if of.until is None or desk.now < of.until]
    quiet = [] if first else [line(code(f"{REMARK} muted: {muted(of, desk)}")) for of in held]
    more = [Button("More", f"/export {rest[len(shown)].number}")] if len(shown) < len(rest) else []
    rules: list[Json] = [
        {
            "rule": r.number,
            "revision": r.revision,
            "sentence": canonical(r.draft),
            "paused": r.paused,
            "created": iso(r.created),
        }
        for r in own
    ]
    data: tuple[tuple[str, Json], ...] = (
        ("lines", [*([WATCH + " ".join(written(c) for c in watched)] if watched else []), *map(_line_of, own)]),
        ("rules", rules),
        ("watchlist", list(watched)),
        ("settings", facts(desk.settings)),
    )
    told = await desk.store.recent([rule.id for rule in own], LOOKED_BACK)
    ends = ends_of(await desk.store.outcomes(invocation.place, LOOKED_BACK))
    alerts: list[Json] = [{"alert": e.id, "at": iso(e.at), "said": headline(e), "fared": fared(e, ends)} for e in told]
    fired: list[Json] = [exported(of) for of in await desk.store.remembered(invocation.place, "")]
    whole = {"place": str(invocation.place), **dict(data), "alerts": alerts, "fired": fired}
    said = reply(
        "📤",
        line(
            bold(
                f"{count(len(own), 'rule')}, {count(len(watched), 'coin')} watched"
                if own or watched
                else "Nothing to export yet"
            )
        ),
        lines=(*(line(code(text)) for text in texts), *quiet),
        small=f"Paste the lines behind /import anywhere. Mutes have an end and stay here: it skips {REMARK} lines."
        if texts
        else "Make a rule with /alert.",
        buttons=tuple(more),
        data=data,
    )
    return replace(said, document=Document(json.dumps(whole, ensure_ascii=False, indent=2).encode(), FILE))


def _fitting(rules: Sequence[Rule], room: int) -> Sequence[Rule]:
    """As many of the first rules as have room in one answer."""
    shown: list[Rule] = []
    for rule in rules:
        room -= len(_line_of(rule)) + 1
        if room < 0 and shown:
            break
        shown.append(rule)
    return shown


def _line_of(rule: Rule) -> str:
    return f"{PAUSED if rule.paused else ''}{canonical(rule.draft)}"


async def _read(text: str, invocation: Invocation, desk: Desk) -> Sequence[Row]:
    cycle = await latest(desk)
    texts = [one.strip() for one in _split(text)]
    return [_row(one, cycle, invocation, desk) for one in texts if one and not one.startswith(REMARK)]


def _split(text: str) -> Sequence[str]:
    """The lines; where there is only one, what stands between semicolons outside of a note's quotes."""
    if "\n" in text.strip():
        return text.split("\n")
    parts = text.split('"')
    outside = [_BETWEEN.sub("\n", part) if number % 2 == 0 else part for number, part in enumerate(parts)]
    return '"'.join(outside).split("\n")


def _row(text: str, cycle: Cycle, invocation: Invocation, desk: Desk) -> Row:
    lower = text.lower()
    if lower.startswith(WATCH):
        try:
            return Row(
                text,
                watched=tuple(coin_of(invocation, word, cycle.readings) for word in text.replace(",", " ").split()[1:]),
            )
        except Mistake as mistake:
            return Row(text, why=mistake.sentence)
    paused = lower.startswith(PAUSED)
    sentence = text[len(PAUSED) :].strip() if paused else text.removeprefix("/alert ")
    draft = parse(sentence, vocabulary(cycle, desk))
    if isinstance(draft, Problem):
        return Row(text, why=mistakes.sentence(draft), repairs=draft.offers)
    return Row(text, draft, paused)


async def _new(rows: Sequence[Row], invocation: Invocation, desk: Desk) -> Sequence[Row]:
    """The rules that the place does not have yet, each once."""
    known = {canonical(rule.draft) for rule in await desk.store.of(invocation.place)}
    new = []
    for row in rows:
        if row.draft is not None and canonical(row.draft) not in known:
            known.add(canonical(row.draft))
            new.append(row)
    return new


def _shown(rows: Sequence[Row], new: int, token: str) -> Message:
    known = sum(row.draft is not None for row in rows) - new
    again = f" · {known} of them here already" if known else ""
    return reply(
        "🧪",
        line(bold(f"{count(new, 'rule')} to save"), again),
        lines=(*(_said(row) for row in rows[:MOST_SHOWN]), *_rest(len(rows))),
        small="Nothing is saved yet. Save takes all of them or none. Try one on the past: /alert and its sentence.",
        buttons=tuple(buttons(token)),
        data=(("token", token), ("sentences", [canonical(row.draft) for row in rows if row.draft is not None])),
    )


def _said(row: Row) -> Line:
    if row.draft is None:
        return line("☑️ watchlist: ", code(", ".join(row.watched)))
    asleep = "paused: " if row.paused else ""
    filled = f" (filled in: {', '.join(row.draft.filled)})" if row.draft.filled else ""
    return line(f"☑️ {asleep}", code(canonical(row.draft)), filled)


def _rest(number: int) -> Sequence[Line]:
    return [line(f"and {count(number - MOST_SHOWN, 'line')} more")] if number > MOST_SHOWN else []


def _problems(rows: Sequence[Row], wrong: Sequence[Row]) -> Message:
    """The lines that must be mended, each with what would work."""
    lines: list[Line] = []
    for row in wrong[:MOST_SHOWN]:
        lines += [line(f"line {rows.index(row) + 1}: ", code(shortened(row.text))), line(f"   {row.why}")]
        lines += [line("   would work: ", code(repair)) for repair in row.repairs[:2]]
    return Message(
        tone=unclear("").tone,
        icon="❔",
        headline=line(bold(f"{len(wrong)} of {count(len(rows), 'line')} cannot be read: nothing was saved")),
        lines=tuple(lines),
        small="Mend these lines and send all of them again.",
        data=(
            ("error", "lines"),
            ("code", "lines"),
            (
                "problems",
                [{"line": rows.index(r) + 1, "text": r.text, "why": r.why, "repairs": list(r.repairs)} for r in wrong],
            ),
        ),
    )


IMPORT = Command(
    CommandSpec(
        "import",
        "Save rules that are pasted, one a line; they are shown first",
        (Parameter("lines", "Rules, one a line or with ; between them", required=True),),
        "/import ETH funding < -0.01%; BTC oi 4h falls by 5%",
    ),
    Who.OWNER,
    import_,
)
EXPORT = Command(
    CommandSpec(
        "export",
        "Rules and watchlist as lines that /import takes",
        (Parameter("number", "Number of the rule to begin with", choices="rule"),),
        "/export",
    ),
    Who.OWNER,
    export,
)
