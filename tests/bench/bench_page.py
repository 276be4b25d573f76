"""How soon report.html is open and answers, and how smoothly it scrolls: `make bench`.

Medians of three, in Debian's chromium without a graphics card. The clips are one small clip under
many names, so that first frames are drawn as they are for real.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from clip_makers import make_clip
from page.browsing import CHROMIUM, DESKTOP, NOT_SHOWN, chromium
from page.sample_page import page_of, sample
from playwright.sync_api import Browser

JOBS = (40, 2_000, 20_000)
ROUNDS = 3
SCROLL = """async () => {
  const frames_ms = [];
  let last = performance.now();
  for (let frame = 0; frame < 240; frame += 1) {
    scrollBy(0, 150);
    await new Promise(requestAnimationFrame);
    frames_ms.push(performance.now() - last);
    last = performance.now();
  }
  return frames_ms;
}"""


@dataclass(frozen=True, slots=True)
class Opened:
    """How a page was opened: seconds until each, and what each frame of scrolling took."""

    first_card_s: float
    found_s: float
    frames_ms: list[float]


def main() -> None:
    """Open pages of three sizes, and print a line for each."""
    if not CHROMIUM.exists():
        sys.exit(NOT_SHOWN)
    print(
        f"{'jobs':>7} {'page':>8} {'first card':>11} {'search':>8} {'frame, median':>14} {'p95':>7}"
    )
    with tempfile.TemporaryDirectory(prefix="batchsora-bench-") as name, chromium() as browser:
        for jobs in JOBS:
            page = write_page(Path(name) / str(jobs), jobs)
            tell(jobs, page, [open_page(browser, page) for _ in range(ROUNDS)])


def write_page(folder: Path, jobs: int) -> Path:
    """Write a page of so many jobs, with a clip for each that is done."""
    made = sample(jobs)
    (folder / "videos").mkdir(parents=True)
    clip = make_clip(folder / "clip.mp4", size=(180, 320))
    for job in made.jobs:
        if job["file"] is not None:
            os.link(clip, folder / job["file"])
    page = folder / "report.html"
    page.write_text(page_of(made), encoding="utf-8")
    return page


def open_page(browser: Browser, file: Path) -> Opened:
    """Open a page in a browser that has never seen it, search in it, scroll it."""
    width, height = DESKTOP
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    began_s = time.perf_counter()
    page.goto(file.as_uri(), wait_until="commit")
    page.locator(".card").first.wait_for()
    drawn_s = time.perf_counter()
    page.locator("#search").fill("number 17")
    page.locator("#shown").filter(has_text=" of ").wait_for()
    found_s = time.perf_counter()
    page.locator("#clear").click()
    frames_ms: list[float] = page.evaluate(SCROLL)
    context.close()
    return Opened(drawn_s - began_s, found_s - drawn_s, frames_ms)


def tell(jobs: int, page: Path, opened: list[Opened]) -> None:
    """Print the medians."""
    first_card_s = statistics.median(it.first_card_s for it in opened)
    found_s = statistics.median(it.found_s for it in opened)
    median_ms = statistics.median(statistics.median(it.frames_ms) for it in opened)
    p95_ms = statistics.median(statistics.quantiles(it.frames_ms, n=20)[-1] for it in opened)
    print(
        f"{jobs:>7,} {page.stat().st_size / 1e6:>5.1f} MB {first_card_s:>9.2f} s {found_s:>6.2f} s"
        f" {median_ms:>11.1f} ms {p95_ms:>4.1f} ms"
    )


if __name__ == "__main__":
    main()
