"""The HTTP client against real servers on this computer, well-behaved and not."""

import asyncio
import gzip
import shutil
import socket
import ssl
import struct
import subprocess
import time
import traceback
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import WSMsgType, web
from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.base import Refused, Unavailable
from adapters.venues.http import LARGEST, BadEndpoint, Http, plain_is_allowed
from adapters.venues.transport import Request, Response, Transport
from tests import ports
from tests.loopback import Conversation, Loopback, answer, nothing, saying, serving

KEY = "CANARYkey0123456789"
SOON = timedelta(milliseconds=400)
OPENSSL = shutil.which("openssl")


@asynccontextmanager
async def calling(*bases: str, answer_within: timedelta = timedelta(seconds=5)) -> AsyncIterator[Http]:
    http = Http(bases, answer_within=answer_within)
    try:
        yield http
    finally:
        await http.aclose()


async def fetched(talk: Conversation, request: Request | None = None) -> tuple[Response, Loopback]:
    """What a server with that conversation answers to one call."""
    async with serving(talk) as server, calling(server.url) as http:
        return await http.fetch(request or Request(f"{server.url}/v1/x")), server


async def refusal(talk: Conversation, answer_within: timedelta = timedelta(seconds=5)) -> str:
    """The words of the Unavailable that such a server leads to."""
    async with serving(talk) as server, calling(server.url, answer_within=answer_within) as http:
        with pytest.raises(Unavailable) as caught:
            await http.fetch(secret(server.url))
    assert_clean(caught.value)
    return str(caught.value)


def secret(url: str) -> Request:
    return Request(f"{url}/v1/x", {"token": KEY}, headers={"CG-API-KEY": KEY})


def assert_clean(error: BaseException) -> None:
    """No key in the error, nor in anything that hangs on it."""
    assert KEY not in "".join(traceback.format_exception(error))
    assert error.__cause__ is None
    assert error.__context__ is None


def the_transport(http: Http) -> Transport:
    """Checked by mypy: Http is a Transport."""
    return http


# calls


async def test_an_answer_comes_whole_with_its_status_and_lower_case_headers() -> None:
    response, _ = await fetched(saying(answer(b'{"a": 1}', "418 I'm a teapot", Retry_After="120")))

    assert (response.status, response.body) == (418, b'{"a": 1}')
    assert response.headers["retry-after"] == "120"


async def test_a_request_is_a_get_with_its_query_and_headers() -> None:
    async with serving(saying(answer())) as server, calling(server.url) as http:
        await http.fetch(Request(f"{server.url}/v1/oi", {"symbol": "1000PEPE USDT&x"}, headers={"X-Key": "k"}))

    head = server.asked[0]
    assert head.startswith(b"GET /v1/oi?symbol=1000PEPE+USDT%26x HTTP/1.1\r\n")
    assert b"\r\nX-Key: k\r\n" in head
    assert b"User-Agent: perpwatch\r\n" in head


async def test_a_request_with_a_body_is_a_post_of_json() -> None:
    bodies: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        bodies.append(await reader.read(100))
        writer.write(answer())

    async with serving(talk) as server, calling(server.url) as http:
        await http.fetch(Request(f"{server.url}/info", body={"type": "meta", "dex": 0}))

    assert server.asked[0].startswith(b"POST /info HTTP/1.1\r\n")
    assert b"Content-Type: application/json\r\n" in server.asked[0]
    assert bodies == [b'{"type":"meta","dex":0}']


@pytest.mark.parametrize(("packed", "name"), [(gzip.compress, "gzip"), (zlib.compress, "deflate")])
async def test_a_compressed_answer_is_unpacked(packed: Callable[[bytes], bytes], name: str) -> None:
    body = b'{"rows": [' + b"1," * 1_000 + b"1]}"

    response, _ = await fetched(saying(answer(packed(body), Content_Encoding=name)))

    assert response.body == body


async def test_an_answer_in_chunks_is_put_together() -> None:
    said = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"

    response, _ = await fetched(saying(said))

    assert response.body == b"abcde"


async def test_a_session_can_be_opened_again_after_it_was_closed() -> None:
    async with serving(saying(answer(b"1"))) as server, calling(server.url) as http:
        await http.fetch(Request(server.url))
        await http.aclose()

        assert (await http.fetch(Request(server.url))).body == b"1"


