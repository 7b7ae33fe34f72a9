"""Pictures on messages: as the place wants them, always with the words, and never at the words' expense."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.chat import gallery
from adapters.chat.base import Invocation, Message, Picture, Place
from adapters.chat.gallery import Gallery
from adapters.chat.rendering import render
from adapters.store.memory import MemoryStore
from adapters.store.place_settings import usual
from adapters.venues.base import Label
from bot.charts.painter import Bounds, Painter
from bot.charts.pictures import MOST, PAUSE, WITHIN, Illustrator, painted
from bot.commands.base import Desk
from bot.services.dispatcher import AT_A_TIME, Dispatcher
from bot.wording import alert
from signals.event import Event
from signals.model import Metric
from signals.notice import About, Notice
from signals.panel import Panel
from signals.registry import SIGNALS
from signals.rules.lifecycle import Change
from tests.bot.charts.charts import chart
from tests.bot.charts.test_painter import QUICK, quick, until
from tests.bot.commands.desks import HERE, NOW, STEP, ask, cycles, desk, save
from tests.bot.events import FUNDING

GROUP = Place("terminal", "-100")
EVENT = replace(FUNDING, at=NOW, fired_at=NOW, sentence="ETH funding < -0.01% for 15m every 1h")


def labels(message: Message) -> Sequence[str]:
    return [button.label for button in message.buttons]


async def told(of: Event, painter: Painter, place: Place = HERE, market: Desk | None = None) -> Message:
    market = market or await desk()
    illustrator = Illustrator(painter, market.store, market.signals, STEP)
    return await illustrator.illustrated(alert(of, NOW), of, place, usual(place))


async def test_a_message_with_its_picture_needs_no_button_for_it() -> None:
    asks = replace(await ask(await desk(), "/funding ETH"), chart=chart(1e-4))
    assert labels(asks) == ["Chart"]

    async with quick() as painter:
        shown = await painted(asks, painter)

    assert shown.picture is not None
    assert (labels(shown), shown.chart, shown.lines) == ([], asks.chart, asks.lines)


async def test_without_a_painter_or_in_time_no_picture_the_words_and_the_button_stay() -> None:
    asks = replace(await ask(await desk(), "/funding ETH"), chart=chart(1e-4, title="sleeps"))

    async with quick(0.05) as painter:
        late = await painted(asks, painter)

    assert late == await painted(asks, None) == asks


async def test_a_button_for_a_chart_makes_a_process_ready() -> None:
    async with quick() as painter:
        await painted(await ask(await desk(), "/help"), painter)
        assert painter._warming is None

        await painted(await ask(await desk(), "/funding ETH"), painter)
        await until(lambda: len(painter._idle) == 1)


async def test_an_alert_in_ones_own_place_comes_with_its_picture() -> None:
    async with quick() as painter:
        shown = await told(EVENT, painter)

    assert shown.picture is not None
    assert shown.picture.name == "A-A7FK.png"
    assert shown.chart is not None
    assert (shown.chart.marks, shown.chart.times[-1]) == ((NOW,), NOW)
    assert labels(shown) == ["Mute 2h", "Why", "Rule #3"]


async def test_in_a_shared_place_it_comes_with_the_button() -> None:
    async with quick() as painter:
        shown = await told(EVENT, painter, GROUP)

    assert (shown.picture, shown.chart) == (None, None)
    assert labels(shown)[0] == "Chart"


async def test_an_end_and_a_notice_come_as_they_are() -> None:
    over = replace(EVENT, change=Change.RESOLVED)
    notice = Notice("n", About.SAMPLE, NOW, "LIVE", "A sample")
    said = Message(alert(EVENT, NOW).tone, "x", ())

    async with quick() as painter:
        market = await desk()
        illustrator = Illustrator(painter, market.store, market.signals, STEP)

        assert await told(over, painter, market=market) == alert(over, NOW)
        assert await illustrator.illustrated(said, notice, HERE, usual(HERE)) == said
        assert not painter._workers


async def test_an_alert_whose_picture_is_late_is_told_all_the_same() -> None:
    async with Painter(Bounds(0.01), QUICK) as painter:
        shown = await told(EVENT, painter)

    assert shown.picture is None
    assert labels(shown)[0] == "Chart"


@pytest.mark.parametrize("sentence", ["what nobody understands", "ETH nosignal"])
async def test_an_alert_of_a_sentence_that_is_not_read_any_more_is_told_without(sentence: str) -> None:
    async with quick() as painter:
        shown = await told(replace(EVENT, sentence=sentence), painter)

    assert (shown.picture, labels(shown)[0]) == (None, "Chart")


class Seconds:
    """A clock that is set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_of_a_burst_of_alerts_the_first_come_with_pictures_and_later_ones_again() -> None:
    market, seconds = await desk(), Seconds()
    async with quick() as painter:
        illustrator = Illustrator(painter, market.store, market.signals, STEP, seconds)
        burst = [await illustrator.illustrated(alert(EVENT, NOW), EVENT, HERE, usual(HERE)) for _ in range(MOST + 3)]
        seconds.now = WITHIN
        later = await illustrator.illustrated(alert(EVENT, NOW), EVENT, HERE, usual(HERE))

    assert [message.picture is not None for message in burst] == [True] * MOST + [False] * 3
    assert labels(burst[-1])[0] == "Chart"
    assert later.picture is not None


