"""The steps: what the runner can do for a job, each in its own module. None lets an error out."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from batchsora.job import Job
from batchsora.lifecycle import Step
from batchsora.runner.fetching import download
from batchsora.runner.session import Session, Tries
from batchsora.runner.submitting import submit
from batchsora.runner.watching import look_up, poll

STEPS: Mapping[Step, Callable[[Job, Session, Tries], Awaitable[Job]]] = {
    Step.SUBMIT: submit,
    Step.LOOK_UP: look_up,
    Step.POLL: poll,
    Step.DOWNLOAD: download,
}
