"""A service that means harm: bodies without an end, bombs, floods of headers."""

from __future__ import annotations

import json
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BufferedIOBase
from socketserver import StreamRequestHandler, ThreadingTCPServer

MIB = 1 << 20
ENDLESS = 300 * MIB  # what is sent of a body that the other side never has enough of

Answer = Callable[[BufferedIOBase], object]
"""Writes one answer; where the other side hangs up it breaks off."""


def says(body: bytes, *, status: int = 200, **headers: str) -> Answer:
    """Answer with this body, whole."""
    return lambda wire: wire.write(_head(status, length=len(body), **headers) + body)


def video(status: str = "completed") -> Answer:
    """Answer with a job as a service shows it."""
    return says(json.dumps({"id": "video_1", "object": "video", "status": status}).encode())


def pours(chunk: bytes, *, first: bytes = b"", length: int | None = None) -> Answer:
    """Answer with a body that goes on and on, announced as so long, or not at all."""

    def pour(wire: BufferedIOBase) -> None:
        wire.write(_head(200, length=length) + first)
        wire.writelines(chunk for _ in range(ENDLESS // len(chunk)))

    return pour


def bomb() -> Answer:
    """Answer with 300 MiB of blanks, packed so well that they are but 300 kB."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflate.compress(b" " * MIB) + deflate.flush(zlib.Z_FULL_FLUSH)
    body = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + packed * 300
    return says(body, content_encoding="gzip")


def floods(line: bytes, *, before: bytes = b"HTTP/1.1 200 OK\r\n") -> Answer:
    """Answer with one line, or a part of one, over and over where headers belong."""
    lines = line * (MIB // len(line))

    def flood(wire: BufferedIOBase) -> None:
        wire.write(before)
        wire.writelines(lines for _ in range(ENDLESS // len(lines)))

    return flood


def _head(status: int, *, length: int | None, **headers: str) -> bytes:
    told = {"Content-Type": "application/json", "Connection": "close"} | {
        name.replace("_", "-").title(): value for name, value in headers.items()
    }
    if length is not None:
        told["Content-Length"] = str(length)
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status} Whatever\r\n{lines}\r\n".encode()


@dataclass
class Hostile:
    """What it answers at each route: these first, and then as it should."""

    clip: bytes
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, path: str) -> Answer:
        """Choose the answer to a request."""
        route = _route(method, path)
        self.asked.append(route)
        waiting = self.answers.get(route)
        if waiting:
            return waiting.pop(0)
        usual = {"create": video("queued"), "poll": video(), "content": says(self.clip)}
        return usual.get(route, says(b"{}", status=404))


def _route(method: str, path: str) -> str:
    if method == "POST":
        return "create"
    if path.endswith("/content"):
        return "content"
    return "poll" if "/videos/" in path else "list"


@contextmanager
def hostile(clip: bytes, **answers: list[Answer]) -> Iterator[Hostile]:
    """Run such a service."""
    service = Hostile(clip, answers)

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            with suppress(ConnectionError):
                line, length = self.rfile.readline().split(), 0
                while header := self.rfile.readline().strip():
                    name, _, value = header.partition(b":")
                    length = int(value) if name.lower() == b"content-length" else length
                self.rfile.read(length)
                service.answer(line[0].decode(), line[1].decode())(self.wfile)

    class Server(ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        service.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
