"""What a plan and a look at a manifest say, line by line: jobs, reasons, prices, what is gone."""

import csv
import io
import json
import os
import re
import shlex
from pathlib import Path

import pytest
from PIL import Image
from rich.cells import cell_len

from batchsora.cli.plan_rows import COLUMNS
from batchsora.library.plan_sums import SHOWN
from batchsora.simulator import Fault

from .door import PATIENCE_S, Desk, Said, service
from .test_terminal import ESCAPES, at_a_terminal

ROOT = Path(__file__).parents[2]
SUN, RAIN, LAKE = "sun rises slowly", "rain on a window", "lake at dawn"
HILL = "hill in the mist"
BOAT = "  - {id: boat, prompt: boat on a river, image: boat.png}"
FREE = "models: {mine: {seconds: [4], sizes: {720x1280: }}}"


def picture(desk: Desk, width: int, height: int) -> None:
    """Paint boat.png."""
    Image.new("RGB", (width, height), "navy").save(desk.folder / "boat.png")


def writes(desk: Desk, *prompts: str, more: str = BOAT) -> None:
    """Write a row for each prompt, its first word being the id, and further lines below them."""
    rows = [f"  - {{id: {prompt.split()[0]}, prompt: {prompt}}}" for prompt in prompts]
    desk.writes("\n".join(["rows:", *rows, more, ""]))


def objects(said: Said) -> list[dict[str, object]]:
    """Read a plan for programs, and see that nothing else is on stdout."""
    assert (said.code, said.err) == (0, "")
    return [json.loads(line) for line in said.out.splitlines()]


def test_after_an_edited_a_moved_a_deleted_row_and_a_new_image_a_plan_says_exactly_that(
    desk: Desk, tmp_path: Path
) -> None:
    picture(desk, 720, 1280)
    writes(desk, SUN, RAIN, HILL, LAKE)
    with service(tmp_path / "state") as shop:
        assert desk.buys(shop.url).code == 0
        picture(desk, 300, 400)
        writes(desk, HILL, RAIN, "sun rises fast")
        said = desk.types("plan", "work.yaml", "--base-url", shop.url)
        url, creates = shop.url, shop.creates
    assert (said.code, said.err, creates) == (0, "", 5)
    assert said.out.splitlines() == [
        (
            "submit  sun   sora-2  4 s  720x1280  0.40 USD"
            "  prompt was sun rises slowly · “sun rises fast”"
        ),
        (
            "submit  boat  sora-2  4 s  720x1280  0.40 USD"
            "  the image file has changed"
            " · boat.png: cropped from 300x400 to 225x400, upscaled 3.2 times"
            " · “boat on a river”"
        ),
        "done    hill  sora-2  4 s  720x1280         -",
        "done    rain  sora-2  4 s  720x1280         -",
        "",
        "        model   size      jobs  USD to spend  USD spent",
        "submit  sora-2  720x1280     2          0.80          -",
        "done    sora-2  720x1280     2             -       0.80",
        "all                          4          0.80       0.80",
        "",
        "4 jobs: 2 submit, 2 done",
        "to be spent: 0.80 USD",
        "without an image, from the prompt alone: 1 job",
        "1 row stands elsewhere now, nothing is bought again: hill",
        "gone from the manifest: 2 (sun, boat), changed; what was bought stays: 0.80 USD",
        "gone from the manifest: 1 (lake); what was bought stays: 0.40 USD",
        f"service: {url}",
        "run folder: runs/work",
        f"to do it: batchsora run work.yaml --base-url {url}",
    ]


