"""A few of the jobs that a person has to see to, by their names. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from batchsora.job import Reason, State
from batchsora.ledger.totals import Totals

Examples = Mapping[Reason | None, Sequence[str]]
"""Names of the first jobs that failed, by their reasons; None: of those in doubt.

A name is the id, or `ID#TAKE` where other jobs have that id.
"""

NAMED = 3  # jobs of a kind: enough to see what they have in common; the report has all


def examples(
    name: Callable[[State, Reason | None, int], Sequence[str]], totals: Totals
) -> Examples:
    """Have jobs named of each kind that a person has to see to."""
    found: dict[Reason | None, Sequence[str]] = {
        reason: name(State.FAILED, reason, NAMED) for reason in Reason if totals.reasons[reason]
    }
    if totals.states[State.IN_DOUBT]:
        found[None] = name(State.IN_DOUBT, None, NAMED)
    return found
