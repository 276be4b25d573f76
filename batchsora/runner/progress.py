"""What a run tells while it goes on: events, one for each thing that happened, and totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Self

from batchsora.job import Fault, Job, State
from batchsora.ledger.answers import Tally


@dataclass(frozen=True, slots=True)
class Told:
    """Something that happened: to a job, or to the run as a whole."""

    at: datetime
    what: str  # an Event, or "started", "paused", "bug", "stopped", "ended"
    job: Job | None = None
    message: str = ""
    fault: Fault | None = None  # what went wrong just now; the job's own may be older


Tell = Callable[[Told], None]


@dataclass(slots=True)
class Totals:
    """How many jobs stand where, and what they cost so far; kept by each transition."""

    states: Counter[State] = field(default_factory=Counter)
    spent_usd: Decimal = Decimal(0)
    in_doubt_usd: Decimal = Decimal(0)
    left_usd: Decimal = Decimal(0)  # what the jobs still to be submitted cost
    unpriced: int = 0  # purchases whose price is not known

    @classmethod
    def of(cls, tallies: Iterable[Tally]) -> Self:
        """Add up what the ledger counted."""
        totals = cls()
        for tally in tallies:
            totals.add(tally.state, tally.price_usd, tally.jobs, tally.purchases)
        return totals

    @property
    def jobs(self) -> int:
        """How many jobs there are."""
        return self.states.total()

    @property
    def settled(self) -> int:
        """How many jobs will go no further."""
        return self.states[State.DONE] + self.states[State.FAILED]

    def add(self, state: State, price_usd: Decimal | None, jobs: int, purchases: int) -> None:
        """Count jobs of one state and price in; with negative numbers, out."""
        self.states[state] += jobs
        doubtful = jobs if state in {State.SUBMITTING, State.IN_DOUBT} else 0
        if price_usd is None:
            self.unpriced += purchases + doubtful
            return
        self.spent_usd += price_usd * purchases
        self.in_doubt_usd += price_usd * doubtful
        self.left_usd += price_usd * jobs if state is State.PENDING else 0

    def moved(self, before: Job, after: Job) -> None:
        """Count a transition."""
        self.add(before.state, before.price_usd, -1, -before.purchases)
        self.add(after.state, after.price_usd, 1, after.purchases)
