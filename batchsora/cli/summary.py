"""The end of a run, for a person: what came of it, what is left, and how to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from batchsora.cli.printing import err, out_if_heard
from batchsora.cli.words import (
    MENDED_IN_THE_MANIFEST,
    REASON_HINTS,
    STATE_WORDS,
    money_text,
    states_text,
)
from batchsora.errors import Stop, StopReason
from batchsora.job import Reason, State
from batchsora.ledger.totals import Totals
from batchsora.library.targets import shown
from batchsora.library.words import clips, price_text

if TYPE_CHECKING:
    from batchsora.runner.campaign import Outcome


def sum_up(outcome: Outcome, stops: Sequence[Stop], folder: Path) -> None:
    """Print the result of a run."""
    out_if_heard(result_text(outcome, stops))
    out_if_heard(f"{shown(folder / 'report.csv')}")


def explain(
    outcome: Outcome, stops: Sequence[Stop], folder: Path, *, go_on: str, log: Path
) -> None:
    """Tell a person why a run ended before its work was done, what is left, and how to go on."""
    for stop in stops:
        err(f"stopped: {stop.what}" + (f"\n  mend: {stop.mend}" if stop.mend else ""))
        if stop.reason is StopReason.BUG:
            err(f"  what happened is in {shown(log)}; please report it")
    for line in failed_lines(outcome.failed, folder):
        err(line)
    if outcome.scope.settled < outcome.scope.jobs:
        for line in left_lines(outcome.scope):
            err(line)
        if outcome.scope.states[State.RUNNING] and not stops:
            err("what is left there was waited for as long as --job-timeout says")
        if _goes_on(outcome.scope, stops):
            err(f"go on with: {go_on}")
    if outcome.totals.states[State.IN_DOUBT]:
        err(settle_text(folder))


def _goes_on(scope: Totals, stops: Sequence[Stop]) -> bool:
    """Tell whether the same command would do more."""
    goes_on = any(scope.states[it] for it in (State.PENDING, State.RUNNING, State.RENDERED))
    needs_another = {StopReason.BUDGET, StopReason.UNPRICED, StopReason.DETACHED}
    return goes_on and not any(it.reason in needs_another for it in stops)


def failed_lines(failed: Mapping[Reason, int], folder: Path) -> list[str]:
    """Write the table of what failed, and what can be done."""
    rows = [
        f"  {reason.value:<16} {failed[reason]:>6}  {_mend_of(reason, folder)}"
        for reason in Reason
        if failed.get(reason)
    ]
    return [f"  {'failed':<16} {'jobs':>6}", *rows] if rows else []


def _mend_of(reason: Reason, folder: Path) -> str:
    hint = REASON_HINTS[reason]
    if reason in MENDED_IN_THE_MANIFEST:
        return hint
    return f"{hint}: batchsora retry {shown(folder)} --reason {reason.value}"


def settle_text(folder: Path) -> str:
    """Write the command that settles a doubt."""
    how = "--video VIDEO_ID | --not-made | --lost"
    return f"settle what is in doubt with: batchsora resolve {shown(folder)} JOB {how}"


def result_text(outcome: Outcome, stops: Sequence[Stop]) -> str:
    """Say in a line what came of a run."""
    totals = outcome.totals
    others = totals.states[State.PENDING] - outcome.scope.states[State.PENDING]
    not_chosen = f", {others} of them not chosen" if others > 0 else ""
    told = [f"{states_text(totals)}{not_chosen}", money_text(totals)]
    if outcome.missing:
        told.append(f"{clips(outcome.missing)} missing here and gone from the service")
    everything = totals.states[State.DONE] == totals.jobs and not outcome.missing and not stops
    return f"{'everything is done: ' if everything else ''}{'; '.join(told)}"


def left_lines(totals: Totals) -> list[str]:
    """Write the table of what is left, and what it may cost."""
    rows = [
        (word, totals.states[state], _cost(state, totals))
        for state, word in STATE_WORDS
        if totals.states[state] and state not in {State.DONE, State.FAILED}
    ]
    return [f"  {'left':<16} {'jobs':>6}", *(f"  {w:<16} {n:>6}  {cost}" for w, n, cost in rows)]


def _cost(state: State, totals: Totals) -> str:
    match state:
        case State.PENDING:
            return f"{price_text(totals.left_usd)}, not bought yet"
        case State.IN_DOUBT | State.SUBMITTING:
            return f"{price_text(totals.in_doubt_usd)}, counted as spent"
        case _:
            return "paid"
