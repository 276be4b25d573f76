"""Exit codes, and the way out: what a person is told when a command can't go on."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from batchsora.cli.printing import err, finish, silence
from batchsora.errors import BatchsoraError, LedgerError, ManifestRefusedError, Stop, StopReason
from batchsora.job import State

if TYPE_CHECKING:
    from batchsora.runner.campaign import Outcome

DONE = 0
SOME_FAILED = 1
USAGE = 2
KEY_REFUSED = 3
LEFT = 4
STOPPED = 5
IN_DOUBT = 6
BALANCE_EMPTY = 7
OVER_BUDGET = 8
LEDGER = 9
BUG = 70
INTERRUPTED = 130

BY_REASON = {
    StopReason.KEY_REFUSED: KEY_REFUSED,
    StopReason.BALANCE_EMPTY: BALANCE_EMPTY,
    StopReason.EDGE_BLOCK: STOPPED,
    StopReason.WRONG_ADDRESS: STOPPED,
    StopReason.MODEL_GONE: STOPPED,
    StopReason.OUTAGE: STOPPED,
    StopReason.LONG_WAIT: STOPPED,
    StopReason.NO_ORDERS: STOPPED,
    StopReason.SAME_REJECTION: STOPPED,
    StopReason.DISK: LEDGER,
    StopReason.DISK_LOW: LEDGER,
    StopReason.LEDGER: LEDGER,
    StopReason.DOUBTS: IN_DOUBT,
    StopReason.BUDGET: OVER_BUDGET,
    StopReason.UNPRICED: USAGE,
    StopReason.FAILURES: STOPPED,
    StopReason.DETACHED: LEFT,
    StopReason.INTERRUPTED: INTERRUPTED,
    StopReason.BUG: BUG,
}
# what a person has to know first, first
PRECEDENCE = (
    BUG,
    INTERRUPTED,
    LEDGER,
    USAGE,
    KEY_REFUSED,
    BALANCE_EMPTY,
    STOPPED,
    IN_DOUBT,
    OVER_BUDGET,
    LEFT,
    SOME_FAILED,
    DONE,
)


def code_of(outcome: Outcome, stops: Sequence[Stop]) -> int:
    """Say with which code a run ends."""
    scope = outcome.scope.states
    found = [BY_REASON[stop.reason] for stop in stops]
    found += [IN_DOUBT] * (outcome.totals.states[State.IN_DOUBT] > 0)
    found += [LEFT] * any(scope[it] for it in (State.PENDING, State.RUNNING, State.RENDERED))
    found += [SOME_FAILED] * (scope[State.FAILED] > 0 or outcome.missing > 0)
    return gravest(found)


def gravest(codes: Iterable[int]) -> int:
    """Pick the exit code that a person has to know first; 0 where there is none."""
    found = set(codes)
    return next((code for code in PRECEDENCE if code in found), DONE)


def leave_with(command: Callable[[], object]) -> None:
    """Run a command and leave the program, with a message and a code; never with a traceback."""
    try:
        code = command()
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.ClickException as error:
        _tell_usage(error)
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        err("interrupted")
        code = INTERRUPTED
    except ManifestRefusedError as error:
        _tell_problems(error)
        code = USAGE
    except BatchsoraError as error:
        _tell(error.what, error.mend)
        code = LEDGER if isinstance(error, LedgerError) else USAGE
    except (BrokenPipeError, SystemExit):  # with the latter click leaves where nobody reads on
        silence(sys.stdout)
        code = DONE
    except (OSError, sqlite3.Error) as error:
        _tell(f"the disk: {error}", "free some space, or see that the folder is writable")
        code = LEDGER
    except Exception:  # noqa: BLE001 - the last door: whatever comes here is a bug
        code = _tell_bug()
    finish()
    sys.exit(code if isinstance(code, int) else DONE)


def _tell(what: str, mend: str) -> None:
    err(f"error: {what}", *[f"  mend: {mend}"] * bool(mend))


def _tell_usage(error: click.ClickException) -> None:
    """Say as click does what is wrong with a command line; it may quote anything."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    if context is not None:
        err(*context.get_usage().splitlines())
        err(f"Try '{context.command_path} --help' for help.", "")
    err(f"Error: {error.format_message()}")


def _tell_problems(error: ManifestRefusedError) -> None:
    for problem in error.problems:
        err(f"error: {problem.what}", f"  at {problem.place}", f"  mend: {problem.mend}")
    if (more := error.count - len(error.problems)) > 0:
        err(f"… and {more} more")
    err(error.what)


def _tell_bug() -> int:
    with tempfile.NamedTemporaryFile(prefix="batchsora-bug-", suffix=".log", delete=False) as log:
        log.write(traceback.format_exc().encode("utf-8", "backslashreplace"))
    mend = "run the same command again: nothing is bought twice"
    _tell(f"a bug in batchsora; what happened is in {Path(log.name)}", mend)
    return BUG
