"""Batch runner for image-to-video jobs: a manifest in, one paid clip a row out.

    from batchsora import Manifest, plan, run

What a program can name is here, and imported when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from batchsora.errors import (
        BatchsoraError,
        LedgerError,
        ManifestRefusedError,
        Problem,
        Stop,
        StopReason,
        UsageError,
    )
    from batchsora.job import Reason, State
    from batchsora.library.events import Event
    from batchsora.library.manifests import Manifest
    from batchsora.library.planned_jobs import PlannedJob
    from batchsora.library.plans import Plan, plan
    from batchsora.library.results import Job, Result, Run
    from batchsora.library.runs import run, run_sync
    from batchsora.library.spending import UnagreedError
    from batchsora.library.totals import Totals
    from batchsora.runner.planning import Action
    from batchsora.service.secret import Secret
    from batchsora.settings import Rate

__version__ = "0.1.0"
__all__ = [
    "Action",
    "BatchsoraError",
    "Event",
    "Job",
    "LedgerError",
    "Manifest",
    "ManifestRefusedError",
    "Plan",
    "PlannedJob",
    "Problem",
    "Rate",
    "Reason",
    "Result",
    "Run",
    "Secret",
    "State",
    "Stop",
    "StopReason",
    "Totals",
    "UnagreedError",
    "UsageError",
    "__version__",
    "plan",
    "run",
    "run_sync",
]

_HOMES = {
    "errors": (
        "BatchsoraError",
        "LedgerError",
        "ManifestRefusedError",
        "Problem",
        "Stop",
        "StopReason",
        "UsageError",
    ),
    "job": ("Reason", "State"),
    "library.events": ("Event",),
    "library.manifests": ("Manifest",),
    "library.planned_jobs": ("PlannedJob",),
    "library.plans": ("Plan", "plan"),
    "library.results": ("Job", "Result", "Run"),
    "library.runs": ("run", "run_sync"),
    "library.spending": ("UnagreedError",),
    "library.totals": ("Totals",),
    "runner.planning": ("Action",),
    "service.secret": ("Secret",),
    "settings": ("Rate",),
}
_HOME = {name: f"batchsora.{home}" for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
