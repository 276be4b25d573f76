"""A service that can't be reached: create requests that provably never left are sent again."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from runner.campaigning import BEGAN_AT, in_place
from runner.test_troubles import dark
from scripted import NOWHERE, raw_server
from untrusted import certless, untrusted

from batchsora.settings import Rate
from batchsora.simulator import serving

from .ended import case, ends, read_ledger
from .looped import met, story

pytestmark = pytest.mark.looptime

PART = "Submitting"
JOBS = 12
RETRIED = "asked again for a while, then the run stops (5); jobs stay pending, nothing was sent"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tries(folder: Path) -> int:
    """Count how often a create request was about to be sent."""
    return sum(it["event"] == "submit_started" for it in read_ledger(folder / "run", "events"))


@asynccontextmanager
async def opening_after(seconds: float, folder: Path, port: int) -> AsyncIterator[None]:
    """Open the simulated service at a port, but only after a while."""
    loop = asyncio.get_running_loop()

    async def serve() -> None:
        await asyncio.sleep(seconds)

        def clock() -> float:
            return BEGAN_AT + loop.time()

        memory = folder / "simulator"
        async with serving(memory, story(), port=port, clock=clock, offload=in_place):
            await asyncio.Event().wait()

    task = asyncio.create_task(serve())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.mark.fault(
    PART, "the connection is refused for a while", "tried again, and bought once (0)"
)
async def test_a_service_that_opens_late_is_asked_again_and_buys_once(folder: Path) -> None:
    port = free_port()
    async with opening_after(4.0, folder, port):
        ended = await met(folder, story(), 2, url=f"http://127.0.0.1:{port}")
    ends(ended, creates=2, jobs={"done": 2}, code=0)
    assert tries(folder) == 2


@pytest.mark.fault(
    PART,
    "the connection is refused in the middle of a run",
    "everybody waits while one tries now and then; nothing is lost, no job fails (0)",
)
async def test_an_outage_in_the_middle_of_a_run_is_waited_out(folder: Path) -> None:
    async with dark(folder, story(), after_s=4, for_s=400) as url:
        ended = await met(folder, story(), JOBS, url=url, rate=Rate(1, 1.0))
    ends(ended, creates=JOBS, jobs={"done": JOBS}, code=0)
    assert tries(folder) < JOBS + 400 / 25 + 8  # what probes is as well a look at what was bought


@pytest.mark.parametrize(
    "url",
    [
        case("http://127.0.0.1:{port}", fault=(PART, "the connection is refused", RETRIED)),
        case(NOWHERE, fault=(PART, "the name is not resolved", RETRIED), id="no such name"),
    ],
)
async def test_a_service_that_cannot_be_reached_leaves_the_jobs_as_they_were(
    folder: Path, url: str
) -> None:
    ended = await met(folder, story(), JOBS, url=url.format(port=free_port()))
    ends(ended, creates=0, jobs={"pending": JOBS}, code=5)
    assert tries(folder) == 0  # not even an intent was written
    # the same folder, another day: the service's name is the same to the ledger
    ends(await met(folder, story(), JOBS), creates=JOBS, jobs={"done": JOBS}, code=0)


@pytest.mark.parametrize(
    ("tls", "says"),
    [
        case(
            untrusted,
            "certificate verify failed",
            fault=(PART, "TLS with a certificate that nobody signed", RETRIED),
        ),
        case(
            certless, "ConnectionResetError", fault=(PART, "TLS without any certificate", RETRIED)
        ),
    ],
)
async def test_tls_is_never_loosened(
    folder: Path, tls: Callable[[], ssl.SSLContext], says: str
) -> None:
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(1))

    async with raw_server(listen, tls()) as url:
        ended = await met(folder, story(), JOBS, url=url)
    assert b"".join(heard) == b""
    ends(ended, creates=0, jobs={"pending": JOBS}, code=5)
    assert says in ended.words
