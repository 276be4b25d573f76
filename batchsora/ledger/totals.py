"""What the jobs of a ledger come to: how many stand where, and their money. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Self

from batchsora.job import Job, Reason, State
from batchsora.ledger.answers import Tally

_NOTHING = Decimal(0)


@dataclass(slots=True)
class Totals:
    """How many jobs stand where, and what they cost so far; kept by each transition."""

    states: Counter[State] = field(default_factory=Counter)
    spent_usd: Decimal = _NOTHING  # accepted, and so billed
    reserved_usd: Decimal = _NOTHING  # of requests on the wire
    in_doubt_usd: Decimal = _NOTHING
    left_usd: Decimal = _NOTHING  # what the jobs still to be submitted cost
    unpriced: int = 0  # purchases, made or under way, whose price is not known
    unpriced_left: int = 0  # jobs still to be submitted, of which the same is true
    reasons: Counter[Reason] = field(default_factory=Counter)  # of those that failed
    rendering: int = 0  # of those that run: out of the service's queue

    @classmethod
    def of(cls, tallies: Iterable[Tally]) -> Self:
        """Add up what the ledger counted."""
        totals = cls()
        for it in tallies:
            totals.spent_usd += it.spent_usd * it.jobs
            totals.unpriced += it.unpriced
            totals.rendering += it.rendering
            if it.reason is not None:
                totals.reasons[it.reason] += it.jobs
            totals._stand(it.state, it.price_usd, it.jobs)
        return totals

    @property
    def jobs(self) -> int:
        """How many jobs there are."""
        return self.states.total()

    @property
    def settled(self) -> int:
        """How many jobs will go no further."""
        return self.states[State.DONE] + self.states[State.FAILED]

    @property
    def queued(self) -> int:
        """How many jobs the service has, and does not render yet, as far as it tells."""
        return self.states[State.RUNNING] - self.rendering

    @property
    def at_service(self) -> int:
        """How many jobs the service has unfinished, or may have in an instant."""
        return self.states[State.SUBMITTING] + self.states[State.RUNNING]

    @property
    def bill_usd(self) -> Decimal:
        """What is billed, or may be: what is on the wire or in doubt counts."""
        return self.spent_usd + self.reserved_usd + self.in_doubt_usd

    @property
    def projected_usd(self) -> Decimal:
        """What the bill comes to when all that is left is bought, too."""
        return self.bill_usd + self.left_usd

    def to_come(self, limit_usd: Decimal | None) -> int:
        """How many jobs will still come to an end, if a budget lets no more be bought than that."""
        left = self.jobs - self.settled - self.states[State.IN_DOUBT]
        if limit_usd is None or self.projected_usd <= limit_usd or not self.left_usd:
            return left
        room = max(_NOTHING, limit_usd - self.bill_usd)
        pending = self.states[State.PENDING]
        return left - pending + int(pending * room / self.left_usd)

    def moved(self, before: Job, after: Job) -> None:
        """Count a transition."""
        self.spent_usd += after.spent_usd - before.spent_usd
        self.unpriced += after.unpriced - before.unpriced
        for job, count in ((before, -1), (after, 1)):
            self.rendering += count * _renders(job)
            if job.reason is not None:
                self.reasons[job.reason] += count
        self._stand(before.state, before.price_usd, -1)
        self._stand(after.state, after.price_usd, 1)

    def _stand(self, state: State, price_usd: Decimal | None, jobs: int) -> None:
        """Count jobs of one state and price in; with a negative number, out."""
        self.states[state] += jobs
        known = (price_usd or 0) * jobs
        match state:
            case State.SUBMITTING:
                self.reserved_usd += known
            case State.IN_DOUBT:
                self.in_doubt_usd += known
            case State.PENDING:
                self.left_usd += known
            case _:
                return
        if price_usd is None and state is State.PENDING:
            self.unpriced_left += jobs
        elif price_usd is None:
            self.unpriced += jobs


def _renders(job: Job) -> bool:
    return job.state is State.RUNNING and job.render_started_at is not None
