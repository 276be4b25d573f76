"""Totals as programs have them: how many jobs stand where, and what they cost. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from batchsora.job import State
from batchsora.ledger import totals


@dataclass(frozen=True, slots=True)
class Totals:
    """How many jobs stand where, and their money, at one moment; named as in ``report.json``."""

    pending: int
    submitting: int
    in_doubt: int
    running: int
    rendered: int
    done: int
    failed: int
    spent_usd: Decimal  # accepted, and so billed
    reserved_usd: Decimal  # of requests on the wire
    in_doubt_usd: Decimal
    projected_usd: Decimal  # when all that is left is bought, too
    unpriced: int  # purchases whose price is not known

    @property
    def jobs(self) -> int:
        """How many jobs there are."""
        return sum(getattr(self, state) for state in State)

    @property
    def bill_usd(self) -> Decimal:
        """What is billed, or may be."""
        return sum((self.spent_usd, self.reserved_usd, self.in_doubt_usd), start=Decimal(0))

    @classmethod
    def of(cls, found: totals.Totals) -> Totals:
        """Take them as they are now."""
        return cls(
            **{state.value: found.states[state] for state in State},
            spent_usd=found.spent_usd,
            reserved_usd=found.reserved_usd,
            in_doubt_usd=found.in_doubt_usd,
            projected_usd=found.projected_usd,
            unpriced=found.unpriced,
        )

    def __str__(self) -> str:
        """Say it in words: ``2 done, 1 failed; 0.80 USD``."""
        counts = {state.value.replace("_", " "): getattr(self, state) for state in State}
        told = ", ".join(f"{jobs} {word}" for word, jobs in reversed(counts.items()) if jobs)
        return f"{told or 'no jobs'}; {self.bill_usd:.2f} USD"
