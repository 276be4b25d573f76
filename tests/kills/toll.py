"""What a number of kills has cost: where they met the runner, and how many doubts each made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal, get_args

from .campaign import Noted
from .promises import Broken

Phase = Literal["starting", "submitting", "watching", "fetching", "reporting"]
PHASES: tuple[Phase, ...] = get_args(Phase)
INTERRUPTED = "interrupted"  # the fault of a doubt that a crash made, as the ledger has it


@dataclass(slots=True)
class Toll:
    """The crashes of a campaign, or of several."""

    phases: Counter[Phase] = field(default_factory=Counter)
    doubts: Counter[int] = field(default_factory=Counter)  # crashes, by the doubts that each made
    lost: int = 0  # doubts that lost or spoiled answers made
    bought: int = 0  # creates that were accepted

    @property
    def kills(self) -> int:
        """How many kills have met a living runner."""
        return self.phases.total()

    def count(self, before: Collection[Noted], after: Collection[Noted], log: str) -> int:
        """Count a crash, by the ledger before and after that life, and the log of that life.

        Returns how many doubts it made: rows of requests that were on the wire. Those that an
        earlier crash has left are not counted again, nor those of which an answer was lost.
        """
        made = len(_on_the_wire(after) - _on_the_wire(before))
        self.doubts[made] += 1
        self.phases[_phase(after, made, log)] += 1
        return made

    def close(self, faults: Counter[str], bought: int) -> None:
        """Hold the count against the ledger's own history: why each doubt came up."""
        by_crash = sum(doubts * crashes for doubts, crashes in self.doubts.items())
        if faults[INTERRUPTED] != by_crash:
            raise Broken(f"crashes left {by_crash} requests on the wire, the history has {faults}")
        self.lost += faults.total() - by_crash
        self.bought += bought

    def add(self, other: Toll) -> None:
        """Add that of another campaign."""
        self.phases += other.phases
        self.doubts += other.doubts
        self.lost += other.lost
        self.bought += other.bought


def _on_the_wire(noted: Collection[Noted]) -> set[tuple[str, int]]:
    return {(it.id, it.attempts) for it in noted if it.state == "submitting"}


def _phase(left: Collection[Noted], doubts: int, log: str) -> Phase:
    """Say what the runner was at; of several things at once, the first of these."""
    states = {it.state for it in left}
    if '"event": "started"' not in log:
        return "starting"
    if '"event": "stopped"' in log or states == {"done"}:
        return "reporting"
    if doubts:
        return "submitting"
    return "fetching" if "rendered" in states else "watching"
