"""A job as a line of the report: its columns, their order, their values. Pure: no clock, no I/O."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from batchsora.job import Fault, Job, State
from batchsora.ledger.answers import Entry

Cell = str | int | float | None
"""What stands in a column; None where there is nothing to say."""

Row = dict[str, Cell]
"""A line of the report, its columns in order."""

AddRow = Callable[[Row], object]
"""What takes the lines of a report, one after the other."""

BEFORE = (
    "row", "id", "take", "status", "reason", "file", "image", "prompt", "model", "seconds", "size",
)  # fmt: skip
AFTER = (
    "video_id", "attempts", "submitted_at", "completed_at", "downloaded_at",
    "queue_s", "render_s", "download_s", "cost_usd", "bytes", "sha256",
    "error_code", "error_message", "hint", "manifest_line",
)  # fmt: skip

# elsewhere a fault is history: the job has got past it
FAULT_COUNTS = frozenset({State.PENDING, State.IN_DOUBT, State.RENDERED, State.FAILED})


def report_columns(own: Sequence[str]) -> list[str]:
    """Name the columns in order; one of the manifest's that clashes with ours gets ``x_``."""
    return list(_columns(tuple(own)))


def own_columns(own: Sequence[str]) -> list[str]:
    """Name those of the columns that are the manifest's own."""
    return _renamed(own)


@lru_cache(maxsize=8)  # the same for every line of a report
def _columns(own: tuple[str, ...]) -> tuple[str, ...]:
    return (*BEFORE, *_renamed(own), *AFTER)


def report_row(entry: Entry, own: Sequence[str], folder: str = "<run folder>") -> Row:
    """Write a job as the report does: its columns in order, `own` being the manifest's others.

    Times are text as ``2026-01-31T09:30:00Z``, money is text, spans are seconds to a tenth;
    `folder` is what the commands in it call the run folder.
    """
    own_cells = (entry.columns.get(name) for name in own)
    cells = [*_ordered(entry), *own_cells, *_happened(entry, folder)]
    return dict(zip(_columns(tuple(own)), cells, strict=True))


def time_text(at: datetime) -> str:
    """Write a time to the second, in UTC: ``2026-01-31T09:30:00Z``."""
    return f"{at.astimezone(UTC).isoformat(timespec='seconds')[:-6]}Z"


def place_text(file: str | None, line: int | None) -> Cell:
    """Write where a row stands: its line, behind the file's name where that is an included one."""
    return f"{file}:{line}" if file and line else line


def usd_text(usd: Decimal) -> str:
    """Write a price with two places, or more where it has them: ``0.40``."""
    whole, _, cents = f"{usd:f}".partition(".")
    return f"{whole}.{cents.rstrip('0'):0<2}"


def _renamed(own: Sequence[str]) -> list[str]:
    taken = {*BEFORE, *AFTER}
    names = []
    for name in own:
        free = name
        while free in taken or (free != name and free in own):
            free = f"x_{free}"
        taken.add(free)
        names.append(free)
    return names


def _ordered(entry: Entry) -> list[Cell]:
    job, order = entry.job, entry.job.order
    return [
        entry.row,
        job.id,
        order.take,
        job.state.value,
        job.reason.value if job.reason else None,
        job.kept_clip.file if job.kept_clip else None,
        order.image.written if order.image else None,
        order.prompt,
        order.model,
        order.seconds,
        str(order.size),
    ]


def _happened(entry: Entry, folder: str) -> list[Cell]:
    job = entry.job
    fault = _fault(job)
    return [
        job.video_id,
        job.attempts,
        time_text(job.submitted_at) if job.submitted_at else None,
        time_text(job.completed_at) if job.completed_at else None,
        time_text(job.downloaded_at) if job.downloaded_at else None,
        _span_s(job.submitted_at, job.render_started_at),
        _span_s(job.render_started_at or job.submitted_at, job.completed_at),
        _span_s(job.download_started_at, job.downloaded_at),
        None if job.bill_usd is None else usd_text(job.bill_usd),
        job.kept_clip.bytes if job.kept_clip else None,
        job.kept_clip.sha256 if job.kept_clip else None,
        (fault.code or None) if fault else None,
        (fault.message or None) if fault else None,
        _hint(job, fault, folder) or None,
        place_text(entry.file, entry.line),
    ]


def _fault(job: Job) -> Fault | None:
    return job.fault if job.state in FAULT_COUNTS else None


def _hint(job: Job, fault: Fault | None, folder: str) -> str:
    hint = job.hint or (fault.hint if fault else "")
    if job.state is not State.IN_DOUBT:
        return hint
    settle = (
        f"settle it with `batchsora resolve {folder} {job.full_name}"
        " --video VIDEO_ID | --not-made | --lost`"
    )
    return f"{hint}; {settle}" if hint else settle


def _span_s(since: datetime | None, until: datetime | None) -> float | None:
    if since is None or until is None:
        return None
    # the wall's clock may be set back in between, and the service's is another
    return max(0.0, round((until - since).total_seconds(), 1))
