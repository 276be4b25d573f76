"""A program buys clips: the same engine, the same ledger and reports as the command."""

import asyncio
import csv
import time
from decimal import Decimal
from pathlib import Path

import pytest
from door.door import KEY, Desk, service

from batchsora import Event, LedgerError, Manifest, Reason, Run, State, UsageError, run, run_sync
from batchsora.simulator import Fault

from .programmed import RAIN, SNOW, SUN, at, clips, requests, rows_of, statuses


async def test_a_run_makes_every_clip_and_tells_of_it_in_this_loop(
    desk: Desk, tmp_path: Path
) -> None:
    told: list[Event] = []
    loops = set()

    def hear(event: Event) -> None:
        told.append(event)
        loops.add(asyncio.get_running_loop())

    with service(tmp_path / "state") as shop:
        result = await run(rows_of(SUN, RAIN), **at(shop, on_event=hear))
        assert shop.bought() == {SUN: 1, RAIN: 1}
    assert (result.code, result.stops) == (0, ())
    assert result.folder == desk.run_folder
    assert statuses(result.jobs()) == {"sun": "done", "rain": "done"}
    assert clips(result.folder) == {"sun.mp4", "rain.mp4"}
    assert (result.totals.done, result.totals.jobs) == (2, 2)
    assert result.totals.spent_usd == Decimal("0.80")
    assert (told[0].event, told[-1].event) == ("started", "ended")
    assert loops == {asyncio.get_running_loop()}
    kept = [it for it in told if it.event == "download_kept"]
    assert {it.job for it in kept} == {"sun", "rain"}
    assert all(it.file is not None and it.file.is_file() for it in kept)
    assert told[-1].totals == result.totals


async def test_a_job_says_what_its_line_of_the_report_says(desk: Desk, tmp_path: Path) -> None:
    refused = Fault("create", "moderated", match="rain")
    rows: list[dict[str, object]] = [
        {"prompt": SUN, "sku": "A-1", "tags": ["hero", "draft"]},
        {"id": "b", "prompt": RAIN},
    ]
    with service(tmp_path / "state", faults=(refused,)) as shop:
        result = await run(Manifest.from_rows("work", rows), **at(shop))
    for job, line in zip(result.jobs(), desk.report_lines(), strict=True):
        told = {name: getattr(job, name, None) for name in line}
        told["sku"] = job.columns.get("sku")
        told["file"] = job.file and job.file.relative_to(result.folder)
        told["cost_usd"] = f"{job.cost_usd:.2f}"
        for name in ("submitted_at", "completed_at", "downloaded_at"):
            at_ = told[name]
            told[name] = at_ and at_.isoformat(timespec="seconds").replace("+00:00", "Z")
        assert {name: "" if it is None else str(it) for name, it in told.items()} == line
    assert result.report_csv.is_file()
    assert result.report_json.is_file()
    assert result.report_html.is_file()
    assert next(result.jobs()).tags == ("hero", "draft")


async def test_failed_jobs_are_at_hand_with_their_reasons(tmp_path: Path) -> None:
    refused = Fault("create", "moderated", match="rain")
    with service(tmp_path / "state", faults=(refused,)) as shop:
        result = await run(rows_of(SUN, RAIN), **at(shop))
    assert result.code == 1
    (failed,) = result.failed
    assert (failed.name, failed.reason, failed.cost_usd) == ("rain", Reason.MODERATED, Decimal(0))
    assert failed.why.startswith("moderated: ")
    assert result.in_doubt == []


async def test_jobs_in_doubt_are_at_hand_and_never_sent_again(tmp_path: Path) -> None:
    lost = Fault("create", "lost_before", match="rain")
    with service(tmp_path / "state", list_endpoint=False, faults=(lost,)) as shop:
        result = await run(rows_of(SUN, RAIN), **at(shop))
        assert result.code == 6
        again = await run(rows_of(SUN, RAIN), **at(shop))
        assert shop.creates == 2
    (doubted,) = again.in_doubt
    assert (doubted.name, doubted.status) == ("rain", State.IN_DOUBT)
    assert "batchsora resolve" in doubted.hint


