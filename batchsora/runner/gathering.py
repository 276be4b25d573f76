"""Gathering the images that a manifest names by their addresses: each once, whole, for good."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import sqlite3
from bisect import insort
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from batchsora.errors import PROBLEMS_SHOWN, Problem
from batchsora.ledger.durable import make_folder, sync_folder
from batchsora.ledger.ledger import Ledger
from batchsora.manifest.located import shown
from batchsora.media.images import ImageProblem, inspect_image
from batchsora.runner.progress import Tell, Told
from batchsora.runner.recalling import FETCHED, image_file
from batchsora.runner.stopping import Stopping
from batchsora.service.images import Fetched, ImageSource
from batchsora.service.refusals import Refusal

AT_ONCE = 8  # hosts of pictures stand as many from one browser
BATCH = 500  # rows looked at before anybody else has a turn
WINDOW = 100  # addresses read back at a time
# images in a row without an answer, each asked for three times: the network is gone, or the host
HOPELESS = 25

Offload = Callable[[Callable[[], Any]], Awaitable[Any]]


class Wanted(NamedTuple):
    """An address of an image, and the place that asks for it, as a Problem has it."""

    url: str
    file: str
    line: int
    row: int


@dataclass(frozen=True, slots=True)
class Gathered:
    """What came, and what is wrong: the first problems in the order of rows, and their number."""

    fetched: int = 0
    problems: tuple[Problem, ...] = ()
    count: int = 0


async def gather(
    wanted: Iterable[Wanted],
    ledger: Ledger,
    source: ImageSource,
    *,
    stopping: Stopping,
    tell: Tell,
    offload: Offload = asyncio.to_thread,
    at_once: int = AT_ONCE,
) -> Gathered:
    """Fetch every image that is not here yet, and remember it; each is durable when it is counted.

    Memory does not grow with what is wanted. A stop ends it soon; what it leaves is fetched the
    next time. Raises OSError where the disk refuses, and LedgerError.
    """
    with _Missing(ledger) as missing:
        rest = iter(wanted)
        while batch := list(islice(rest, BATCH)):
            missing.add(batch)
            await asyncio.sleep(0)  # a signal comes through only now
            if stopping.asked:
                return Gathered()
        if not missing.count:
            return Gathered()
        make_folder(ledger.folder / FETCHED)
        _sweep(ledger.folder / FETCHED)
        gathering = _Gathering(missing.count, ledger, source, stopping, tell, offload)
        await gathering.carry_out(iter(missing), at_once)
        return gathering.gathered()


@dataclass(slots=True)
class _Gathering:
    """One session's way through the addresses whose images are missing."""

    missing: int
    ledger: Ledger
    source: ImageSource
    stopping: Stopping
    tell: Tell
    offload: Offload
    fetched: int = 0
    count: int = 0
    problems: list[tuple[int, Problem]] = field(default_factory=list)  # by position
    unreached: int = 0  # in a row
    hopeless: bool = False
    checking: asyncio.Lock = field(default_factory=asyncio.Lock)  # a decoded image takes 50 MB

    def gathered(self) -> Gathered:
        """Say what came of it."""
        return Gathered(self.fetched, tuple(problem for _, problem in self.problems), self.count)

    async def carry_out(self, missing: Iterator[tuple[int, Wanted]], at_once: int) -> None:
        """Fetch them, a few at once. Whatever fails here is no image's fault, and ends it all."""
        self._say("gathering", f"fetching {self.missing} image{'s' * (self.missing != 1)}")
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(self._work(missing))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None

    async def _work(self, missing: Iterator[tuple[int, Wanted]]) -> None:
        for position, wanted in missing:
            if self.stopping.asked or self.hopeless:
                return
            refusal = await self._fetch(wanted)
            if refusal is not None:
                self._refuse(position, wanted, refusal)

    async def _fetch(self, wanted: Wanted) -> Refusal | None:
        """Fetch an image and remember it, or say why not."""
        name = hashlib.sha256(wanted.url.encode()).hexdigest()
        partial = self.ledger.folder / FETCHED / f"{name}.part"
        found = await self.stopping.unless_asked(self.source.fetch(wanted.url, partial))
        if not isinstance(found, Fetched):
            return found
        self.unreached = 0
        place = image_file(self.ledger.folder, found.sha256)
        try:
            async with self.checking:
                await self.offload(lambda: _keep(partial, place))
        except ImageProblem as problem:
            return Refusal(problem.what, f"look at the address; {problem.mend}")
        self.ledger.keep_image(wanted.url, found.sha256, found.bytes)
        self.fetched += 1
        done = self.fetched + self.count
        self._say("image_fetched", f"{done} of {self.missing}: {_shown(wanted.url)}")
        return None

    def _refuse(self, position: int, wanted: Wanted, refusal: Refusal) -> None:
        what = f"{refusal.what}: {_shown(wanted.url)}"
        self._say("image_refused", what)
        self._note(position, Problem(what, refusal.mend, wanted.file, wanted.line, wanted.row))
        self.unreached = self.unreached + 1 if refusal.unreached else 0
        if self.unreached == HOPELESS:
            self.hopeless = True
            what = f"{HOPELESS} images in a row got no answer; the rest was not tried"
            mend = "see that the network is there, then run it again: what was fetched is kept"
            self._note(0, Problem(what, mend, wanted.file))

    def _note(self, position: int, problem: Problem) -> None:
        """Keep the first problems, in the order of the rows; the others are counted."""
        self.count += 1
        insort(self.problems, (position, problem), key=lambda it: it[0])
        del self.problems[PROBLEMS_SHOWN:]

    def _say(self, what: str, message: str) -> None:
        self.tell(Told(self.ledger.now(), what, message=message))


