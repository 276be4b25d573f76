"""A program's run is stopped: nothing on the wire is lost, and the next run goes on."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from door.door import SURROUNDINGS, Desk, interrupt, service

from batchsora import Event, Run, State, run, run_sync
from batchsora.simulator import Fault

from .programmed import RAIN, SNOW, SUN, at, rows_of, statuses

TRICKLING = {"faults": (Fault("create", "slow", times=1),), "slow_s": 1.0}
OPEN = {State.SUBMITTING, State.IN_DOUBT}


def at_first(name: str, then: Callable[[], object]) -> Callable[[Event], None]:
    """Do something when an event of this name is heard of first."""
    left = [then]

    def hear(event: Event) -> None:
        if event.event == name and left:
            left.pop()()

    return hear


async def test_a_cancelled_run_lets_requests_on_the_wire_come_back(tmp_path: Path) -> None:
    with service(tmp_path / "state", **TRICKLING) as shop:

        def cancel() -> None:
            buying.cancel()

        hear = at_first("submit_started", cancel)
        buying = asyncio.create_task(run(rows_of(SUN, RAIN), **at(shop, on_event=hear)))
        with pytest.raises(asyncio.CancelledError):
            await buying
        left = Run("runs/work")
        assert not left.is_running
        assert left.totals.running == shop.creates >= 1
        assert left.totals.in_doubt == left.totals.submitting == 0
        assert (left.folder / "report.csv").is_file()
        assert (await run(rows_of(SUN, RAIN), **at(shop))).code == 0
        assert shop.bought() == {SUN: 1, RAIN: 1}


@pytest.mark.parametrize("moment", [0, 1, 2, 3, 5, 8])
async def test_cancelled_at_any_moment_it_has_lost_no_id_and_buys_nothing_twice(
    tmp_path: Path, moment: int
) -> None:
    heard: list[Event] = []

    def hear(event: Event) -> None:
        heard.append(event)
        if len(heard) == moment + 1:
            buying.cancel()

    with service(tmp_path / "state") as shop:
        buying = asyncio.create_task(run(rows_of(SUN, RAIN, SNOW), **at(shop, on_event=hear)))
        with pytest.raises(asyncio.CancelledError):
            await buying
        assert not OPEN & {job.status for job in Run("runs/work").jobs()}
        bought = {it["id"] for it in shop.record()["creates"]}
        assert {job.video_id for job in Run("runs/work").jobs()} - {None} == bought
        assert (await run(rows_of(SUN, RAIN, SNOW), **at(shop))).code == 0
        assert shop.bought() == {SUN: 1, RAIN: 1, SNOW: 1}


async def test_cancelled_before_its_first_step_it_buys_nothing(tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        buying = asyncio.create_task(run(rows_of(SUN), **at(shop)))
        await asyncio.sleep(0)
        buying.cancel()
        with pytest.raises(asyncio.CancelledError):
            await buying
        assert shop.creates == 0
        assert (await run(rows_of(SUN), **at(shop))).code == 0


async def test_cancelled_twice_it_is_left_alone_and_still_comes_to_its_end(tmp_path: Path) -> None:
    with service(tmp_path / "state", **TRICKLING) as shop:
        sent = asyncio.Event()
        hear = at_first("submit_started", sent.set)
        buying = asyncio.create_task(run(rows_of(SUN), **at(shop, on_event=hear)))
        await sent.wait()
        for _ in range(2):
            buying.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await buying
        assert Run("runs/work").is_running  # its request is on the wire still
        while Run("runs/work").is_running:  # noqa: ASYNC110 - nobody is told any more
            await asyncio.sleep(0.05)
        assert statuses(Run("runs/work").jobs()) == {"sun": "running"}


async def test_a_timeout_round_a_run_stops_it_as_well(tmp_path: Path) -> None:
    with service(tmp_path / "state", render_s=(60.0, 60.0)) as shop:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2):
                await run(rows_of(SUN), **at(shop))
        assert statuses(Run("runs/work").jobs()) == {"sun": "running"}
        assert shop.creates == 1


def test_a_run_whose_loop_is_closed_under_it_comes_to_its_end(tmp_path: Path) -> None:
    loop = asyncio.new_event_loop()
    with service(tmp_path / "state", render_s=(60.0, 60.0)) as shop:
        hear = at_first("submit_accepted", loop.stop)
        loop.create_task(run(rows_of(SUN, RAIN), **at(shop, on_event=hear)))  # noqa: RUF006
        loop.run_forever()
        loop.close()
        while Run("runs/work").is_running:
            time.sleep(0.05)
        assert set(statuses(Run("runs/work").jobs()).values()) <= {"running", "pending"}


def test_a_run_whose_loop_is_closed_before_it_began_buys_nothing(tmp_path: Path) -> None:
    loop = asyncio.new_event_loop()
    with service(tmp_path / "state") as shop:
        loop.create_task(run(rows_of(SUN), **at(shop)))  # noqa: RUF006
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop.close()
        report = Path("runs/work/report.csv")
        while not report.exists() or Run("runs/work").is_running:
            time.sleep(0.05)
        assert shop.creates == 0


@pytest.mark.parametrize("name", ["started", "submit_started", "submit_accepted", "download_kept"])
async def test_what_a_callback_raises_stops_the_run_and_is_raised_at_its_end(
    tmp_path: Path, name: str
) -> None:
    heard: list[str] = []

    def hear(event: Event) -> None:
        heard.append(event.event)
        if event.event == name:
            raise ValueError(name)

    with service(tmp_path / "state", **TRICKLING) as shop:
        with pytest.raises(ValueError, match=name):
            await run(rows_of(SUN, RAIN), **at(shop, on_event=hear))
        assert heard.count(name) == 1
        assert heard[-1] == name
        assert not OPEN & {job.status for job in Run("runs/work").jobs()}
        assert (await run(rows_of(SUN, RAIN), **at(shop))).code == 0
        assert shop.bought() == {SUN: 1, RAIN: 1}


def test_what_a_callback_of_the_synchronous_twin_raises_is_raised_at_the_end_too(
    tmp_path: Path,
) -> None:
    def hear(_: Event) -> None:
        raise ValueError("no more")

    with service(tmp_path / "state") as shop:
        with pytest.raises(ValueError, match="no more"):
            run_sync(rows_of(SUN), **at(shop, on_event=hear))
        assert not Run("runs/work").is_running


def test_ctrl_c_in_the_synchronous_twin_is_raised_once_requests_have_come_back(
    tmp_path: Path,
) -> None:
    hear = at_first("submit_started", lambda: os.kill(os.getpid(), signal.SIGINT))
    with service(tmp_path / "state", **TRICKLING) as shop:
        with pytest.raises(KeyboardInterrupt):
            run_sync(rows_of(SUN, RAIN), **at(shop, on_event=hear))
        assert statuses(Run("runs/work").jobs())["sun"] == "running"
        assert not OPEN & {job.status for job in Run("runs/work").jobs()}
        assert run_sync(rows_of(SUN, RAIN), **at(shop)).code == 0
        assert shop.bought() == {SUN: 1, RAIN: 1}


@pytest.mark.parametrize("way", ["asyncio.run(run({words}))", "run_sync({words})"])
def test_ctrl_c_ends_a_program_once_its_requests_have_come_back(
    desk: Desk, tmp_path: Path, way: str
) -> None:
    words = "MANIFEST, base_url=sys.argv[1], key='sk-any', rate='100/1s', on_event=hear"
    script = desk.writes(
        "import asyncio, sys\n"
        "from batchsora import Manifest, run, run_sync\n"
        "MANIFEST = Manifest.from_rows('work', [{'id': 'sun', 'prompt': 'sun'}])\n"
        "def hear(event):\n"
        "    print(event.event, flush=True)\n" + way.format(words=words) + "\n",
        "program.py",
    )
    with service(tmp_path / "state", **TRICKLING) as shop:
        program = subprocess.Popen(
            [sys.executable, script, shop.url],
            cwd=desk.folder,
            env={**SURROUNDINGS, "HOME": str(desk.folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert program.stdout is not None
            while program.stdout.readline() != "submit_started\n":
                assert program.poll() is None
            said = interrupt(program)
        finally:
            program.kill()
        assert "KeyboardInterrupt" in said.err
        assert said.out.endswith("ended\n")
    assert statuses(Run("runs/work").jobs()) == {"sun": "running"}


def test_a_program_that_ends_in_mid_run_makes_no_job_doubtful(tmp_path: Path) -> None:
    program = """
