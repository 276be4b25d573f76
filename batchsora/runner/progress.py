"""What a run tells while it goes on: events, one for each thing that happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from batchsora.job import Fault, Job


@dataclass(frozen=True, slots=True)
class Told:
    """Something that happened: to a job, or to the run as a whole."""

    at: datetime
    what: str  # an Event, or "started", "paused", "bug", "stopped", "ended"
    job: Job | None = None
    message: str = ""
    fault: Fault | None = None  # what went wrong just now; the job's own may be older


Tell = Callable[[Told], None]
