"""Troubles: what goes wrong again and again, and when it is enough to stop a run."""

from __future__ import annotations

import asyncio

from batchsora.errors import Stop, StopReason
from batchsora.job import Fault
from batchsora.runner.stopping import Stopping
from batchsora.settings import Settings

SAME_REJECTIONS = 10  # in a row, with no success between: it is not the rows


class Troubles:
    """Counts what a session meets."""

    def __init__(self, settings: Settings, jobs: int, stopping: Stopping) -> None:
        """`jobs` is how many this session drives: what a share of them is taken from."""
        most = settings.max_failures
        self._most_failures = None if most is None else most.of(jobs)
        self._allowed = f"--max-failures {settings.max_failures}"
        self._patience_s = settings.job_timeout_s
        self._stopping = stopping
        self._failures = 0
        self._rejections = 0
        self._last_rejection = ""
        self._put_off_at: float | None = None  # the first of the creates that were, in a row

    def failed(self) -> None:
        """Count a job that failed; so many stop the run, where that was asked for."""
        self._failures += 1
        if self._most_failures is not None and self._failures >= self._most_failures:
            failed = "1 job" if self._failures == 1 else f"{self._failures} jobs"
            what = f"{failed} failed, as many as {self._allowed} allows"
            mend = "see in the report why; then run again, or with another --max-failures"
            self._stop(StopReason.FAILURES, what, mend)

    def accepted(self) -> None:
        """Forget what happened in a row: the service takes orders."""
        self._rejections = 0
        self._put_off_at = None

    def rejected(self, fault: Fault) -> None:
        """Count refusals for one and the same reason; so many in a row stop the run."""
        self._put_off_at = None
        same = fault.code == self._last_rejection
        self._rejections = self._rejections + 1 if same else 1
        self._last_rejection = fault.code
        if self._rejections >= SAME_REJECTIONS:
            what = f"{self._rejections} rows in a row were refused: {fault.message}"
            mend = (
                "mend the rows and run it again: a changed row is a new job;"
                " where it is not the rows, --retry-failed takes them up as they are"
            )
            self._stop(StopReason.SAME_REJECTION, what, mend)

    def put_off(self, fault: Fault) -> None:
        """Count an order that is to come back later; where that never ends, the run does."""
        now = asyncio.get_running_loop().time()
        if self._put_off_at is None:
            self._put_off_at = now
        elif now - self._put_off_at > self._patience_s:
            what = f"the service has put every order off for too long: {fault.message}"
            mend = "ask the provider for your limits, or run again later: nothing is lost"
            self._stop(StopReason.OUTAGE, what, mend)

    def unreachable(self, fault: Fault, outage_s: float) -> None:
        """Look at an outage; one that never ends ends the run."""
        if outage_s > self._patience_s:
            self.never_reached(fault)

    def never_reached(self, fault: Fault) -> None:
        """Stop the run: nothing leaves."""
        what = f"the service can't be reached: {fault.message}"
        mend = "see that the network is there and the address right, and run again later"
        self._stop(StopReason.OUTAGE, what, mend)

    def _stop(self, reason: StopReason, what: str, mend: str) -> None:
        self._stopping.ask(Stop(reason, what, mend))
