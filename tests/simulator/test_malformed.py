"""Malformed requests are answered with a 4xx, never a 500."""

import asyncio
import contextlib
import gzip
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsora.simulator.byte_range import Unsatisfiable, byte_range
from batchsora.simulator.multipart import Malformed, boundary_of, parse_multipart

from .shop import KEY, Shop, open_shop, picture, scenario

FIELD = 'Content-Disposition: form-data; name="prompt"'
MULTIPART = "multipart/form-data; boundary=b"


def body(head: str | bytes, content: bytes = b"p") -> bytes:
    head = head.encode() if isinstance(head, str) else head
    return b"--b\r\n" + head + b"\r\n\r\n" + content + b"\r\n--b--\r\n"


BROKEN: list[tuple[str | None, bytes]] = [
    (MULTIPART, b""),
    (MULTIPART, b"--b"),
    (MULTIPART, b"--b--"),
    (MULTIPART, b"--c\r\n\r\n\r\n--c--"),
    (MULTIPART, b"--b\r\n" + FIELD.encode() + b"\r\n\r\np"),  # never closed
    (MULTIPART, b"--b\r\n" + FIELD.encode() + b"\r\n--b--\r\n"),  # no empty line
    (MULTIPART, b"--bad\r\n" + FIELD.encode() + b"\r\n\r\np\r\n--b--\r\n"),
    (MULTIPART, b"--b\r\n\r\n\r\n" * 10_000),
    (MULTIPART, body("Content-Disposition")),
    (MULTIPART, body("Content-Disposition: form-data")),
    (MULTIPART, body('Content-Disposition: form-data; name="prompt')),
    (MULTIPART, body("Content-Disposition: ;;;===\"'")),
    (MULTIPART, body("Content-Disposition: form-data; name*=x''%FF%FE")),
    (MULTIPART, body("Content-Disposition: form-data; name*=utf-99'en'%41")),
    (MULTIPART, body("Content-Disposition: form-data; name*0=a; name*2=b")),
    (MULTIPART, body(b"Content-Disposition: form-data; name=\xff\xfe")),
    (MULTIPART, body("No Colon Here\r\n" + FIELD)),
    (MULTIPART, body("Content-Disposition\x00: x")),
    (MULTIPART, body(FIELD + "\r\nContent-Type: \x7f")),
    (MULTIPART, body(FIELD, b"\xff\xfe\xfa")),
    (MULTIPART, body(FIELD + "\r\nX: " + "y" * 100_000, b"\xff")),
    (MULTIPART, body(FIELD + '; filename="p.txt"')),
    (MULTIPART, body(FIELD)[:-6] + b"\r\n" + body(FIELD)),  # the field twice
    ("multipart/form-data", body(FIELD)),
    ("multipart/form-data; boundary=", body(FIELD)),
    ("multipart/form-data; boundary=" + "b" * 300, body(FIELD)),
    ("multipart/form-data; boundary*=utf-8''%C3%A9", body(FIELD)),
    ("multipart/mixed; boundary=b", body(FIELD)),
    ("multipart", body(FIELD)),
    ("application/json", b""),
    ("application/json", b"{"),
    ("application/json", b"\xff"),
    ("application/json", b"[" * 100_000),
    ("application/json", b'{"prompt": "\\ud800", "model": "small"}'),
    ("application/json", b'{"prompt": NaN}'),
    ("application/json", b'{"prompt": "p", "input_reference": {"file_id": "f"}}'),
    ("application/json; charset=nope", b'{"prompt": 1}'),
    ("application/x-www-form-urlencoded", b"prompt=%FF"),
    ("application/x-www-form-urlencoded", b"&".join([b"prompt=p"] * 99)),
    ("application/x-www-form-urlencoded", b"\xff=\xff"),
    ("text/plain", b"prompt"),
    ("", b"prompt"),
    ("\x01", b"prompt"),
    (None, b"prompt"),
]


async def post(shop: Shop, content: bytes, headers: Sequence[tuple[str, str]]) -> int:
    """Send a request byte by byte as given; return the status of the answer."""
    host, port = shop.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"Authorization: {KEY}", f"Content-Length: {len(content)}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers]
    writer.write("\r\n".join(["POST /v1/videos HTTP/1.1", "Host: x", *lines]).encode("latin-1"))
    writer.write(b"\r\n\r\n" + content)
    status = int((await reader.readline()).split()[1])
    await reader.read()
    writer.close()
    await writer.wait_closed()
    return status


