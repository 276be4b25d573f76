"""`batchsora status`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from batchsora.cli.onlooker import Look, Onlooker
from batchsora.cli.options import PATH
from batchsora.cli.picture import picture
from batchsora.cli.printing import Line, Span, is_terminal, out, out_exactly, width_of
from batchsora.cli.region import Region
from batchsora.cli.standing import Keys
from batchsora.cli.summary import ending_lines
from batchsora.clock import stamp
from batchsora.job import Reason, State
from batchsora.library.targets import find_run, shown
from batchsora.reports.columns import usd_text

# another process writes the ledger, and nothing rings here: who watches looks again
WATCH_EVERY_S = 1.0
WATCH_PLAIN_EVERY_S = 10.0  # into a file, where each look is a paragraph of its own
PLAIN_COLUMNS = 100  # where there is no terminal


@click.command("status")
@click.argument("target", required=False, type=PATH)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.option("--watch", is_flag=True, help="Look again until the run ends.")
def command(target: Path | None, *, as_json: bool, watch: bool) -> int:
    """Count what is done, running, failed and in doubt, and what it cost.

    Works while a run goes on, and afterwards. No TARGET: the run folder last written to.

    Example: batchsora status manifests/campaign.yaml
    """
    folder = find_run(target)
    onlooker = Onlooker(folder, Keys.WATCH if watch else Keys.NOWHERE)
    if as_json:
        _tell_programs(onlooker, watch=watch)
    elif watch and is_terminal(sys.stdout):
        _watch(onlooker)
    else:
        _tell(onlooker, watch=watch)
    return 0


def _tell_programs(onlooker: Onlooker, *, watch: bool) -> None:
    while True:
        look = onlooker.look()
        out_exactly(json.dumps(_object(look)))
        if not (watch and look.is_running):
            return
        time.sleep(WATCH_EVERY_S)


def _tell(onlooker: Onlooker, *, watch: bool) -> None:
    while True:
        look = onlooker.look()
        out(*_lines(look, width_of(sys.stdout)))
        if not (watch and look.is_running):
            return
        time.sleep(WATCH_PLAIN_EVERY_S)


def _watch(onlooker: Onlooker) -> None:
    """Draw at a terminal, in place, how a run stands; at its end, what came of it."""
    region = Region(sys.stdout)
    try:
        while (look := onlooker.look()).is_running:
            columns, rows = region.size
            region.draw([_head(look), *picture(look.standing, columns, rows - 1)])
            time.sleep(WATCH_EVERY_S)
    finally:
        region.clear()
    out(*_lines(look, width_of(sys.stdout)))


def _lines(look: Look, width: int | None) -> Iterator[Line]:
    if not look.is_running:
        yield from ending_lines(look.ending, width)
        return
    yield _head(look)
    columns = PLAIN_COLUMNS if width is None else width - 1
    yield from picture(look.standing, columns, has_bar=width is not None)


def _head(look: Look) -> tuple[Span, ...]:
    return (Span(f"{shown(look.ending.folder)} (running)", "strong"),)


def _object(look: Look) -> dict[str, Any]:
    totals, limit_usd = look.ending.totals, look.ending.limit_usd
    waiting, left_s = look.standing.waiting, look.standing.left_s
    return {
        "folder": str(look.ending.folder),
        "running": look.is_running,
        "jobs": totals.jobs,
        "states": {state.value: totals.states[state] for state in State},
        "reasons": {it.value: totals.reasons[it] for it in Reason if totals.reasons[it]},
        "missing": look.ending.missing,
        "rendering": totals.rendering,
        "spent_usd": usd_text(totals.spent_usd),
        "reserved_usd": usd_text(totals.reserved_usd),
        "in_doubt_usd": usd_text(totals.in_doubt_usd),
        "projected_usd": usd_text(totals.projected_usd),
        "max_cost_usd": None if limit_usd is None else usd_text(limit_usd),
        "unpriced": totals.unpriced,
        "clips_per_minute": round(look.standing.clips_a_minute or 0.0, 2),
        "orders_per_minute": look.orders_a_minute,
        "paused_until": _stamped(look.paused_until),
        "paused_because": waiting.why if waiting is not None else None,
        "left_s": None if left_s is None else round(left_s),
    }


def _stamped(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)
