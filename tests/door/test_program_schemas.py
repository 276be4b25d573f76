"""What programs read is as its schemas say: reports, events and status of many kinds of runs."""

import copy
import json
import re
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from batchsora.cli.shapes import FAULTS, RUN_EVENTS, SPEECHLESS, events_schema, status_schema
from batchsora.lifecycle import Event
from batchsora.reports import report_columns
from batchsora.reports.schema import report_schema
from batchsora.simulator import Fault

from .door import KEY, PATIENCE_S, QUICK, Desk, service

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "batchsora"
COMMITTED = ROOT / "docs" / "report.schema.json"
SUN, RAIN, SNOW, WIND = "sun rises", "rain falls", "snow falls", "wind blows"
SCHEMAS: dict[str, Callable[[], dict[str, Any]]] = {
    "--report": report_schema,
    "--events": events_schema,
    "--status": status_schema,
}


def faults(schema: Mapping[str, Any], told: Any) -> list[str]:
    """Say what is not as a schema says."""
    return [error.message for error in Draft202012Validator(dict(schema)).iter_errors(told)]


@dataclass(frozen=True, slots=True)
class Told:
    """What programs were told by one run folder."""

    report: dict[str, Any]
    status: dict[str, Any]
    events: list[dict[str, Any]]
    log: list[dict[str, Any]]


def told_by(desk: Desk, err: str, folder: Path) -> Told:
    said = desk.types("status", str(folder), "--json")
    assert said.code == 0, said.err
    return Told(
        json.loads((folder / "report.json").read_text("utf-8")),
        json.loads(said.out),
        [json.loads(line) for line in err.splitlines()],
        [json.loads(line) for line in (folder / "run.log").read_text("utf-8").splitlines()],
    )


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    """Run manifests that end in many ways, once for all of these tests."""
    return dict(_runs(tmp_path_factory))


def _runs(factory: pytest.TempPathFactory) -> Iterator[tuple[str, Told]]:
    troubles = (
        Fault("create", "429", match="sun", times=1, retry_after="1"),
        Fault("create", "moderated", match="rain"),
        Fault("create", "lost_after", match="snow"),
        Fault("create", "render_failed", match="wind"),
    )
    yield _run(factory, "troubles", (SUN, RAIN, SNOW, WIND), troubles, "--on-done", "exit 3")
    yield _run(factory, "stopped", (SUN,), (Fault("create", "401"),))
    yield _run(factory, "budget", (SUN, RAIN), (), "--max-cost", "0.50")
    yield _run(factory, "part", (SUN, RAIN), (), "--limit", "1")
    hurried = ("--poll-interval", "0.2", "--job-timeout", "8")
    yield _run(factory, "unfetched", (SUN,), (Fault("content", "500"),), *hurried)
    yield "columns", _with_columns(Desk(factory.mktemp("columns")))
    yield "interrupted", _interrupted(Desk(factory.mktemp("interrupted")))


def _run(
    factory: pytest.TempPathFactory,
    name: str,
    prompts: tuple[str, ...],
    faults: tuple[Fault, ...],
    *words: str,
) -> tuple[str, Told]:
    desk = Desk(factory.mktemp(name))
    desk.writes_rows(*prompts)
    with service(desk.folder / "state", list_endpoint=False, faults=faults) as shop:
        said = desk.buys(shop.url, "--progress", "json", *words)
    return name, told_by(desk, said.err, desk.run_folder)


def _with_columns(desk: Desk) -> Told:
    """Run rows of an included file, of a model without a price, with columns of their own."""
    desk.writes("id,prompt,status,mood\na,one,draft,calm\nb,two,,\n", "rows.csv")
    head = "models: {free: {seconds: [4], sizes: {1280x720: unknown}}}"
    row = "rows: [{from: rows.csv, model: free, size: 1280x720}, {prompt: mine, id: c}]"
    desk.writes(f"{head}\n{row}\n")
    said = desk.types("run", "work.yaml", "--simulate", *QUICK, "--progress", "json")
    return told_by(desk, said.err, desk.folder / "runs" / "work-simulated")


def _interrupted(desk: Desk) -> Told:
    desk.writes_rows(SUN, RAIN)
    with service(desk.folder / "state", render_s=(600, 600)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK, "--progress", "json")
        process = desk.starts(*words, GPTPROTO_API_KEY=KEY)
        assert process.stderr is not None
        heard: list[str] = []
        while not heard or "submit_accepted" not in heard[-1]:
            heard.append(process.stderr.readline())
            assert heard[-1]
        running = json.loads(desk.types("status", "work.yaml", "--json").out)
        assert (running["running"], faults(status_schema(), running)) == (True, [])
        process.send_signal(signal.SIGTERM)  # heeded also where Ctrl-C is not
        _, rest = process.communicate(timeout=PATIENCE_S)
    return told_by(desk, "".join(heard) + rest, desk.run_folder)


