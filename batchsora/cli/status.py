"""`batchsora status`."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from batchsora.cli.options import PATH
from batchsora.cli.printing import out
from batchsora.cli.summary import settle_text
from batchsora.cli.words import STATE_WORDS, budget_text, money_text, span_text
from batchsora.clock import system_now
from batchsora.job import State
from batchsora.ledger.lock import is_locked
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records
from batchsora.ledger.totals import Totals
from batchsora.library.targets import LEDGER, find_run, shown
from batchsora.reports.columns import usd_text

WATCH_EVERY_S = 2.0
ENOUGH = 3  # clips, before a rate is told
RECENT = timedelta(minutes=10)  # what the rate is taken from


@dataclass(frozen=True, slots=True)
class Status:
    """How a run stands."""

    folder: Path
    is_running: bool
    totals: Totals
    max_cost_usd: Decimal | None  # the budget of the last run
    per_minute: float  # clips that came lately

    @property
    def left_s(self) -> float | None:
        """Seconds until all are here that will be, at this rate; None where there is none."""
        left = self.totals.to_come(self.max_cost_usd)
        return left / self.per_minute * 60 if self.per_minute and self.is_running else None


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
    status = read_status(folder)
    _print(status, as_json=as_json)
    while watch and status.is_running:
        time.sleep(WATCH_EVERY_S)  # another process writes the ledger: nothing rings here
        status = read_status(folder)
        if not as_json:
            click.clear()  # does nothing where there is no terminal
        _print(status, as_json=as_json)
    return 0


def read_status(folder: Path) -> Status:
    """Look at a run folder."""
    with closing(open_for_reading(folder / LEDGER)) as ledger:
        return _status_of(folder, Records(ledger))


def _status_of(folder: Path, records: Records) -> Status:
    now = system_now()
    kept = records.kept_since(now - RECENT)
    # one clip says nothing of how fast the next ones come
    per_minute = 0.0
    if kept.since is not None and kept.count >= ENOUGH:
        per_minute = kept.count / max(1.0, (now - kept.since).total_seconds()) * 60
    running = is_locked(folder / "work" / "lock")
    campaign = records.campaign()
    max_cost_usd = None if campaign is None else campaign.max_cost_usd
    return Status(folder, running, Totals.of(records.tallies()), max_cost_usd, per_minute)


def _print(status: Status, *, as_json: bool) -> None:
    if as_json:
        out(json.dumps(_object(status)))
        return
    totals = status.totals
    out(f"{shown(status.folder)}{' (running)' if status.is_running else ''}")
    for state, word in STATE_WORDS:
        if totals.states[state]:
            out(f"  {word:<16} {totals.states[state]:>7}")
    out(f"  {money_text(totals)}")
    if totals.left_usd or status.max_cost_usd is not None:
        out(f"  {budget_text(totals, status.max_cost_usd)}")
    if status.left_s is not None:
        out(f"  {status.per_minute:.1f} clips a minute, about {span_text(status.left_s)} left")
    if totals.states[State.IN_DOUBT]:
        out(f"  {settle_text(status.folder)}")


def _object(status: Status) -> dict[str, Any]:
    totals, limit_usd = status.totals, status.max_cost_usd
    return {
        "folder": str(status.folder),
        "running": status.is_running,
        "states": {state.value: totals.states[state] for state in State},
        "spent_usd": usd_text(totals.spent_usd),
        "reserved_usd": usd_text(totals.reserved_usd),
        "in_doubt_usd": usd_text(totals.in_doubt_usd),
        "projected_usd": usd_text(totals.projected_usd),
        "max_cost_usd": None if limit_usd is None else usd_text(limit_usd),
        "unpriced": totals.unpriced,
        "clips_per_minute": round(status.per_minute, 2),
        "left_s": None if status.left_s is None else round(status.left_s),
    }
