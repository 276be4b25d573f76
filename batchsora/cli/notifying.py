"""What follows a run when its reports are written: JUnit XML, and a command of the user's own.

That command is an option or a variable, never a setting of a manifest: a stranger's manifest must
not run commands.
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from batchsora.cli.calling import call
from batchsora.cli.junit import junit_option
from batchsora.cli.options import option, together
from batchsora.cli.printing import err
from batchsora.cli.summary import result_text
from batchsora.cli.views import View
from batchsora.clock import system_now
from batchsora.errors import LedgerError
from batchsora.job import State
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records
from batchsora.library.exits import LEDGER as LEDGER_OR_DISK
from batchsora.library.exits import gravest
from batchsora.library.targets import LEDGER, Aim, shown
from batchsora.library.undertaking import Ended
from batchsora.reports.columns import usd_text
from batchsora.runner.progress import Told
from batchsora.runner.reporting import write_junit

KEYS = ("GPTPROTO_API_KEY", "OPENAI_API_KEY")
# a command that runs batchsora would be called by that run again
NOT_HANDED_ON = frozenset({*KEYS, "BATCHSORA_ON_DONE"})
LEFT = (State.PENDING, State.SUBMITTING, State.RUNNING, State.RENDERED)


follow_up_options = together(
    junit_option,
    option(
        "--on-done",
        metavar="CMD",
        help="A command for the shell, once the reports are written; it finds what came of the run "
        "in variables.",
    ),
)


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What was asked to follow a run."""

    junit: Path | None
    on_done: str | None

    @classmethod
    def read(cls, options: dict[str, Any]) -> Self:
        """Read the options of `follow_up_options`."""
        return cls(options["junit"], options["on_done"])

    def carry_out(self, aim: Aim, ended: Ended, view: View) -> int:
        """Do it, the ledger being free for others; returns the code that the run ends with."""
        code = ended.code
        if self.junit is not None and (trouble := _write_junit(self.junit, aim.folder)):
            _tell(view, "junit", trouble)
            code = gravest([code, LEDGER_OR_DISK])
        if self.on_done:
            # lines of another program would spoil what a program reads
            heard = view.is_for_people
            if trouble := call(self.on_done, surroundings(aim, ended, code), heard=heard):
                _tell(view, "on_done", f"the command of --on-done {trouble}")
        return code


def _write_junit(file: Path, folder: Path) -> str:
    """Write the file; returns what went wrong."""
    try:
        with closing(open_for_reading(folder / LEDGER)) as ledger:
            write_junit(file, Records(ledger), clips_in=shown(folder))
    except (OSError, LedgerError) as error:
        return f"{file} can't be written: {error}"
    return ""


def surroundings(aim: Aim, ended: Ended, code: int) -> dict[str, str]:
    """Make the variables that a command finds: ours without the keys, and what came of the run."""
    totals, folder = ended.outcome.totals, aim.folder.absolute()
    told = {
        "EXIT_CODE": str(code),
        "NAME": aim.manifest.name,
        "RUN_FOLDER": str(folder),
        "REPORT_CSV": str(folder / "report.csv"),
        "REPORT_JSON": str(folder / "report.json"),
        "SUMMARY": result_text(ended.outcome, ended.stops),
        "STOPS": " ".join(stop.reason.name for stop in ended.stops),
        "JOBS": str(totals.jobs),
        "DONE": str(totals.states[State.DONE]),
        "FAILED": str(totals.states[State.FAILED]),
        "MISSING": str(ended.outcome.missing),
        "IN_DOUBT": str(totals.states[State.IN_DOUBT]),
        "LEFT": str(sum(totals.states[it] for it in LEFT)),
        "SPENT_USD": usd_text(totals.spent_usd),
        "IN_DOUBT_USD": usd_text(totals.in_doubt_usd),
    }
    ours = {name: it for name, it in os.environ.items() if name not in NOT_HANDED_ON}
    return ours | {f"BATCHSORA_{name}": it for name, it in told.items()}


def _tell(view: View, what: str, message: str) -> None:
    if view.is_for_people:
        err(message)
    else:
        view.tell(Told(system_now(), what, message=message))
