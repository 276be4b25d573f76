"""Each command does what its help says, and no more."""

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from batchsora.cli import COMMANDS, group
from batchsora.cli.exits import leave_with
from batchsora.library.exits import PRECEDENCE, gravest
from batchsora.simulator import Fault

from .door import KEY, QUICK, Desk, interrupt, service

SUN, RAIN, SNOW = "sun rises slowly", "rain on a window", "snow falls on a roof"


def test_a_plan_is_offline_needs_no_key_and_writes_nothing(desk: Desk) -> None:
    desk.writes_rows(SUN, RAIN, head="defaults: {seconds: 8}")
    said = desk.types("plan", "work.yaml")
    assert said.code == 0
    assert "2 jobs: 2 submit" in said.out
    assert "to be spent: 1.60 USD" in said.out
    assert "service: https://gptproto.com" in said.out
    assert [it.name for it in desk.folder.iterdir()] == ["work.yaml"]
    dry = desk.types("run", "work.yaml", "--dry-run")
    assert (dry.code, dry.out) == (0, said.out)


def test_a_plan_says_for_each_job_what_a_run_would_do_and_why(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN, SNOW, "wind in the trees", "fog over a lake")
    faults = (
        Fault("create", "moderated", match="rain"),
        Fault("create", "lost_after", match="snow"),
        Fault("create", "stuck", match="wind"),
    )
    with service(tmp_path / "state", list_endpoint=False, faults=faults) as shop:
        desk.buys(shop.url, "--job-timeout", "1", "--poll-interval", "0.3")
        (desk.run_folder / "videos" / "fog.mp4").unlink()
        desk.writes_rows("sun rises fast", RAIN, SNOW, "wind in the trees", "fog over a lake")
        said = desk.types("plan", "work.yaml", "--base-url", shop.url)
        asked = shop.creates
        lines = {line.split()[1]: line for line in said.out.splitlines()[:5]}
        lines["snow"] = next(line for line in said.out.splitlines() if "snow" in line)
        assert lines["sun"].startswith("submit")
        assert "prompt was sun rises slowly" in lines["sun"]
        assert lines["rain"].startswith("failed")
        assert "moderated" in lines["rain"]
        assert lines["snow"].startswith("in doubt")
        assert lines["wind"].startswith("adopt")
        assert lines["fog"].startswith("download")
        assert "gone from the manifest: 1 (sun)" in said.out
        assert "to be spent: 0.40 USD" in said.out
        with_retry = desk.types("plan", "work.yaml", "--base-url", shop.url, "--retry-failed")
        assert "to be spent: 0.80 USD" in with_retry.out
        assert shop.creates == asked
    elsewhere = desk.types("plan", "work.yaml")
    assert elsewhere.code == 2  # another service's folder
    assert "gptproto.com" in elsewhere.err
    assert shop.url in elsewhere.err


def test_a_part_of_the_manifest_is_bought_and_the_rest_waits(desk: Desk, tmp_path: Path) -> None:
    desk.writes(
        "rows:\n"
        "  - {id: a, prompt: one, tags: [hero]}\n"
        "  - {id: b, prompt: two, takes: 2}\n"
        "  - {id: c, prompt: three, tags: [hero, toys]}\n"
    )
    with service(tmp_path / "state") as shop:
        assert desk.buys(shop.url, "--limit", "1").code == 0
        assert desk.statuses() == {"a": "done", "b": "pending", "b#2": "pending", "c": "pending"}
        assert desk.buys(shop.url, "--limit", "1").code == 0  # fixed: not one more
        assert desk.buys(shop.url, "--only", "b#2").code == 0
        assert desk.statuses()["b"] == "pending"
        assert desk.buys(shop.url, "--tag", "toys").code == 0
        assert desk.buys(shop.url, "--only", "b").code == 0  # a bare id means all its takes
        assert shop.creates == 4
        assert desk.buys(shop.url, "--only", "z*").code == 2
    assert set(desk.statuses().values()) == {"done"}


