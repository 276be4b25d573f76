"""The reports of a run folder, written anew from its ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from batchsora.clock import Now, system_now
from batchsora.job import Reason, State
from batchsora.ledger.answers import Campaign
from batchsora.ledger.records import Records
from batchsora.ledger.totals import Totals
from batchsora.reports import (
    ATTEMPT_COLUMNS,
    attempt_row,
    csv_report,
    csv_table,
    json_report,
    junit_report,
    own_columns,
    report_row,
)
from batchsora.reports.columns import usd_text
from batchsora.reports.page import page_report
from batchsora.runner.pages import page_of

HURRIED_JOBS = 5_000  # whose page takes half a second: nobody who stops a run waits longer for it


def write_reports(
    folder: Path,
    records: Records,
    now: Now = system_now,
    *,
    hurried: bool = False,
    embed: bool = False,
) -> None:
    """Write the tables, report.json and report.html; raises OSError, the old ones being whole.

    Somebody may wait for it: `hurried` leaves the page of a large run as it is. `embed` puts small
    clips into the page.
    """
    campaign = records.campaign()
    if campaign is None:
        return
    own = campaign.columns or _columns_in_use(records)
    reported_at = now()
    run = {**_run(campaign, own), "reported_at": reported_at}
    counted = _counted(records)
    with ExitStack() as stack:
        add_line = stack.enter_context(csv_report(folder / "report.csv", own))
        add_attempt = stack.enter_context(csv_table(folder / "attempts.csv", ATTEMPT_COLUMNS))
        add_object = stack.enter_context(
            json_report(folder / "report.json", run=run, totals=counted)
        )
        add_job = None
        if not (hurried and counted["jobs"] > HURRIED_JOBS):
            page = page_of(folder, records, campaign, own, reported_at, embed=embed)
            add_job = stack.enter_context(page_report(folder / "report.html", page))
        for entry, attempts in records.with_attempts(records.entries()):
            row = report_row(entry, own)
            add_line(row)
            add_object(row)
            if add_job is not None:
                add_job(entry, row)
            for attempt in attempts:
                add_attempt(attempt_row(entry, attempt))
        for entry, attempts in records.with_attempts(records.never_bought()):
            for attempt in attempts:
                add_attempt(attempt_row(entry, attempt))


def write_junit(path: Path, records: Records, *, clips_in: str) -> None:
    """Write what was reported as JUnit XML; raises OSError, the old file being whole.

    `clips_in` is the run folder as whoever reads the file finds it.
    """
    campaign = records.campaign()
    if campaign is None:
        return
    properties = {
        "service": campaign.service,
        "spent_usd": usd_text(Totals.of(records.tallies()).spent_usd),
    }
    with junit_report(
        path,
        name=campaign.name,
        began_at=campaign.began_at,
        clips_in=clips_in,
        properties=properties,
    ) as add:
        for entry in records.entries():
            add(report_row(entry, ()))


def _run(campaign: Campaign, own: Sequence[str]) -> dict[str, Any]:
    return {
        "name": campaign.name,
        "service": campaign.service,
        "manifest": campaign.manifest,
        "columns": own_columns(own),
        "max_cost_usd": campaign.max_cost_usd,
        "began_at": campaign.began_at,
    }


def _counted(records: Records) -> dict[str, Any]:
    totals = Totals.of(records.tallies())
    return {
        "jobs": totals.jobs,
        **{state.value: totals.states[state] for state in State},
        "reasons": {reason.value: totals.reasons[reason] for reason in Reason},
        "spent_usd": totals.spent_usd,
        "reserved_usd": totals.reserved_usd,
        "in_doubt_usd": totals.in_doubt_usd,
        "left_usd": totals.left_usd,
        "projected_usd": totals.projected_usd,
        "unpriced": totals.unpriced,
        "missing": records.count_missing(),
        "by_model_and_size": list(_kinds(records)),
    }


def _kinds(records: Records) -> Iterator[dict[str, Any]]:
    for (model, size), tallies in records.tallies_by_kind().items():
        totals = Totals.of(tallies)
        in_doubt = totals.states[State.IN_DOUBT]
        yield {
            "model": model,
            "size": size,
            "jobs": totals.jobs,
            "done": totals.states[State.DONE],
            "failed": totals.states[State.FAILED],
            "in_doubt": in_doubt,
            "left": totals.jobs - totals.settled - in_doubt,
            "spent_usd": totals.spent_usd,
        }


def _columns_in_use(records: Records) -> tuple[str, ...]:
    """Collect the manifest's own columns where its head does not tell them (JSON Lines)."""
    found: dict[str, None] = {}
    for entry in records.entries():
        found.update(dict.fromkeys(entry.columns))
    return tuple(found)
