"""The end of a run, for a person: what came of it, what is left, and how to go on.

A few lines below each other, without colours: they can be pasted into a message as they are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from batchsora.cli.columns import folded, folded_command
from batchsora.cli.printing import err, out_if_heard, width_of
from batchsora.cli.words import (
    MENDED_IN_THE_MANIFEST,
    REASON_HINTS,
    STATE_WORDS,
    budget_text,
    money_text,
    names_text,
    reason_text,
    shell_word,
    span_text,
    states_text,
)
from batchsora.errors import Stop, StopReason
from batchsora.job import Reason, State
from batchsora.ledger.examples import Examples
from batchsora.ledger.totals import Totals
from batchsora.library.services import SIMULATOR
from batchsora.library.targets import shown
from batchsora.library.words import clips, price_text

if TYPE_CHECKING:
    from decimal import Decimal

    from batchsora.runner.campaign import Outcome

LABEL = 12  # columns
HOW_TO_SETTLE = "--video VIDEO_ID | --not-made | --lost"
ANSWERS = (  # to whether the video of a job in doubt is there
    ("--video VIDEO_ID", "it is, and this is its id: the next run fetches it"),
    ("--not-made", "it is not, and was not paid: the next run buys it"),
    ("--lost", "it was paid, and is gone: it counts as failed"),
)


@dataclass(frozen=True, slots=True)
class Ending:
    """What is to be said of a run that has ended, or stands still."""

    name: str
    folder: Path
    scope: Totals  # of the jobs that it was about
    totals: Totals  # of all that the ledger reports
    examples: Examples
    go_on: str  # the command
    service: str = ""
    began_at: datetime | None = None
    ended_at: datetime | None = None
    took_s: float | None = None
    limit_usd: Decimal | None = None
    missing: int = 0  # clips that were removed here, and are gone at the service
    stops: Sequence[Stop] = field(default=())

    @property
    def is_well(self) -> bool:
        """Tell whether every job has its clip, and nobody has to see to anything."""
        all_done = self.scope.states[State.DONE] == self.scope.jobs
        return all_done and not (self.missing or self.stops or self.totals.states[State.IN_DOUBT])


def sum_up(outcome: Outcome, stops: Sequence[Stop], folder: Path) -> None:
    """Print the result of a run."""
    out_if_heard(*folded(result_text(outcome, stops), width_of(sys.stdout)))
    out_if_heard(shown(folder / "report.csv"))


def explain(ending: Ending, log: Path) -> None:
    """Tell a person why a run ended, what came of it, what is left, and how to go on."""
    width = width_of(sys.stderr)
    for stop in ending.stops:
        told = [f"stopped: {stop.what}", *[f"  mend: {stop.mend}"] * bool(stop.mend)]
        if stop.reason is StopReason.BUG:
            told.append(f"  what happened is in {shown(log)}; please report it")
        err(*(it for line in told for it in folded(line, width)))
    err(*ending_lines(ending, width))


def ending_lines(ending: Ending, width: int | None = None) -> Iterator[str]:
    """Write the lines; where there is a width, none is wider but for a name without an end."""
    yield from folded(_head(ending), width)
    room = None if width is None else width - LABEL - 2
    for label, text, is_command in _facts(ending):
        for at, line in enumerate(
            folded_command(text, room) if is_command else folded(text, room, "")
        ):
            yield f"  {label if at == 0 else '':<{LABEL}}{line}"


def _head(ending: Ending) -> str:
    simulated = ", simulated" if ending.service == SIMULATOR else ""
    told = [f"{ending.name}{simulated}{_verdict(ending)}"]
    if ending.began_at is not None:
        began = f"{ending.began_at.astimezone():%-d %b %Y, %H:%M}"
        ended = "" if ending.ended_at is None else f" to {ending.ended_at.astimezone():%H:%M}"
        told.append(f"{began}{ended}" if ended else f"begun {began}")
    if ending.took_s is not None:
        told.append(f"this run took {span_text(ending.took_s)}")
    return " · ".join(told)


def _verdict(ending: Ending) -> str:
    """Say in a word or two how it ended, or that it does not go on."""
    if ending.is_well:
        return ": all done" if ending.scope.jobs == ending.totals.jobs else ": all chosen are done"
    if ending.ended_at is None:
        how = "not running"
    else:
        is_left = _is_left(ending.scope)
        how = "stopped" if ending.stops else "not all done" if is_left else "finished"
    needy = ending.scope.states[State.FAILED] + ending.totals.states[State.IN_DOUBT]
    needs = "needs" if needy == 1 else "need"
    return f": {how}{f', {needy:,} {needs} you' if needy else ''}"


Fact = tuple[str, str, bool]  # a label, what is said, and whether that is a command


def _facts(ending: Ending) -> Iterator[Fact]:
    scope, totals = ending.scope, ending.totals
    done, videos = scope.states[State.DONE], shown(ending.folder / "videos")
    yield "clips:", f"{done:,} of {scope.jobs:,} are here{f', in {videos}' if done else ''}", False
    yield "money:", _money(ending), False
    label = "failed:"
    for reason in Reason:
        if count := scope.reasons[reason]:
            names = names_text(ending.examples[reason], count)
            yield label, f"{count:,} {reason_text(reason)}{names}", False
            has_command = reason not in MENDED_IN_THE_MANIFEST
            yield "", f"{REASON_HINTS[reason]}{':' if has_command else ''}", False
            if has_command:
                folder = shell_word(shown(ending.folder))
                yield "", f"batchsora retry {folder} --reason {reason.value}", True
            label = ""
    if ending.missing:
        yield "missing:", f"{clips(ending.missing)}, removed here and gone at the service", False
    if doubts := totals.states[State.IN_DOUBT]:
        yield from _doubt_facts(ending, doubts)
    yield from _left(ending)
    if goes_on(ending.scope, ending.stops):
        yield "go on with:", ending.go_on, True
    elif not ending.is_well and not ending.stops:
        yield "after that:", ending.go_on, True
    if (report := ending.folder / "report.html").exists():
        yield "open:", shown(report), True


def _money(ending: Ending) -> str:
    told = [money_text(ending.totals)]
    if ending.totals.left_usd or ending.limit_usd is not None:
        told.append(budget_text(ending.totals, ending.limit_usd))
    return "; ".join(told)


def _doubt_facts(ending: Ending, doubts: int) -> Iterator[Fact]:
    names = names_text(ending.examples[None], doubts)
    yield "in doubt:", f"{doubts:,}{names}: ordered, and no answer came; maybe paid", False
    site = "the service's site" if ending.service in {"", SIMULATOR} else ending.service
    whether = "whether its video is there" if doubts == 1 else "for each whether its video is there"
    yield "", f"look at {site} {whether}; then say so:", False
    job = "JOB" if doubts > 1 else shell_word(ending.examples[None][0])
    folder = shell_word(shown(ending.folder))
    yield "", f"batchsora show {folder} {job}", True
    yield "", "  what was ordered, and when; no other job waits for it", False
    command = f"batchsora resolve {folder} {job}"
    for flag, meaning in ANSWERS:
        yield "", f"{command} {flag}", True
        yield "", f"  {meaning}", False


def _left(ending: Ending) -> Iterator[Fact]:
    scope, label = ending.scope, "left:"
    for state, word in STATE_WORDS:
        if scope.states[state] and state not in {State.DONE, State.FAILED, State.IN_DOUBT}:
            yield label, f"{scope.states[state]:,} {word}: {_cost(state, scope)}", False
            label = ""
    if scope.states[State.RUNNING] and not ending.stops and ending.ended_at is not None:
        yield label, "what is there was waited for as long as --job-timeout says", False


def _cost(state: State, totals: Totals) -> str:
    match state:
        case State.PENDING:
            return f"{price_text(totals.left_usd)}, not bought yet"
        case State.SUBMITTING:
            return f"{price_text(totals.reserved_usd)}, counted as spent"
        case _:
            return "paid"


def _is_left(scope: Totals) -> bool:
    return any(scope.states[it] for it in (State.PENDING, State.RUNNING, State.RENDERED))


def goes_on(scope: Totals, stops: Sequence[Stop]) -> bool:
    """Tell whether the same command would do more."""
    needs_another = {StopReason.BUDGET, StopReason.UNPRICED, StopReason.DETACHED}
    return _is_left(scope) and not any(it.reason in needs_another for it in stops)


def settle_text(folder: Path) -> str:
    """Write the command that settles a doubt."""
    command = f"batchsora resolve {shell_word(shown(folder))} JOB {HOW_TO_SETTLE}"
    return f"settle what is in doubt with: {command}"


def result_text(outcome: Outcome, stops: Sequence[Stop]) -> str:
    """Say in a line what came of a run."""
    totals = outcome.totals
    others = totals.states[State.PENDING] - outcome.scope.states[State.PENDING]
    not_chosen = f", {others} of them not chosen" if others > 0 else ""
    told = [f"{states_text(totals)}{not_chosen}", money_text(totals)]
    if outcome.missing:
        told.append(f"{clips(outcome.missing)} missing here and gone from the service")
    everything = totals.states[State.DONE] == totals.jobs and not outcome.missing and not stops
    return f"{'everything is done: ' if everything else ''}{'; '.join(told)}"