def test_a_run_folder_stands_for_its_manifest_and_may_be_moved(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    with service(tmp_path / "state") as shop:
        assert desk.buys(shop.url, "--limit", "1").code == 0
        moved = desk.folder / "runs" / "renamed"
        desk.run_folder.rename(moved)
        said = desk.types("run", "runs/renamed", *QUICK, GPTPROTO_API_KEY=KEY)
        assert (said.code, shop.creates) == (0, 2)
    assert not desk.run_folder.exists()
    assert desk.types("show", "runs/renamed", "rain").out.startswith("rain: done")


def test_without_a_target_the_run_written_to_last_is_meant(desk: Desk, tmp_path: Path) -> None:
    assert desk.types("status").code == 2
    desk.writes_rows(SUN)
    with service(tmp_path / "state") as shop:
        desk.buys(shop.url, "--out-dir", "elsewhere")
    told = json.loads(desk.types("status", "--json").out)
    assert told["folder"].endswith("elsewhere")
    assert told["states"]["done"] == 1


def test_status_works_while_a_run_goes_on(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    with service(tmp_path / "state", render_s=(60.0, 60.0)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK, "--progress", "json")
        process = desk.starts(*words, GPTPROTO_API_KEY=KEY)
        try:
            assert process.stderr is not None
            events = map(json.loads, process.stderr)
            while next(events).get("totals", {}).get("running") != 2:
                pass
            told = json.loads(desk.types("status", "work.yaml", "--json").out)
            assert told["running"] is True
            assert (told["states"]["running"], told["spent_usd"]) == (2, "0.80")
            interrupt(process, signal.SIGTERM)
        finally:
            process.kill()
    assert json.loads(desk.types("status", "work.yaml", "--json").out)["running"] is False


def test_progress_for_programs_is_json_and_nothing_else(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    fault = Fault("create", "moderated", match="rain")
    with service(tmp_path / "state", faults=(fault,)) as shop:
        said = desk.buys(shop.url, "--progress", "json")
    events = [json.loads(line) for line in said.err.splitlines()]
    of_rain = [it["event"] for it in events if it.get("job") == "rain"]
    assert of_rain == ["submit_started", "submit_rejected"]
    assert events[-1]["event"] == "ended"
    assert events[-1]["totals"] == {
        "done": 1, "failed": 1, "spent_usd": "0.40", "reserved_usd": "0.00",
        "in_doubt_usd": "0.00", "projected_usd": "0.40",
    }  # fmt: skip
    log = [json.loads(line) for line in (desk.run_folder / "run.log").read_text().splitlines()]
    assert [it["event"] for it in log] == [it["event"] for it in events]
    assert (desk.run_folder / "run.log").stat().st_mode & 0o777 == 0o600


def test_quiet_prints_the_result_only_and_verbose_each_step(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    with service(tmp_path / "state") as shop:
        quiet = desk.buys(shop.url, "--limit", "1", "--quiet")
        verbose = desk.buys(shop.url, "--verbose")
    assert quiet.err == ""
    assert quiet.out.splitlines()[1] == "runs/work/report.csv"
    assert "rendered" in verbose.err
    assert "sending" in verbose.err


def test_a_job_is_shown_with_its_whole_history(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state") as shop:
        desk.buys(shop.url)
        (video,) = (it["id"] for it in shop.record()["creates"])
    said = desk.types("show", "work.yaml", "sun")
    assert said.code == 0
    events = ("submit_started", "submit_accepted", "render_completed", "download_kept")
    places = [said.out.index(event) for event in events]
    assert places == sorted(places)
    assert video in said.out
    assert SUN in said.out
    assert desk.types("show", "work.yaml", "moon").code == 2


def test_a_report_is_written_anew_from_the_ledger(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    with service(tmp_path / "state") as shop:
        desk.buys(shop.url)
    before = desk.report()
    names = ("report.html", "report.csv", "report.json", "attempts.csv")
    for name in names:
        (desk.run_folder / name).unlink()
    said = desk.types("report", "work.yaml")
    assert said.out.splitlines() == [f"runs/work/{name}" for name in names]
    assert desk.report() == before
    told = json.loads((desk.run_folder / "report.json").read_text())
    assert [job["id"] for job in told["jobs"]] == ["sun", "rain"]
    assert told["totals"]["spent_usd"] == "0.80"


def test_a_failed_job_is_bought_anew_only_when_a_person_says_so(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    once = Fault("create", "render_failed", match="rain", times=1)
    with service(tmp_path / "state", faults=(once,)) as shop:
        assert desk.buys(shop.url).code == 1
        assert desk.report()["rain"]["reason"] == "render_failed"
        assert desk.types("retry", "work.yaml", "--reason", "expired").code == 2
        said = desk.types("retry", "work.yaml", "rain")
        assert said.code == 0
        assert "1 clip to be bought anew: 0.40 USD" in said.err
        assert shop.creates == 2
        assert desk.buys(shop.url).code == 0
        assert shop.bought() == {SUN: 1, RAIN: 2}
    assert desk.report()["rain"]["cost_usd"] == "0.80"


def test_retry_failed_does_both_at_once(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(RAIN)
    once = Fault("create", "moderated", times=1)
    with service(tmp_path / "state", faults=(once,)) as shop:
        assert desk.buys(shop.url).code == 1
        assert desk.buys(shop.url, "--retry-failed").code == 0
    assert desk.report()["rain"]["cost_usd"] == "0.40"


def test_a_doubt_is_settled_by_a_video_that_is_looked_at_first(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    lost = Fault("create", "lost_after", match="rain")
    with service(tmp_path / "state", list_endpoint=False, faults=(lost,)) as shop:
        assert desk.buys(shop.url).code == 6
        made = {it["prompt"]: it["id"] for it in shop.record()["creates"]}
        resolve = ("resolve", "runs/work", "rain", "--video")

        def settle(video: str) -> int:
            return desk.types(*resolve, video, GPTPROTO_API_KEY=KEY).code

        assert settle("video_nobodys") == 2
        assert settle(made[SUN]) == 2  # another job's
        assert desk.states()["in_doubt"] == 1
        assert settle(made[RAIN]) == 0
        assert desk.buys(shop.url).code == 0
        assert shop.bought() == {SUN: 1, RAIN: 1}


def test_a_strangers_ledger_does_not_decide_where_the_key_goes(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(RAIN)
    lost = Fault("create", "lost_after")
    with service(tmp_path / "state", list_endpoint=False, faults=(lost,)) as shop:
        assert desk.buys(shop.url).code == 6
    with sqlite3.connect(desk.run_folder / "ledger.db") as ledger:
        ledger.execute("update campaign set service = 'https://stranger.example'")
    ledger.close()
    for words in (("resolve", "runs/work", "rain", "--video", "video_1"), ("run", "runs/work")):
        said = desk.types(*words, GPTPROTO_API_KEY=KEY, OPENAI_API_KEY=KEY)
        assert said.code == 2
        assert "--base-url https://stranger.example" in said.err


@pytest.mark.parametrize(
    ("fault", "flag", "end"),
    [("lost_before", "--not-made", (0, "done", 2)), ("lost_after", "--lost", (1, "failed", 1))],
)
def test_a_doubt_is_settled_as_not_made_or_as_lost(
    desk: Desk, tmp_path: Path, fault: str, flag: str, end: tuple[int, str, int]
) -> None:
    code, status, creates = end
    desk.writes_rows(RAIN)
    lost = Fault("create", fault, times=1)
    with service(tmp_path / "state", list_endpoint=False, faults=(lost,)) as shop:
        assert desk.buys(shop.url).code == 6
        assert desk.types("resolve", "work.yaml").code == 2  # it has to be said what became of it
        assert desk.types("resolve", "work.yaml", flag).code == 0
        assert desk.types("resolve", "work.yaml", flag).code == 2  # nothing is in doubt any more
        assert desk.buys(shop.url).code == code
        assert shop.creates == creates
    assert desk.statuses() == {"rain": status}
    assert desk.report()["rain"]["cost_usd"] == "0.40"


def test_a_removed_clip_is_fetched_again_and_never_bought_again(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    clip = desk.run_folder / "videos" / "sun.mp4"
    with service(tmp_path / "state") as shop:
        desk.buys(shop.url)
        before = clip.read_bytes()
        clip.unlink()
        assert desk.buys(shop.url).code == 0
        assert clip.read_bytes() == before
        clip.unlink()
        with sqlite3.connect(desk.run_folder / "ledger.db") as ledger:
            ledger.execute("update jobs set expires_at = '2020-01-01T00:00:00.000000Z'")
        ledger.close()
        assert desk.buys(shop.url).code == 1
        assert desk.buys(shop.url).code == 1
        line = desk.report()["sun"]
        assert line["status"] == "done"
        assert "file missing" in line["hint"]
        clip.write_bytes(before)  # out of a backup
        assert desk.buys(shop.url).code == 0
        assert shop.creates == 1
    assert desk.report()["sun"]["hint"] == ""


def test_a_strangers_file_is_never_overwritten(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    mine = desk.writes("my own film", "runs/work/videos/sun.mp4")
    with service(tmp_path / "state") as shop:
        said = desk.buys(shop.url)
        assert (said.code, shop.creates) == (2, 0)
        assert "videos/sun.mp4" in said.err
    assert mine.read_text() == "my own film"
    assert not (desk.run_folder / "ledger.db").exists()


@pytest.mark.parametrize("place", ["mine.txt", "mine.txt/runs/here"])
def test_a_file_where_the_run_folder_would_have_to_be_is_told(desk: Desk, place: str) -> None:
    desk.writes_rows(SUN)
    desk.writes("mine", "mine.txt")
    said = desk.types("run", "work.yaml", "--simulate", "--out-dir", place)
    assert (said.code, said.out) == (2, "")
    assert said.err == "error: mine.txt is a file\n  mend: name a folder with --out-dir\n"


def test_no_rows_are_nothing_to_do_and_leave_no_folder(desk: Desk) -> None:
    desk.writes("rows: []\n")
    said = desk.types("run", "work.yaml", GPTPROTO_API_KEY=KEY)
    assert (said.code, said.err) == (0, "")
    assert not (desk.folder / "runs").exists()


def test_a_refused_manifest_leaves_no_folder_and_nothing_is_sent(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes("rows:\n  - {prompt: '', seconds: 5}\n  - {prompt: x, colour: red}\n")
    with service(tmp_path / "state") as shop:
        said = desk.buys(shop.url)
        assert (said.code, shop.creates) == (2, 0)
        assert not shop.asked("GET /v1/videos")
    assert said.err.count("mend:") == 3
    assert "work.yaml:2 (row 1)" in said.err
    assert not desk.run_folder.exists()
    assert desk.types("validate", "work.yaml").err == said.err


@pytest.mark.parametrize(
    ("flag", "variable", "manifest"),
    [("1", "3600", "3600"), (None, "1", "3600"), (None, None, "1")],
)
def test_a_flag_goes_before_a_variable_and_that_before_the_manifest(
    desk: Desk, tmp_path: Path, flag: str | None, variable: str | None, manifest: str
) -> None:
    desk.writes_rows(SUN, head=f"settings: {{job_timeout: {manifest}, poll_interval: 0.3}}")
    with service(tmp_path / "state", faults=(Fault("create", "stuck"),)) as shop:
        words = ("--job-timeout", flag) if flag else ()
        variables = {"BATCHSORA_JOB_TIMEOUT": variable} if variable else {}
        assert desk.buys(shop.url, *words, **variables).code == 4  # the second that was asked for


def test_an_env_file_is_read_when_asked_for_and_never_goes_before_the_environment(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN, RAIN)
    with service(tmp_path / "state", good_keys=frozenset({KEY})) as shop:
        desk.writes(
            f"GPTPROTO_API_KEY={KEY}\nBATCHSORA_LIMIT=1\nGPTPROTO_BASE_URL={shop.url}\n", ".env"
        )
        assert desk.types("run", "work.yaml").code == 2  # unasked, it is not read
        assert desk.types("run", "work.yaml", "--env-file", ".env").code == 0
        assert shop.creates == 1
        wrong = {"GPTPROTO_API_KEY": "sk-wrong-0123456789", "BATCHSORA_LIMIT": "2"}
        assert desk.types("run", "work.yaml", "--env-file", ".env", **wrong).code == 3
        assert shop.creates == 1
    assert desk.types("run", "work.yaml", "--env-file", "none").code == 2


def test_openais_key_goes_to_an_address_that_was_named_only(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    said = desk.types("run", "work.yaml", OPENAI_API_KEY=KEY)
    assert said.code == 2
    assert "GPTPROTO_API_KEY" in said.err
    with service(tmp_path / "state", good_keys=frozenset({KEY})) as shop:
        words = ("run", "work.yaml", "--base-url", f"{shop.url}/v1", *QUICK)
        assert desk.types(*words, OPENAI_API_KEY=KEY).code == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "work.yaml", "--rate", "fast"), "--rate"),
        (("run", "work.yaml", "--max-in-flight", "0"), "--max-in-flight"),
        (("run", "work.yaml", "--base-url", "http://example.org"), "--insecure-http"),
        (("run", "work.yaml", "--max-cost", "a lot"), "--max-cost"),
        (("run", "work.yaml", "--max-failures", "101%"), "--max-failures"),
        (("run", "work.yaml", "--confirm-above", "5 EUR"), "--confirm-above"),
        (("run", "work.yaml", "--no-submit", "--detach"), "only collects"),
        (("run", "none.yaml"), "none.yaml"),
        (("run", "work.yaml", "--models", "none.yaml"), "none.yaml"),
        (("run", "work.txt"), ".yaml"),
        (("status", "work.yaml"), "--out-dir"),
        (("buy", "work.yaml"), "buy"),
    ],
    ids=lambda it: " ".join(it) if isinstance(it, tuple) else "",
)
def test_a_wrong_word_is_told_with_what_is_wanted(
    desk: Desk, words: tuple[str, ...], told: str
) -> None:
    desk.writes_rows(SUN)
    desk.writes("", "work.txt")
    said = desk.types(*words, GPTPROTO_API_KEY=KEY)
    assert said.code == 2
    assert told in said.err
    assert "Traceback" not in said.err


def test_model_cards_are_listed_and_a_file_adds_to_them(desk: Desk) -> None:
    cards = "mine: {seconds: [5], sizes: {640x480: 0.02}}\n"
    desk.writes(cards, "cards.yaml")
    said = desk.types("models", "--models", "cards.yaml")
    assert "sora-2-pro: 4, 8, 12 seconds" in said.out
    assert "1792x1024  0.50 USD a second" in said.out
    assert "mine: 5 seconds" in said.out
    row = "rows:\n  - {prompt: x, model: mine, seconds: 5, size: 640x480}\n"
    desk.writes(row)
    assert desk.types("validate", "work.yaml").code == 2
    plan = desk.types("plan", "work.yaml", "--models", "cards.yaml")
    assert "to be spent: 0.10 USD" in plan.out


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_every_command_has_an_example_and_says_what_each_option_is(name: str) -> None:
    said = CliRunner().invoke(group, [name, "--help"])
    assert said.exit_code == 0
    assert f"Example: batchsora {name}" in said.output
    context = group.make_context("batchsora", [name], resilient_parsing=True)
    command = group.get_command(context, name)
    assert command is not None
    for parameter in command.params:
        if parameter.param_type_name == "option":
            assert parameter.get_help_record(context), parameter.name
            assert parameter.help, parameter.name


def test_the_exit_code_that_a_person_has_to_know_first_goes_first() -> None:
    assert [gravest(PRECEDENCE[at:]) for at in range(len(PRECEDENCE))] == list(PRECEDENCE)
    assert PRECEDENCE == (70, 130, 9, 2, 3, 7, 5, 6, 8, 4, 1, 0)
    assert gravest([]) == 0


def test_a_bug_is_exit_70_with_the_way_to_its_log(capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> object:
        raise ZeroDivisionError("of all things")

    with pytest.raises(SystemExit) as left:
        leave_with(broken)
    assert left.value.code == 70
    told = capsys.readouterr().err
    log = Path(next(word for word in told.split() if word.endswith(".log")))
    assert "of all things" in log.read_text()
    assert "Traceback" not in told
    log.unlink()


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom batchsora.cli import group\n"
        "try: group.main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'aiohttp', 'sqlite_utils', 'pydantic', 'PIL', 'av', 'rich'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.fault("Here", "a pipe that is closed (`| head`)", "the run goes on to its end (0)")
def test_a_closed_pipe_stops_the_printing_and_not_the_run(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    with service(tmp_path / "state") as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        process = desk.starts(*words, GPTPROTO_API_KEY=KEY)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stderr.close()
        assert process.wait(timeout=60) == 0
        assert shop.creates == 2
    assert desk.states() == {"done": 2}


def test_status_watches_until_the_run_ends(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state", render_s=(3.0, 3.0)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        process = desk.starts(*words, GPTPROTO_API_KEY=KEY)
        try:
            assert process.stderr is not None
            process.stderr.readline()
            watched = desk.types("status", "work.yaml", "--watch", "--json")
            assert process.wait(timeout=60) == 0
        finally:
            process.kill()
            process.communicate()
    looks = [json.loads(line) for line in watched.out.splitlines()]
    assert watched.code == 0
    assert (looks[0]["running"], looks[-1]["running"]) == (True, False)
    assert looks[-1]["states"]["done"] == 1


@pytest.mark.parametrize("auth", ["bearer", "raw", "api-key"])
def test_the_key_is_sent_as_it_was_asked_for(desk: Desk, tmp_path: Path, auth: str) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state", good_keys=frozenset({KEY})) as shop:
        assert desk.buys(shop.url, "--auth", auth).code == 0


def test_a_service_that_wants_no_key_needs_none(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state", auth_required=False) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        assert desk.types(*words).code == 2
        assert desk.types(*words, "--auth", "none").code == 0


def test_what_a_row_bought_stays_when_the_row_changes_moves_or_goes(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN, RAIN)
    with service(tmp_path / "state") as shop:
        desk.buys(shop.url)
        old = (desk.run_folder / "videos" / "sun.mp4").read_bytes()
        desk.writes_rows(SNOW, RAIN, "sun rises fast")  # inserted, moved, changed
        assert desk.buys(shop.url).code == 0
        assert shop.bought() == {SUN: 1, RAIN: 1, SNOW: 1, "sun rises fast": 1}
        lines = desk.report_lines()
        assert [(it["row"], it["id"]) for it in lines] == [
            ("1", "snow"), ("2", "rain"), ("3", "sun"), ("", "sun")
        ]  # fmt: skip
        assert lines[3]["prompt"] == SUN  # below the manifest's rows
        assert (desk.run_folder / lines[3]["file"]).read_bytes() == old
        assert lines[2]["file"] != lines[3]["file"]
        desk.writes_rows(SNOW, RAIN, SUN)  # and back: it is there already
        assert desk.buys(shop.url).code == 0
        assert shop.creates == 4


def test_more_takes_are_bought_beside_those_that_are_there(desk: Desk, tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        for takes in (1, 3):
            desk.writes(f"rows:\n  - {{prompt: {SUN}, takes: {takes}}}\n")
            assert desk.buys(shop.url).code == 0
            assert shop.creates == takes
        lines = desk.report_lines()
        assert len({it["id"] for it in lines}) == 1
        assert [it["take"] for it in lines] == ["1", "2", "3"]
        assert len({it["file"] for it in lines}) == 3


def test_settling_one_take_says_nothing_of_the_others(desk: Desk, tmp_path: Path) -> None:
    desk.writes(f"rows:\n  - {{id: a, prompt: {RAIN}, takes: 2}}\n")
    lost = Fault("create", "lost_after")
    with service(tmp_path / "state", list_endpoint=False, faults=(lost,)) as shop:
        assert desk.buys(shop.url).code == 6
        assert "resolve <run folder> a#1 " in desk.report()["a"]["hint"]
        assert desk.types("resolve", "work.yaml", "a#1", "--lost").code == 0
        assert desk.statuses() == {"a": "failed", "a#2": "in_doubt"}


def test_a_name_that_means_no_job_buys_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    with service(tmp_path / "state") as shop:
        for only in ("", ",", "sun,moon", "sun,m*"):
            assert desk.buys(shop.url, "--only", only).code == 2
            assert desk.types("plan", "work.yaml", "--only", only).code == 2
        assert shop.creates == 0
        assert not desk.run_folder.exists()


def test_only_the_clip_that_was_ordered_is_adopted(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    faults = (Fault("create", "lost_after"), Fault("create", "render_failed", match="rain"))
    with service(tmp_path / "state", list_endpoint=False, faults=faults) as shop:
        assert desk.buys(shop.url, "--max-doubts", "5").code == 6
        made = {it["prompt"]: it["id"] for it in shop.record()["creates"]}
        of_another = desk.types(
            "resolve", "runs/work", "sun", "--video", made[RAIN], GPTPROTO_API_KEY=KEY
        )
        assert of_another.code == 2
        assert f'its prompt is "{RAIN}"' in of_another.err
    assert desk.states()["in_doubt"] == 2


def test_what_is_not_of_a_run_is_never_written_over(desk: Desk) -> None:
    desk.writes_rows(SUN)
    mine = desk.writes("mine", "out/report.csv")
    said = desk.types("run", "work.yaml", "--simulate", "-o", "out")
    assert (said.code, mine.read_text()) == (2, "mine")
    assert "report.csv" in said.err
    table = desk.writes("prompt\nx\n", "report.csv")
    assert desk.types("run", "report.csv", "--simulate", "-o", ".").code == 2
    assert table.read_text() == "prompt\nx\n"
    assert desk.types("run", "work.yaml", "--simulate", "-o", "work.yaml").code == 2


def test_a_finished_run_needs_no_key_and_no_service(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state") as shop:
        assert desk.types("run", "work.yaml", "--base-url", shop.url).code == 2
        assert not desk.run_folder.exists()
        desk.buys(shop.url)
    said = desk.types("run", "runs/work")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("everything is done: 1 done")


def test_a_log_that_is_full_does_not_stop_a_run(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    with service(tmp_path / "state") as shop, Path("/dev/full").open("w") as full:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK, "--verbose")
        process = desk.starts(*words, at=full.fileno(), GPTPROTO_API_KEY=KEY)
        assert process.wait(timeout=60) == 0
    assert set(desk.statuses().values()) == {"done"}


def test_a_row_that_is_gone_is_not_put_back(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows("bad one", SUN)
    with service(tmp_path / "state", faults=(Fault("create", "moderated", match="bad"),)) as shop:
        assert desk.buys(shop.url).code == 1
        desk.writes_rows("good one", SUN)
        assert desk.buys(shop.url).code == 0
    assert desk.types("retry", "runs/work").code == 2


def test_an_image_of_a_row_that_is_not_chosen_does_not_hold_up_the_others(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes("not an image", "broken.jpg")
    desk.writes("rows:\n  - {id: a, prompt: x}\n  - {id: b, prompt: y, image: broken.jpg}\n")
    with service(tmp_path / "state") as shop:
        assert desk.buys(shop.url).code == 2
        assert desk.buys(shop.url, "--only", "a").code == 0


def test_nohup_is_heeded(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state", render_s=(2.0, 2.0)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a child inherits that
        try:
            process = desk.starts(*words, GPTPROTO_API_KEY=KEY)
        finally:
            signal.signal(signal.SIGHUP, before)
        assert process.stderr is not None
        process.stderr.readline()
        assert interrupt(process, signal.SIGHUP).code == 0


def test_the_program_alone_says_what_it_can_do_line_by_line(desk: Desk) -> None:
    said, helped = desk.types(), desk.types("--help")
    assert said.code == 2
    assert said.err.splitlines() == helped.out.splitlines()
