"""What came of a run, as programs have it: jobs, totals, reports; read from the run folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from pathlib import Path

from batchsora.errors import Stop
from batchsora.job import Reason, State
from batchsora.ledger.answers import Entry
from batchsora.ledger.lock import is_locked
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records
from batchsora.ledger.totals import Totals as Sum
from batchsora.library.manifests import AnyPath
from batchsora.library.tables import MOST_ROWS, Cell, Link, cut, table
from batchsora.library.targets import LEDGER, find_run, shown
from batchsora.library.totals import Totals
from batchsora.reports import report_row

_HEADS = ("job", "status", "why", "prompt", "USD", "clip")


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands; its names are the columns of ``report.csv``, and mean the same."""

    row: int | None  # from 1; None: no row of the manifest asks for it any more
    id: str
    take: int  # from 1
    status: State
    reason: Reason | None  # why it failed
    file: Path | None  # the clip, where it is whole and here; absolute
    image: str | None
    prompt: str
    model: str
    seconds: int
    size: str  # 720x1280
    columns: Mapping[str, str]  # the manifest's own others
    tags: tuple[str, ...]
    video_id: str | None
    attempts: int
    submitted_at: datetime | None  # aware, in UTC
    completed_at: datetime | None
    downloaded_at: datetime | None
    queue_s: float | None
    render_s: float | None
    download_s: float | None
    cost_usd: Decimal | None  # None where the price is not known
    bytes: int | None
    sha256: str | None
    error_code: str
    error_message: str
    hint: str
    manifest_line: str  # from 1; "file:line" where that is an included one

    @property
    def name(self) -> str:
        """What commands call it: ID, or ID#TAKE."""
        return self.id if self.take == 1 else f"{self.id}#{self.take}"

    @property
    def why(self) -> str:
        """Why it failed, or is in doubt, or what else there is to say."""
        return ": ".join(filter(None, [self.reason, self.error_message])) or self.hint

    @classmethod
    def of(cls, entry: Entry, folder: Path) -> Job:
        """Read one of a run folder, of which an absolute path is wanted."""
        job, line = entry.job, report_row(entry, ())
        clip = job.kept_clip
        return cls(
            row=entry.row,
            id=job.id,
            take=job.order.take,
            status=job.state,
            reason=job.reason,
            file=folder / clip.file if clip and (folder / clip.file).exists() else None,
            image=job.order.image.written if job.order.image else None,
            prompt=job.order.prompt,
            model=job.order.model,
            seconds=job.order.seconds,
            size=str(job.order.size),
            columns=entry.columns,
            tags=entry.tags,
            video_id=job.video_id,
            attempts=job.attempts,
            submitted_at=job.submitted_at,
            completed_at=job.completed_at,
            downloaded_at=job.downloaded_at,
            queue_s=_number(line["queue_s"]),
            render_s=_number(line["render_s"]),
            download_s=_number(line["download_s"]),
            cost_usd=job.bill_usd,
            bytes=clip.bytes if clip else None,
            sha256=clip.sha256 if clip else None,
            error_code=_text(line["error_code"]),
            error_message=_text(line["error_message"]),
            hint=_text(line["hint"]),
            manifest_line=_text(line["manifest_line"]),
        )


def _number(cell: object) -> float | None:
    return cell if isinstance(cell, float) else None


def _text(cell: object) -> str:
    return "" if cell is None else str(cell)


class _Jobs:
    """The jobs of a run folder, as they stand when they are asked for."""

    __slots__ = ()

    folder: Path

    def jobs(self, *names: str) -> Iterator[Job]:
        """Read the jobs that the report has, in its order; or those named ID, ID#TAKE or a glob."""
        return jobs_in(self.folder, *names)

    @property
    def failed(self) -> list[Job]:
        """The jobs that failed, with their reasons."""
        return _standing(self.folder, State.FAILED)

    @property
    def in_doubt(self) -> list[Job]:
        """The jobs of which nobody knows whether they were bought: to be settled by a person."""
        return _standing(self.folder, State.IN_DOUBT)


class Run(_Jobs):
    """A run folder as it is now, also while a run goes on: each question is a look at its ledger.

    LedgerError where that can't be read.
    """

    __slots__ = ("folder",)

    def __init__(self, target: AnyPath) -> None:
        """Find it by its folder, or by a manifest; raises UsageError where there was no run."""
        self.folder = find_run(Path(target)).absolute()

    @property
    def totals(self) -> Totals:
        """How many jobs stand where, and their money."""
        with closing(open_for_reading(self.folder / LEDGER)) as ledger:
            return Totals.of(Sum.of(Records(ledger).tallies()))

    @property
    def is_running(self) -> bool:
        """Whether a run goes on here, in whatever process."""
        return is_locked(self.folder / "work" / "lock")

    def __repr__(self) -> str:
        return f"Run({shown(self.folder)!r}: {self.totals})"

    def _repr_html_(self) -> str:
        return _page(self.folder, f"{shown(self.folder)}: {self.totals}", self.totals.jobs)


@dataclass(frozen=True, slots=True)
class Result(_Jobs):
    """How a run ended. Its jobs are read from the run folder, as they stand when they are asked."""

    code: int  # the exit code of the command; 0: every selected row has its clip
    stops: tuple[Stop, ...]  # why it ended before that; none where nothing stopped it
    totals: Totals  # of the whole run folder, at the end
    folder: Path  # absolute

    @property
    def report_html(self) -> Path:
        """The report, for people: the clips on a page."""
        return self.folder / "report.html"

    @property
    def report_csv(self) -> Path:
        """The report, for spreadsheets."""
        return self.folder / "report.csv"

    @property
    def report_json(self) -> Path:
        """The report, for programs."""
        return self.folder / "report.json"

    def __repr__(self) -> str:
        return f"Result({self._words})"

    def _repr_html_(self) -> str:
        return _page(self.folder, self._words, self.totals.jobs)

    @property
    def _words(self) -> str:
        stopped = "".join(f"; stopped: {it.what}" for it in self.stops)
        return f"exit {self.code}: {self.totals}{stopped}; {shown(self.folder)}"


def jobs_in(folder: Path, *names: str) -> Iterator[Job]:
    """Read jobs of a run folder; none where nothing was run there yet."""
    if not (folder / LEDGER).exists():
        return
    with closing(open_for_reading(folder / LEDGER)) as ledger:
        records = Records(ledger)
        for entry in records.named(names) if names else records.entries():
            yield Job.of(entry, folder)


def _standing(folder: Path, state: State) -> list[Job]:
    return [it for it in jobs_in(folder) if it.status is state]


def _page(folder: Path, caption: str, count: int) -> str:
    """Write the first jobs as a table for a notebook."""
    rows = [_cells(it) for it in islice(jobs_in(folder), MOST_ROWS)]
    return table(caption, _HEADS, rows, count - len(rows))


def _cells(job: Job) -> list[Cell]:
    cost = "" if job.cost_usd is None else f"{job.cost_usd:.2f}"
    clip = Link(job.file.name, job.file) if job.file else ""
    return [job.name, job.status.replace("_", " "), cut(job.why), cut(job.prompt), cost, clip]
