"""A browser for each file of tests, and a rehearsed run for all of them."""

import fcntl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from .browsing import CHROMIUM, NOT_SHOWN, Visit, chromium, visiting
from .rehearsal import rehearse
from .sample_page import Sample, page_of

Opens = Callable[..., AbstractContextManager[Visit]]


@pytest.fixture(scope="session")
def rehearsed(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Rehearse a run of forty jobs, once for all processes of this session; its page."""
    mine = tmp_path_factory.getbasetemp()
    folder = (mine if worker_id == "master" else mine.parent) / "rehearsal"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # the kernel lets go of it when the file is closed
        page = folder / "runs" / "work" / "report.html"
        if not page.exists():
            folder.mkdir()
            rehearse(folder)
    return page


# not for the session: its loop would be in the way of tests that have one of their own
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Run a browser."""
    if not CHROMIUM.exists():
        pytest.skip(NOT_SHOWN)
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser: Browser, rehearsed: Path) -> Iterator[Visit]:
    """Open the page of the rehearsed run."""
    with visiting(browser, rehearsed) as opened:
        yield opened


@pytest.fixture
def opens(browser: Browser, rehearsed: Path, tmp_path: Path) -> Opens:
    """Open pages otherwise: of a made-up run, at another size, in other colours."""

    def open_page(
        where: str = "", *, of: Sample | None = None, **how: Any
    ) -> AbstractContextManager[Visit]:
        file = rehearsed
        if of is not None:
            file = tmp_path / "report.html"
            file.write_text(page_of(of), encoding="utf-8")
        return visiting(browser, file, where, has_clips=of is None, **how)

    return open_page
