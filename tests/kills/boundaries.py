"""A kill at each boundary of a job's life, found from outside: on the wire, and by strace."""

from __future__ import annotations

import signal
from functools import partial
from pathlib import Path

from .between import CONTENT, CREATE, POLL, Between, Boundary, between
from .campaign import Campaign, Noted
from .outside import PATIENCE_S, Record, read_record, simulator
from .promises import Broken, check_purchases, settle

JOBS = 2
ON_THE_WIRE = 4  # submissions at once; said here again, so that nobody raises it unseen

INTENT_WRITTEN = Boundary("intent written", CREATE, forwarded=False)
REQUEST_RECEIVED = Boundary("request received", CREATE, forwarded=True)
ANSWER_SENT = Boundary("answer sent", CREATE, forwarded=True, share=1.0)
ID_WRITTEN = Boundary("id written", POLL, forwarded=False)
HALF_WAY = Boundary("download half way", CONTENT, forwarded=True, share=0.5, linger_s=0.1)
WIRE_FULL = Boundary("wire full", CREATE, forwarded=False, nth=ON_THE_WIRE, linger_s=0.3)

# what the ledger may say of the job at the boundary, and how many videos the service has for it
LEFT: dict[str, tuple[set[str], int]] = {
    INTENT_WRITTEN.name: ({"submitting"}, 0),
    REQUEST_RECEIVED.name: ({"submitting"}, 1),
    ANSWER_SENT.name: ({"submitting", "running"}, 1),
    ID_WRITTEN.name: ({"running"}, 1),
    HALF_WAY.name: ({"rendered"}, 1),
}

ONE_AT_A_TIME = ("--rate", "100/1s", "--max-in-flight", "1")
ALL_AT_ONCE = ("--rate", "100/1s", "--burst", "10")


def story(*, listed: bool) -> str:
    """Describe a service that renders at once."""
    return f"{{clip: tiny, render_s: 0, list: {str(listed).lower()}}}"


def check_boundary(package: Path, home: Path, boundary: Boundary, *, listed: bool) -> None:
    """Kill the runner at a boundary of one job, look at what is left, and see it through."""
    with (
        simulator(home / "service", story(listed=listed)) as url,
        between(url, boundary) as proxy,
    ):
        campaign = Campaign(package, home, "--base-url", proxy.url, *ONE_AT_A_TIME, jobs=JOBS)
        _run_into(campaign, proxy)
        _check_left(campaign, read_record(url), proxy)
        settle(campaign, partial(read_record, url))


def check_full_wire(package: Path, home: Path) -> None:
    """Kill the runner with as many requests on the wire as it sends; so many are in doubt."""
    with (
        simulator(home / "service", story(listed=False)) as url,
        between(url, WIRE_FULL) as proxy,
    ):
        options = ("--base-url", proxy.url, *ALL_AT_ONCE)
        campaign = Campaign(package, home, *options, jobs=2 * ON_THE_WIRE)
        _run_into(campaign, proxy)
        if (doubts := sum(it.open for it in campaign.noted())) != ON_THE_WIRE:
            raise Broken(f"{ON_THE_WIRE} requests on the wire, {doubts} jobs in doubt")
        settle(campaign, partial(read_record, url))


def _run_into(campaign: Campaign, proxy: Between) -> None:
    with campaign.runner() as runner:
        proxy.victim.set_result(runner)
        assert runner.wait(PATIENCE_S) == -signal.SIGKILL, campaign.said()


def _check_left(campaign: Campaign, record: Record, proxy: Between) -> None:
    states, made = LEFT[proxy.boundary.name]
    noted = campaign.noted()
    (job,) = (it for it in noted if _is_of(it, proxy.held[0], record))
    check_purchases(record, noted)
    if job.state not in states or len(record.ids(job.prompt)) != made:
        raise Broken(f"at the boundary {job.id} is {job.state}, bought: {record.creates}")
    if sum(it.open for it in noted) > 1:
        raise Broken(f"one request was on the wire, in doubt are {noted}")
    check_nothing_in_place(campaign)


def _is_of(job: Noted, request: bytes, record: Record) -> bool:
    return any(word.encode() in request for word in (job.prompt, *record.ids(job.prompt)))


def check_nothing_in_place(campaign: Campaign) -> None:
    """No job is done by then, so no file may have a clip's name."""
    if found := [it for it in campaign.folder.glob("videos/**/*") if it.is_file()]:
        raise Broken(f"called a clip too early: {found}")
