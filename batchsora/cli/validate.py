"""`batchsora validate`."""

from __future__ import annotations

from pathlib import Path

import click

from batchsora.cli.looking import Found, look_at
from batchsora.cli.options import PATH, encoding_option, models_option
from batchsora.cli.printing import err, out
from batchsora.library.targets import take_aim
from batchsora.library.words import cost_text


@click.command("validate")
@click.argument("manifest", type=PATH)
@models_option
@encoding_option
def command(manifest: Path, models: Path | None, encoding: str) -> int:
    """Tell every problem of a manifest at once. Offline, and writes nothing.

    Where there is none, it says how many jobs there are, and what all of them cost.

    Example: batchsora validate manifests/campaign.yaml
    """
    opened = take_aim(manifest, None, models, simulate=False, encoding=encoding).manifest
    found = look_at(opened)
    for note in opened.notes:
        (err if found.problems.count else out)(note)
    found.problems.insist()
    out(f"{manifest}: {_text(found)}")
    return 0


def _text(found: Found) -> str:
    jobs = f"{found.jobs:,} job{'s' if found.jobs != 1 else ''}"
    rows = f" of {found.rows:,} row{'s' if found.rows != 1 else ''}"
    price = f"; {cost_text(found.price.usd, found.price.unpriced)} in all"
    return f"{jobs}{rows * (found.jobs != found.rows)}, no problems{price * (found.jobs > 0)}"
