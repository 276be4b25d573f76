"""The errors that end a command, and the reasons that end a run before its work is done.

    BatchsoraError                 a message for a person: what, where, how to mend it
    ├── UsageError                 a wrong command line, setting or environment
    ├── ManifestRefusedError       problems in a manifest, all of them at once
    └── LedgerError                the ledger or its disk: locked, unreadable, newer, full

Everything else that leaves a command is a bug.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto


class BatchsoraError(Exception):
    """A message for a person, with the way to mend it."""

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend
        if mend:
            self.add_note(f"mend: {mend}")  # a program's traceback tells it, too


class UsageError(BatchsoraError):
    """The command line, a setting or the environment does not say what can be done."""


class LedgerError(BatchsoraError):
    """The ledger can't be read, written or had for oneself."""


PROBLEMS_SHOWN = 100  # nobody reads more at once; a count says how many there are


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a manifest: what, where, and how to mend it."""

    what: str
    mend: str
    file: str
    line: int = 0  # from 1; 0 where the whole file is meant
    row: int = 0  # from 1; 0 outside the rows

    @property
    def place(self) -> str:
        """Say where: ``cats.yaml:14 (row 3)``."""
        line = f":{self.line}" if self.line else ""
        row = f" (row {self.row})" if self.row else ""
        return f"{self.file}{line}{row}"


class ManifestRefusedError(BatchsoraError):
    """A manifest has problems: the first of them, and how many there are."""

    def __init__(self, problems: Sequence[Problem], count: int) -> None:
        super().__init__(
            f"{count} problem{'s' if count != 1 else ''} in the manifest; nothing sent"
        )
        self.problems = tuple(problems)
        self.count = count
        for problem in self.problems:
            self.add_note(f"{problem.place}: {problem.what}; mend: {problem.mend}")


class StopReason(Enum):
    """Why a run ends before every selected row has its clip."""

    KEY_REFUSED = auto()  # 401, or no permission
    BALANCE_EMPTY = auto()  # the provider wants money
    EDGE_BLOCK = auto()  # an HTML 403 of something in front of the service
    WRONG_ADDRESS = auto()  # a redirect, or nothing there that speaks this contract
    MODEL_GONE = auto()
    OUTAGE = auto()
    LONG_WAIT = auto()  # the service asks for a wait of more than a quarter of an hour
    NO_ORDERS = auto()  # so it does, but for new orders only: what was bought does not wait
    SAME_REJECTION = auto()  # every row is refused for one and the same reason
    DISK = auto()  # full, or not writable
    DISK_LOW = auto()  # a new clip might not find room
    LEDGER = auto()
    DOUBTS = auto()  # as many jobs in doubt as were allowed
    BUDGET = auto()  # one more clip would cost more than is allowed
    UNPRICED = auto()  # a budget can't be kept where a price is not known
    FAILURES = auto()  # as many jobs failed as were allowed
    DETACHED = auto()  # everything is ordered; what was ordered is collected later
    INTERRUPTED = auto()
    BUG = auto()


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a run stops, in words, and how to go on."""

    reason: StopReason
    what: str
    mend: str = ""