import asyncio, sys
from batchsora import Manifest, run

async def main(url):
    rows = [{"id": f"r{n}", "prompt": f"Wave number {n}"} for n in range(20)]
    manifest = Manifest.from_rows("waves", rows)
    going = asyncio.create_task(run(manifest, key="sk-any", base_url=url, rate="5/1s", yes=True))
    await asyncio.sleep(2)
    raise SystemExit(3)

loop = asyncio.new_event_loop()
loop.run_until_complete(main(sys.argv[1]))
"""
    with service(tmp_path / "state", render_s=(0.1, 0.2), clip="tiny") as shop:
        ended = subprocess.run(
            [sys.executable, "-c", program, shop.url.replace("127.0.0.1", "localhost")],
            cwd=tmp_path,
            env={**SURROUNDINGS, "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        left = Run(tmp_path / "runs" / "waves")
        assert 1 <= shop.creates < 20
        assert shop.creates == 20 - left.totals.pending
    assert (ended.returncode, left.is_running) == (3, False), ended.stderr
    assert left.totals.in_doubt == left.totals.submitting == 0
    assert (left.folder / "report.html").is_file()


@pytest.mark.parametrize("error", [SystemExit, asyncio.CancelledError])
def test_whatever_a_callback_raises_stops_the_run(
    tmp_path: Path, error: type[BaseException]
) -> None:
    def hear(event: Event) -> None:
        if event.event == "submit_accepted":
            raise error

    with service(tmp_path / "state") as shop:
        rows = rows_of(*(f"wave-{n} rolls" for n in range(10)))
        with pytest.raises(error):
            run_sync(rows, **at(shop, rate="2/1s", burst=1, on_event=hear))
        assert shop.creates < 5
        assert not Run("runs/work").is_running