# where it may go


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with serving(saying(answer(b"secret"))) as inner:
        moved = answer(b"", "302 Found", Location=f"{inner.url}/latest/meta-data")
        response, _ = await fetched(saying(moved))

    assert response.status == 302
    assert inner.connections == 0


async def test_a_redirect_to_another_path_of_the_same_host_is_not_followed_either() -> None:
    response, server = await fetched(saying(answer(b"", "307 Temporary Redirect", Location="/v2/x"), answer(b"2")))

    assert response.status == 307
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://api.example.org.evil.example/v1",
        "https://api.example.org@169.254.169.254/",
        "https://api.example.org:8443/v1",
        "http://api.example.org/v1",
        "//api.example.org/v1",
        "file:///etc/passwd",
        "https://[::ffff:7f00:1/",
        "",
    ],
)
async def test_what_is_no_host_of_the_venue_is_refused_without_a_call(url: str) -> None:
    asked: list[str] = []

    def look_up(host: str, _: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    async with aclosing(Http(["https://api.example.org", "wss://stream.example.org"], look_up=look_up)) as http:
        with pytest.raises(Refused):
            await http.fetch(Request(url))
        with pytest.raises(Refused):
            async with http.connect(url, {}):
                pass

    assert asked == []


async def test_a_refusal_repeats_nothing_but_the_host() -> None:
    async with calling("https://api.example.org") as http:
        with pytest.raises(Refused) as caught:
            await http.fetch(Request(f"https://evil.example/{KEY}?{KEY}=1", headers={"X": KEY}))

    assert str(caught.value) == "evil.example is no host of this venue"


@pytest.mark.parametrize(
    ("base", "words"),
    [
        ("http://api.example.org", "api.example.org would be spoken to without TLS"),
        ("ws://10.0.0.1:80", "10.0.0.1 would be spoken to without TLS"),
        ("http://127.0.0.1.example.org", "without TLS"),
        ("ftp://127.0.0.1", "An address of a venue is https://HOST"),
        ("api.example.org", "An address of a venue is https://HOST"),
        ("", "An address of a venue is https://HOST"),
        ("https://", "An address of a venue is https://HOST"),
        (f"https://me:{KEY}@api.example.org", "without a password"),
    ],
)
def test_an_address_that_cannot_be_one_is_said_with_the_cure(base: str, words: str) -> None:
    with pytest.raises(BadEndpoint, match=words) as caught:
        Http([base])

    assert KEY not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://127.0.0.1:8080/x", True),
        ("ws://127.255.0.1", True),
        ("http://[::1]:80", True),
        ("http://localhost:9", True),
        ("http://localhost.example.org", False),
        ("http://0.0.0.0", False),
        ("http://192.168.0.1", False),
        ("http://2130706433", False),
        ("nothing", False),
    ],
)
def test_without_tls_only_this_computer_may_be_spoken_to(url: str, allowed: bool) -> None:
    assert plain_is_allowed(url) is allowed


@given(st.text(max_size=60))
def test_no_text_makes_the_check_of_an_address_fail(text: str) -> None:
    assert plain_is_allowed(text) in (True, False)
    with suppress(BadEndpoint):
        Http([text])


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(saying(answer(b"proxy"))) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)

        response, _ = await fetched(saying(answer(b"direct")))

    assert response.body == b"direct"
    assert proxy.connections == 0


async def test_no_cookie_is_sent_back() -> None:
    talk = saying(answer(Set_Cookie="id=1; Path=/"), answer())
    async with serving(talk) as server, calling(server.url) as http:
        for _ in range(2):
            await http.fetch(Request(server.url))

    assert len(server.asked) == 2
    assert b"ookie" not in server.asked[1]


# connections that are kept


async def test_a_connection_is_kept_for_the_next_call() -> None:
    async with serving(saying(answer(b"1"), answer(b"2"))) as server, calling(server.url) as http:
        bodies = [(await http.fetch(Request(server.url))).body for _ in range(2)]

    assert bodies == [b"1", b"2"]
    assert server.connections == 1