def test_each_kind_of_action_is_shown_with_its_reason_and_money_comes_first(
    desk: Desk, tmp_path: Path
) -> None:
    prompts = (RAIN, "snow on a roof", "wind in the trees", "fog over a field", SUN)
    writes(desk, *prompts, more="")
    faults = (
        Fault("create", "moderated", match="rain"),
        Fault("create", "lost_after", match="snow"),
        Fault("create", "stuck", match="wind"),
    )
    with service(tmp_path / "state", list_endpoint=False, faults=faults) as shop:
        assert desk.buys(shop.url, "--only", "rain,fog,sun").code == 1
        assert desk.buys(shop.url, "--job-timeout", "1", "--poll-interval", "0.3").code == 6
        (desk.run_folder / "videos" / "fog.mp4").unlink()
        writes(desk, *prompts, "lake at dawn", more="")
        words = ("work.yaml", "--base-url", shop.url)
        plain, again = desk.types("plan", *words), desk.types("plan", *words, "--retry-failed")
        url = shop.url
    lines = re.sub(r"video_\w+|(?<=snow  )(.*  -  ).*", r"\1…", plain.out).splitlines()
    assert lines == [
        "submit    lake  sora-2  4 s  720x1280  0.40 USD  new · “lake at dawn”",
        "in doubt  snow  sora-2  4 s  720x1280         -  …",
        "adopt     wind  sora-2  4 s  720x1280         -  at the service as …",
        (
            "download  fog   sora-2  4 s  720x1280         -"
            "  its file was removed here; it is fetched again"
        ),
        (
            "failed    rain  sora-2  4 s  720x1280         -"
            "  moderated: Your request was blocked by our moderation system."
        ),
        "done      sun   sora-2  4 s  720x1280         -",
        "",
        "          model   size      jobs  USD to spend  USD spent",
        "submit    sora-2  720x1280     1          0.40          -",
        "in doubt  sora-2  720x1280     1             -       0.40",
        "adopt     sora-2  720x1280     1             -       0.40",
        "download  sora-2  720x1280     1             -       0.40",
        "failed    sora-2  720x1280     1             -          -",
        "done      sora-2  720x1280     1             -       0.40",
        "all                            6          0.40       1.60",
        "",
        "6 jobs: 1 submit, 1 in doubt, 1 adopt, 1 download, 1 failed, 1 done",
        "to be spent: 0.40 USD",
        "failed jobs are left alone; --retry-failed would buy them anew: 0.40 USD more",
        (
            "settle what is in doubt with: batchsora resolve runs/work JOB"
            " --video VIDEO_ID | --not-made | --lost"
        ),
        f"service: {url}",
        "run folder: runs/work",
        f"to do it: batchsora run work.yaml --base-url {url}",
    ]
    assert "to be spent: 0.80 USD" in again.out.splitlines()
    assert f"to do it: batchsora run work.yaml --base-url {url} --retry-failed" in again.out
    assert "left alone" not in again.out


def test_a_price_that_is_not_known_is_told_apart_and_never_counts_as_nothing(desk: Desk) -> None:
    desk.writes(
        f"{FREE}\n"
        "rows:\n"
        "  - {id: a, prompt: x, model: mine}\n"
        "  - {id: b, prompt: y, takes: 2}\n"
    )
    said = desk.types("plan", "work.yaml")
    assert said.out.splitlines() == [
        "submit  a    mine    4 s  720x1280  price unknown  new · “x”",
        "submit  b    sora-2  4 s  720x1280       0.40 USD  new · “y”",
        "submit  b#2  sora-2  4 s  720x1280       0.40 USD  new",  # of a row's takes told once
        "",
        "        model   size      jobs    USD to spend",
        "submit  mine    720x1280     1         unknown",
        "submit  sora-2  720x1280     2            0.80",
        "all                          3  0.80 + unknown",
        "",
        "3 jobs: 3 submit",
        "to be spent: 0.80 USD and 1 clip of unknown price",
        "service: https://gptproto.com",
        "run folder: runs/work",
        "to do it: batchsora run work.yaml",
    ]
    assert [it["price_usd"] for it in objects(desk.types("plan", "work.yaml", "--json"))] == [
        None, "0.40", "0.40",
    ]  # fmt: skip
    valid = desk.types("validate", "work.yaml")
    assert (
        valid.out
        == "work.yaml: 3 jobs of 2 rows, no problems; 0.80 USD and 1 clip of unknown price in all\n"
    )


