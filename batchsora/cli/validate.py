"""`batchsora validate`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from batchsora.errors import ManifestRefusedError, Problem
from batchsora.ledger.opening import empty
from batchsora.ledger.records import Records
from batchsora.manifest import open_manifest
from batchsora.runner.campaign import PROBLEMS_SHOWN
from batchsora.runner.planning import Choice, meet


@click.command("validate")
@click.argument("manifest", type=click.Path(path_type=Path))
def command(manifest: Path) -> int:
    """Tell every problem of a manifest at once; offline, and writes nothing.

    Example: batchsora validate manifests/campaign.yaml
    """
    opened = open_manifest(manifest)
    problems: list[Problem] = []
    count = jobs = 0
    for met in meet(opened, Records(empty()), Path(os.devnull), Choice()):
        if isinstance(met, Problem):
            count += 1
            problems.extend([met] * (count <= PROBLEMS_SHOWN))
        else:
            jobs += 1
    if problems:
        raise ManifestRefusedError(problems, count)
    click.echo(f"{manifest}: {jobs} jobs, no problems")
    return 0
