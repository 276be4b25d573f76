"""What stands in report.html: the data, how it is kept from being code, and what is left out."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from batchsora.job import Clip, Fault, Job, Order, Reason, Size, State
from batchsora.ledger.answers import Entry, Hold
from batchsora.ledger.totals import Totals
from batchsora.lifecycle import FILE_MISSING_HINT
from batchsora.reports import report_columns, report_row
from batchsora.reports.page import Page, Pictures, Source, page, page_report

AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
MS = round(AT.timestamp() * 1000)


def asked(number: int = 1, prompt: str = "a cat", **changes: Any) -> Job:
    order = Order(prompt, "sora-2", 4, Size(720, 1280))
    job = Job(f"{number:032x}", f"cat-{number}", order, f"videos/{number}.mp4", Decimal("0.40"))
    return replace(job, **changes)


def made(number: int = 1, *, took_s: float = 60.0, content: bytes = b"") -> Job:
    file = f"videos/{number}.mp4"
    return asked(
        number,
        state=State.DONE,
        video_id=f"video_{number}",
        attempts=1,
        purchases=1,
        spent_usd=Decimal("0.40"),
        submit_started_at=AT,
        submitted_at=AT + timedelta(seconds=1),
        render_started_at=AT + timedelta(seconds=10),
        completed_at=AT + timedelta(seconds=10 + took_s),
        clip=Clip(file, len(content), hashlib.sha256(content).hexdigest()),
    )


def written(
    folder: Path,
    jobs: Sequence[Job],
    *,
    own: Sequence[str] = (),
    columns: dict[str, str] | None = None,
    pictures: Pictures | None = None,
    holds: Sequence[Hold] = (),
    name: str = "spring",
    embed: bool = False,
) -> str:
    totals = Totals()
    for job in jobs:
        totals.states[job.state] += 1
        totals.spent_usd += job.spent_usd
    told = Page(
        folder=folder,
        run={"name": name, "budget_usd": Decimal(25)},
        totals=totals,
        reasons={"moderated": 1},
        holds=holds,
        own=own,
        pictures=pictures or Pictures(lambda _: None),
        embed=embed,
    )
    with page_report(folder / "report.html", told) as add:
        for number, job in enumerate(jobs, 1):
            entry = Entry(job, number, None, number, ("hero",), columns or {}, AT)
            add(entry, report_row(entry, own))
    return (folder / "report.html").read_text("utf-8")


def data_in(html: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    told: dict[str, Any] = json.loads(found[1])
    return told


def named(told: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(told["fields"], job, strict=True)) for job in told["jobs"]]


def test_a_job_says_what_the_table_says_and_when_each_part_began(tmp_path: Path) -> None:
    told = data_in(written(tmp_path, [made()], own=["mood"], columns={"mood": "calm"}))
    (job,) = named(told)
    assert [it for it in told["fields"] if it in report_columns(["mood"])] == report_columns(
        ["mood"]
    )
    assert (job["id"], job["mood"], job["cost_usd"], job["tags"]) == (
        "cat-1",
        "calm",
        "0.40",
        ["hero"],
    )
    assert [job[it] for it in told["fields"] if it.endswith("_ms")] == [
        *(MS + seconds * 1000 for seconds in (0, 0, 1, 10, 70)),
        None,
        None,
        None,
    ]
    assert told["run"]["budget_usd"] == "25.00"
    assert told["omitted"] == 0


def test_a_job_that_was_bought_again_did_not_wait_since_it_was_recorded(tmp_path: Path) -> None:
    (job,) = named(data_in(written(tmp_path, [replace(made(), purchases=2, attempts=2)])))
    assert job["recorded_ms"] is None


HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "]]>&amp;\u2028\u2029",
    "\udc80 half a pair",
    "\x1b[31mred\x00",
    "\u202eright to left",
    "🐈" * 15_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_leaves_the_element_that_it_stands_in(tmp_path: Path, text: str) -> None:
    job = asked(1, text, fault=Fault("code", text, text), hint=text)
    html = written(tmp_path, [job], own=[text], columns={text: text}, name=text)
    plain = written(tmp_path, [asked()], name="plain")
    assert html.count("<script") == plain.count("<script")
    assert html.count("</script") == plain.count("</script")
    told = data_in(html)
    assert (named(told)[0]["prompt"], told["run"]["name"], told["columns"]) == (text, text, [text])


def test_nothing_runs_but_the_pages_own_code_and_no_other_host_is_asked(tmp_path: Path) -> None:
    html = written(tmp_path, [made()])
    found = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert found is not None
    policy = dict(rule.split(" ", 1) for rule in found[1].split("; "))
    assert policy["default-src"] == "'none'"
    for kind, element in (("script-src", 'script type="module"'), ("style-src", "style")):
        (text,) = re.findall(rf"<{element}>(.*?)</", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert policy[kind] == f"'sha256-{digest}'"
    for kind in ("img-src", "media-src"):
        assert policy[kind] == "'self' file: data: blob:"
    assert not re.search(r"https?://(?!www\.w3\.org/)", html)


def test_of_too_many_jobs_those_that_need_a_person_are_left_in_a_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MOST_JOBS", 10)
    jobs = [made(number) for number in range(1, 10)]
    jobs += [
        asked(10, state=State.FAILED, reason=Reason.MODERATED),
        asked(11, state=State.IN_DOUBT),
    ]
    told = data_in(written(tmp_path, jobs))
    assert [job["id"] for job in named(told)] == ["cat-10", "cat-11"]
    assert (told["omitted"], told["totals"]["jobs"]) == (9, 11)
    (spent,) = told["spend"]  # what is left out still counts
    assert (spent["jobs"], spent["clips"], spent["usd"]) == (11, 9, "3.60")
    assert told["renders"][0]["clips"] == 9


def test_spent_by_model_and_size_is_what_the_head_says_without_doubts(tmp_path: Path) -> None:
    bought_before = asked(2, spent_usd=Decimal("0.40"), unpriced=1)
    doubt = replace(bought_before, state=State.IN_DOUBT, price_usd=Decimal("0.50"))
    told = data_in(written(tmp_path, [made(1), doubt]))
    (spent,) = told["spend"]
    assert (spent["usd"], spent["unpriced"]) == ("0.80", 1)
    assert told["totals"]["spent_usd"] == spent["usd"]


def test_a_doubt_whose_price_nobody_knows_is_unpriced(tmp_path: Path) -> None:
    doubt = asked(state=State.IN_DOUBT, price_usd=None)
    (spent,) = data_in(written(tmp_path, [doubt]))["spend"]
    assert (spent["usd"], spent["unpriced"]) == ("0.00", 1)


def test_clips_that_are_gone_everywhere_are_counted_and_stay_in_a_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MOST_JOBS", 2)
    gone = replace(made(3), hint=FILE_MISSING_HINT)
    told = data_in(written(tmp_path, [made(1), made(2), gone]))
    assert [job["id"] for job in named(told)] == ["cat-3"]
    assert (told["missing"], told["missing_hint"]) == (1, named(told)[0]["hint"])


def test_long_prompts_do_not_make_a_page_that_no_browser_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MOST_BYTES", 100_000)
    told = data_in(written(tmp_path, [asked(it, "x" * 30_000) for it in range(1, 11)]))
    assert (len(told["jobs"]), told["omitted"]) == (4, 6)


def clips_in(html: str) -> dict[str, bytes]:
    found = re.findall(r'class="clip" data-key="(\w+)">([^<]*)</script>', html)
    return {key: base64.b64decode(text, validate=True) for key, text in found}


def test_small_clips_are_put_inside_where_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "MOST_CLIP_BYTES", 300_000)
    monkeypatch.setattr(page, "MOST_CLIPS_BYTES", 500_000)
    sizes = (250_001, 300_001, 200_000, 100_000, 10)
    contents = [bytes([number]) * size for number, size in enumerate(sizes)]
    (tmp_path / "videos").mkdir()
    jobs = [made(number, content=it) for number, it in enumerate(contents)]
    for job, content in zip(jobs, contents, strict=True):
        assert job.clip is not None
        (tmp_path / job.clip.file).write_bytes(content)
    (tmp_path / "videos" / "4.mp4").unlink()  # removed since
    assert clips_in(written(tmp_path, jobs)) == {}
    html = written(tmp_path, jobs, embed=True)
    assert clips_in(html) == {jobs[it].key: contents[it] for it in (0, 2)}
    assert data_in(html)["embedded"] is True


def test_small_pictures_stand_inside_once_and_the_others_are_linked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batchsora.reports.page.pictures.MOST_BYTES", 10)
    for name in ("small.jpg", "large.jpg", "javascript:alert(1) #?.png"):
        (tmp_path / name).write_bytes(b"12345678")
    sources = {
        1: Source(Path("small.jpg"), Path("given.png")),
        2: Source(Path("large.jpg"), Path("given.png")),
        3: Source(Path("none.jpg"), Path("javascript:alert(1) #?.png")),
        4: Source(Path("none.jpg"), Path("nowhere.png")),
        5: Source(Path("small.jpg"), Path("given.png")),
        6: None,
    }
    pictures = Pictures(lambda entry: sources[entry.row or 0])
    told = data_in(written(tmp_path, [asked(it) for it in sources], pictures=pictures))
    assert told["pictures"] == [
        f"data:image/jpeg;base64,{base64.b64encode(b'12345678').decode()}",
        "large.jpg",
        "javascript%3Aalert%281%29%20%23%3F.png",
        None,
    ]
    assert [job["picture"] for job in named(told)] == [0, 1, 2, 3, 0, None]


def figures(folder: Path, took_s: Iterable[float]) -> dict[str, Any]:
    (told,) = data_in(written(folder, [made(n, took_s=it) for n, it in enumerate(took_s)]))[
        "renders"
    ]
    assert isinstance(told, dict)
    return told


def test_render_times_are_told_between_round_numbers(tmp_path: Path) -> None:
    told = figures(tmp_path, [40.0, 41.5, 50.0, 59.9, 60.0, 99.0, 140.0])
    assert (told["model"], told["seconds"], told["clips"]) == ("sora-2", 4, 7)
    assert (told["median_s"], told["p90_s"]) == (59.9, 140.0)
    assert sum(count for *_, count in told["buckets"]) == 7
    assert [40.0, 50.0, 2] in told["buckets"]
    for since, until, _ in told["buckets"]:
        assert until - since == 10.0


@pytest.mark.parametrize("took_s", [0.0, 0.1, 7.0, 3600.0])
def test_clips_that_all_took_as_long_make_one_bar(tmp_path: Path, took_s: float) -> None:
    told = figures(tmp_path, [took_s] * 3)
    ((since, until, count),) = told["buckets"]
    assert (count, told["median_s"]) == (3, took_s)
    assert since <= took_s <= until
    assert since < until


def test_pauses_are_told_with_what_the_service_said(tmp_path: Path) -> None:
    hold = Hold(AT, AT + timedelta(seconds=20), 3, "rate_limit_exceeded", "Too many requests")
    assert data_in(written(tmp_path, [made()], holds=[hold]))["pauses"] == [
        {
            "from": MS,
            "until": MS + 20_000,
            "jobs": 3,
            "code": "rate_limit_exceeded",
            "message": "Too many requests",
        }
    ]


def test_the_sums_are_read_where_no_code_may_run(tmp_path: Path) -> None:
    html = written(tmp_path, [made(1), made(2), asked(3, state=State.IN_DOUBT)])
    (plain,) = re.findall(r"<noscript>(.*?)</noscript>", html, re.DOTALL)
    assert "1 in doubt, 2 done; 0.80 USD spent" in plain
