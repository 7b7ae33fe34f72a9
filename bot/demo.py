"""The demo: what a newcomer would type, typed in front of them, on a simulated market."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from adapters.chat.base import ChatPlatform, Delivery, Invocation, Message, Place, Reception, Style, Text, Tone
from bot.clock import Clock

SEED = 20260105
START = datetime(2026, 1, 5, tzinfo=UTC)
"""The simulated market always begins then, so that every demo is the same."""

SPEED = 180.0
"""Market seconds a second: a hold of 15 minutes takes 5 s."""


@dataclass(frozen=True, slots=True)
class Step:
    """At that minute of the market: something said, then perhaps a line typed."""

    minute: float
    says: str
    types: str = ""
    presses: str = ""
    """The button of the answer that is pressed then."""


@dataclass(frozen=True, slots=True)
class Script:
    """The steps in order, counted from `start`."""

    start: datetime
    steps: Sequence[Step]


STEPS = (
    Step(
        0.0,
        "Six simulated venues, three market minutes a second. Nothing here is real; nothing leaves this computer. "
        "Type /help at any time; Ctrl-D or /quit leaves.",
    ),
    Step(0.5, "A subscription: be told when shorts pay longs on ETH.", "/subscribe negfunding ETH"),
    Step(1.0, "And liquidations far above normal on BTC.", "/alert BTC liqspike > 20x", "Save"),
    Step(1.5, "A threshold of your own: any metric, any line.", "/alert SOL liq.long 15m > $2M", "Save"),
    Step(2.0, "Cascades: one message that grows in its place, and a reply that ends it.", "/subscribe cascade SOL"),
    Step(26.0, "Ask for the numbers behind the alert.", "/funding ETH"),
    Step(110.0, "Your rules, and how to end one.", "/alerts"),
    Step(
        165.0,
        "That was the tour; the market goes on. Try: /oi BTC · /liq · /signals ETH · "
        "/alert ETH price 1h falls by 1% · /mute BTC 2h · /delete 2 · /stop",
    ),
)


async def play_script(
    script: Script, platform: ChatPlatform, place: Place, reception: Reception, market: Clock
) -> None:
    """Play the script in the place, in market time."""
    for number, step in enumerate(script.steps):
        await market.until(script.start + timedelta(minutes=step.minute))
        await _show(platform, place, f"demo-{number}", _narration(step), market)
        seen = f"demo:{script.start.isoformat()}:{number}"
        if step.types:
            message = await reception.answer(_typed(step.types, place, seen, market))
            await _show(platform, place, f"demo-{number}-answer", message, market)
            pressed = next((button for button in message.buttons if button.label == step.presses), None)
            if pressed is not None:
                message = await reception.answer(_typed(pressed.command, place, f"{seen}:pressed", market))
                await _show(platform, place, f"demo-{number}-pressed", message, market)
        await asyncio.sleep(0)


def _typed(text: str, place: Place, seen: str, market: Clock) -> Invocation:
    name, _, arguments = text.removeprefix("/").partition(" ")
    return Invocation(place, "demo", name, arguments, seen, market.now(), operator=True)


def _narration(step: Step) -> Message:
    said = f"> {step.types}" + (f", then [{step.presses}]" if step.presses else "")
    typed = ((Text(said, Style.CODE),),) if step.types else ()
    return Message(Tone.ANSWER, "🧪", (Text("Demo", Style.BOLD), Text(f" · {step.says}")), lines=typed, simulated=True)


async def _show(platform: ChatPlatform, place: Place, key: str, message: Message, market: Clock) -> None:
    await platform.send(Delivery(key, place, message, market.now() + timedelta(days=1)))
