"""What a run shows without a terminal, and how honest that is: on a clock that jumps."""

import asyncio
import re
from itertools import pairwise
from pathlib import Path

import pytest
from runner.campaigning import opened

from batchsora.cli.observer import Observer
from batchsora.cli.standing import Standing
from batchsora.cli.views import HEARTBEAT_S, Plain, View, open_view
from batchsora.runner.campaign import carry_out
from batchsora.runner.choosing import Choice
from batchsora.runner.progress import Told
from batchsora.settings import Rate
from batchsora.simulator import Fault, Scenario
from batchsora.simulator.scenario import Rate as Limit

pytestmark = pytest.mark.looptime
CLOCK = re.compile(r"^\d\d:\d\d:\d\d ")
SLOW = Scenario(clip="tiny", queue_s=(5.0, 10.0), render_s=(60.0, 90.0))


def manifest(folder: Path, jobs: int) -> Path:
    """Write a manifest of so many jobs."""
    path = folder / "many.csv"
    path.write_text("id,prompt\n" + "".join(f"wave-{it},wave {it} rolls\n" for it in range(jobs)))
    return path


async def shown(folder: Path, view: View, jobs: int, story: Scenario = SLOW) -> float:
    """Carry a campaign out before a view; returns how long it took."""
    began_s = asyncio.get_running_loop().time()
    path = manifest(folder, jobs)
    async with opened(folder, story, path, view.tell, max_in_flight=10, rate=Rate(1, 1.0)) as run:
        async with view.watch(run):
            await carry_out(run, Choice())
        return asyncio.get_running_loop().time() - began_s


async def test_a_log_hears_every_minute_that_the_run_lives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    took_s = await shown(tmp_path, Plain(verbose=False), 30)
    lines = capsys.readouterr().err.splitlines()
    beats = [line for line in lines if " of 30 done · " in line]
    assert len(beats) == int(took_s // HEARTBEAT_S)
    assert all(CLOCK.match(line) and "USD spent" in line for line in beats)
    assert re.search(r"· \d+ at the service · \d+\.\d\d USD spent · about \d+:\d\d left$", beats[2])
    assert not any("\x1b" in line for line in lines)


async def test_who_wants_silence_hears_no_beat(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await shown(tmp_path, open_view("auto", verbose=False, quiet=True), 10)
    assert capsys.readouterr().err == ""


async def test_of_very_many_jobs_only_what_did_not_go_well_has_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = Fault("create", "moderated", match="wave 7 ")
    story = Scenario(clip="tiny", render_s=(2.0, 3.0), faults=(refused,))
    await shown(tmp_path, Plain(verbose=False), 250, story)
    lines = capsys.readouterr().err.splitlines()
    assert not any("ordered" in line or "done: videos" in line for line in lines)
    assert sum("FAILED: moderated" in line for line in lines) == 1
    assert any("250 of 250" not in line and " of 250 done" in line for line in lines)
    assert len(lines) < 30


async def test_verbose_tells_everything_however_many_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    story = Scenario(clip="tiny", render_s=(2.0, 3.0))
    await shown(tmp_path, Plain(verbose=True), 210, story)
    assert capsys.readouterr().err.count("done: videos") == 210


async def watched(folder: Path, jobs: int, story: Scenario) -> list[tuple[float, Standing]]:
    """Look at a run every second; returns the time and how it stood then."""
    looks: list[tuple[float, Standing]] = []
    clock = asyncio.get_running_loop().time
    observers: list[Observer] = []
    path = manifest(folder, jobs)

    def tell(told: Told) -> None:
        for it in observers:
            it.told(told)

    async with opened(folder, story, path, tell, max_in_flight=10, rate=Rate(1, 1.0)) as run:
        observer = Observer(run)
        observers.append(observer)

        async def look() -> None:
            while True:
                looks.append((clock(), observer.look()))
                await asyncio.sleep(1)

        looking = asyncio.create_task(look())
        await carry_out(run, Choice())
        looking.cancel()
        looks.append((clock(), observer.look()))
    return looks


async def test_the_time_left_is_about_what_it_takes_and_does_not_jump(tmp_path: Path) -> None:
    looks = await watched(tmp_path, 100, SLOW)
    end_s, _ = looks[-1]
    told = [(end_s - at_s, it.left_s) for at_s, it in looks if it.left_s is not None]
    assert len(told) > 0.8 * len(looks)  # from the first clips on
    for truth_s, left_s in told:
        if truth_s > 60:
            assert 0.7 * truth_s < left_s < 1.4 * truth_s, (truth_s, left_s)
    steps = [after - before for (_, before), (_, after) in pairwise(told)]
    assert max(map(abs, steps)) < 12


async def test_a_pause_is_told_with_the_seconds_left_and_why_stands_in_the_line_above(
    tmp_path: Path,
) -> None:
    story = Scenario(clip="tiny", render_s=(60.0, 90.0), rate=Limit(5, 60.0))
    waits = [
        (at_s, it.waiting)
        for at_s, it in await watched(tmp_path, 8, story)
        if it.waiting is not None
    ]
    (first_s, first), (second_s, second), *_ = waits
    assert first.why == ""
    assert first.outage_s == 0
    assert first.left_s - second.left_s == pytest.approx(second_s - first_s)


async def test_a_rate_that_the_service_lowered_is_told_beside_the_one_asked_for(
    tmp_path: Path,
) -> None:
    story = Scenario(clip="tiny", render_s=(2.0, 3.0), rate=Limit(5, 20.0))
    slowed = [it.slowed for _, it in await watched(tmp_path, 20, story) if it.slowed is not None]
    assert {it.asked for it in slowed} == {60.0}
    assert all(it.per_minute < 60 for it in slowed)


async def test_a_program_that_was_suspended_counts_no_time_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path, SLOW, manifest(tmp_path, 1), lambda _: None) as run:
        observer = Observer(run)
        for _ in range(10):
            await asyncio.sleep(0.25)
            observer.look()
        before = observer.look().elapsed_s
        await asyncio.sleep(600)  # nobody looked: it did not run
        assert observer.look().elapsed_s == before == pytest.approx(2.5)
