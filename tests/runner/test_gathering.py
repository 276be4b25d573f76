"""The images that a manifest names by their addresses: each comes once, whole, and for good."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import signal
import sys
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from batchsora.errors import PROBLEMS_SHOWN, LedgerError, Stop, StopReason
from batchsora.ledger.ledger import Ledger
from batchsora.runner.gathering import (
    AT_ONCE,
    BATCH,
    HOPELESS,
    Gathered,
    Wanted,
    gather,
)
from batchsora.runner.progress import Told
from batchsora.runner.recalling import FETCHED, image_file
from batchsora.runner.stopping import Stopping
from batchsora.service.images import ImageSource

from .campaigning import in_place

PAGE = b"<!DOCTYPE html><html><body>Log in to see this picture</body></html>"
INTERRUPTED = Stop(StopReason.INTERRUPTED, "interrupted (SIGINT)")


def picture(red: int, kind: str = "PNG", **options: Any) -> bytes:
    """Draw a small picture that differs from others by its colour."""
    target = io.BytesIO()
    Image.new("RGB", (16, 16), (red, 0, 0)).save(target, kind, **options)
    return target.getvalue()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Host:
    """A host of images: a picture for each number, or what else is put at a path."""

    url: str = ""
    things: dict[str, bytes | int] = field(default_factory=dict)  # a body, or a status
    asked: list[str] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    held: asyncio.Event | None = None  # when it is there, pictures stop half-way until it is set
    holding: int = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer with what is there."""
        self.asked.append(request.path)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            thing = self.things.get(request.path)
            if isinstance(thing, int):
                return web.Response(status=thing)
            body = picture(int(request.path[1:])) if thing is None else thing
            return await self._send(request, body)
        finally:
            self.at_once -= 1

    async def _send(self, request: web.Request, body: bytes) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = len(body)
        await response.prepare(request)
        await response.write(body[:20])
        await asyncio.sleep(0.01)
        if self.held is not None:
            self.holding += 1
            try:
                await self.held.wait()
            finally:
                self.holding -= 1
        await response.write(body[20:])
        return response

    def wants(self, *paths: object) -> list[Wanted]:
        """Make rows, from line 2 on, that want what is there."""
        return [
            Wanted(f"{self.url}/{path}", "feed.csv", row + 1, row)
            for row, path in enumerate(paths, start=1)
        ]