def test_of_many_rows_the_first_are_shown_and_all_are_counted(desk: Desk) -> None:
    desk.writes("prompt\n" + "".join(f"scene {it}\n" for it in range(1200)), "work.csv")
    lines = desk.types("plan", "work.csv").out.splitlines()
    assert [line.partition("“")[2] for line in lines[:8]] == [f"scene {it}”" for it in range(8)]
    assert lines[8:] == [
        "        … and 1,192 more",
        "",
        "        model   size       jobs  USD to spend",
        "submit  sora-2  720x1280  1,200        480.00",
        "",
        "1,200 jobs: 1,200 submit",
        "to be spent: 480.00 USD",
        "service: https://gptproto.com",
        "run folder: runs/work",
        "to do it: batchsora run work.csv",
    ]


def test_a_plan_for_programs_takes_no_more_memory_for_more_rows(desk: Desk) -> None:
    def peak_kb(rows: int) -> int:
        lines = (f"scene {it} of a film that is long\n" for it in range(rows))
        desk.writes("".join(["prompt\n", *lines]), "work.csv")
        with desk.starts("plan", "work.csv", "--json") as process:
            assert process.stdout is not None
            assert sum(1 for _ in process.stdout) == rows
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        return usage.ru_maxrss

    few, many = peak_kb(2_000), peak_kb(20_000)
    assert many - few < 8_000  # kept, they would take 30 MB


def test_where_there_is_nothing_to_do_a_plan_says_so(desk: Desk, tmp_path: Path) -> None:
    desk.writes("rows: []\n")
    assert desk.types("plan", "work.yaml").out.splitlines() == [
        "work.yaml has no rows: nothing to do",
        "to be spent: 0.00 USD",
        "service: https://gptproto.com",
        "run folder: runs/work",
    ]
    assert desk.types("plan", "work.yaml", "--json").out == ""
    assert desk.types("validate", "work.yaml").out == "work.yaml: 0 jobs, no problems\n"
    writes(desk, SUN, more="")
    with service(tmp_path / "state") as shop:
        desk.buys(shop.url)
        done = desk.types("plan", "runs/work").out.splitlines()
        desk.writes("rows: []\n")
        gone = desk.types("plan", "runs/work").out.splitlines()
        url = shop.url
    assert done[-5:] == [
        "1 job: 1 done",
        "nothing to do",
        "to be spent: 0.00 USD",
        f"service: {url}",
        "run folder: runs/work",
    ]
    assert gone == [
        "work.yaml has no rows: nothing to do",
        "to be spent: 0.00 USD",
        "gone from the manifest: 1 (sun); what was bought stays: 0.40 USD",
        f"service: {url}",
        "run folder: runs/work",
    ]


def test_what_is_at_the_service_still_is_something_to_do_when_its_row_is_gone(
    desk: Desk, tmp_path: Path
) -> None:
    writes(desk, RAIN, SUN, more="")
    stuck = Fault("create", "stuck", match="rain")
    with service(tmp_path / "state", faults=(stuck,)) as shop:
        assert desk.buys(shop.url, "--job-timeout", "1", "--poll-interval", "0.3").code == 4
        writes(desk, SUN, more="")
        lines = desk.types("plan", "runs/work").out.splitlines()
    assert "gone from the manifest: 1 (rain); what was bought stays: 0.40 USD" in lines
    assert "nothing to do" not in lines
    assert lines[-1] == "to do it: batchsora run runs/work"


def test_the_command_that_does_what_was_planned_is_told(desk: Desk) -> None:
    writes(desk, SUN, RAIN, more="")
    words = ("work.yaml", "--only", "sun,r*", "-o", "my clips", "--simulate")
    told = "to do it: batchsora run work.yaml --only 'sun,r*' -o 'my clips' --simulate"
    for command, flag in ((("plan",), ""), (("run", "-nq"), "-q "), (("run", "--dry-run"), "")):
        last = desk.types(*command, *words).out.splitlines()[-1]
        assert last == told.replace("run ", f"run {flag}")
    done = desk.types(*shlex.split(told.removeprefix("to do it: batchsora ")))
    assert (done.code, done.out) == (
        0,
        "everything is done: 2 done; 0.80 USD spent\nmy clips/report.csv\n",
    )


