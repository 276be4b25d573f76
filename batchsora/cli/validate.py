"""`batchsora validate`."""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import click

from batchsora.cli.options import PATH, models_option
from batchsora.cli.plan_sums import Money, Problems
from batchsora.cli.printing import err, out
from batchsora.cli.targets import take_aim
from batchsora.cli.ticking import ticking
from batchsora.cli.words import cost_text
from batchsora.clock import system_now
from batchsora.errors import Problem
from batchsora.ledger.opening import empty
from batchsora.ledger.records import Records
from batchsora.manifest import Manifest
from batchsora.planned import Planned
from batchsora.runner.planning import Choice, Met, meet


@click.command("validate")
@click.argument("manifest", type=PATH)
@models_option
def command(manifest: Path, models: Path | None) -> int:
    """Tell every problem of a manifest at once. Offline, and writes nothing.

    Example: batchsora validate manifests/campaign.yaml
    """
    opened = take_aim(manifest, None, models, simulate=False).manifest
    found = _look_at(opened)
    for note in opened.notes:
        (err if found.problems.count else out)(note)
    found.problems.insist()
    out(f"{manifest}: {found}")
    return 0


@dataclass(slots=True)
class _Found:
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

    def __str__(self) -> str:
        """Say that it is in order."""
        jobs = f"{self.jobs:,} job{'s' if self.jobs != 1 else ''}"
        rows = f" of {self.rows:,} row{'s' if self.rows != 1 else ''}"
        whole = f"; {cost_text(self.price.usd, self.price.unpriced)} in all"
        return (
            f"{jobs}{rows if self.jobs != self.rows else ''}, no problems{whole * (self.jobs > 0)}"
        )


def _look_at(manifest: Manifest) -> _Found:
    """Read it to its end: against no ledger and no folder, only the manifest itself is met."""
    found = _Found()
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
