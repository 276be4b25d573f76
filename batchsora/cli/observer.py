"""Following a run from within: how it stands at each moment, at what pace, how long it takes."""

from __future__ import annotations

import asyncio
from collections import deque

from batchsora.cli.forecast import Load, Steady, left_s
from batchsora.cli.standing import (
    ENOUGH_TO_TELL,
    RECENT_S,
    Slowed,
    Standing,
    Waiting,
    free_bytes,
    pace_of,
)
from batchsora.job import Reason, State
from batchsora.ledger.examples import NAMED, examples
from batchsora.lifecycle import Event
from batchsora.runner.progress import Told
from batchsora.runner.session import Session, Work

AWAY_S = 5.0  # nobody has looked for so long: the program was suspended
FREE_EVERY_S = 5.0
ENDS_OF_DOUBT = frozenset({Event.DOUBT_ADOPTED, Event.DOUBT_CLEARED, Event.DOUBT_WRITTEN_OFF})


class Observer:
    """Follows a run from within: how it stands, at what pace, how long it takes.

    Its clock stands still while the program is suspended, so that nothing jumps afterwards.
    """

    def __init__(self, run: Session) -> None:
        self._run = run
        self._seen_at = _now()
        self._away_s = 0.0
        self._began_s = self._clock_s()
        self._kept: deque[float] = deque()
        self._newest_at = run.ledger.records.last_ordered_at()
        self._steady = Steady()
        self._free_bytes: int | None = None
        self._free_at: float | None = None
        self._names = _Names(run)

    def told(self, told: Told) -> None:
        """Follow an event."""
        if told.what == Event.DOWNLOAD_KEPT:
            self._kept.append(self._clock_s())
        self._names.told(told)
        if told.job is not None and told.what in {Event.SUBMIT_ACCEPTED, Event.DOUBT_ADOPTED}:
            self._newest_at = told.job.submitted_at

    def look(self) -> Standing:
        """Say how it stands now."""
        run, now_s = self._run, self._clock_s()
        while self._kept and self._kept[0] < now_s - RECENT_S:
            self._kept.popleft()
        pause, gate = run.gates.pause, run.gates.submit
        waiting = None
        if pause.left_s > 0 or pause.outage_s > 0:
            # why it waits stands in a line above; an outage has none of its own
            waiting = Waiting(pause.left_s, pause.why if pause.outage_s else "", pause.outage_s)
        asked = 60 / run.settings.rate.interval_s
        limit = run.slots.limit
        return Standing(
            scope=run.scope,
            totals=run.totals,
            limit_usd=run.settings.max_cost_usd,
            elapsed_s=now_s - self._began_s,
            clips_a_minute=self._clips_a_minute(now_s),
            left_s=self._left_s(now_s),
            slowed=Slowed(gate.per_minute, asked) if gate.is_slowed else None,
            at_once=limit if limit < run.settings.max_in_flight else None,
            waiting=waiting,
            free_bytes=self._free(now_s),
            stops=tuple(it.what for it in run.stopping.stops),
            named=self._names.found,
            is_ending=run.stopping.asked,
        )

    def _clock_s(self) -> float:
        gap_s = _now() - self._seen_at
        self._seen_at += gap_s
        if gap_s > AWAY_S:
            self._away_s += gap_s
        return self._seen_at - self._away_s

    def _clips_a_minute(self, now_s: float) -> float | None:
        if len(self._kept) < ENOUGH_TO_TELL:
            return None
        return len(self._kept) / max(1.0, min(RECENT_S, now_s - self._began_s)) * 60

    def _left_s(self, now_s: float) -> float | None:
        run = self._run
        if run.stopping.asked or run.work is Work.ORDER or run.gates.pause.outage_s > 0:
            return self._steady.left_s(now_s, None)
        newest_at = self._newest_at
        usual_s, late_s = run.times.spread() or (None, None)
        load = Load(
            to_order=0 if run.stopping.no_more_submits else _to_order(run),
            under_way=run.scope.at_service + run.scope.states[State.RENDERED],
            youngest_s=None if newest_at is None else (run.now() - newest_at).total_seconds(),
            usual_s=usual_s,
            late_s=late_s,
            orders_a_second=run.gates.submit.per_minute / 60,
            slots=run.slots.limit,
            seen_a_second=pace_of(len(self._kept), self._kept_span_s, usual_s),
            pause_s=run.gates.pause.left_s,
        )
        return self._steady.left_s(now_s, left_s(load))

    @property
    def _kept_span_s(self) -> float:
        return self._kept[-1] - self._kept[0] if self._kept else 0.0

    def _free(self, now_s: float) -> int | None:
        if self._free_at is None or now_s - self._free_at > FREE_EVERY_S:
            self._free_at, self._free_bytes = now_s, free_bytes(self._run.folder)
        return self._free_bytes


class _Names:
    """Names a few of the jobs that failed or are in doubt: the first ones of each kind."""

    def __init__(self, run: Session) -> None:
        known = examples(run.ledger.agenda.examples, run.scope)
        self.found: dict[Reason | None, list[str]] = {kind: [*it] for kind, it in known.items()}

    def told(self, told: Told) -> None:
        """Follow an event."""
        job = told.job
        if job is None:
            return
        doubts = self.found.setdefault(None, [])
        if told.what in ENDS_OF_DOUBT and job.name in doubts:
            doubts.remove(job.name)
        elif told.what == Event.SUBMIT_LOST:
            self._add(None, job.name)
        elif job.state is State.FAILED:
            self._add(job.reason, job.name)

    def _add(self, kind: Reason | None, name: str) -> None:
        names = self.found.setdefault(kind, [])
        if len(names) < NAMED and name not in names:
            names.append(name)


def _to_order(run: Session) -> int:
    if run.work is Work.COLLECT:
        return 0
    to_come = run.scope.to_come(run.settings.max_cost_usd)
    under_way = run.scope.at_service + run.scope.states[State.RENDERED]
    return max(0, to_come - under_way)


def _now() -> float:
    return asyncio.get_running_loop().time()
