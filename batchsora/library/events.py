"""What a program is told while a run goes on. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from batchsora.job import Reason, State
from batchsora.library.totals import Totals
from batchsora.runner.progress import Told


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, to a job or to the run; the names are those of `--progress json`."""

    at: datetime  # aware, in UTC
    event: str  # "submit_accepted", "download_kept", …; of the run: "started", "paused", "ended", …
    job: str | None = None  # ID, or ID#TAKE; None: it happened to the run as a whole
    key: str | None = None
    state: State | None = None  # where the job stands now
    video_id: str | None = None
    reason: Reason | None = None
    file: Path | None = None  # the clip, once it is there; absolute
    code: str = ""  # of what went wrong just now
    message: str = ""
    totals: Totals | None = None  # of the whole run folder at that moment; None before it is known

    @classmethod
    def of(cls, told: Told, folder: Path, totals: Totals | None) -> Event:
        """Tell a program what the runner told."""
        job, fault = told.job, told.fault
        message = told.message if fault is None else fault.message
        code = "" if fault is None else fault.code
        if job is None:
            return cls(told.at, str(told.what), code=code, message=message, totals=totals)
        return cls(
            told.at,
            str(told.what),
            job.name,
            job.key,
            job.state,
            job.video_id,
            job.reason,
            folder / job.kept_clip.file if job.kept_clip else None,
            code,
            message,
            totals,
        )
