"""A browser that opens pages from disk, and notes whatever it should not have to."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
NOT_SHOWN = "not shown: there is no chromium here to open a page with"
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE_S = 20.0
DESKTOP, PHONE = (1280, 900), (360, 740)
OURS = ("file:", "data:", "blob:")
NOTE_VIOLATIONS = """
window.violations = [];
addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective));
"""
FOCUSED = "(document.activeElement.closest('[data-key]')?.querySelector('.name').textContent ?? '')"
REFUSE_STORAGE = """
Object.defineProperty(window, 'localStorage', {
  get() { throw new DOMException('refused', 'SecurityError'); },
});
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's chromium, which plays H.264."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass(slots=True)
class Visit:
    """A page that was opened, and what it said and asked for since."""

    page: Page
    file: Path
    has_clips: bool
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def goes_to(self, where: str = "") -> None:
        """Open the page anew, at a place in it."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.file.as_uri()}{where}")
        self.page.locator("#shown").filter(has_text="job").wait_for(state="attached")

    def presses(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def card(self, name: str) -> Locator:
        """Find the card of a job by its id, or its id and take."""
        called = name.replace("#", " take ")
        return self.page.get_by_role("listitem", name=called, exact=True)

    def names(self) -> list[str]:
        """Name the cards that are in the page, in their order."""
        return [name.strip() for name in self.page.locator(".card h3").all_inner_texts()]

    def waits_until(self, what: str) -> None:
        """Wait until something holds in the page; its policy lets nobody wait inside of it."""
        ends_at = time.monotonic() + PATIENCE_S
        while not self.page.evaluate(what):
            assert time.monotonic() < ends_at, what
            self.page.wait_for_timeout(30)

    def told(self, words: str) -> None:
        """Wait until it is told that so many are shown."""
        self.page.locator("#shown").get_by_text(words, exact=True).wait_for(state="attached")

    def focused(self) -> str:
        """Name the job whose card or row has the focus."""
        found: str = self.page.evaluate(FOCUSED)
        return found

    def has_come_to(self, job_id: str) -> None:
        """Wait until a job's card or row has the focus."""
        self.waits_until(f"{FOCUSED} === {json.dumps(job_id)}")

    def complaints(self) -> list[Any]:
        """List what a page must not do: log, send, or be stopped by its own policy."""
        # the clips of a made-up run are nowhere
        said = [it for it in self.said if self.has_clips or "ERR_FILE_NOT_FOUND" not in it]
        sent = [url for url in self.asked if not url.startswith(OURS)]
        violations = self.page.evaluate("window.violations")
        return [*said, *sent, *violations]


@contextmanager
def visiting(
    browser: Browser,
    file: Path,
    where: str = "",
    *,
    size: tuple[int, int] = DESKTOP,
    scheme: str = "light",
    calm: bool = False,
    stores: bool = True,
    has_clips: bool = True,
) -> Iterator[Visit]:
    """Open a page in a browser that has never seen it; in the end nobody may complain."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce" if calm else "no-preference",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.add_init_script(NOTE_VIOLATIONS)
    if not stores:
        context.add_init_script(REFUSE_STORAGE)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    visit = Visit(page, file, has_clips)
    page.on("console", lambda it: visit.said.append(f"{it.type}: {it.text}"))
    page.on("pageerror", lambda it: visit.said.append(f"error: {it.stack}"))
    page.on("request", lambda it: visit.asked.append(it.url))
    try:
        visit.goes_to(where)
        yield visit
        assert visit.complaints() == []
    finally:
        context.close()
