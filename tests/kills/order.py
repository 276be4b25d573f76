"""The order of things on the disk and on the wire: an intent is durable before its request leaves.

This is what a kill can't show: the kernel keeps what a dead process has written, a power cut does
not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from .boundaries import ONE_AT_A_TIME, story
from .campaign import Campaign
from .outside import PATIENCE_S, simulator
from .promises import DONE, Broken
from .traced import SYNCS, WRITES, Did, read_trace, watching

JOBS = 3
_INTENT = re.compile("submit_startedsubmitting")  # event and state, as they stand in its pages
_OFFSET = re.compile(r"(\d+)\) += \d+$")


def check_order(package: Path, home: Path) -> None:
    """Run one job after the other, and see that no request leaves before its intent is synced."""
    trace = home / "trace"
    with simulator(home / "service", story(listed=False)) as url:
        campaign = Campaign(package, home, "--base-url", url, *ONE_AT_A_TIME, jobs=JOBS)
        with campaign.runner(under=watching(trace)) as runner:
            assert runner.wait(PATIENCE_S) == DONE, campaign.said()
    posts = _check_posts(read_trace(trace), campaign.ledger)
    assert posts == JOBS, f"{posts} requests in {trace}"


def _check_posts(done: Iterable[Did], ledger: Path) -> int:
    """Go through the trace; returns how many create requests were in it."""
    files = {str(ledger), f"{ledger}-journal"}
    unsynced: set[str] = set()
    intents: dict[str, int] = {}  # by page of the ledger, as it was last written
    posts = 0
    for it in done:
        if it.file in files and it.call in WRITES:
            unsynced.add(it.file)
            intents |= _intents(it) if it.file == str(ledger) else {}
        elif it.call in SYNCS:
            unsynced.discard(it.file)
        elif '"POST /v1/videos ' in it.rest:
            posts += 1
            if unsynced:
                raise Broken(f"request {posts} left before these were synced: {unsynced}")
            if sum(intents.values()) < posts:
                raise Broken(f"request {posts} left before its intent was written: {intents}")
    return posts


def _intents(write: Did) -> dict[str, int]:
    offset = _OFFSET.search(write.rest)
    return {offset[1]: len(_INTENT.findall(write.rest))} if offset else {}
