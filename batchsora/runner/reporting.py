"""The reports of a run folder, written anew from its ledger."""

from __future__ import annotations

from pathlib import Path

from batchsora.clock import Now, system_now
from batchsora.job import State
from batchsora.ledger.records import Records
from batchsora.ledger.totals import Totals
from batchsora.reports import (
    ATTEMPT_COLUMNS,
    attempt_row,
    csv_report,
    csv_table,
    json_report,
    report_row,
)


def write_reports(folder: Path, records: Records, now: Now = system_now) -> None:
    """Write report.csv, attempts.csv and report.json; raises OSError, the old ones being whole."""
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
    totals = Totals.of(records.tallies())
    counted = {
        **{state.value: totals.states[state] for state in State},
        "spent_usd": totals.spent_usd,
        "reserved_usd": totals.reserved_usd,
        "in_doubt_usd": totals.in_doubt_usd,
        "projected_usd": totals.projected_usd,
        "unpriced": totals.unpriced,
    }
    with (
        csv_report(folder / "report.csv", own) as add_line,
        csv_table(folder / "attempts.csv", ATTEMPT_COLUMNS) as add_attempt,
        json_report(folder / "report.json", run=run, totals=counted) as add_object,
    ):
        for entry, attempts in records.with_attempts(records.entries()):
            row = report_row(entry, own)
            add_line(row)
            add_object(row)
            for attempt in attempts:
                add_attempt(attempt_row(entry, attempt))
        for entry, attempts in records.with_attempts(records.never_bought()):
            for attempt in attempts:
                add_attempt(attempt_row(entry, attempt))


def _columns_in_use(records: Records) -> tuple[str, ...]:
    """Collect the manifest's own columns where its head does not tell them (JSON Lines)."""
    found: dict[str, None] = {}
    for entry in records.entries():
        found.update(dict.fromkeys(entry.columns))
    return tuple(found)
