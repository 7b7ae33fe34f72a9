"""The order in which a chat is left: what is being sent goes over the connection that is served."""

import asyncio
from collections.abc import Coroutine


async def outlive(serving: Coroutine[None, None, None], sent: asyncio.Event) -> None:
    """Serve until cancelled, and then on until everything is sent."""
    task = asyncio.create_task(serving)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await sent.wait()
        raise
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