@asynccontextmanager
async def hosting() -> AsyncIterator[Host]:
    """Run a host on 127.0.0.1."""
    host = Host()
    app = web.Application()
    app.router.add_get("/{rest:.*}", host.handle)
    runner = web.AppRunner(app, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield host
    finally:
        await runner.cleanup()


async def until(happened: Callable[[], bool]) -> None:
    """Wait for something that nobody tells of."""
    async with asyncio.timeout(60):  # after which it never will
        while not happened():  # noqa: ASYNC110
            await asyncio.sleep(0.001)


@pytest.fixture
def ledger(folder: Path) -> Iterator[Ledger]:
    """Keep the claimed ledger of a run folder open."""
    with opened(folder) as ledger:
        yield ledger


def opened(folder: Path) -> Ledger:
    ledger = Ledger(folder / "run", rescue_file=folder / "rescue")
    ledger.claim("feed", "simulator", "../feed.csv", [])
    return ledger


async def gathered(
    wanted: Iterable[Wanted],
    ledger: Ledger,
    *,
    stopping: Stopping | None = None,
    told: list[Told] | None = None,
    **options: Any,
) -> Gathered:
    """Gather, and see that all that the ledger knows is there."""
    async with ImageSource(most_bytes=1 << 20, loopback=True) as source:
        found = await gather(
            wanted,
            ledger,
            source,
            stopping=stopping or Stopping(),
            tell=(told if told is not None else []).append,
            offload=in_place,
            **options,
        )
    assert set(kept(ledger)) >= {sha for _, sha in known(ledger)}
    return found


def kept(ledger: Ledger) -> list[str]:
    """Say which files are there."""
    folder = ledger.folder / FETCHED
    return sorted(it.name for it in folder.iterdir()) if folder.exists() else []


def known(ledger: Ledger) -> list[tuple[str, str]]:
    """Say what the ledger knows: addresses, each with the hash of what is there."""
    rows = ledger.db.execute("select url, file from images order by url").fetchall()
    return [(row["url"], row["file"]) for row in rows]


# -- once, for all rows, for good -----------------------------------------------------------------


async def test_an_image_that_many_rows_want_is_fetched_once(ledger: Ledger) -> None:
    async with hosting() as host:
        rows = host.wants(*[it % 3 for it in range(3 * BATCH)])
        assert await gathered(rows, ledger) == Gathered(fetched=3)
    assert sorted(host.asked) == ["/0", "/1", "/2"]
    assert known(ledger) == [(f"{host.url}/{it}", sha256(picture(it))) for it in range(3)]
    assert kept(ledger) == sorted(sha256(picture(it)) for it in range(3))
    for it in range(3):
        assert image_file(ledger.folder, sha256(picture(it))).read_bytes() == picture(it)


async def test_an_image_that_is_here_is_never_fetched_anew(folder: Path) -> None:
    async with hosting() as host:
        with opened(folder) as ledger:
            assert (await gathered(host.wants(1), ledger)).fetched == 1
        host.things["/1"] = picture(1, "JPEG")  # a host that encodes it anew
        with opened(folder) as ledger:
            assert await gathered(host.wants(1, 2), ledger) == Gathered(fetched=1)
            found = ledger.records.fetched_image(f"{host.url}/1")
            assert found is not None
            assert found.sha256 == found.file == sha256(picture(1))
    assert host.asked == ["/1", "/2"]


async def test_an_image_whose_file_is_gone_is_fetched_again(ledger: Ledger) -> None:
    async with hosting() as host:
        await gathered(host.wants(1), ledger)
        image_file(ledger.folder, sha256(picture(1))).unlink()
        host.things["/1"] = picture(99)
        assert await gathered(host.wants(1), ledger) == Gathered(fetched=1)
        assert known(ledger) == [(f"{host.url}/1", sha256(picture(99)))]


async def test_two_addresses_of_the_same_bytes_share_a_file(ledger: Ledger) -> None:
    async with hosting() as host:
        assert await gathered(host.wants("1", "1?size=full"), ledger) == Gathered(fetched=2)
    assert kept(ledger) == [sha256(picture(1))]
    assert [sha for _, sha in known(ledger)] == [sha256(picture(1))] * 2


async def test_where_nothing_is_wanted_no_folder_is_made(ledger: Ledger) -> None:
    told: list[Told] = []
    assert await gathered([], ledger, told=told) == Gathered()
    assert not (ledger.folder / FETCHED).exists()
    assert told == []


async def test_only_so_many_are_fetched_at_once(ledger: Ledger) -> None:
    async with hosting() as host:
        assert (await gathered(host.wants(*range(30)), ledger)).fetched == 30
        assert host.most_at_once == AT_ONCE
        host.most_at_once = 0
        assert (await gathered(host.wants(*range(30, 60)), ledger, at_once=2)).fetched == 30
        assert host.most_at_once == 2


async def test_what_is_fetched_is_told(ledger: Ledger) -> None:
    told: list[Told] = []
    async with hosting() as host:
        host.things["/2"] = 404
        await gathered(host.wants(1, 2), ledger, told=told, at_once=1)
    assert [(it.what, it.message) for it in told] == [
        ("gathering", "fetching 2 images"),
        ("image_fetched", f'1 of 2: "{host.url}/1"'),
        ("image_refused", f'the image can\'t be fetched: HTTP 404: "{host.url}/2"'),
    ]


# -- what is no image -----------------------------------------------------------------------------


def animation() -> bytes:
    target = io.BytesIO()
    frames = [Image.new("RGB", (8, 8), it) for it in ("red", "blue")]
    frames[0].save(target, "GIF", save_all=True, append_images=frames[1:])
    return target.getvalue()


NO_IMAGES: dict[str, tuple[bytes | int, str]] = {
    "a page": (PAGE, "the image is not of a known format, or not an image"),
    "nothing": (b"", "the image can't be fetched: what came is empty"),
    "half a header": (picture(1)[:30], "the image is damaged or unreadable"),
    "an animation": (animation(), "the image is animated or has several pages"),
    "a bomb": (
        picture(1).replace(b"\0\0\0\x10\0\0\0\x10", b"\0\0\x80\0\0\0\x80\0"),
        "the image is damaged or unreadable",
    ),
    "a no": (404, "the image can't be fetched: HTTP 404"),
    "too much": (bytes((1 << 20) + 1), "the image can't be fetched: more than 1 MB"),
}


@pytest.mark.parametrize("name", NO_IMAGES)
async def test_what_is_no_image_is_a_problem_of_the_first_row_that_wants_it(
    ledger: Ledger, name: str
) -> None:
    async with hosting() as host:
        host.things["/9"], what = NO_IMAGES[name]
        found = await gathered(host.wants(1, 9, 2, 9), ledger)
        (problem,) = found.problems
        assert problem.what.startswith(what)
        assert problem.what.endswith(f': "{host.url}/9"')
        assert problem.mend
        assert (problem.file, problem.line, problem.row) == ("feed.csv", 3, 2)
        assert (found.fetched, found.count) == (2, 1)
    assert kept(ledger) == sorted(sha256(picture(it)) for it in (1, 2))
    assert len(known(ledger)) == 2


async def test_an_image_that_is_cut_where_nobody_announced_its_end_is_a_problem(
    ledger: Ledger,
) -> None:
    target = io.BytesIO()
    Image.effect_noise((200, 200), 80).save(target, "JPEG")
    image = target.getvalue()
    bodies = {"/whole": image, "/cut": image[: len(image) // 2]}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n" + bodies[path])
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        rows = [Wanted(f"{url}{path}", "feed.csv", 2, 1) for path in bodies]
        found = await gathered(rows, ledger)
    (problem,) = found.problems
    assert problem.what.startswith("the image is damaged or unreadable")
    assert problem.what.endswith('/cut"')
    assert kept(ledger) == [sha256(image)]


async def test_problems_come_in_the_order_of_rows_the_first_hundred_and_how_many(
    ledger: Ledger,
) -> None:
    wrong = PROBLEMS_SHOWN + 20
    async with hosting() as host:
        host.things |= {f"/{it}": 404 for it in range(wrong)}
        found = await gathered(host.wants(*range(wrong), 200), ledger)
    assert (found.fetched, found.count) == (1, wrong)
    assert [it.row for it in found.problems] == list(range(1, PROBLEMS_SHOWN + 1))


async def test_no_password_of_an_address_is_shown(ledger: Ledger) -> None:
    told: list[Told] = []
    rows = [Wanted("https://me:secret@cdn.test/cat.png", "feed.csv", 2, 1)]
    found = await gathered(rows, ledger, told=told)
    assert found.problems[0].what == (
        'the image can\'t be fetched: its address holds a password: "https://***@cdn.test/cat.png"'
    )
    assert "secret" not in repr(told)


@pytest.mark.looptime
async def test_where_nobody_answers_the_rest_is_not_tried(ledger: Ledger) -> None:
    async with hosting() as host:
        gone = [
            Wanted(f"http://127.0.0.1:1/{row}", "feed.csv", row + 1, row) for row in range(2, 300)
        ]
        rows = [*host.wants(1), *gone]
        found = await gathered(rows, ledger)
    assert found.fetched == 1
    assert HOPELESS + 1 <= found.count <= HOPELESS + AT_ONCE
    assert "the rest was not tried" in found.problems[0].what
    assert "can't be reached" in found.problems[1].what


@pytest.mark.looptime
async def test_a_host_that_is_gone_does_not_keep_another_from_being_asked(ledger: Ledger) -> None:
    async with hosting() as host:
        gone = [
            Wanted(f"http://127.0.0.1:1/{it}", "feed.csv", it, it) for it in range(2 * HOPELESS)
        ]
        rows = [
            row for pair in zip(gone, host.wants(*range(len(gone))), strict=True) for row in pair
        ]
        found = await gathered(rows, ledger)
    assert (found.fetched, found.count) == (len(gone), len(gone))


# -- stops, kills, disks --------------------------------------------------------------------------


async def test_a_stop_ends_it_at_once_and_what_was_fetched_is_kept(ledger: Ledger) -> None:
    stopping = Stopping()
    async with hosting() as host:
        rows = host.wants(*range(20))
        gathering = asyncio.ensure_future(gathered(rows, ledger, stopping=stopping, at_once=2))
        await until(lambda: len(host.asked) == 6)
        host.held = asyncio.Event()
        await until(lambda: host.holding == 2)
        stopping.ask(INTERRUPTED)  # two are half here, and their host says nothing more
        asked = len(host.asked)
        assert await gathering == Gathered(fetched=asked - 2)
        assert len(kept(ledger)) == len(known(ledger)) == asked - 2
        host.held = None
        assert await gathered(rows, ledger) == Gathered(fetched=20 - asked + 2)
    assert len(host.asked) == 20 + 2


async def test_a_stop_ends_the_reading_of_rows_too(ledger: Ledger) -> None:
    stopping = Stopping()
    read = 0

    def rows() -> Iterator[Wanted]:
        nonlocal read
        for read in range(1, 100 * BATCH):
            if read == BATCH:
                asyncio.get_running_loop().call_soon(stopping.ask, INTERRUPTED)
            yield Wanted("http://127.0.0.1:1/cat.png", "feed.csv", read + 1, read)

    assert await gathered(rows(), ledger, stopping=stopping) == Gathered()
    assert read == BATCH


PROGRAM = """
import asyncio, sys
from pathlib import Path
from batchsora.ledger.ledger import Ledger
from batchsora.runner.gathering import Wanted, gather
from batchsora.runner.stopping import Stopping
from batchsora.service.images import ImageSource

async def main(folder, url, count):
    rows = (Wanted(f"{url}/{it}", "feed.csv", it + 2, it + 1) for it in range(count))
    with Ledger(folder / "run", rescue_file=folder / "rescue") as ledger:
        ledger.claim("feed", "simulator", "../feed.csv", [])
        async with ImageSource(most_bytes=1 << 20, loopback=True) as source:
            await gather(rows, ledger, source, stopping=Stopping(), tell=lambda _: None)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
"""


async def live_and_die(host: Host, folder: Path, count: int) -> None:
    """Gather in a process that is killed when some images are here, and others half."""
    target, host.held = len(host.asked) + 10, None
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(folder), host.url, str(count)
    )
    await until(lambda: len(host.asked) >= target)
    host.held = asyncio.Event()
    await until(lambda: host.holding == AT_ONCE)
    child.send_signal(signal.SIGKILL)
    await child.wait()
    await until(lambda: host.at_once == 0)


async def test_after_a_kill_it_goes_on_where_it_was(folder: Path) -> None:
    count, lives = 40, 2
    async with hosting() as host:
        for _ in range(lives):
            await live_and_die(host, folder, count)
        # each kill left so many half-way; nothing else was asked for twice
        host.held = None
        with opened(folder) as ledger:
            had = len(known(ledger))
            assert had == len(host.asked) - lives * AT_ONCE
            assert any(it.endswith(".part") for it in kept(ledger))
            assert await gathered(host.wants(*range(count)), ledger) == Gathered(
                fetched=count - had
            )
            assert len(host.asked) == count + lives * AT_ONCE
            assert kept(ledger) == sorted(sha256(picture(it)) for it in range(count))
            assert sorted(sha for _, sha in known(ledger)) == kept(ledger)


async def test_an_image_that_got_its_name_but_no_record_is_fetched_again(ledger: Ledger) -> None:
    place = image_file(ledger.folder, sha256(picture(1)))
    place.parent.mkdir()
    place.write_bytes(picture(1))
    async with hosting() as host:
        assert await gathered(host.wants(1), ledger) == Gathered(fetched=1)
    assert len(known(ledger)) == 1


async def test_an_image_is_on_the_disk_before_the_ledger_knows_of_it(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    sync, rename = os.fsync, os.rename

    def watched_sync(handle: int) -> None:
        sync(handle)
        happened.append(f"sync {Path(f'/proc/self/fd/{handle}').readlink().suffix}")

    def watched_rename(source: Path, target: Path) -> None:
        happened.append(f"name {target.name}")
        rename(source, target)

    def watch(statement: str) -> None:
        if statement.startswith("insert into images"):
            happened.append("record")

    async with hosting() as host:
        await gathered(host.wants(2), ledger)  # the folder is there now
        monkeypatch.setattr(os, "fsync", watched_sync)
        monkeypatch.setattr(os, "rename", watched_rename)
        ledger.db.conn.set_trace_callback(watch)
        await gathered(host.wants(1), ledger)
    assert happened == ["sync .part", f"name {sha256(picture(1))}", "sync ", "record"]


async def test_a_disk_that_refuses_ends_it_all(ledger: Ledger) -> None:
    image_file(ledger.folder, sha256(picture(1))).mkdir(parents=True)
    async with hosting() as host:
        with pytest.raises(IsADirectoryError):
            await gathered(host.wants(*range(100)), ledger)
        assert len(host.asked) <= 3 * AT_ONCE


async def test_a_ledger_that_refuses_ends_it_all(ledger: Ledger) -> None:
    ledger.db.execute(
        "create trigger full before insert on images begin select raise(fail, ''); end"
    )
    async with hosting() as host:
        with pytest.raises(LedgerError):
            await gathered(host.wants(*range(100)), ledger)
        assert len(host.asked) <= 3 * AT_ONCE


# -- scale ----------------------------------------------------------------------------------------


async def test_memory_does_not_grow_with_the_addresses(ledger: Ledger) -> None:
    image = image_file(ledger.folder, sha256(picture(1)))
    image.parent.mkdir()
    image.write_bytes(picture(1))
    url = "https://cdn.test/products/a-name-of-some-length/{}.jpg"
    with ledger.atomic():
        for it in range(10_000):
            ledger.keep_image(url.format(it), image.name, 1)

    async def peak(count: int) -> int:
        rows = (Wanted(url.format(it), "feed.csv", it, it) for it in range(count))
        tracemalloc.start()
        try:
            assert await gathered_anywhere(rows, ledger) == Gathered()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    await peak(BATCH)  # what is loaded once
    assert await peak(10_000) - await peak(1_000) < 200_000


async def gathered_anywhere(rows: Iterable[Wanted], ledger: Ledger) -> Gathered:
    async with ImageSource(most_bytes=1 << 20) as source:
        return await gather(rows, ledger, source, stopping=Stopping(), tell=lambda _: None)
