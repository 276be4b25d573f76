"""What a run tells while it goes on: events, one for each thing that happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from batchsora.job import Job, State
from batchsora.lifecycle import Event


@dataclass(frozen=True, slots=True)
class Told:
    """Something that happened: to a job, or to the run as a whole."""

    at: datetime
    what: str  # an Event, or "paused", "stopping"
    job: Job | None = None
    message: str = ""


Tell = Callable[[Told], None]


@dataclass(slots=True)
class Totals:
    """How many jobs stand where, and what they cost so far; kept by each transition."""

    states: Counter[State] = field(default_factory=Counter)
    spent_usd: Decimal = Decimal(0)
    in_doubt_usd: Decimal = Decimal(0)
    unpriced: int = 0  # purchases whose price is not known

    def add(self, state: State, price_usd: Decimal | None, jobs: int, purchases: int) -> None:
        """Count jobs of one state and price in; with negative numbers, out."""
        self.states[state] += jobs
        doubtful = jobs if state in {State.SUBMITTING, State.IN_DOUBT} else 0
        if price_usd is None:
            self.unpriced += purchases + doubtful
            return
        self.spent_usd += price_usd * purchases
        self.in_doubt_usd += price_usd * doubtful

    def moved(self, before: Job, after: Job) -> None:
        """Count a transition."""
        self.add(before.state, before.price_usd, -1, -before.purchases)
        self.add(after.state, after.price_usd, 1, after.purchases)


# what a person wants a line for; the rest shows in the totals
NEWS = frozenset(
    {
        Event.SUBMIT_ACCEPTED,
        Event.SUBMIT_LOST,
        Event.SUBMIT_REJECTED,
        Event.GAVE_UP,
        Event.IMAGE_UNREADABLE,
        Event.DOUBT_ADOPTED,
        Event.RENDER_FAILED,
        Event.DOWNLOAD_KEPT,
        Event.DOWNLOAD_LOST,
        Event.FILE_LOST,
    }
)
