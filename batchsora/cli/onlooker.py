"""How a run stands as its ledger tells another process, also after its end."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from batchsora.cli.forecast import Load, Steady, left_s
from batchsora.cli.going_on import command_for
from batchsora.cli.standing import (
    ENOUGH_TO_TELL,
    RECENT_S,
    Keys,
    Standing,
    Waiting,
    free_bytes,
    pace_of,
)
from batchsora.cli.summary import Ending
from batchsora.clock import system_now
from batchsora.job import State
from batchsora.ledger.answers import Kept
from batchsora.ledger.examples import examples
from batchsora.ledger.lately import Lately
from batchsora.ledger.lock import is_locked
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records
from batchsora.ledger.totals import Totals
from batchsora.library.targets import LEDGER
from batchsora.runner.render_times import RenderTimes

MINUTE = timedelta(minutes=1)
TIMES_READ = 200  # renders: more than are remembered of the kinds that a run has


@dataclass(frozen=True, slots=True)
class Look:
    """What an onlooker sees."""

    is_running: bool
    standing: Standing
    ending: Ending
    orders_a_minute: int
    paused_until: datetime | None


class Onlooker:
    """Looks at a run folder, once or again and again."""

    def __init__(self, folder: Path, keys: Keys) -> None:
        self._folder = folder
        self._keys = keys
        self._steady = Steady()

    def look(self) -> Look:
        """Look at it now; raises LedgerError."""
        is_running = is_locked(self._folder / "work" / "lock")
        with closing(open_for_reading(self._folder / LEDGER)) as ledger:
            records, lately, now = Records(ledger), Lately(ledger), system_now()
            totals = Totals.of(records.tallies())
            until = lately.put_off_until() if is_running else None
            until = until if until is not None and until > now else None
            waiting = _waiting(lately, until, now) if is_running else None
            ending = self._ending(records, totals)
            kept = records.kept_since(now - timedelta(seconds=RECENT_S))
            left = None
            if is_running:
                load = _load(records, totals, kept, now, limit_usd=ending.limit_usd)
                pause_s = 0.0 if waiting is None else waiting.left_s
                left = self._steady.left_s(time.monotonic(), left_s(replace(load, pause_s=pause_s)))
            standing = Standing(
                scope=totals,
                totals=totals,
                limit_usd=ending.limit_usd,
                named=ending.examples,
                clips_a_minute=_clips_a_minute(kept, now),
                left_s=left,
                waiting=waiting,
                free_bytes=free_bytes(self._folder),
                keys=self._keys,
            )
            return Look(is_running, standing, ending, lately.orders_since(now - MINUTE), until)

    def _ending(self, records: Records, totals: Totals) -> Ending:
        campaign = records.campaign()
        return Ending(
            name=self._folder.name if campaign is None else campaign.name,
            service="" if campaign is None else campaign.service,
            folder=self._folder,
            scope=totals,
            totals=totals,
            examples=examples(records.examples, totals),
            go_on=command_for(self._folder, records),
            missing=records.count_missing(),
            began_at=None if campaign is None else campaign.began_at,
            limit_usd=None if campaign is None else campaign.max_cost_usd,
        )


def _waiting(lately: Lately, until: datetime | None, now: datetime) -> Waiting | None:
    why = lately.put_off_because()
    if until is not None:
        return Waiting((until - now).total_seconds(), why or "")
    return None if why is None else Waiting(0.0, why)


def _clips_a_minute(kept: Kept, now: datetime) -> float | None:
    if kept.since is None or kept.count < ENOUGH_TO_TELL:
        return None
    return kept.count / max(1.0, (now - kept.since).total_seconds()) * 60


def _load(
    records: Records, totals: Totals, kept: Kept, now: datetime, *, limit_usd: Decimal | None
) -> Load:
    times = RenderTimes.recalled(0.0, records.render_times(TIMES_READ))
    usual_s, late_s = times.spread() or (None, None)
    newest_at = records.last_ordered_at()
    under_way = totals.at_service + totals.states[State.RENDERED]
    rate = _clips_a_minute(kept, now)
    pace = None if rate is None else rate / 60
    if kept.first_at is not None and kept.last_at is not None:
        pace = pace_of(kept.count, (kept.last_at - kept.first_at).total_seconds(), usual_s) or pace
    return Load(
        to_order=max(0, totals.to_come(limit_usd) - under_way),
        under_way=under_way,
        youngest_s=None if newest_at is None else (now - newest_at).total_seconds(),
        usual_s=usual_s,
        late_s=late_s,
        slots=max(1, totals.at_service),
        seen_a_second=pace,
    )