def test_a_plan_for_programs_has_a_line_for_every_job_the_gone_ones_too(
    desk: Desk, tmp_path: Path
) -> None:
    picture(desk, 300, 400)
    writes(desk, SUN, RAIN, LAKE, more="")
    with service(tmp_path / "state") as shop:
        assert desk.buys(shop.url).code == 0
        writes(desk, "sun rises fast", RAIN, more=f"{BOAT[:-1]}, takes: 2}}")
        words = ("plan", "work.yaml", "--base-url", shop.url)
        told = objects(desk.types(*words, "--json"))
        table = desk.types(*words, "--csv")
    assert all(tuple(it) == COLUMNS for it in told)
    assert told[0] == {
        "row": 1,
        "id": "sun",
        "take": 1,
        "action": "submit",
        "why": "prompt was sun rises slowly",
        "price_usd": "0.40",
        "model": "sora-2",
        "seconds": 4,
        "size": "720x1280",
        "image": None,
        "image_notes": None,
        "prompt": "sun rises fast",
        "output": f"videos/sun-{str(told[0]['key'])[:8]}.mp4",
        "key": told[0]["key"],
        "manifest_line": 2,
    }
    rows = [(it["row"], it["id"], it["take"], it["action"], it["why"]) for it in told]
    assert rows[1:4] == [
        (2, "rain", 1, "done", None),
        (3, "boat", 1, "submit", "new"),
        (3, "boat", 2, "submit", "new"),
    ]
    assert set(rows[4:]) == {
        (1, "sun", 1, "gone", "its row says something else now"),
        (3, "lake", 1, "gone", "its row is gone"),
    }
    notes = "cropped from 300x400 to 225x400, upscaled 3.2 times"
    assert (told[2]["image"], told[2]["image_notes"]) == ("boat.png", notes)
    as_text = [
        {name: "" if cell is None else str(cell) for name, cell in it.items()} for it in told
    ]
    assert list(csv.DictReader(io.StringIO(table.out))) == as_text


def test_of_an_address_a_plan_says_that_its_image_is_not_fetched(desk: Desk) -> None:
    far = "https://cdn.example/boat.png"
    desk.writes(
        f"rows:\n  - {{id: boat, prompt: x, image: '{far}'}}\n  - {{prompt: y, image: '{far}'}}\n"
    )
    assert desk.types("plan", "work.yaml").out.splitlines()[:2] == [
        f"submit  boat  sora-2  4 s  720x1280  0.40 USD  image not fetched · {far} · “x”",
        f"submit  -     sora-2  4 s  720x1280  0.40 USD  image not fetched · {far} · “y”",
    ]
    told = objects(desk.types("plan", "work.yaml", "--json"))
    assert [(it["why"], it["image"], it["image_notes"]) for it in told] == [
        ("image not fetched", far, None)
    ] * 2
    assert [(it["id"], it["output"], it["key"]) for it in told] == [
        ("boat", "videos/boat.mp4", None),
        (None, None, None),  # the image's bytes will give it an id
    ]


def test_a_part_of_a_manifest_in_an_old_encoding_is_planned_as_it_would_be_run(desk: Desk) -> None:
    rows = "".join(f"café {it}\n" for it in range(30))
    (desk.folder / "work.csv").write_text(f"prompt\n{rows}", encoding="cp1252")
    assert desk.types("validate", "work.csv").code == 2
    words = ("work.csv", "--encoding", "cp1252")
    assert (
        desk.types("validate", *words).out == "work.csv: 30 jobs, no problems; 12.00 USD in all\n"
    )
    part = objects(desk.types("plan", *words, "--sample", "3", "--json"))
    assert len(part) == 3
    assert all(str(it["prompt"]).startswith("café") for it in part)
    lines = desk.types("plan", *words, "--sample", "3").out.splitlines()
    assert "3 jobs: 3 submit" in lines
    assert lines[-1] == "to do it: batchsora run work.csv --encoding cp1252 --sample 3"