@pytest.mark.parametrize("option", SCHEMAS)
def test_the_command_prints_a_schema_that_is_one(desk: Desk, option: str) -> None:
    said = desk.types("schema", option)
    assert (said.code, said.err) == (0, "")
    assert json.loads(said.out) == SCHEMAS[option]()
    Draft202012Validator.check_schema(SCHEMAS[option]())


def test_the_schema_of_the_report_that_is_committed_is_the_programs(desk: Desk) -> None:
    # stale? batchsora schema --report > docs/report.schema.json
    assert COMMITTED.read_text("utf-8") == desk.types("schema", "--report").out


def test_the_reports_of_all_these_runs_are_as_the_schema_says(many: dict[str, Told]) -> None:
    wrong = {name: faults(report_schema(), told.report) for name, told in many.items()}
    assert wrong == {name: [] for name in many}
    states = {job["status"] for told in many.values() for job in told.report["jobs"]}
    assert states == {"pending", "running", "rendered", "in_doubt", "done", "failed"}
    lines = {type(job["manifest_line"]) for job in many["columns"].report["jobs"]}
    assert lines == {int, str}


def test_the_totals_of_a_report_are_those_of_its_jobs(many: dict[str, Told]) -> None:
    for told in many.values():
        jobs, totals = told.report["jobs"], told.report["totals"]
        assert totals["jobs"] == len(jobs)
        for state in ("pending", "running", "rendered", "in_doubt", "done", "failed"):
            assert totals[state] == sum(job["status"] == state for job in jobs)
        for reason, count in totals["reasons"].items():
            assert count == sum(job["reason"] == reason for job in jobs)
        for kind in totals["by_model_and_size"]:
            own = [it for it in jobs if (it["model"], it["size"]) == (kind["model"], kind["size"])]
            assert kind["jobs"] == len(own)
            assert kind["done"] == sum(job["status"] == "done" for job in own)
            assert kind["failed"] == sum(job["status"] == "failed" for job in own)
            assert kind["jobs"] == sum(kind[it] for it in ("done", "failed", "in_doubt", "left"))
        assert sum(kind["jobs"] for kind in totals["by_model_and_size"]) == len(jobs)


def test_a_report_names_the_columns_that_are_the_manifests_own(many: dict[str, Told]) -> None:
    told = many["columns"].report
    assert told["run"]["columns"] == ["x_status", "mood"]
    first, _, mine = told["jobs"]
    assert (first["x_status"], first["mood"], mine["mood"]) == ("draft", "calm", None)
    assert set(first) == {*report_columns(["status", "mood"])}
    assert many["budget"].report["run"]["max_cost_usd"] == "0.50"


def test_the_status_of_all_these_runs_is_as_the_schema_says(many: dict[str, Told]) -> None:
    wrong = {name: faults(status_schema(), told.status) for name, told in many.items()}
    assert wrong == {name: [] for name in many}


def test_every_event_and_every_line_of_the_log_is_as_the_schema_says(
    many: dict[str, Told],
) -> None:
    validator = Draft202012Validator(events_schema())
    wrong = [
        (event, error.message)
        for told in many.values()
        for event in (*told.events, *told.log)
        for error in validator.iter_errors(event)
    ]
    assert wrong == []
    met = {event["event"] for told in many.values() for event in told.events}
    assert met >= {
        "started", "paused", "stopping", "stopped", "ended", "on_done",
        *("submit_started", "submit_accepted", "submit_deferred", "submit_rejected"),
        *("submit_lost", "render_completed", "render_failed", "download_checked"),
        *("download_kept", "download_deferred"),
    }  # fmt: skip


def test_the_last_totals_that_were_told_are_those_of_the_report(many: dict[str, Told]) -> None:
    for told in many.values():
        *_, last = (event["totals"] for event in told.events if "totals" in event)
        assert last["spent_usd"] == told.report["totals"]["spent_usd"]
        assert last.get("done", 0) == told.report["totals"]["done"]