async def test_after_a_late_picture_no_alert_waits_for_a_while() -> None:
    market, seconds = await desk(), Seconds()
    async with Painter(Bounds(0.001), QUICK) as late, quick() as fast:
        illustrator = Illustrator(late, market.store, market.signals, STEP, seconds)
        first = await illustrator.illustrated(alert(EVENT, NOW), EVENT, HERE, usual(HERE))
        illustrator._painter = fast
        seconds.now = PAUSE - 1
        meanwhile = await illustrator.illustrated(alert(EVENT, NOW), EVENT, HERE, usual(HERE))
        seconds.now = PAUSE
        after = await illustrator.illustrated(alert(EVENT, NOW), EVENT, HERE, usual(HERE))

    assert [message.picture is not None for message in (first, meanwhile, after)] == [False, False, True]


async def test_the_same_alert_of_two_places_is_one_picture() -> None:
    async with quick() as painter:
        one, other = await told(EVENT, painter), await told(replace(EVENT, episode="B" * 16), painter)

    assert one.picture is not None
    assert other.picture is not None
    assert (other.picture.png, other.picture.name) == (one.picture.png, "A-BBBB.png")


async def test_a_store_that_is_away_costs_the_picture_and_not_the_alert() -> None:
    market = await desk()
    await save(market, "ETH funding < -0.01% for 15m")

    async with quick() as painter:
        empty = replace(market, store=type(market.store)())
        shown = await told(EVENT, painter, market=empty)

    assert (shown.picture, labels(shown)[0]) == (None, "Chart")


class Busy(MemoryStore):
    """A store that counts how many read bars of it at once."""

    at_once = most = 0

    async def panel(
        self, step: timedelta, metrics: Collection[Metric], rows: int, coins: tuple[str, ...] | None = None
    ) -> Panel:
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(0.01)
        self.at_once -= 1
        return await super().panel(step, metrics, rows, coins)


async def test_however_many_ask_for_charts_the_store_reads_for_two_of_them_at_once() -> None:
    market, store = await desk(), Busy()
    for cycle in cycles(Label.LIVE):
        await store.close(cycle)
    dispatcher = Dispatcher(store, SIGNALS, lambda: NOW, NOW, "0", lambda _: market.quota, STEP)
    asked = [Invocation(HERE, f"p{hours}", "chart", f"oi ETH {hours}h", f"{hours}", NOW) for hours in range(1, 13)]

    told = await asyncio.gather(*(dispatcher.answer(one) for one in asked))

    assert all(message.chart for message in told)
    assert store.most == AT_A_TIME


def test_pictures_are_files_of_which_the_newest_stay(tmp_path: Path) -> None:
    walls, most = Gallery(tmp_path / "charts"), gallery.MOST

    paths = [walls.hang(Picture(bytes([n]), f"ETH-{n}.png", "")) for n in range(most + 5)]
    again = walls.hang(Picture(bytes([most]), f"ETH-{most}.png", ""))

    assert again == paths[most]
    assert sorted(walls.folder.iterdir()) == sorted(paths[5:])
    assert paths[7].read_bytes() == bytes([7])


@pytest.mark.parametrize("name", ["../../x.png", "/x/y.png"])
def test_no_name_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    assert Gallery(tmp_path).hang(Picture(b"", name, "")).parent == tmp_path


async def test_what_a_picture_says_on_top_is_not_said_again_beside_it() -> None:
    asks = await ask(await desk(), "/chart funding ETH")
    assert asks.chart is not None

    async with quick() as painter:
        shown = await painted(asks, painter)

    alone, beside = (render(message, colour=False).splitlines()[0] for message in (asks, shown))
    assert alone.startswith("📊 ETH funding · 31h to")
    assert beside == "📊 ETH"
    assert shown.lines == asks.lines
