"""The reports of a run folder, written anew from its ledger."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from batchsora.clock import Now, system_now
from batchsora.job import State
from batchsora.ledger.answers import Campaign, Entry, Tally
from batchsora.ledger.records import Records
from batchsora.ledger.totals import Totals
from batchsora.manifest import is_address
from batchsora.reports import csv_report, json_report, report_row
from batchsora.reports.page import Page, Pictures, Source, as_ms, page_report
from batchsora.runner.recalling import FETCHED
from batchsora.runner.thumbs import thumb_of

HURRIED_JOBS = 5_000  # whose page takes half a second: nobody who stops a run waits longer for it


def write_reports(
    folder: Path,
    records: Records,
    now: Now = system_now,
    *,
    hurried: bool = False,
    embed: bool = False,
) -> None:
    """Write report.csv, report.json and report.html; raises OSError, the old ones being whole.

    Somebody may wait for it: `hurried` leaves the page of a large run as it is. `embed` puts small
    clips into the page.
    """
    campaign = records.campaign()
    if campaign is None:
        return
    own = campaign.columns or _columns_in_use(records)
    run = {
        "name": campaign.name,
        "service": campaign.service,
        "began_at": campaign.began_at,
        "reported_at": now(),
    }
    tallies = records.tallies()
    totals = Totals.of(tallies)
    with ExitStack() as stack:
        add_line = stack.enter_context(csv_report(folder / "report.csv", own))
        add_object = stack.enter_context(
            json_report(folder / "report.json", run=run, totals=_counted(totals))
        )
        add_job = None
        if not (hurried and totals.jobs > HURRIED_JOBS):
            page = _page(folder, records, campaign, tallies, run, own=own, embed=embed)
            add_job = stack.enter_context(page_report(folder / "report.html", page))
        for entry in records.entries():
            row = report_row(entry, own)
            add_line(row)
            add_object(row)
            if add_job is not None:
                add_job(entry, row)


def _counted(totals: Totals) -> dict[str, Any]:
    return {
        **{state.value: totals.states[state] for state in State},
        "spent_usd": totals.spent_usd,
        "reserved_usd": totals.reserved_usd,
        "in_doubt_usd": totals.in_doubt_usd,
        "projected_usd": totals.projected_usd,
        "unpriced": totals.unpriced,
    }


def _page(
    folder: Path,
    records: Records,
    campaign: Campaign,
    tallies: list[Tally],
    run: dict[str, Any],
    *,
    own: tuple[str, ...],
    embed: bool,
) -> Page:
    reasons: Counter[str] = Counter()
    for tally in tallies:
        if tally.reason is not None:
            reasons[tally.reason.value] += tally.jobs
    beside = Path(campaign.manifest).parent
    times = {name: as_ms(run[name]) for name in ("began_at", "reported_at")}
    return Page(
        folder=folder,
        run={**run, **times, "target": _called(folder), "budget_usd": campaign.max_cost_usd},
        totals=Totals.of(tallies),
        reasons=reasons,
        holds=records.holds(),
        own=own,
        pictures=Pictures(lambda entry: _picture(entry, beside)),
        embed=embed,
    )


def _called(folder: Path) -> str:
    """Name a run folder as a command would from where the run was called, if it is below that."""
    relative = os.path.relpath(folder)
    return str(folder) if relative.startswith("..") else relative


def _picture(entry: Entry, beside: Path) -> Source | None:
    """Say where the image of a job may be seen; `beside` is the manifest's folder."""
    image, thumb = entry.job.order.image, thumb_of(entry.job.order)
    if image is None or thumb is None:
        return None
    given = FETCHED / image.sha256 if is_address(image.written) else beside / image.written
    return Source(thumb, given)


def _columns_in_use(records: Records) -> tuple[str, ...]:
    """Collect the manifest's own columns where its head does not tell them (JSON Lines)."""
    found: dict[str, None] = {}
    for entry in records.entries():
        found.update(dict.fromkeys(entry.columns))
    return tuple(found)