def test_how_a_table_was_read_and_what_was_left_out_is_told(desk: Desk) -> None:
    desk.writes("title;prompt\nboat;a boat\n;a ghost\n", "feed.csv")
    desk.writes("rows:\n  - {id: a, prompt: x}\n  - {from: feed.csv, needs: [title]}\n")
    notes = [
        "feed.csv is read with a semicolon between the cells",
        "1 row of feed.csv left out, for want of title",
    ]
    assert desk.types("plan", "work.yaml").out.splitlines()[-5:-3] == notes
    valid = desk.types("validate", "work.yaml").out.splitlines()
    assert valid == [*notes, "work.yaml: 2 jobs, no problems; 0.80 USD in all"]
    said = desk.types("plan", "work.yaml", "--json")
    assert said.err.splitlines() == notes
    places = [json.loads(line)["manifest_line"] for line in said.out.splitlines()]
    assert places == [2, "feed.csv:2"]
    desk.writes("title;prompt;seconds\nboat;a boat;5\n", "feed.csv")
    for word in ("plan", "validate"):
        wrong = desk.types(word, "work.yaml")
        assert (wrong.code, wrong.out) == (2, "")
        assert wrong.err.splitlines()[0] == notes[0]
        assert "at feed.csv:2 (row 2)" in wrong.err


def test_the_page_lists_every_action_and_column_of_a_plan() -> None:
    page = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
    _, actions, columns = re.split(r"\| action \||\| column of the plan \|", page)

    def listed(table: str) -> list[str]:
        firsts = re.findall(r"^\| (`.*?) \|", table.partition("\n\n")[0], re.MULTILINE)
        return re.findall(r"`(.+?)`", " ".join(firsts))

    assert listed(actions) == [*SHOWN, "gone"]
    assert tuple(listed(columns)) == COLUMNS


def test_csv_is_rfc_4180_and_nothing_in_it_is_a_formula(desk: Desk) -> None:
    desk.writes('rows:\n  - {id: a, prompt: "=1+1, \\"so\\"\\nand é"}\n')
    with (desk.folder / "plan.csv").open("wb") as file:  # a pipe of the desk would mend line ends
        assert desk.starts("plan", "work.yaml", "--csv", at=file.fileno()).wait(PATIENCE_S) == 0
    head, row, end = (desk.folder / "plan.csv").read_bytes().decode().split("\r\n")
    assert head == ",".join(COLUMNS)
    assert row.startswith("1,a,1,submit,new,0.40,sora-2,4,720x1280,,,")
    assert ""","'=1+1, ""so""\nand é",videos/a.mp4,""" in row
    assert end == ""


@pytest.mark.parametrize("form", ["--json", "--csv"])
def test_who_has_seen_enough_of_a_plan_for_programs_ends_it(desk: Desk, form: str) -> None:
    desk.writes("prompt\n" + "".join(f"scene {it}\n" for it in range(5000)), "work.csv")
    with desk.starts("plan", "work.csv", form) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr.read() == ""


def test_json_and_csv_together_are_refused(desk: Desk) -> None:
    writes(desk, SUN, more="")
    said = desk.types("plan", "work.yaml", "--json", "--csv")
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "error: --json and --csv are two forms of one plan\n  mend: choose one of them\n"
    )


@pytest.mark.parametrize("words", [("plan",), ("plan", "--json"), ("validate",)])
def test_a_wrong_manifest_is_told_whole_and_nothing_is_planned(
    desk: Desk, words: tuple[str, ...]
) -> None:
    desk.writes("not an image", "broken.png")
    desk.writes(
        "rows:\n"
        "  - {id: a, prompt: x, seconds: 5}\n"
        "  - {id: b, prompt: fine}\n"
        "  - {id: d, prompt: fine}\n"
        "  - {id: c, prompt: z, image: broken.png}\n"
    )
    said = desk.types(*words, "work.yaml")
    assert (said.code, said.out) == (2, "")
    places = re.findall(r"^  at (.*)", said.err, re.MULTILINE)
    assert places == ["work.yaml:2 (row 1)", "work.yaml:4 (row 3)", "work.yaml:5 (row 4)"]
    assert said.err.count("mend: ") == 3
    assert said.err.splitlines()[-1] == "3 problems in the manifest; nothing sent"
    assert "Traceback" not in said.err


