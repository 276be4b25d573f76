"""What a program is shown: plans, results and run folders, as values, lines and tables."""

from decimal import Decimal
from pathlib import Path

import pytest
from door.door import Desk, service

from batchsora import Action, Manifest, Run, UsageError, plan, run, run_sync
from batchsora.library.tables import MOST_ROWS
from batchsora.simulator import Fault

from .programmed import RAIN, SNOW, SUN, at, rows_of

HOSTILE = '<img src=x onerror="alert(1)">&{id}'


def test_a_plan_says_what_a_run_would_do_and_writes_nothing(desk: Desk) -> None:
    planned = plan(rows_of(SUN, RAIN), max_cost="0.40")
    assert [(it.id, it.action, it.price_usd) for it in planned] == [
        ("sun", Action.SUBMIT, Decimal("0.40")),
        ("rain", Action.OVER_BUDGET, Decimal("0.40")),
    ]
    assert planned.counts == {"submit": 1, "over budget": 1}
    assert (planned.cost_usd, planned.unpriced, planned.has_work) == (Decimal("0.40"), 0, True)
    assert (planned.service, planned.folder) == ("https://gptproto.com", desk.run_folder)
    assert list(desk.folder.iterdir()) == []


def test_after_a_run_it_says_what_is_done_what_changed_and_what_is_gone(tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        run_sync(rows_of(SUN, RAIN, SNOW), **at(shop))
    rows = [{"id": "sun", "prompt": SUN}, {"id": "rain", "prompt": "rain on a lake"}]
    planned = plan(Manifest.from_rows("work", rows), base_url=shop.url)
    assert [(it.id, it.action) for it in planned] == [
        ("sun", "done"),
        ("rain", "submit"),
        ("rain", "gone"),
        ("snow", "gone"),
    ]
    assert planned.jobs[1].why == "prompt was rain on a window"
    assert planned.counts == {"submit": 1, "done": 1}
    assert "nothing" not in repr(planned)


def test_a_plan_of_a_part_that_is_empty_is_refused() -> None:
    with pytest.raises(UsageError, match="no job of the manifest is called so"):
        plan(rows_of(SUN), only="moon")


async def test_a_result_a_run_and_a_plan_show_themselves_in_a_line(tmp_path: Path) -> None:
    refused = Fault("create", "moderated", match="rain")
    with service(tmp_path / "state", faults=(refused,)) as shop:
        assert repr(plan(rows_of(SUN, RAIN), base_url=shop.url)) == (
            f"Plan(2 submit; 0.80 USD to be spent at {shop.url}; runs/work)"
        )
        result = await run(rows_of(SUN, RAIN), **at(shop))
    assert repr(result) == "Result(exit 1: 1 failed, 1 done; 0.40 USD; runs/work)"
    assert repr(Run("runs/work")) == "Run('runs/work': 1 failed, 1 done; 0.40 USD)"


def test_a_table_shows_what_a_stranger_wrote_as_text_only() -> None:
    manifest = Manifest.from_rows("work", [{"id": "a", "prompt": HOSTILE}])
    result = run_sync(manifest, simulate=True)
    for page in (
        plan(manifest)._repr_html_(),
        result._repr_html_(),
        Run(result.folder)._repr_html_(),
    ):
        assert "<img" not in page
        assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&amp;a" in page
        assert "<td dir=auto>" in page


def test_a_table_leads_to_the_clips_from_where_a_notebook_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_sync(
        Manifest.from_rows("work", [{"prompt": "Sun", "output": "a b%c.mp4"}]), simulate=True
    )
    (job,) = result.jobs()
    assert job.file is not None
    assert '<a href="./runs/work-simulated/videos/a%20b%25c.mp4">' in result._repr_html_()
    (tmp_path / "aside").mkdir()
    monkeypatch.chdir(tmp_path / "aside")
    assert f'<a href="{job.file.as_uri()}">' in result._repr_html_()


def test_a_table_is_short_and_says_how_much_more_there_is() -> None:
    manifest = Manifest.from_rows("work", [{"prompt": f"Wave {it}"} for it in range(MOST_ROWS + 7)])
    page = plan(manifest)._repr_html_()
    assert page.count("<tr>") == 1 + MOST_ROWS + 1
    assert "… and 7 more" in page


def test_a_run_is_found_by_its_manifest_too_and_asked_for_some_of_its_jobs(desk: Desk) -> None:
    path = desk.writes("rows: [{id: a, prompt: Sun, takes: 2}, {id: b, prompt: Rain}]")
    run_sync(path, simulate=True, rate="10/1s")
    found = Run(path)
    assert found.folder == desk.folder / "runs" / "work-simulated"
    assert [job.name for job in found.jobs("a")] == ["a", "a#2"]
    assert [job.name for job in found.jobs("*#1")] == ["a", "b"]
    assert found.totals.done == 3
    assert not found.is_running


def test_where_nothing_was_run_yet_there_is_no_run(desk: Desk) -> None:
    with pytest.raises(UsageError, match="was not run yet"):
        Run(desk.writes_rows(SUN))


def test_a_clip_that_was_removed_is_no_file_of_its_job() -> None:
    result = run_sync(rows_of(SUN), simulate=True)
    (job,) = result.jobs()
    assert job.file is not None
    job.file.unlink()
    assert [it.file for it in result.jobs()] == [None]
