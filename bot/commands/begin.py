"""`/start` and `/stop`: a greeting, or the whole place silent and awake again."""

from dataclasses import replace

from adapters.chat.base import Button, CommandSpec, Invocation, Message, Who
from bot.commands.base import Command, Desk
from bot.commands.report import reply
from bot.phrases import bold, code, count, line


async def start(invocation: Invocation, desk: Desk) -> Message:
    """Alerts come again where they were stopped; else a greeting."""
    settings = await desk.store.settings(invocation.place)
    if not settings.stopped:
        return _greeting()
    await desk.store.change(invocation.place, lambda of: replace(of, stopped=False), invocation.seen)
    own = await desk.store.of(invocation.place)
    return reply(
        "🔔",
        line(bold("Alerts come again"), f" · {count(len(own), 'rule')} kept"),
        lines=(line("What fired meanwhile is not sent after the fact; see ", code("/alerts"), "."),),
        data=(("stopped", False), ("rules", len(own))),
    )


async def stop(invocation: Invocation, desk: Desk) -> Message:
    """No alert is sent here any more; rules and mutes are kept."""
    await desk.store.change(invocation.place, lambda of: replace(of, stopped=True), invocation.seen)
    own = await desk.store.of(invocation.place)
    return reply(
        "🔇",
        line(bold("Stopped: no alerts here"), f" · {count(len(own), 'rule')} kept"),
        lines=(line("Go on: ", code("/start"), " · questions are still answered, such as ", code("/funding ETH")),),
        buttons=(Button("Go on", "/start"),),
        data=(("stopped", True), ("rules", len(own))),
    )


def _greeting() -> Message:
    return reply(
        "👋",
        line(bold("perpwatch"), " · alerts for perpetual futures, as facts with units. Not advice."),
        lines=(
            line("Ask: ", code("/funding ETH"), " · ", code("/oi BTC"), " · ", code("/liq")),
            line("Begin with a ready set: ", code("/presets")),
            line("Be told of a signal: ", code("/subscribe negfunding ETH")),
            line("Be told of your own line: ", code("/alert ETH funding < -0.01% for 15m")),
            line("See and end rules: ", code("/alerts"), " · ", code("/delete 1"), " · silence all: ", code("/stop")),
        ),
        buttons=(Button("Presets", "/presets"), Button("Signals", "/subscribe"), Button("Help", "/help")),
        data=(("stopped", False),),
    )


START = Command(CommandSpec("start", "Greeting, or go on after /stop", (), "/start"), Who.OWNER, start)
STOP = Command(CommandSpec("stop", "Send no alerts here; rules are kept", (), "/stop"), Who.OWNER, stop)
