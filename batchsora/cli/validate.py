"""`batchsora validate`."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import click

from batchsora.cli.options import PATH, models_option
from batchsora.cli.printing import out
from batchsora.cli.targets import take_aim
from batchsora.clock import system_now
from batchsora.errors import ManifestRefusedError, Problem
from batchsora.ledger.opening import empty
from batchsora.ledger.records import Records
from batchsora.runner.planning import Choice, meet
from batchsora.runner.taking import PROBLEMS_SHOWN


@click.command("validate")
@click.argument("manifest", type=PATH)
@models_option
def command(manifest: Path, models: Path | None) -> int:
    """Tell every problem of a manifest at once. Offline, and writes nothing.

    Example: batchsora validate manifests/campaign.yaml
    """
    opened = take_aim(manifest, None, models, simulate=False).manifest
    problems: list[Problem] = []
    count = jobs = 0
    # against no ledger and no folder: only the manifest itself is looked at
    with closing(empty()) as ledger:
        for met in meet(opened, Records(ledger), Path(os.devnull), Choice(), system_now()):
            if isinstance(met, Problem):
                count += 1
                problems.extend([met] * (count <= PROBLEMS_SHOWN))
            else:
                jobs += 1
    if problems:
        raise ManifestRefusedError(problems, count)
    out(f"{manifest}: {jobs} job{'s' if jobs != 1 else ''}, no problems")
    return 0
