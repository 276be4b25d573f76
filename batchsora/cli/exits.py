"""The way out: what a person is told when a command can't go on, and its exit code."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

import click

from batchsora.cli.printing import err, finish, silence
from batchsora.errors import BatchsoraError, LedgerError, ManifestRefusedError
from batchsora.library.exits import BUG, DONE, INTERRUPTED, LEDGER, USAGE


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
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        err(*error.format_message().splitlines())
        return
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