async def test_the_command_goes_on_with_what_a_program_began(desk: Desk, tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        first = await run(rows_of(SUN, RAIN, SNOW), **at(shop, limit=1))
        assert statuses(first.jobs()) == {"sun": "done", "rain": "pending", "snow": "pending"}
        said = await asyncio.to_thread(
            desk.types, "run", "runs/work", "--base-url", shop.url, GPTPROTO_API_KEY=KEY
        )
        assert said.code == 0, said.err
        assert shop.bought() == {SUN: 1, RAIN: 1, SNOW: 1}
    assert statuses(Run("runs/work").jobs()) == {"sun": "done", "rain": "done", "snow": "done"}


@pytest.mark.parametrize("target", ["work.yaml", "runs/work"])
async def test_a_program_goes_on_with_what_the_command_began(
    desk: Desk, tmp_path: Path, target: str
) -> None:
    desk.writes_rows(SUN, RAIN)
    with service(tmp_path / "state") as shop:
        said = await asyncio.to_thread(desk.buys, shop.url, "--limit", "1")
        assert said.code == 0, said.err
        assert (await run(target, **at(shop))).code == 0
        assert shop.bought() == {SUN: 1, RAIN: 1}


async def test_run_again_it_asks_nothing_of_the_service(tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        await run(rows_of(SUN), **at(shop))
        before = requests(shop)
        told: list[Event] = []
        again = await run(rows_of(SUN), **at(shop, on_event=told.append))
        assert requests(shop) == before
    assert (again.code, again.totals.done) == (0, 1)
    assert told == []


async def test_what_is_worth_knowing_of_a_manifest_is_told_as_an_event(
    desk: Desk, tmp_path: Path
) -> None:
    told: list[Event] = []
    with service(tmp_path / "state") as shop:
        await run(desk.writes_rows(SUN), **at(shop))
        await run(rows_of(SUN), **at(shop, on_event=told.append))
        assert shop.creates == 1
    assert [(it.event, it.job) for it in told] == [("note", None)]
    assert told[0].message == "runs/work was last run from ../../work.yaml"


async def test_two_runs_in_one_program_at_once_have_folders_of_their_own(tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        one, other = await asyncio.gather(
            run(Manifest.from_rows("one", [{"prompt": SUN}]), **at(shop)),
            run(Manifest.from_rows("other", [{"prompt": RAIN}]), **at(shop)),
        )
        assert shop.bought() == {SUN: 1, RAIN: 1}
    assert (one.code, other.code) == (0, 0)
    assert (one.folder.name, other.folder.name) == ("one", "other")


async def test_a_second_run_of_the_same_folder_is_refused_while_the_first_goes_on(
    tmp_path: Path,
) -> None:
    with service(tmp_path / "state") as shop:
        began = asyncio.Event()
        first = asyncio.create_task(
            run(rows_of(SUN), **at(shop, on_event=lambda _: began.set())),
        )
        await began.wait()
        assert Run("runs/work").is_running
        with pytest.raises(LedgerError, match="another batchsora"):
            await run(rows_of(SUN), **at(shop))
        assert (await first).code == 0
        assert shop.creates == 1
    assert not Run("runs/work").is_running


async def test_a_busy_loop_does_not_hold_up_what_is_under_way(tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        buying = asyncio.create_task(run(rows_of(SUN, RAIN), **at(shop)))
        await asyncio.sleep(0)
        while shop.asked("GET /v1/videos/{id}/content")["200"] < 2:
            time.sleep(0.05)  # noqa: ASYNC251 - that is the point: nobody else has a turn here
        assert (await buying).code == 0


async def test_the_synchronous_twin_works_where_a_loop_is_running(tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        told: list[Event] = []
        result = run_sync(rows_of(SUN), **at(shop, on_event=told.append))
        assert (result.code, shop.creates) == (0, 1)
    assert told[-1].event == "ended"


def test_the_synchronous_twin_is_the_same_where_none_is() -> None:
    result = run_sync(rows_of(SUN), simulate=True)
    assert (result.code, result.folder.name) == (0, "work-simulated")
    assert statuses(result.jobs()) == {"sun": "done"}


async def test_a_manifest_without_rows_makes_no_folder(desk: Desk) -> None:
    result = await run(rows_of(), simulate=True)
    assert (result.code, result.totals.jobs, list(result.jobs())) == (0, 0, [])
    assert not (desk.folder / "runs").exists()


async def test_in_two_parts_the_second_run_fetches_what_the_first_ordered(tmp_path: Path) -> None:
    with service(tmp_path / "state", render_s=(1.0, 1.0)) as shop:
        ordered = await run(rows_of(SUN), **at(shop, detach=True))
        assert (ordered.code, ordered.totals.running) == (4, 1)
        fetched = await run(rows_of(SUN), **at(shop, no_submit=True))
        assert (fetched.code, shop.creates) == (0, 1)


async def test_only_a_part_is_taken_where_one_is_named(tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        await run(rows_of(SUN, RAIN, SNOW), **at(shop, only=["sun", "sn*"]))
        assert shop.bought() == {SUN: 1, SNOW: 1}
        with pytest.raises(UsageError, match="names no job"):
            await run(rows_of(SUN, RAIN, SNOW), **at(shop, only=[]))
        assert shop.creates == 2


def test_the_report_of_a_program_is_in_the_order_of_its_rows() -> None:
    result = run_sync(rows_of(SUN, RAIN), simulate=True)
    with result.report_csv.open(encoding="utf-8-sig", newline="") as file:
        assert [it["id"] for it in csv.DictReader(file)] == ["sun", "rain"]