def changed(told: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Change what stands at a path; ... takes it out."""
    copied = copy.deepcopy(told)
    *way, last = (int(it) if it.isdigit() else it for it in path.split("/"))
    place: Any = copied
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return copied


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", 2),
        ("version", "1"),
        ("run", ...),
        ("run/name", ""),
        ("run/began_at", "2026-01-31 09:30:00"),
        ("run/columns", "mood"),
        ("run/max_cost_usd", 25),
        ("totals/done", -1),
        ("totals/spent_usd", 0.4),
        ("totals/spent_usd", "0.4"),
        ("totals/reasons/moderated", ...),
        ("totals/by_model_and_size/0/jobs", 0),
        ("jobs", {}),
        ("jobs/0/id", None),
        ("jobs/0/take", 0),
        ("jobs/0/status", "finished"),
        ("jobs/0/status", "failed"),  # without a reason
        ("jobs/0/reason", "moderated"),  # of one that is done
        ("jobs/0/file", None),
        ("jobs/0/seconds", "4"),
        ("jobs/0/size", "720"),
        ("jobs/0/video_id", ...),
        ("jobs/0/submitted_at", "2026-01-31T09:30:00.123Z"),
        ("jobs/0/queue_s", -0.1),
        ("jobs/0/cost_usd", "free"),
        ("jobs/0/sha256", "ab"),
        ("jobs/0/manifest_line", 0),
        ("jobs/0/manifest_line", "rows.csv"),
        ("jobs/0/mood", 7),  # a column of the manifest's is text
        ("jobs/1/reason", None),
        ("jobs/1/file", "videos/rain.mp4"),
        ("jobs/2/hint", None),  # in doubt, and nobody says how it is settled
    ],
)
def test_a_report_that_is_none_is_refused(many: dict[str, Told], path: str, value: Any) -> None:
    good = many["troubles"].report
    assert [job["status"] for job in good["jobs"][:3]] == ["done", "failed", "in_doubt"]
    assert faults(report_schema(), good) == []
    assert faults(report_schema(), changed(good, path, value))


def test_a_later_report_of_this_version_may_say_more(many: dict[str, Told]) -> None:
    good = many["troubles"].report
    for path in ("more", "run/more", "totals/more", "jobs/0/more"):
        assert faults(report_schema(), changed(good, path, "of it")) == []


AT = "2026-01-31T09:30:00.000001Z"
OF_A_JOB = {"at": AT, "job": "sun", "key": "0" * 32}


@pytest.mark.parametrize(
    "event",
    [
        {"event": "started"},
        {"at": "2026-01-31T09:30:00Z", "event": "started"},
        {"at": AT, "event": "begun"},
        {"at": AT, "event": "paused"},
        {"at": AT, "event": "ended", "state": "done"},
        {**OF_A_JOB, "event": "submit_started"},
        {**OF_A_JOB, "event": "submit_started", "state": "running", "video_id": "v"},
        {**OF_A_JOB, "event": "submit_accepted", "state": "running"},
        {**OF_A_JOB, "event": "submit_lost", "state": "in_doubt"},
        {**OF_A_JOB, "event": "render_failed", "state": "failed", "video_id": "v"},
        {**OF_A_JOB, "event": "download_kept", "state": "done", "video_id": "v"},
        {**OF_A_JOB, "event": "submit_started", "state": "submitting", "file": "videos/sun.mp4"},
        {**OF_A_JOB, "event": "submit_started", "state": "submitting", "totals": {"done": 1}},
        {"at": AT, "event": "submit_started", "state": "submitting"},
    ],
    ids=lambda event: event["event"],
)
def test_an_event_that_is_none_is_refused(event: dict[str, Any]) -> None:
    assert faults(events_schema(), event)


@pytest.mark.parametrize(
    ("path", "value"),
    [("states/done", ...), ("spent_usd", 1.6), ("running", "no"), ("left_s", 1.5), ("folder", ...)],
)
def test_a_status_that_is_none_is_refused(many: dict[str, Told], path: str, value: Any) -> None:
    assert faults(status_schema(), changed(many["troubles"].status, path, value))


def test_every_event_of_a_run_that_the_code_tells_of_is_listed() -> None:
    told = re.compile(r'(?:Told\((?:[^()"]|\(\))*, |say\(|_tell\(view, )"(\w+)"')
    # whoever calls a function hears notes, too: no line of JSON is one
    code = (it.read_text("utf-8") for it in PACKAGE.rglob("*.py") if it.name != "errands.py")
    assert {name for text in code for name in told.findall(text)} == set(RUN_EVENTS)
    assert set(RUN_EVENTS) > SPEECHLESS
    assert set(Event) > FAULTS
