"""The terminal's words for what happens in a run. Pure: it prints nothing."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from batchsora.job import Job, Reason, State
from batchsora.library.words import clips, cost_text, price_text
from batchsora.lifecycle import Event

if TYPE_CHECKING:
    from batchsora.ledger.examples import Examples
    from batchsora.ledger.totals import Totals
from batchsora.cli.columns import one_line, padded
from batchsora.reports.columns import usd_text
from batchsora.runner.progress import Told

_PLAIN_WORD = re.compile(r"[\w@%+=:,./-][\w@%+=:,./#-]*", re.ASCII)

# what a person wants a line for, and how it is called; the rest shows in the totals
NEWS: dict[str, str] = {
    Event.SUBMIT_ACCEPTED: "ordered",
    Event.SUBMIT_LOST: "IN DOUBT",
    Event.SUBMIT_REJECTED: "FAILED",
    Event.GAVE_UP: "FAILED",
    Event.IMAGE_UNREADABLE: "FAILED",
    Event.DOUBT_ADOPTED: "found at the service",
    Event.RENDER_FAILED: "FAILED",
    Event.DOWNLOAD_KEPT: "done",
    Event.DOWNLOAD_LOST: "FAILED",
    Event.FILE_LOST: "file lost",
}
NEWS_OF_THE_RUN = frozenset(
    {"paused", "stopping", "gathering", "woke"}
)  # why it stopped stands in the summary
# what only `--verbose` shows
DETAILS: dict[str, str] = {
    Event.SUBMIT_STARTED: "sending",
    Event.SUBMIT_DEFERRED: "put off",
    Event.RENDER_PROGRESSED: "rendering",
    Event.RENDER_COMPLETED: "rendered",
    Event.DOWNLOAD_DEFERRED: "download put off",
    Event.DOWNLOAD_CHECKED: "fetched",
}
NAME_WIDTH = 22
LONGEST_NAME = 48  # columns; the report has all of it

# in the order in which a person asks for them
STATE_WORDS: tuple[tuple[State, str], ...] = (
    (State.DONE, "done"),
    (State.FAILED, "failed"),
    (State.IN_DOUBT, "in doubt"),
    (State.RENDERED, "to fetch"),
    (State.RUNNING, "at the service"),
    (State.SUBMITTING, "being sent"),
    (State.PENDING, "waiting"),
)

REASON_HINTS: Mapping[Reason, str] = {
    Reason.REJECTED: "a value is not liked: change it in the manifest, and it is a new job",
    Reason.MODERATED: "change the prompt or the image in the manifest, and it is a new job",
    Reason.RENDER_FAILED: "to buy another try",
    Reason.EXPIRED: "fetch within the hour next time; to buy it anew",
    Reason.GAVE_UP: "nothing was sent: see to the network; to try again",
    Reason.IMAGE_UNREADABLE: "nothing was sent: mend the image; to try again",
    Reason.LOST: "settled so by a person; to buy it anew",
}
MENDED_IN_THE_MANIFEST = frozenset({Reason.REJECTED, Reason.MODERATED})  # a retry helps the others


def line_of(told: Told, *, verbose: bool = False, name_width: int = NAME_WIDTH) -> str | None:
    """Say what happened as a line; None where it is not worth one."""
    clock = clock_text(told.at)
    if told.job is None:
        return f"{clock} {told.message}" if told.what in NEWS_OF_THE_RUN else None
    word = NEWS.get(told.what) or (DETAILS.get(told.what) if verbose else None)
    if word is None:
        return None
    more = " · ".join(_more(told))
    name = padded(short_name(told.job.name), name_width)
    return f"{clock} {name} {word}{': ' if more else ''}{more}"


def short_name(name: str) -> str:
    """Cut a job's name to what a line has room for."""
    return one_line(name, LONGEST_NAME)


def shell_word(text: str) -> str:
    """Write a job's name, or a path, as a word of a command; a # inside a word is no comment."""
    return text if _PLAIN_WORD.fullmatch(text) else shlex.quote(text)


