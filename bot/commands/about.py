"""`/about` and `/privacy`: what this is, and what it keeps of whom."""

from adapters.chat.base import Button, CommandSpec, Invocation, Message, Who
from bot.commands.base import Command, Desk
from bot.commands.report import reply
from bot.phrases import bold, code, line


async def about(invocation: Invocation, desk: Desk) -> Message:
    """What this is, what it rests on, and what it never does."""
    del invocation
    return reply(
        "📖",
        line(bold("perpwatch"), f" {desk.version} · alerts for crypto perpetual futures"),
        lines=(
            line("It reads funding, open interest, liquidations, long/short ratios and volumes of public venues."),
            line(
                "A number says its unit, its venues and its time. What is not known is never a zero, and fires nothing."
            ),
            line("An alert says why it came, and ", code("/why"), " keeps how it was judged."),
            line("It has no forecasts, holds no keys of yours, and cannot trade."),
            line("Metrics and signals: ", code("/help alert"), " · ", code("/signals")),
        ),
        small="Not advice.",
        buttons=(Button("What is kept of me", "/privacy"), Button("Help", "/help")),
        data=(("version", desk.version),),
    )


async def privacy(invocation: Invocation, desk: Desk) -> Message:
    """What is kept of a person or a group, for how long, and how it is deleted."""
    del invocation, desk
    return reply(
        "🔒",
        line(bold("What is kept"), " · on the computer of whoever runs this service, and nowhere else"),
        lines=(
            line(
                "The number of your account or of this chat, as the platform tells it. No name, no phone, no address."
            ),
            line("What you asked for: rules, watchlist, mutes, settings, and drafts for 24h."),
            line("What was sent: alerts of your rules, how each ended, and the prices that followed."),
            line("What followed a signal on a coin is also counted for everybody, without whose alert it was."),
            line(
                "What you type is not kept, save for the rule that you make of it. Messages of others are never read."
            ),
            line("See all of it: ", code("/export"), " · delete all of it: ", code("/forget me")),
        ),
        small="Deleted within a minute and not to be brought back; messages that were sent stay with the platform.",
        buttons=(Button("Export", "/export"), Button("Delete all", "/forget me")),
        data=(("kept", ["account", "rules", "watchlist", "mutes", "settings", "drafts", "alerts", "outcomes"]),),
    )


ABOUT = Command(CommandSpec("about", "What this is and what it rests on", (), "/about"), Who.ANY, about)
PRIVACY = Command(CommandSpec("privacy", "What is kept of you, and how to delete it", (), "/privacy"), Who.ANY, privacy)
