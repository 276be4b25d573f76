"""A long table: read as a stream, whatever part of it is bought."""

import time
from pathlib import Path

import pytest
from door.door import KEY, QUICK, Desk, Said, service

from .ended import ends, left

ROWS = 40_000  # 100,000 were seen to take the memory of 30,000; a million take minutes
CACHES_KB = 24 << 10  # of SQLite, full at some rows and no larger after; rows that were kept: 60 MB


def peak_kb(pid: int) -> int:
    """Read how much memory a process has needed so far; 0 where no system tells."""
    try:
        told = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return 0
    return next((int(it.split()[1]) for it in told.splitlines() if it.startswith("VmHWM")), 0)


@pytest.mark.fault(
    "Manifests",
    "a table of 40,000 rows",
    "memory does not grow with them; what is chosen is bought, the others stay pending (0)",
)
def test_a_long_table_is_read_as_a_stream(desk: Desk, state: Path) -> None:
    peaks = []
    with service(state) as shop:
        for bought, rows in ((2, 1000), (4, ROWS)):
            table = "".join(f"Wave number {it} of {rows}\n" for it in range(rows))
            desk.writes(f"prompt\n{table}", f"{rows}/work.csv")
            here = Desk(desk.folder / str(rows))
            words = ("run", "work.csv", "--limit", "2", "--base-url", shop.url, *QUICK, "-q")
            process = here.starts(*words, GPTPROTO_API_KEY=KEY)
            peaks.append(0)
            try:
                while process.poll() is None:
                    peaks[-1] = max(peaks[-1], peak_kb(process.pid))
                    time.sleep(0.02)
                said = Said(process.returncode, *process.communicate())
            finally:
                process.kill()
            jobs = {"done": 2, "pending": rows - 2}
            ends(left(here, shop, said), creates=bought, jobs=jobs, code=0)
    assert peaks[1] - peaks[0] < CACHES_KB
