"""Whatever the data says is shown, and does nothing."""

from __future__ import annotations

import base64
import random
import shutil
from pathlib import Path
from typing import Any

from .browsing import Visit
from .conftest import Opens
from .sample_page import OWN, Cells, Sample, made_up

SCRIPT = "<script>document.title='owned'</script><img src=x onerror=document.title='owned'>"
ESCAPES = "\x1b[31mred\x1b[0m\x07\x00\x7f\x85"
TURNED = "\u202egnp.exe\u202c \u2066x\u2069"
ARABIC, HEBREW = "قبعة صغيرة تسقط على رأس القطة", "כובע"
EMOJI = "👩\u200d🚀🇩🇪 é ẍ̸̛"
ENDLESS = "M" * 30_000
HALF = "half \ud83d of one"


def job_with(number: int = 0, /, **cells: Any) -> Cells:
    return made_up(number, random.Random(1), status="done", reason=None, **cells)


def of(*jobs: Cells, own: tuple[str, ...] = OWN, **more: Any) -> Sample:
    return Sample(list(jobs), own=own, **more)


def opened(visit: Visit) -> str:
    """Open the first card; what the viewer says."""
    visit.page.locator(".card .open").first.click()
    return visit.page.locator("#viewer").inner_text()


def test_markup_in_any_field_stays_text(opens: Opens) -> None:
    hostile = dict.fromkeys(
        ("id", "name", "prompt", "model", "mood", "sku", "file", "image", "error_message", "hint"),
        SCRIPT,
    )
    failed = {**job_with(1, **hostile), "status": "failed", "reason": SCRIPT}
    made = of(job_with(0, **hostile, tags=[SCRIPT]), failed, name=SCRIPT)
    with opens(of=made) as visit:
        assert SCRIPT in opened(visit)
        for view in ("Timeline", "Numbers"):
            visit.presses("Escape")
            visit.page.get_by_role("button", name=view).click()
        assert visit.page.title() == SCRIPT
        assert visit.page.locator("main script, main img[src=x], dialog script").count() == 0
        assert visit.page.locator("h1").inner_text() == SCRIPT


def test_control_characters_and_turns_are_legible(opens: Opens) -> None:
    made = of(job_with(prompt=f"{ESCAPES} {TURNED} {HALF}", id=TURNED))
    with opens(of=made) as visit:
        card = visit.page.locator(".card").inner_text()
        assert "⟨ESC⟩[31mred⟨ESC⟩[0m⟨BEL⟩⟨NUL⟩⟨DEL⟩⟨U+0085⟩" in card
        assert "⟨U+202E⟩gnp.exe⟨U+202C⟩ ⟨U+2066⟩x⟨U+2069⟩" in card
        assert "half ⟨U+D83D⟩ of one" in card


def test_texts_run_in_their_own_direction_and_emoji_stay_whole(opens: Opens) -> None:
    made = of(job_with(prompt=ARABIC, id=HEBREW, tags=[EMOJI]), job_with(1, prompt="plain"))
    with opens(of=made) as visit:
        directions = visit.page.locator(".prompt").evaluate_all(
            "them => them.map(it => getComputedStyle(it).direction)"
        )
        assert directions == ["rtl", "ltr"]
        assert EMOJI in visit.page.locator(".card").first.inner_text()


def test_thirty_thousand_characters_without_a_blank_break_nothing(opens: Opens) -> None:
    endless = job_with(id=ENDLESS, name=ENDLESS, prompt=ENDLESS, mood=ENDLESS, hint=ENDLESS)
    with opens(of=of(endless, name=ENDLESS[:200]), size=(360, 740)) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
        assert ENDLESS in opened(visit)
        assert visit.page.evaluate("document.querySelector('#viewer').scrollWidth") <= 360


def test_own_columns_may_bear_any_name(opens: Opens) -> None:
    own = ("__proto__", "constructor", "key", "status", "tags")
    made = of(job_with(**dict.fromkeys(own[:2], "found")), own=own)
    with opens(of=made) as visit:
        assert "made-up" in visit.page.locator("h1").inner_text()
        visit.page.get_by_label("Filter by a column").select_option(label="__proto__")
        visit.page.get_by_role("group", name="__proto__").get_by_text("found").click()
        visit.told("1 job")


def test_a_name_with_signs_of_addresses_is_found_on_the_disk(
    opens: Opens, rehearsed: Path, tmp_path: Path
) -> None:
    name = "100% #1? ümlaut & more.mp4"
    (tmp_path / "videos").mkdir()
    shutil.copy(a_clip_of(rehearsed), tmp_path / "videos" / name)
    with opens(of=of(job_with(file=f"videos/{name}"))) as visit:
        visit.page.locator("canvas.frame").wait_for()


def test_a_clip_inside_the_page_plays_and_is_let_go(opens: Opens, rehearsed: Path) -> None:
    clip = a_clip_of(rehearsed)
    text = base64.b64encode(clip.read_bytes()).decode()
    job = job_with(file="videos/nowhere.mp4")
    inside = f'<script type="text/plain" class="clip" data-key="{job["key"]}">{text}</script>'
    with opens(of=of(job, clips=inside)) as visit:
        visit.page.locator(".card .play").click()
        visit.waits_until("document.querySelector('.card video')?.currentTime > 0.05")
        url = visit.page.locator(".card video").get_attribute("src")
        assert url is not None
        assert url.startswith("blob:")
        visit.page.locator(".card .play").click()
        visit.page.locator(".card video").wait_for(state="detached")


def test_commands_name_one_job_whatever_its_id(opens: Opens) -> None:
    odd = job_with(id="it's [1]*?")
    odd.update(status="in_doubt", file=None, take=2)
    with opens(of=of(odd)) as visit:
        said = opened(visit)
        assert "resolve runs/made-up 'it'\\''s [[]1][*][?]#2' --not-made" in said


def test_what_was_left_out_is_said(opens: Opens) -> None:
    with opens(of=of(job_with(), more={"omitted": 19_999})) as visit:
        notice = visit.page.locator("#notice").inner_text()
        assert "19,999 are left out, and report.csv has them all" in notice


def test_a_run_without_jobs_is_a_page_too(opens: Opens) -> None:
    with opens(of=of()) as visit:
        visit.told("No jobs")
        for view in ("Timeline", "Numbers", "Gallery"):
            visit.page.get_by_role("button", name=view).click()


def a_clip_of(page: Path) -> Path:
    return page.parent / "videos" / "cat-hat-1.mp4"
