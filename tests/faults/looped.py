"""Whole runs on a clock that jumps, for faults that are long: real HTTP, a real ledger."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from door.door import KEY
from runner.campaigning import BEGAN_AT, opened

from batchsora.library.exits import code_of
from batchsora.library.logs import RunLog
from batchsora.runner.campaign import carry_out
from batchsora.runner.choosing import Choice
from batchsora.runner.progress import Told
from batchsora.runner.session import Session
from batchsora.settings import Rate
from batchsora.simulator import Fault, Scenario

from .ended import CREATE, Ended, read_jobs
from .front import Front

AT_ONCE: dict[str, Any] = {"rate": Rate(1000, 1.0), "burst": 100}
LONGEST_S = 86_400.0  # a run that takes a day of the loop's has no end
Rows = Sequence[Mapping[str, object]]


def story(*faults: Fault, **changes: Any) -> Scenario:
    """Make a service on which these faults strike."""
    return Scenario(**{"clip": "tiny", "render_s": (2.0, 2.0), "faults": faults, **changes})


def numbered(count: int) -> Rows:
    """Make so many rows."""
    return [{"id": f"{it}", "prompt": f"Wave {it}"} for it in range(count)]


async def met(
    folder: Path,
    tale: Scenario,
    rows: Rows | Path | int = 1,
    *,
    front: Front | None = None,
    url: str | None = None,
    meanwhile: Callable[[Session], object] = lambda _: None,
    heard: Callable[[Told], object] = lambda _: None,
    **settings: Any,
) -> Ended:
    """Run a manifest, or one of these rows, to its end at a service, or at a front before it.

    `meanwhile` is called when the session is open, `heard` with all that it tells.
    """
    listed = numbered(rows) if isinstance(rows, int) else rows
    path = listed if isinstance(listed, Path) else written(folder / "work.jsonl", listed)
    address = front.url if front is not None else url
    told: list[str] = []
    (folder / "run").mkdir(exist_ok=True)
    with RunLog(folder / "run" / "run.log") as log:

        def tell(it: Told) -> None:
            log.tell(it)
            heard(it)

        chosen = {**AT_ONCE, **settings}
        async with opened(folder, tale, path, tell, url=address, key=KEY, **chosen) as run:
            meanwhile(run)
            async with asyncio.timeout(LONGEST_S):
                outcome = await carry_out(run, Choice())
            told = [f"{it.what}; {it.mend}" for it in run.stopping.stops]
            code = code_of(outcome, run.stopping.stops)
    asked = front.asked if front is not None else requests(folder)
    return Ended(code, asked, read_jobs(folder / "run"), "\n".join(told))


def written(path: Path, rows: Rows) -> Path:
    """Write a manifest of these rows."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def requests(folder: Path) -> Counter[str]:
    """Count the requests that came to the simulated service, by their routes."""
    return Counter(f"{method} {route}" for _, method, route in _record(folder))


def now_s() -> float:
    """Say how long all runs of this test took together, by the loop's clock."""
    return asyncio.get_running_loop().time()


def creates_at(folder: Path) -> list[float]:
    """Say when create requests came to the simulated service, in seconds of the loop."""
    return [at for at, method, route in _record(folder) if f"{method} {route}" == CREATE]


def bought(folder: Path) -> int:
    """Count the videos that the simulated service was paid for."""
    return len(video_ids(folder))


def video_ids(folder: Path) -> set[str]:
    """Name the videos that the simulated service was paid for."""
    return {it for (it,) in _select(folder, "select id from jobs")}


def prompts(folder: Path) -> list[str]:
    """Say what the simulated service was asked to film, in the order in which it was."""
    return [it for (it,) in _select(folder, "select prompt from jobs order by number")]


def _record(folder: Path) -> list[tuple[float, str, str]]:
    found = _select(folder, "select arrived_at, method, route from requests order by number")
    return [(at - BEGAN_AT, method, route) for at, method, route in found]


def _select(folder: Path, statement: str) -> list[Any]:
    file = folder / "simulator" / "simulator.db"
    if not file.is_file():
        return []
    record = sqlite3.connect(file)
    try:
        return record.execute(statement).fetchall()
    finally:
        record.close()