def _keep(partial: Path, place: Path) -> None:
    """Look at an image, and give it its name, durably; blocks. Raises ImageProblem, OSError."""
    try:
        inspect_image(partial)
    except ImageProblem:
        partial.unlink()
        raise
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.rename(place)
    sync_folder(place.parent)


def _sweep(folder: Path) -> None:
    """Remove what a killed run left half fetched; the run lock says that nobody else is here."""
    for left in folder.glob("*.part"):
        left.unlink(missing_ok=True)


def _shown(url: str) -> str:
    """Quote an address for a message, without the password that may be in it."""
    return shown(re.sub(r"(?<=//)[^/?#]*@", "***@", url))


class _Missing:
    """Addresses whose image is not here, each once, in a temporary file, in the order of rows."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.count = 0
        # "": a private file, gone at the end
        self._db = sqlite3.connect("", isolation_level=None)
        self._db.execute("pragma journal_mode = off")
        self._db.execute("pragma synchronous = off")
        self._db.execute(
            "create table wanted (position integer primary key, url text unique,"
            " file text, line int, row int, here int default 0)"
        )

    def add(self, batch: Iterable[Wanted]) -> None:
        """Note addresses; of one that comes again, the first row is the one that is told."""
        ((last,),) = self._db.execute("select ifnull(max(position), 0) from wanted")
        self._db.execute("begin")
        self._db.executemany(
            "insert or ignore into wanted (url, file, line, row) values (?, ?, ?, ?)", batch
        )
        new = self._db.execute("select position, url from wanted where position > ?", (last,))
        for position, url in new.fetchall():
            if self._is_here(url):
                self._db.execute("update wanted set here = 1 where position = ?", (position,))
            else:
                self.count += 1
        self._db.execute("commit")

    def _is_here(self, url: str) -> bool:
        """Tell whether an image was fetched, and is still there; its name is what it holds."""
        found = self._ledger.records.fetched_image(url)
        return found is not None and image_file(self._ledger.folder, found.file).is_file()

    def __iter__(self) -> Iterator[tuple[int, Wanted]]:
        """Hand them out, each with its position from 1."""
        after = 0
        while rows := self._db.execute(
            "select position, url, file, line, row from wanted"
            " where position > ? and not here order by position limit ?",
            (after, WINDOW),
        ).fetchall():
            for after, *place in rows:
                yield after, Wanted(*place)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._db.close()
