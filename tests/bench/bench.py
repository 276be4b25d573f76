"""Speed and memory, each beside what one would use otherwise, in the same run: `make bench`.

What is compared with are the scripts in this folder: what a person writes in an afternoon, with
the official SDK where there is one for it. Figures are medians; their ratios are what counts.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).parent
PHOTOGRAPH = HERE.parents[1] / "manifests" / "images" / "coffee.jpg"
BATCHSORA = (sys.executable, "-m", "batchsora")
ROWS, MANY_ROWS = 100_000, 1_000_000
IMAGES = 1_000
CLIPS = 60
ROUNDS = 3
STORY = "{clip: tiny, render_s: [1.8, 2.2], max_running: 20}"


@dataclass(frozen=True, slots=True)
class Measured:
    """What one process took."""

    seconds: float
    peak_mb: float


def main() -> None:
    """Measure everything, and print a line for each figure."""
    with tempfile.TemporaryDirectory(prefix="batchsora-bench-") as name:
        folder = Path(name)
        write_images(folder)
        make_clips(folder)
        few = plan_many(folder, write_rows(folder, ROWS), ROUNDS)
        many = plan_many(folder, write_rows(folder, MANY_ROWS), 1)
        growth = many.peak_mb / few.peak_mb
        print(f"  ten times the rows: time {many.seconds / few.seconds:.1f}, memory {growth:.2f}")
        start_many(folder, ROWS)
        start_many(folder, MANY_ROWS)


def write_images(folder: Path) -> None:
    """Write images of which no two have the same bytes."""
    photograph = PHOTOGRAPH.read_bytes()
    (folder / "images").mkdir()
    for number in range(IMAGES):  # what stands behind a JPEG's end is no part of the picture
        (folder / "images" / f"{number}.jpg").write_bytes(photograph + number.to_bytes(2))


def write_rows(folder: Path, rows: int) -> Path:
    """Write a table of so many rows, with a thousand images."""
    table = folder / f"{rows}.csv"
    with table.open("w") as file:
        file.write("sku,image,prompt,model,seconds,size\n")
        for row in range(rows):
            prompt = f"Steam rises from cup number {row}"
            file.write(f"CUP-{row},images/{row % IMAGES}.jpg,{prompt},sora-2,4,720x1280\n")
    return table


def plan_many(folder: Path, table: Path, rounds: int) -> Measured:
    """Plan them, beside a script that reads, checks and keys them."""
    ours = [measure([*BATCHSORA, "plan", str(table)], folder) for _ in range(rounds)]
    script = [sys.executable, str(HERE / "script_plan.py"), str(table)]
    theirs = [measure(script, folder) for _ in range(rounds)]
    compare(f"plan {int(table.stem):,} rows", ours, theirs, "a script with csv, sets and a hash")
    return Measured(
        statistics.median(it.seconds for it in ours), statistics.median(it.peak_mb for it in ours)
    )


def start_many(folder: Path, rows: int) -> None:
    """Run them until the first request comes; then plan them with a ledger that knows them all."""
    table, out_dir = str(folder / f"{rows}.csv"), str(folder / f"run-{rows}")
    with simulator(folder / f"start-{rows}") as url:
        where = ("--base-url", url, "-o", out_dir)
        took = measure_start([*BATCHSORA, "run", table, *where], folder, url)
        print(f"run {rows:,} rows: first request after {took.seconds:.1f} s, {took.peak_mb:.0f} MB")
        again = measure([*BATCHSORA, "plan", table, *where], folder)
    print(f"plan them again: {again.seconds:.1f} s, {again.peak_mb:.0f} MB")


def make_clips(folder: Path) -> None:
    """Make 60 clips of about 2 s each, 20 at once, beside the SDK's own waiting."""
    prompts = folder / "few.csv"
    prompts.write_text("prompt\n" + "".join(f"Scene {it}\n" for it in range(CLIPS)))
    ours, theirs, polls = [], [], {"ours": 0, "theirs": 0}
    for number in range(ROUNDS):
        with simulator(folder / f"ours-{number}") as url:
            words = ("--base-url", url, "--rate", "100/1s", "--burst", "20")
            out_dir = str(folder / f"clips-{number}")
            command = [*BATCHSORA, "run", str(prompts), *words, "-o", out_dir]
            ours.append(measure(command, folder))
            polls["ours"] += count_polls(url)
        with simulator(folder / f"theirs-{number}") as url:
            out_dir = str(folder / f"script-{number}")
            script = [sys.executable, str(HERE / "script_run.py"), str(prompts), url, out_dir]
            theirs.append(measure(script, folder))
            polls["theirs"] += count_polls(url)
    other = "a script with the SDK, 20 at once, that looks every second"
    compare(f"make {CLIPS} clips", ours, theirs, other)
    each = {whose: count / CLIPS / ROUNDS for whose, count in polls.items()}
    print(f"  looks at a job: {each['ours']:.1f} against {each['theirs']:.1f}")


def compare(what: str, ours: Sequence[Measured], theirs: Sequence[Measured], other: str) -> None:
    """Print medians, and their ratios."""
    times = [statistics.median(it.seconds for it in each) for each in (ours, theirs)]
    peaks = [statistics.median(it.peak_mb for it in each) for each in (ours, theirs)]
    print(f"{what}: {times[0]:.1f} s, {peaks[0]:.0f} MB")
    print(f"  {other}: {times[1]:.1f} s, {peaks[1]:.0f} MB")
    print(f"  ratio: time {times[0] / times[1]:.2f}, memory {peaks[0] / peaks[1]:.2f}")


def environment(folder: Path) -> dict[str, str]:
    """Give a process a home of its own, and a key."""
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "GPTPROTO_API_KEY": "sk-bench-0123"}


def measure(command: Sequence[str], folder: Path) -> Measured:
    """Run a command to its end; its time and its peak memory."""
    began_s = time.perf_counter()
    process = start(command, folder)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command}: exit {process.returncode}")
    return Measured(time.perf_counter() - began_s, usage.ru_maxrss / 1024)


def measure_start(command: Sequence[str], folder: Path, url: str) -> Measured:
    """Run a command until its first create request came."""
    began_s = time.perf_counter()
    process = start(command, folder)
    while "POST /v1/videos" not in record(url):
        time.sleep(0.05)
    took_s = time.perf_counter() - began_s
    process.kill()
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    return Measured(took_s, usage.ru_maxrss / 1024)


def start(command: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    """Start a command that nobody listens to."""
    return subprocess.Popen(
        command,
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def simulator(state: Path) -> Iterator[str]:
    """Run the simulated service as a process of its own."""
    state.mkdir()
    (state / "story.yaml").write_text(STORY)
    words = ("--state", str(state), "--scenario", str(state / "story.yaml"))
    process = subprocess.Popen(
        [*BATCHSORA, "simulate", *words], env=environment(state), stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def record(url: str) -> str:
    """Ask a simulator what came."""
    connection = HTTPConnection(urlsplit(url).netloc)
    connection.request("GET", "/simulator/record")
    told = connection.getresponse().read().decode()
    connection.close()
    return told


def count_polls(url: str) -> int:
    """Count the looks at jobs."""
    polls: dict[str, int] = json.loads(record(url))["requests"].get("GET /v1/videos/{id}", {})
    return sum(polls.values())


if __name__ == "__main__":
    main()
