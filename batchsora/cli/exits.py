"""Exit codes, and the way out: what a person is told when a command can't go on."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

import click

from batchsora.errors import BatchsoraError, LedgerError, ManifestRefusedError, StopReason

BUG = 70
INTERRUPTED = 130
LEDGER = 9
USAGE = 2
IN_DOUBT = 6
LEFT = 4
SOME_FAILED = 1

BY_REASON = {
    StopReason.KEY_REFUSED: 3,
    StopReason.BALANCE_EMPTY: 7,
    StopReason.EDGE_BLOCK: 5,
    StopReason.WRONG_ADDRESS: 5,
    StopReason.MODEL_GONE: 5,
    StopReason.OUTAGE: 5,
    StopReason.LONG_WAIT: 5,
    StopReason.SAME_REJECTION: 5,
    StopReason.DISK: LEDGER,
    StopReason.LEDGER: LEDGER,
    StopReason.DOUBTS: IN_DOUBT,
    StopReason.INTERRUPTED: INTERRUPTED,
    StopReason.BUG: BUG,
}
PRECEDENCE = (BUG, INTERRUPTED, LEDGER, USAGE, 3, 7, 5, IN_DOUBT, 8, LEFT, SOME_FAILED)


def gravest(codes: Iterable[int]) -> int:
    """Pick the exit code that a person has to know first; 0 where there is none."""
    found = set(codes)
    return next((code for code in PRECEDENCE if code in found), 0)


def leave_with(command: Callable[[], object]) -> None:
    """Run a command and leave the program, with a message and a code; never with a traceback."""
    try:
        code = command()
    except click.exceptions.Exit as leaving:
        code = leaving.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = INTERRUPTED
    except ManifestRefusedError as error:
        _tell_problems(error)
        code = USAGE
    except BatchsoraError as error:
        _tell(error.what, error.mend)
        code = LEDGER if isinstance(error, LedgerError) else USAGE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except Exception:  # noqa: BLE001 - the last door: whatever comes here is a bug
        code = _tell_bug()
    sys.exit(code if isinstance(code, int) else 0)


def _tell(what: str, mend: str) -> None:
    click.echo(f"error: {what}", err=True)
    if mend:
        click.echo(f"  mend: {mend}", err=True)


def _tell_problems(error: ManifestRefusedError) -> None:
    for problem in error.problems:
        click.echo(f"error: {problem.what}", err=True)
        click.echo(f"  at {problem.place}", err=True)
        click.echo(f"  mend: {problem.mend}", err=True)
    if (more := error.count - len(error.problems)) > 0:
        click.echo(f"… and {more} more", err=True)
    click.echo(error.what, err=True)


def _tell_bug() -> int:
    log = Path(tempfile.gettempdir()) / f"batchsora-bug-{os.getpid()}.log"
    log.write_text(traceback.format_exc(), encoding="utf-8")
    click.echo(f"error: a bug in batchsora; what happened is in {log}", err=True)
    click.echo("  mend: run the same command again: nothing is bought twice", err=True)
    return BUG