def _more(told: Told) -> list[str]:
    job = told.job
    if job is None:
        return []
    if told.fault is not None:
        reason = [reason_text(job.reason)] if job.reason else []
        return [*reason, told.fault.message, *filter(None, [told.fault.hint])]
    if told.what == Event.DOWNLOAD_KEPT and job.clip is not None:
        return [job.clip.file, *_render_words(job), *filter(None, [job.hint])]
    if told.what == Event.SUBMIT_ACCEPTED:
        return [price_text(job.price_usd)]
    return list(filter(None, [job.hint]))


def _render_words(job: Job) -> list[str]:
    if job.submitted_at is None or job.completed_at is None:
        return []
    took_s = max(0.0, (job.completed_at - job.submitted_at).total_seconds())
    return [f"made in {span_text(took_s)}"]


def states_text(totals: Totals) -> str:
    """Say how many jobs stand where: ``5 done, 2 at the service``."""
    told = (f"{totals.states[state]} {word}" for state, word in STATE_WORDS if totals.states[state])
    return ", ".join(told) or "no jobs"


def reasons_text(reasons: Mapping[Reason, int], named: Examples) -> str:
    """Say how many jobs failed for which reason: ``2 moderated (hat, cat#2), 1 expired (sun)``.

    Where there is but one reason, the number goes without saying.
    """
    found = [it for it in Reason if reasons.get(it)]
    told = (
        f"{f'{reasons[it]:,} ' if len(found) > 1 else ''}{reason_text(it)}"
        f"{names_text(named.get(it, ()), reasons[it])}"
        for it in found
    )
    return ", ".join(told)


def names_text(names: Sequence[str], count: int) -> str:
    """Name a few of so many jobs: `` (hat, cat#2, …)``; nothing where nobody names any."""
    if not names:
        return ""
    return f" ({', '.join([*map(short_name, names), *['…'] * (count > len(names))])})"


def reason_text(reason: Reason) -> str:
    """Write a reason in words."""
    return reason.value.replace("_", " ")


def money_text(totals: Totals) -> str:
    """Say what was spent, and what may have been: ``3.60 USD spent``."""
    return ", ".join(money_parts(totals))


def money_parts(totals: Totals) -> list[str]:
    """Say what was spent, and what may have been, in phrases."""
    told = [f"{usd_text(totals.spent_usd)} USD spent"]
    if totals.in_doubt_usd:
        told.append(f"{usd_text(totals.in_doubt_usd)} USD in doubt")
    if totals.reserved_usd:
        told.append(f"{usd_text(totals.reserved_usd)} USD reserved")
    if totals.unpriced:
        told.append(f"and {clips(totals.unpriced)} of unknown price")
    return told


def budget_text(totals: Totals, limit_usd: Decimal | None) -> str:
    """Say what it comes to: ``2.40 USD still to buy, at most 5.20 of 25.00 USD allowed``."""
    return ", ".join(budget_parts(totals, limit_usd))


def budget_parts(totals: Totals, limit_usd: Decimal | None) -> list[str]:
    """Say in phrases what is still to be bought, what it comes to at most, and how much may be."""
    left = totals.left_usd or totals.unpriced_left
    told = [f"{cost_text(totals.left_usd, totals.unpriced_left)} still to buy"] if left else []
    at_most = cost_text(totals.projected_usd, totals.unpriced + totals.unpriced_left)
    if limit_usd is None:
        return [*told, f"at most {at_most}"]
    limit = f"{usd_text(limit_usd)} USD"
    if totals.projected_usd > limit_usd:
        return [*told, f"all would be {at_most}, {limit} allowed"]
    return [*told, f"at most {at_most.removesuffix(' USD')} of {limit} allowed"]


def span_text(seconds: float) -> str:
    """Write a span: ``9 s``, ``2:05``, ``1:00:00``."""
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 - a minute
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def clock_text(at: datetime) -> str:
    """Write a time of day as the clock on the person's wall shows it."""
    return f"{at.astimezone():%H:%M:%S}"
