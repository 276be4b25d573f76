"""A look at a manifest by itself: against no ledger and no run folder. Reads files."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from batchsora.cli.ticking import ticking
from batchsora.clock import system_now
from batchsora.errors import Problem
from batchsora.ledger.opening import empty
from batchsora.ledger.records import Records
from batchsora.library.plan_sums import Money, Problems
from batchsora.manifest import Manifest
from batchsora.planned import Planned
from batchsora.runner.choosing import Choice
from batchsora.runner.planning import Met, meet


@dataclass(slots=True)
class Found:
    """What is in a manifest."""

    problems: Problems = field(default_factory=Problems)
    rows: int = 0
    jobs: int = 0
    price: Money = field(default_factory=Money)
    _row: int = 0

    def add(self, planned: Planned) -> None:
        """Count a job."""
        self.rows += planned.row != self._row
        self._row = planned.row
        self.jobs += 1
        self.price.add(planned.price_usd)


def look_at(manifest: Manifest) -> Found:
    """Read a manifest to its end."""
    found = Found()
    with closing(empty()) as ledger:
        nowhere = Path(os.devnull)
        for met in ticking(meet(manifest, Records(ledger), nowhere, Choice(), system_now())):
            match met:
                case Problem():
                    found.problems.add(met)
                case Met():
                    found.add(met.planned)
                case _:
                    pass
    return found
