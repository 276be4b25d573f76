"""A run as a few lines below each other: the most important first, in any width. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from batchsora.cli.columns import columns_of, cut, one_line
from batchsora.cli.forecast import rounded_s
from batchsora.cli.printing import NARROWEST, Span
from batchsora.cli.standing import Keys, Slowed, Standing, Waiting
from batchsora.cli.words import (
    budget_parts,
    money_parts,
    names_text,
    reasons_text,
    span_text,
)
from batchsora.job import State
from batchsora.reports.columns import usd_text

Spans = tuple[Span, ...]
Topic = tuple[str, Sequence[Span]]  # a word, and what is said of it, the most important first

LABEL = 8  # columns
BETWEEN = " · "
WIDE = 140  # from here on, two topics stand beside each other
ON_THE_LEFT = frozenset({"wrong", "waits", "stops", "money"})
LINES_EACH = 3  # of a topic; what has no room in them is left out
NARROW = 60  # columns: in fewer, a topic has a line more
LONGEST_BAR = 60
LEAST_BAR = 12
LONGEST_WHY = 300


def picture(
    standing: Standing, width: int, height: int = 24, *, has_bar: bool = True
) -> list[Spans]:
    """Draw how a run stands: no line is wider than `width`, and there are less than `height`."""
    width = max(NARROWEST, width)
    lines = [*_progress(standing, width, has_bar=has_bar)]
    topics = [*_topics(standing)]
    if width >= WIDE:
        lines += _paired(topics, width)
    else:
        lines += [line for topic in topics for line in _flowed(topic, width)]
    return lines[: max(1, height - 1)]


def heartbeat(standing: Standing) -> str:
    """Say in a line how a run stands, for a log."""
    scope, totals = standing.scope, standing.totals
    told = [f"{scope.states[State.DONE]:,} of {scope.jobs:,} done"]
    if failed := scope.states[State.FAILED]:
        told.append(f"{failed:,} failed")
    if doubts := totals.states[State.IN_DOUBT]:
        told.append(f"{doubts:,} in doubt")
    if at_service := scope.at_service:
        told.append(f"{at_service:,} at the service")
    if fetched := scope.states[State.RENDERED]:
        told.append(f"{fetched:,} downloading")
    limit = "" if standing.limit_usd is None else f" of {usd_text(standing.limit_usd)}"
    spent, *others = money_parts(totals)
    told += [f"{spent}{limit}", *others]
    if standing.waiting is not None:
        told.append(_waiting_text(standing.waiting))
    told += [f"stopping: {one_line(it, LONGEST_WHY)}" for it in standing.stops[:1]]
    told += _left(standing)
    return BETWEEN.join(told)


def _progress(standing: Standing, width: int, *, has_bar: bool) -> Iterator[Spans]:
    """Draw the bar, and beside it, or below where it is narrow, how far and how long."""
    scope = standing.scope
    done, jobs = scope.states[State.DONE], max(1, scope.jobs)
    told = [
        Span(f"{100 * done // jobs} %", "strong"),
        Span(f"{done:,} of {scope.jobs:,} done", "good"),
        *(Span(it, "strong") for it in _left(standing)),
    ]
    if standing.elapsed_s is not None:
        told.append(Span(f"running {span_text(standing.elapsed_s)}", "faint"))
    text = _joined(told, width)
    room = width - _columns(text) - 2
    if not has_bar:
        yield text
    elif room >= LEAST_BAR:
        yield (*_bar(standing, min(room, LONGEST_BAR)), Span("  "), *text)
    else:
        yield tuple(_bar(standing, width))
        yield text


def _bar(standing: Standing, width: int) -> list[Span]:
    scope = standing.scope
    jobs = max(1, scope.jobs)
    settled = width * scope.settled // jobs
    failed = min(settled, -(-width * scope.states[State.FAILED] // jobs))  # one is seen, too
    return [
        Span("━" * (settled - failed), "good"),
        Span("╍" * failed, "bad"),
        Span("─" * (width - settled), "faint"),
    ]


def _left(standing: Standing) -> list[str]:
    if standing.left_s is None or standing.is_ending:
        return []
    return [f"about {span_text(rounded_s(standing.left_s))} left"]


def _topics(standing: Standing) -> Iterator[Topic]:
    if wrong := [*_wrong(standing)]:
        yield "wrong", wrong
    if standing.waiting is not None:
        yield "waits", [Span(_waiting_text(standing.waiting), "wait")]
    for stop in standing.stops:
        yield "stops", [Span(one_line(stop, LONGEST_WHY), "wait")]
    yield "money", [*_money(standing)]
    yield "clips", [*_clips(standing)]
    if pace := [*_pace(standing)]:
        yield "pace", pace
    if key := _next_key(standing):
        yield "Ctrl-C", [Span(key, "faint")]


def _wrong(standing: Standing) -> Iterator[Span]:
    scope, doubts = standing.scope, standing.totals.states[State.IN_DOUBT]
    if doubts:
        names = names_text(standing.named.get(None, ()), doubts)
        yield Span(f"{doubts:,} in doubt, maybe paid{names}", "doubt")
    if failed := scope.states[State.FAILED]:
        yield Span(f"{failed:,} failed: {reasons_text(scope.reasons, standing.named)}", "bad")
    if standing.is_short_of_room and standing.free_bytes is not None:
        yield Span(f"only {standing.free_bytes >> 20:,} MiB free on the disk", "bad")


def _waiting_text(waiting: Waiting) -> str:
    why = f": {one_line(waiting.why, LONGEST_WHY)}" if waiting.why else ""
    wait = span_text(waiting.left_s)
    if waiting.outage_s > 0:
        since = span_text(waiting.outage_s)
        again = f", tries again in {wait}" if waiting.left_s > 0 else ", trying now"
        return f"the service can't be reached since {since}{again}{why}"
    if waiting.left_s <= 0:
        return f"an order was put off, and goes out again{why}"
    return f"paused for {wait} more, as the service asks{why}"


def _money(standing: Standing) -> Iterator[Span]:
    totals = standing.totals
    spent, *others = money_parts(totals)
    yield Span(spent, "strong")
    yield from (Span(it, "doubt" if "doubt" in it else "") for it in others)
    if totals.left_usd or totals.unpriced_left or standing.limit_usd is not None:
        yield from (Span(it) for it in budget_parts(totals, standing.limit_usd))


def _clips(standing: Standing) -> Iterator[Span]:
    scope = standing.scope
    for count, word in (
        (scope.rendering, "rendering"),
        (scope.queued, "queued there"),
        (scope.states[State.RENDERED], "downloading"),
        (scope.states[State.SUBMITTING], "being sent"),
        (scope.states[State.PENDING], "to order"),
    ):
        if count:
            yield Span(f"{count:,} {word}")


def _pace(standing: Standing) -> Iterator[Span]:
    if standing.clips_a_minute is not None:
        yield Span(f"{standing.clips_a_minute:.1f} clips a minute")
    if standing.slowed is not None:
        yield Span(_slowed_text(standing.slowed), "wait")
    if standing.at_once is not None:
        yield Span(f"{standing.at_once} at once: the service takes no more", "wait")


def _slowed_text(slowed: Slowed) -> str:
    return f"orders slowed to {slowed.per_minute:.3g} a minute of {slowed.asked:.3g} asked for"


def _next_key(standing: Standing) -> str:
    if standing.keys is not Keys.RUN:
        return "to stop looking; the run goes on" if standing.keys is Keys.WATCH else ""
    if standing.is_ending:
        return "again to leave at once; what is on the wire is then in doubt"
    return "to stop buying and leave; the same command goes on later"


def _paired(topics: Sequence[Topic], width: int) -> Iterator[Spans]:
    """Set topics in two columns, each always in the same one: they are found without a search."""
    half = (width - 2) // 2
    left_side = [it for it in topics if it[0] in ON_THE_LEFT]
    right_side = [it for it in topics if it[0] not in ON_THE_LEFT]
    for pair in zip_longest(left_side, right_side):
        sides = ([*_flowed(it, half)] if it else [] for it in pair)
        for left, right in zip_longest(*sides, fillvalue=()):
            blank = half + 2 - _columns(left)
            yield (*left, Span(" " * blank), *right) if right else left


def _flowed(topic: Topic, width: int) -> Iterator[Spans]:
    """Set what is said of a topic behind its word, in so many lines as there may be."""
    label, parts = topic
    room = width - LABEL
    lines = [*_lines(parts, room)]
    most = LINES_EACH + (width < NARROW)
    if len(lines) > most:
        lines[most - 1] = _with_more(lines[most - 1], room)
    for at, line in enumerate(lines[:most]):
        yield (Span(f"{label if at == 0 else '':<{LABEL}}", "faint"), *line)


def _with_more(line: Spans, room: int) -> Spans:
    """Show that there is more than there is room for."""
    *before, last = line
    room -= _columns(before)
    text = last.text if columns_of(last.text) < room - 1 else cut(last.text, room - 2).rstrip("…")
    return (*before, Span(f"{text.rstrip()} …", last.style))


def _lines(parts: Iterable[Span], width: int) -> Iterator[Spans]:
    """Flow phrases; one that is longer than a line is broken between its words."""
    line: list[Span] = []
    for part in parts:
        longer = [*line, Span(BETWEEN)] if line else []
        if _columns(longer) + columns_of(part.text) <= width:
            line = [*longer, part]
            continue
        if line:
            yield tuple(line)
        *whole, last = _broken(part.text, width)
        yield from ((Span(it, part.style),) for it in whole)
        line = [Span(last, part.style)]
    if line:
        yield tuple(line)


def _broken(text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if columns_of(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(cut(word, width))
    return [it for it in lines if it] or [""]


def _joined(parts: Iterable[Span], width: int) -> Spans:
    """Set phrases on one line, as many as there is room for."""
    return next(iter(_lines(parts, width)))


def _columns(spans: Iterable[Span]) -> int:
    return sum(columns_of(it.text) for it in spans)
