"""`/stop` silences a place and keeps everything; `/start` greets, or wakes it."""

from tests.bot.commands.desks import HERE, ask, desk, said, save


async def test_stopping_keeps_rules_and_mutes_and_starting_goes_on() -> None:
    market = await desk()
    await save(market, "ETH price > 4000")
    await ask(market, "/mute ETH 2h")

    assert "Stopped: no alerts here · 1 rule kept" in await said(market, "/stop")
    stopped = await market.store.settings(HERE)
    assert "Alerts come again · 1 rule kept" in await said(market, "/start")
    awake = await market.store.settings(HERE)

    assert (stopped.stopped, awake.stopped) == (True, False)
    assert stopped.mutes == awake.mutes
    assert len(await market.store.of(HERE)) == 1


async def test_a_newcomer_is_greeted_with_lines_to_type() -> None:
    text = await said(await desk(), "/start")

    assert "/funding ETH" in text
    assert "/subscribe negfunding ETH" in text
    assert "Not advice." in text
