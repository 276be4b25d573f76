"""Heeding: what an answer means for everybody, not for its own job alone."""

from __future__ import annotations

from batchsora.backoff import Backoff
from batchsora.runner.pacing import Gate
from batchsora.runner.session import Session
from batchsora.service.verdicts import Kind, Verdict

PAUSES = Backoff(first_s=2.0, ceiling_s=120.0)  # after a 429 that says nothing of how long


async def heed(run: Session, gate: Gate, verdict: Verdict, generation: int) -> None:
    """Let what the service answered slow everybody down, or let this gate speed up."""
    if verdict.unsent:
        _miss(run, verdict)
        return
    if (outage_s := run.gates.pause.outage_s) > 0:
        run.say("paused", f"the service is reached again, after {outage_s:.0f} s")
    run.gates.pause.reached()
    match verdict.kind:
        case Kind.PAUSE if _is_too_full(run, gate, verdict):
            _shrink(run, verdict)
        case Kind.PAUSE:
            _pause(run, gate, verdict, generation)
            await gate.pushed_back(generation, named=verdict.wait_s is not None)
        case Kind.STOP if verdict.stop is not None:
            run.stopping.ask(verdict.stop)
        case Kind.OK:
            gate.pauses = 0
            await gate.let_in()
        case _:
            pass


def _miss(run: Session, verdict: Verdict) -> None:
    """Let everybody wait for one that tries again: the service was not reached at all."""
    pause = run.gates.pause
    why = verdict.fault.message if verdict.fault else ""
    if pause.missed(run.chance(), why) and verdict.fault is not None:
        wait = f"trying again in {pause.left_s:.0f} s"
        run.say("paused", f"the service can't be reached, {wait}: {verdict.fault.message}")
        run.troubles.unreachable(verdict.fault, pause.outage_s)


def _is_too_full(run: Session, gate: Gate, verdict: Verdict) -> bool:
    """Tell whether one of our own jobs has to end before another one is taken."""
    return verdict.concurrency and gate is run.gates.submit and run.totals.at_service > 0


def _shrink(run: Session, verdict: Verdict) -> None:
    """Keep fewer jobs at the service: one of those that run has to end, and nobody else waits."""
    before = run.slots.limit
    run.slots.refused(run.totals.at_service, verdict.wait_s or 0.0)
    if run.slots.limit < before:
        jobs = "1 job" if run.slots.limit == 1 else f"{run.slots.limit} jobs"
        run.say("paused", f"{jobs} at once from now on: {_why(verdict)}")


def _pause(run: Session, gate: Gate, verdict: Verdict, generation: int) -> None:
    # what four requests on the wire are told at once is one pause
    gate.pauses += generation == gate.generation
    wait_s = verdict.wait_s
    if wait_s is None:
        wait_s = PAUSES.wait_s(gate.pauses, run.chance())
    is_longer = wait_s > run.gates.pause.left_s
    run.gates.pause.push(wait_s, _why(verdict))
    if is_longer:
        run.say("paused", f"paused for {wait_s:.0f} s, as the service asks: {_why(verdict)}")


def _why(verdict: Verdict) -> str:
    return verdict.fault.message if verdict.fault else "too many requests"
