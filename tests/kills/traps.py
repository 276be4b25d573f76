"""Kills between two system calls of the runner, where nothing shows on the wire; strace sets them.

A kill of strace's comes before the call is carried out.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from .boundaries import JOBS, ONE_AT_A_TIME, check_nothing_in_place, story
from .campaign import Campaign
from .outside import PATIENCE_S, read_embedded, read_record, simulator
from .promises import Broken, check_purchases, settle
from .traced import RENAMES, killing_at

FIRST_SYNCS = 10  # so many runners make the ledger, take the jobs in and buy the first one


def check_before_the_rename(package: Path, home: Path) -> None:
    """Kill the runner as it is about to give the first clip its name."""
    with _campaign(package, home) as campaign:
        trace = home / "trace"
        _run_into(campaign, killing_at(RENAMES, trace))
        assert "partial" in trace.read_text(), "another file was about to be renamed"
        check_nothing_in_place(campaign)


def check_after_the_rename(package: Path, home: Path) -> None:
    """Kill the runner when the first clip has its name, and the ledger does not know."""
    with _campaign(package, home) as campaign:
        _run_into(campaign, killing_at("fsync", home / "trace", campaign.folder / "videos"))
        states = sorted(it.state for it in campaign.noted())
        files = list(campaign.folder.glob("videos/*"))
        if len(files) != 1 or "done" in states:
            raise Broken(f"in place are {files}, the ledger says {states}")


def check_each_sync(package: Path, home: Path) -> None:
    """Kill a rehearsal at its first sync of the ledger, the next one at its second, and so on."""
    campaign = Campaign(package, home, "--simulate", *ONE_AT_A_TIME, jobs=JOBS)
    files = (campaign.ledger, Path(f"{campaign.ledger}-journal"))
    for nth in range(1, FIRST_SYNCS + 1):
        _run_into(campaign, killing_at("fdatasync,fsync", home / "trace", *files, nth=nth))
        check_purchases(read_embedded(campaign.folder), campaign.noted())
    settle(campaign, partial(read_embedded, campaign.folder))


@contextmanager
def _campaign(package: Path, home: Path) -> Iterator[Campaign]:
    """Set a campaign up; when the block has killed its runner, see it through."""
    with simulator(home / "service", story(listed=False)) as url:
        campaign = Campaign(package, home, "--base-url", url, *ONE_AT_A_TIME, jobs=JOBS)
        yield campaign
        settle(campaign, partial(read_record, url))


def _run_into(campaign: Campaign, trap: list[str]) -> None:
    with campaign.runner(under=trap) as runner:
        code = runner.wait(PATIENCE_S)
    if code != -signal.SIGKILL:  # strace dies of what its child died of
        raise Broken(f"exit code {code}: {campaign.said()}")