def closing_when_asked_again() -> Conversation:
    """The first request of a connection is answered; at the second one the connection ends without a word."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(b"fresh"))
        await writer.drain()
        await reader.readuntil(b"\r\n\r\n")

    return talk


async def test_a_read_on_a_kept_connection_that_was_closed_is_asked_once_more() -> None:
    async with serving(closing_when_asked_again()) as server, calling(server.url) as http:
        bodies = [(await http.fetch(Request(server.url))).body for _ in range(2)]

    assert bodies == [b"fresh", b"fresh"]
    assert server.connections == 2


async def test_a_post_on_a_kept_connection_that_was_closed_is_not_asked_again() -> None:
    async with serving(closing_when_asked_again()) as server, calling(server.url) as http:
        await http.fetch(Request(server.url))

        with pytest.raises(Unavailable, match="closed the connection"):
            await http.fetch(Request(server.url, body={"type": "meta"}))

    assert len(server.asked) == 2


async def test_a_read_that_fails_on_a_new_connection_is_not_asked_again() -> None:
    async with serving(saying(b"")) as server, calling(server.url) as http:
        with pytest.raises(Unavailable, match="closed the connection"):
            await http.fetch(Request(server.url))

    assert len(server.asked) == 1


# troubles


async def test_nobody_there_is_unavailable() -> None:
    url = f"http://127.0.0.1:{ports.free()}"
    async with calling(url) as http:
        with pytest.raises(Unavailable) as caught:
            await http.fetch(secret(url))

    assert_clean(caught.value)
    assert str(caught.value) == "127.0.0.1 cannot be reached"


async def test_a_silent_server_is_given_up_in_time() -> None:
    assert await refusal(nothing, SOON) == "127.0.0.1 did not answer in time"


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"])
async def test_a_server_that_drips_is_given_up_in_time_wherever_it_drips(head: bytes) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        for byte in b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.03)

    began = time.monotonic()

    assert await refusal(drip, SOON) == "127.0.0.1 did not answer in time"
    assert time.monotonic() - began < 3


async def test_a_slow_venue_holds_up_no_other() -> None:
    async with (
        serving(nothing) as slow,
        serving(saying(*[answer(b"1")] * 20)) as fast,
        calling(slow.url) as one,
        calling(fast.url) as other,
    ):
        waiting = [asyncio.create_task(one.fetch(Request(slow.url))) for _ in range(40)]
        await asyncio.sleep(0.05)

        async with asyncio.timeout(2):
            bodies = [(await other.fetch(Request(fast.url))).body for _ in range(20)]

        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    assert bodies == [b"1"] * 20


async def test_a_reset_is_unavailable() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        line = writer.get_extra_info("socket")
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    assert await refusal(reset) == "127.0.0.1 closed the connection"


@pytest.mark.parametrize(
    "cut",
    [
        answer(b"x" * 100)[:-1],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
    ],
    ids=["length", "chunks"],
)
async def test_a_cut_body_is_unavailable(cut: bytes) -> None:
    assert await refusal(saying(cut)) == "127.0.0.1 did not finish its answer"


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 5_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc",
        answer(b"no gzip at all", Content_Encoding="gzip"),
    ],
    ids=["other protocol", "status", "length", "long header", "many headers", "chunks", "encoding"],
)
async def test_what_is_no_http_is_unavailable(said: bytes) -> None:
    assert await refusal(saying(said))


async def test_an_answer_of_exactly_the_largest_size_passes_and_one_byte_more_does_not() -> None:
    response, _ = await fetched(saying(answer(b"x" * LARGEST)))

    assert len(response.body) == LARGEST
    assert await refusal(saying(answer(b"x" * (LARGEST + 1)))) == "127.0.0.1 answered more than 5 MB"


async def test_an_endless_answer_is_refused_while_it_comes() -> None:
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 100_000)
            sent += 100_000
            await writer.drain()

    assert await refusal(flood) == "127.0.0.1 answered more than 5 MB"
    assert sent < 10 * LARGEST


async def test_a_bomb_is_refused_before_it_fills_the_memory() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(300)) + packer.flush()
    assert len(bomb) < 1_000_000
    tracemalloc.start()
    try:
        words = await refusal(saying(answer(bomb, Content_Encoding="gzip")))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert words == "127.0.0.1 answered more than 5 MB"
    assert peak < 30_000_000


async def test_a_server_without_tls_behind_an_address_with_it_is_unavailable() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer())
        await writer.drain()

    async with serving(plain) as server, calling(f"https://127.0.0.1:{server.port}") as http:
        with pytest.raises(Unavailable) as caught:
            await http.fetch(secret(f"https://127.0.0.1:{server.port}"))

    assert_clean(caught.value)


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    """A certificate that its own server made."""
    if OPENSSL is None:
        pytest.skip("openssl is not on PATH; it makes the certificate")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = f"{OPENSSL} req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout {key} -out {cert}"
    subprocess.run(words.split(), check=True, capture_output=True)
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.load_cert_chain(cert, key)
    return made


async def test_a_certificate_that_nobody_vouches_for_is_unavailable(tls: ssl.SSLContext) -> None:
    async with serving(saying(answer()), tls) as server, calling(f"https://localhost:{server.port}") as http:
        with pytest.raises(Unavailable) as caught:
            await http.fetch(secret(f"https://localhost:{server.port}"))

    assert_clean(caught.value)
    assert str(caught.value) == "localhost has no valid certificate (TLS)"
    assert server.asked == []


async def test_a_key_that_no_header_can_hold_is_unavailable_and_not_repeated() -> None:
    async with serving(saying(answer())) as server, calling(server.url) as http:
        with pytest.raises(Unavailable) as caught:
            await http.fetch(Request(server.url, headers={"X-Key": f"{KEY}\r\nEvil: 1"}))

    assert_clean(caught.value)
    assert server.asked == []


async def test_a_request_shows_no_header_in_its_repr() -> None:
    assert KEY not in repr(Request("https://api.example.org", headers={"CG-API-KEY": KEY}))


async def test_a_cancelled_call_ends_at_once_and_the_next_one_goes() -> None:
    async with serving(nothing) as server, calling(server.url) as http:
        call = asyncio.create_task(http.fetch(Request(server.url)))
        await asyncio.sleep(0.05)
        call.cancel()

        with pytest.raises(asyncio.CancelledError):
            await call


# names


async def test_a_name_that_is_not_found_is_unavailable() -> None:
    def unknown(*_: object) -> Sequence[str]:
        raise socket.gaierror(-2, f"Name or service not known: {KEY}")

    http = Http(["https://api.example.org"], look_up=unknown)
    with pytest.raises(Unavailable) as caught:
        await http.fetch(secret("https://api.example.org"))
    await http.aclose()

    assert_clean(caught.value)
    assert str(caught.value) == "api.example.org was not found (DNS)"


async def test_a_slow_name_server_holds_up_one_venue_only_and_is_given_up_in_time() -> None:
    asked = 0

    def slow(*_: object) -> Sequence[str]:
        nonlocal asked
        asked += 1
        time.sleep(1.0)
        return ["127.0.0.1"]

    hosts = [f"https://api{number}.example.org" for number in range(12)]
    others = [Http([host], connect_within=SOON, look_up=slow) for host in hosts]
    async with serving(saying(answer(b"1"))) as server:
        local = f"http://localhost:{server.port}"
        async with calling(local) as http:
            calls = [asyncio.create_task(of.fetch(Request(host))) for of, host in zip(others, hosts, strict=True)]
            again = [asyncio.create_task(others[0].fetch(Request(hosts[0]))) for _ in range(5)]
            await asyncio.sleep(0.02)

            async with asyncio.timeout(0.3):
                response = await http.fetch(Request(local))

            failures = await asyncio.gather(*calls, *again, return_exceptions=True)
    for of in others:
        await of.aclose()

    assert response.body == b"1"
    assert {str(failure) for failure in failures} == {f"api{n}.example.org did not answer in time" for n in range(12)}
    assert asked == 12


async def test_a_name_leads_to_the_addresses_that_were_found() -> None:
    async with serving(saying(answer(b"1"))) as server:
        url = f"http://localhost:{server.port}"
        http = Http([url], look_up=lambda *_: ["::1", "127.0.0.1"])
        assert (await http.fetch(Request(url))).body == b"1"
        await http.aclose()


# streams


@asynccontextmanager
async def streaming(talk: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> AsyncIterator[str]:
    """A websocket server."""
    app = web.Application()
    app.router.add_get("/ws", talk)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        yield f"ws://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def echo(request: web.Request) -> web.WebSocketResponse:
    line = web.WebSocketResponse()
    await line.prepare(request)
    async for message in line:
        if message.type is WSMsgType.TEXT and message.data == "pack":
            await line.send_bytes(b"\x00\xff")
        elif message.type is WSMsgType.TEXT and message.data == "leave":
            await line.close()
        elif message.type is WSMsgType.TEXT and message.data == "large":
            await line.send_bytes(bytes(LARGEST + 1))
        elif message.type is WSMsgType.TEXT and message.data == "ping":
            await line.ping(b"?")
            await line.send_str("after the ping")
        else:
            await line.send_str(f"{request.headers.get('X-Gate-Size-Decimal', '')} {message.data}")
    return line


async def test_a_stream_takes_and_gives_frames_with_its_headers() -> None:
    headers = {"X-Gate-Size-Decimal": "1"}
    async with streaming(echo) as base, calling(base) as http, http.connect(f"{base}/ws", headers) as line:
        await line.send("subscribe ü")
        text = await line.receive()
        await line.send("pack")
        binary = await line.receive()

    assert text == "1 subscribe ü".encode()
    assert binary == b"\x00\xff"


async def test_a_ping_of_the_server_is_answered_and_is_no_frame() -> None:
    async with streaming(echo) as base, calling(base) as http, http.connect(f"{base}/ws", {}) as line:
        await line.send("ping")

        assert await line.receive() == b"after the ping"


@pytest.mark.parametrize(("word", "words"), [("leave", "closed the stream"), ("large", "too large")])
async def test_a_stream_that_ends_or_sends_too_much_is_unavailable_and_stays_so(word: str, words: str) -> None:
    async with streaming(echo) as base, calling(base) as http, http.connect(f"{base}/ws", {}) as line:
        await line.send(word)

        with pytest.raises(Unavailable, match=words):
            await line.receive()
        with pytest.raises(Unavailable, match="closed the stream"):
            await line.receive()
        with pytest.raises(Unavailable, match="closed the stream"):
            await line.send("anyone?")


async def test_a_wait_for_a_frame_that_was_given_up_loses_no_frame() -> None:
    async with streaming(echo) as base, calling(base) as http, http.connect(f"{base}/ws", {}) as line:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await line.receive()

        await line.send("late")

        assert await line.receive() == b" late"


async def test_a_stream_that_is_silently_cut_is_unavailable() -> None:
    async def vanish(request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        assert request.transport is not None
        request.transport.abort()
        return line

    async with streaming(vanish) as base, calling(base) as http, http.connect(f"{base}/ws", {}) as line:
        with pytest.raises(Unavailable):
            await line.receive()


async def test_a_stream_that_does_not_open_in_time_is_unavailable() -> None:
    async with serving(nothing) as server:
        http = Http([server.ws], connect_within=SOON)
        with pytest.raises(Unavailable, match="did not answer in time") as caught:
            async with http.connect(f"{server.ws}/{KEY}", {"X-Key": KEY}):
                pass
        await http.aclose()

    assert_clean(caught.value)


@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden", "503 Service Unavailable"])
async def test_a_stream_that_is_refused_is_unavailable_with_the_status(status: str) -> None:
    async with serving(saying(answer(KEY.encode(), status))) as server, calling(server.ws) as http:
        with pytest.raises(Unavailable, match=rf"HTTP {status[:3]}") as caught:
            async with http.connect(f"{server.ws}/ws?k={KEY}", {"X-Key": KEY}):
                pass

    assert_clean(caught.value)


async def test_a_stream_is_not_followed_elsewhere_not_even_to_a_host_of_the_venue() -> None:
    async with serving(saying(answer(b"inner"))) as inner:
        moved = saying(answer(b"", "302 Found", Location=f"{inner.url}/"))
        async with serving(moved) as server, calling(server.ws, inner.url) as http:
            with pytest.raises(Unavailable, match="HTTP 302"):
                async with http.connect(f"{server.ws}/ws", {}):
                    pass

    assert inner.connections == 0


async def test_a_handshake_with_a_wrong_key_is_no_stream() -> None:
    said = answer(
        b"", "101 Switching Protocols", Upgrade="websocket", Connection="Upgrade", Sec_WebSocket_Accept="wrong"
    )
    async with serving(saying(said)) as server, calling(server.ws) as http:
        with pytest.raises(Unavailable) as caught:
            async with http.connect(f"{server.ws}/ws", {"X-Key": KEY}):
                pass

    assert_clean(caught.value)


async def test_an_error_in_what_is_done_with_a_stream_passes_through_and_the_stream_is_closed() -> None:
    closed = asyncio.Event()

    async def watch(request: web.Request) -> web.WebSocketResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        async for _ in line:
            pass
        closed.set()
        return line

    async with streaming(watch) as base, calling(base) as http:
        with pytest.raises(KeyError):
            async with http.connect(f"{base}/ws", {}):
                raise KeyError("ours")
        async with asyncio.timeout(2):
            await closed.wait()
