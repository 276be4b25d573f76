"""Exit codes: one for each way in which a run can end. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from batchsora.errors import Stop, StopReason
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
