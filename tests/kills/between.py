"""A proxy between runner and service: it stops one exchange half-way, and kills the runner there.

Whatever comes afterwards, from the next runner too, passes through.
"""

from __future__ import annotations

import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedIOBase
from socketserver import StreamRequestHandler, ThreadingTCPServer
from urllib.parse import urlsplit

from .outside import PATIENCE_S

CREATE = re.compile(rb"POST /v1/videos ")
POLL = re.compile(rb"GET /v1/videos/[^/? ]+ ")
CONTENT = re.compile(rb"GET /v1/videos/[^/? ]+/content ")

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Boundary:
    """A place in an exchange where the runner is killed, as it shows on the wire."""

    name: str
    call: re.Pattern[bytes]
    forwarded: bool  # whether the service has the request, and answers
    share: float = 0.0  # how much of the answer the runner gets
    nth: int = 1  # the call with which it is killed; those before are held, too
    linger_s: float = 0.0  # how long it may still do what it likes by then


class Between(ThreadingTCPServer):
    """Listens on loopback in front of a service."""

    daemon_threads = True

    def __init__(self, service: str, boundary: Boundary) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        parts = urlsplit(service)
        self.onward = (parts.hostname, parts.port)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.victim: Future[subprocess.Popen[str]] = Future()
        self.held: list[bytes] = []  # the requests that were stopped
        self.boundary = boundary
        self._lock = threading.Lock()
        self._struck = threading.Event()

    def stops(self, request: bytes) -> int:
        """Count a request if it is one to be held; 0 where it may pass."""
        with self._lock:
            if self._struck.is_set() or not self.boundary.call.match(request):
                return 0
            self.held.append(request)
            return len(self.held)

    def strike(self, number: int) -> None:
        """Kill the runner if this was the last call to wait for; else wait until it is killed."""
        if number == self.boundary.nth:
            time.sleep(self.boundary.linger_s)
            self.victim.result(PATIENCE_S).kill()
            self._struck.set()
        self._struck.wait(PATIENCE_S)


class _Passing(StreamRequestHandler):
    server: Between

    def handle(self) -> None:
        try:
            with socket.create_connection(self.server.onward) as onward:
                self._pass_on(onward)
        except ConnectionError:
            pass  # the runner was killed

    def _pass_on(self, onward: socket.socket) -> None:
        with onward.makefile("rb") as back:
            while request := _message(self.rfile):
                if number := self.server.stops(request):
                    self._stop(number, request, onward, back)
                    return
                onward.sendall(request)
                self.wfile.write(_message(back))

    def _stop(
        self, number: int, request: bytes, onward: socket.socket, back: BufferedIOBase
    ) -> None:
        boundary = self.server.boundary
        if boundary.forwarded:
            onward.sendall(request)
            answer = _message(back)
            self.wfile.write(answer[: int(len(answer) * boundary.share)])
        self.server.strike(number)


def _message(file: BufferedIOBase) -> bytes:
    """Read one request or answer; none where the other side has closed."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = file.readline()
        if not line:
            return b""
        head += line
    length = _LENGTH.search(head)
    return head + file.read(int(length[1]) if length else 0)


@contextmanager
def between(service: str, boundary: Boundary) -> Iterator[Between]:
    """Run a proxy in front of a service."""
    with Between(service, boundary) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