async def test_a_malformed_body_is_a_400_and_never_a_500(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        for content_type, content in BROKEN:
            headers = [] if content_type is None else [("Content-Type", content_type)]
            assert await post(shop, content, headers) == 400, (content_type, content[:80])

        assert (await shop.record())["creates"] == []


async def test_broken_encodings_are_a_400(tmp_path: Path) -> None:
    packed = gzip.compress(body(FIELD))
    multipart = ("Content-Type", MULTIPART)
    async with open_shop(tmp_path, scenario()) as shop:
        for encoding, content in [
            ("gzip", b"not gzip"),
            ("gzip", packed[:-12]),
            ("deflate", packed),
            ("br", b"\xff\xff"),
        ]:
            headers = [multipart, ("Content-Encoding", encoding)]
            assert await post(shop, content, headers) == 400, encoding
        bomb = gzip.compress(b"0" * 40_000_000)
        assert await post(shop, bomb, [multipart, ("Content-Encoding", "gzip")]) in (400, 413)


async def test_broken_chunks_are_a_400(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        host, port = shop.url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(
            f"POST /v1/videos HTTP/1.1\r\nHost: x\r\nAuthorization: {KEY}\r\n"
            f"Content-Type: {MULTIPART}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        await writer.drain()
        writer.write(b"zz\r\nnot a chunk\r\n\r\n")
        assert int((await reader.readline()).split()[1]) == 400
        writer.close()
        await writer.wait_closed()


async def test_headers_that_are_nonsense_are_a_4xx(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        for header in [
            ("X-Long", "y" * 100_000),
            ("Cookie", "\xff\xfe=;;;==="),
            ("Content-Type", "multipart/form-data; boundary=\xff"),
            ("Content-Type", "application/json; charset=\xff"),
            ("Expect", "a miracle"),
            ("Host", "]["),
        ]:
            assert 400 <= await post(shop, b"{}", [header]) < 500, header[0]


async def test_a_request_that_is_not_http_is_a_400_and_shows_no_key_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with open_shop(tmp_path, scenario()) as shop:
        assert await post(shop, b"{}", [("api-key", f"{KEY}\x00")]) == 400

    assert KEY not in caplog.text


async def test_mutated_requests_are_never_a_500(tmp_path: Path) -> None:
    chance = random.Random(7)
    image = 'Content-Disposition: form-data; name="input_reference"; filename="a.png"'
    good = body(FIELD)[:-6] + b"\r\n" + body(image + "\r\nContent-Type: image/png", picture())
    async with open_shop(tmp_path, scenario()) as shop:
        for _ in range(200):
            content = bytearray(good)
            for _ in range(chance.randint(1, 6)):
                place = chance.randrange(len(content))
                content[place : place + chance.randint(0, 9)] = chance.randbytes(
                    chance.randint(0, 4)
                )
            assert await post(shop, bytes(content), [("Content-Type", MULTIPART)]) < 500


PATHS = [
    "/v1/videos/%FF",
    "/v1/videos/%00",
    "/v1/videos/..%2F..%2Fadmin",
    "/v1/videos/" + "x" * 4000,
    "/v1/videos/x/content?variant=%FF",
    "/v1/videos?limit=101",
    "/v1/videos?limit=-1",
    "/v1/videos?limit=ten",
    "/v1/videos?limit=" + "9" * 3000,
    "/v1/videos?limit=²",
    "/v1/videos?order=up",
    "/v1/videos?after=nobody",
    "/v1/videos?after=%ED%A0%80",
    "/v1/nothing",
    "/signed/x?expires=soon&signature=%FF",
    "/signed/x",
]


@pytest.mark.parametrize("path", PATHS)
async def test_a_nonsensical_path_or_query_is_a_4xx(tmp_path: Path, path: str) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        headers = {} if path.startswith("/signed") else {"Authorization": KEY}
        answer = await shop.ask("GET", path, headers=headers)

        assert 400 <= answer.status < 500


async def test_a_method_that_is_not_there_is_a_405(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        assert (await shop.ask("PATCH", "/v1/videos")).status == 405
        assert (await shop.ask("POST", "/v1/videos/x/content")).status == 405


@given(st.binary(max_size=300), st.binary(min_size=1, max_size=5))
def test_the_multipart_parser_raises_malformed_and_nothing_else(
    content: bytes, boundary: bytes
) -> None:
    for candidate in (content, b"--" + boundary + b"\r\n" + content + b"\r\n--" + boundary + b"--"):
        with contextlib.suppress(Malformed):
            parse_multipart(candidate, boundary)


@given(st.text(max_size=80))
def test_a_content_disposition_is_read_or_malformed(text: str) -> None:
    head = f"Content-Disposition: form-data; {text}".encode("utf-8", "replace")
    with contextlib.suppress(Malformed):
        parse_multipart(b"--b\r\n" + head + b"\r\n\r\nx\r\n--b--", b"b")


@given(st.text(max_size=80))
def test_a_boundary_is_read_or_malformed(text: str) -> None:
    with contextlib.suppress(Malformed):
        boundary_of("multipart/form-data; boundary=" + text)


@given(st.lists(st.tuples(st.text("abc", min_size=1), st.binary(max_size=50)), max_size=5))
def test_parts_come_back_as_they_were_sent(parts: list[tuple[str, bytes]]) -> None:
    content = b"".join(
        b'--#~\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (name.encode(), value)
        for name, value in parts
    )
    found = parse_multipart(content + b"--#~--\r\n", b"#~")

    assert [(part.name, part.content) for part in found] == parts


@given(st.text("bytes=-,0123456789 ", max_size=20), st.integers(0, 100))
def test_a_range_is_inside_the_clip_or_unsatisfiable(header: str, length: int) -> None:
    try:
        part = byte_range(header, length)
    except Unsatisfiable:
        return
    assert part is None or 0 <= part.start < part.stop <= length