def test_a_hundred_problems_are_told_and_how_many_more_there_are(desk: Desk) -> None:
    desk.writes("prompt,seconds\n" + "".join(f"scene {it},5\n" for it in range(150)), "work.csv")
    told = [desk.types(word, "work.csv") for word in ("plan", "validate")]
    for said in told:
        assert (said.code, said.out, said.err.count("error: ")) == (2, "", 100)
        assert said.err.splitlines()[-2:] == [
            "… and 50 more",
            "150 problems in the manifest; nothing sent",
        ]
    assert told[0].err == told[1].err


def test_a_manifest_in_order_is_counted_and_priced(desk: Desk) -> None:
    desk.writes(f"rows:\n  - {{prompt: {SUN}, takes: 3}}\n  - {{prompt: {RAIN}, seconds: 8}}\n")
    said = desk.types("validate", "work.yaml")
    assert (said.code, said.err) == (0, "")
    assert said.out == "work.yaml: 4 jobs of 2 rows, no problems; 2.00 USD in all\n"


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_plan_fits_its_terminal(desk: Desk, columns: int) -> None:
    picture(desk, 300, 400)
    long = "word " * 40
    desk.writes(
        "rows:\n"
        f"  - {{id: {'a' * 90}, prompt: {long}, image: boat.png}}\n"
        f"  - {{id: 猫の帽子, prompt: {'小さな麦わら帽子' * 20}, size: 1280x720}}\n"
    )
    code, shown = at_a_terminal(desk, "plan", "work.yaml", columns=columns)
    plain = ESCAPES.sub("", shown).replace("\r\n", "\n")
    assert code == 0
    told, _, rest = plain.partition("\n\n")
    assert "boat.png: cropped" in told
    assert "“小さな" in told
    if columns >= 80:
        assert max(map(cell_len, told.splitlines())) <= columns
    assert "to be spent: 0.80 USD" in rest


def test_a_plan_is_coloured_at_a_terminal_only_and_not_where_no_colour_is_wanted(
    desk: Desk,
) -> None:
    writes(desk, SUN, more="")
    _, coloured = at_a_terminal(desk, "plan", "work.yaml")
    _, grey = at_a_terminal(desk, "plan", "work.yaml", NO_COLOR="1")
    _, dumb = at_a_terminal(desk, "plan", "work.yaml", TERM="dumb")
    assert "\x1b[36msubmit" in coloured
    assert "\x1b" not in grey + dumb
    assert "\x1b" not in desk.types("plan", "work.yaml", TERM="xterm-256color").out


@pytest.mark.parametrize(
    ("order", "moved"),
    [
        ("sun rain hill lake", []),
        ("new sun rain hill lake", []),
        ("rain hill lake", []),
        ("lake sun rain hill", ["lake"]),
        ("rain hill lake sun", ["sun"]),
        ("sun hill rain lake", ["hill"]),
        ("new lake sun rain", ["lake"]),
    ],
)
def test_rows_have_moved_only_where_they_passed_others(
    order: str, moved: list[str], desk: Desk, tmp_path: Path
) -> None:
    def write(words: str) -> None:
        desk.writes_rows(*(f"{word} at dawn" for word in words.split()))

    with service(tmp_path / "state") as shop:
        write("sun rain hill lake")
        assert desk.buys(shop.url).code == 0
        write(order)
        said = desk.types("plan", "work.yaml", "--base-url", shop.url)
    told = [line for line in said.out.splitlines() if "elsewhere" in line]
    rows = ", ".join(moved)
    expected = [f"{len(moved)} row stands elsewhere now, nothing is bought again: {rows}"]
    assert told == (expected if moved else [])
