"""What two people and the terminal see of one evening: `python -m tests.both.transcripts` prints it, from the fakes."""

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.both.evening import Evening, evening
from tests.both.shown import choices, on_discord
from tests.e2e.strangers import PERPWATCH
from tests.recordings import funding_story

SENTENCE = "ETH funding.settled < -0.01"
MENDED = "/alert ETH funding.settled < -0.01%"


def show(where: str, said: str, answer: str, labels: Sequence[str] = ()) -> None:
    """One exchange."""
    pressed = "  ".join(f"[{label}]" for label in labels)
    sys.stdout.write(f"\n--- {where} · {said}\n{answer.strip()}\n{pressed}\n")


async def told() -> None:
    """Subscribe on Telegram, ask and set a threshold on both, be alerted, be told of the end."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        market = str(funding_story(folder / "story.parquet"))
        async with evening(folder) as service:
            async with service.running("--recording", market, "--speed", "3600"):
                await asyncio.sleep(2)  # until the first rates of the market are known
                await _asked(service)
            async with service.running("--recording", market, "--speed", "14400"):
                await service.until(lambda: len(service.told_tina()) > 1 and len(service.told_dan()) > 1, "the ends")
            for (_, taken), (_, note) in zip(service.told_tina(), service.told_dan(), strict=True):
                show("Telegram", "an alert comes", taken.text, taken.labels)
                show("Discord", "an alert comes", on_discord(note.body), choices(note.body))
        asked = await asyncio.create_subprocess_exec(
            *PERPWATCH, "ask", "/funding ETH", "--recording", market, stdout=asyncio.subprocess.PIPE
        )
        show("terminal", "/funding ETH", (await asked.communicate())[0].decode())


async def _asked(service: Evening) -> None:
    for line in ("/start", "/subscribe", "/funding ETH", f"/alert {SENTENCE}"):
        taken = await service.says(line)
        show("Telegram", line, taken.text, taken.labels)
    taken = await service.says(MENDED)
    show("Telegram", MENDED, taken.text, taken.labels)
    taken = await service.presses(taken, "Save")
    show("Telegram", "[Save]", taken.text, taken.labels)
    body = await service.asks("funding", coin="ETH")
    show("Discord", "/funding coin:ETH", on_discord(body), choices(body))
    body = await service.asks("alert", rule=SENTENCE)
    show("Discord", f"/alert rule:{SENTENCE}", on_discord(body), choices(body))
    body = await service.clicks(body, choices(body)[0])
    show("Discord", "the first button", on_discord(body), choices(body))
    body = await service.clicks(body, "Save")
    show("Discord", "[Save]", on_discord(body), choices(body))


if __name__ == "__main__":
    asyncio.run(told())
