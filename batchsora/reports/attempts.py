"""A create request as a line of attempts.csv: its columns, their order, their values. Pure."""

from __future__ import annotations

from batchsora.ledger.answers import Entry
from batchsora.ledger.attempts import Attempt
from batchsora.reports.columns import Row, time_text, usd_text

ATTEMPT_COLUMNS = (
    "row", "id", "take", "attempt", "started_at", "answered_at", "outcome", "wait_s", "video_id",
    "cost_usd", "ended", "error_code", "error_message",
)  # fmt: skip


def attempt_row(entry: Entry, attempt: Attempt) -> Row:
    """Write a create request of a job as attempts.csv does: its columns in order.

    Times, money and spans are as in `report_row`; the costs of a job's requests add up to its own.
    """
    fault = attempt.fault
    cells = (
        entry.row,
        entry.job.id,
        entry.job.order.take,
        attempt.number,
        time_text(attempt.started_at),
        time_text(attempt.answered_at) if attempt.answered_at else None,
        attempt.outcome.value,
        attempt.wait_s,
        attempt.video_id,
        None if attempt.cost_usd is None else usd_text(attempt.cost_usd),
        attempt.ended,
        (fault.code or None) if fault else None,
        (fault.message or None) if fault else None,
    )
    return dict(zip(ATTEMPT_COLUMNS, cells, strict=True))
