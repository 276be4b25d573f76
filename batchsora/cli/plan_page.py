"""A plan as a person reads it: the first jobs of each kind, totals, and what is to be known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from batchsora.cli.columns import GAP, aligned, columns_of, cut, flowed, one_line, wrapped
from batchsora.cli.printing import Line, Span
from batchsora.job import Order
from batchsora.library.plan_sums import SHOWN, Money, Names, Sums
from batchsora.library.targets import shown
from batchsora.library.words import clips, cost_text, price_text
from batchsora.runner.planning import Action, Met

ENDLESS = 1_000_000  # columns: a pipe has no width, and a line there is a job
PROMPT_COLUMNS = 60  # of a prompt: enough to know it again
WHY_COLUMNS = 500  # of what has changed from what: a sentence or three
TOTALS_SHOWN = 16  # lines; who has more models and sizes reads them as CSV
COLOURS = {
    Action.SUBMIT: "new",
    Action.OVER_BUDGET: "over",
    Action.IN_DOUBT: "doubt",
    Action.FAILED: "bad",
    Action.DONE: "good",
}


@dataclass(frozen=True, slots=True)
class Page:
    """How wide a page is."""

    width: int | None  # columns; None where lines may be of any length

    def jobs(self, sums: Sums) -> Iterator[Line]:
        """Show the first jobs of each kind, and say how many more there are."""
        cells = [self._cells(action, it) for action, met in sums.first.items() for it in met]
        lines = iter(aligned(cells, right=(3, 5)))
        before: Met | None = None
        indent = max((len(action) for action, *_ in cells), default=0) + len(GAP)
        for action, first in sums.first.items():
            for met in first:
                line, *below = self._flowed(next(lines), _told(action, met, before), indent)
                yield Span(action, COLOURS.get(action, "")), Span(line[len(action) :])
                yield from ((Span(f"{' ' * indent}{it}", "faint"),) for it in below)
                before = met
            if (more := sums.actions.get(action, 0) - len(first)) > 0:
                yield (Span(f"{' ' * indent}… and {more:,} more", "faint"),)

    def notes(self, sums: Sums, manifest: Path, read: Iterable[str]) -> Iterator[str]:
        """Say what it comes to, and what else there is to know: also of how it was read."""
        for sentence in (*_sentences(sums, manifest), *read):
            yield from wrapped(sentence, self.width or ENDLESS)

    def _cells(self, action: Action, met: Met) -> list[str]:
        order = met.planned.order
        name = cut(_name(met), max(12, (self.width or ENDLESS) // 3))
        is_new = action in {Action.SUBMIT, Action.OVER_BUDGET}
        price = price_text(met.planned.price_usd) if is_new else "-"
        return [action, name, order.model, f"{order.seconds} s", str(order.size), price]

    def _flowed(self, line: str, told: list[str], indent: int) -> Iterator[str]:
        """Set what is told behind a job's columns where there is room, else below them."""
        width = self.width or ENDLESS
        rest = width - indent
        beside, *below = flowed(told, width - columns_of(line) - len(GAP), rest)
        yield f"{line}{GAP}{beside}".rstrip()
        yield from below


def _name(met: Met) -> str:
    planned = met.planned
    if planned.unfetched and not planned.explicit_id:
        return "-"  # the image's bytes will give it one
    return planned.id if planned.order.take == 1 else f"{planned.id}#{planned.order.take}"


def _told(action: Action, met: Met, before: Met | None) -> list[str]:
    """Say why, what is done to the image, and what is ordered; but nothing twice of one row."""
    planned = met.planned
    order, told = planned.order, [one_line(met.why, WHY_COLUMNS)]
    same_row = before is not None and before.planned.row == planned.row
    said = before.planned.order if before is not None and same_row else None
    if order.image is not None and action is Action.SUBMIT and _pictured(order) != _pictured(said):
        written = one_line(order.image.written, WHY_COLUMNS)
        told.append(": ".join(filter(None, [written, met.image_notes])))
    # else its name tells the job
    tells_prompt = action is Action.SUBMIT or not planned.explicit_id
    if tells_prompt and (said is None or said.prompt != order.prompt):
        told.append(f"“{one_line(order.prompt, PROMPT_COLUMNS)}”")
    return list(filter(None, told))


def _pictured(order: Order | None) -> object:
    """Say what a note on an image depends on."""
    return order and (order.image, order.size, order.framing)


@dataclass(slots=True)
class _Line:
    """A line of the totals."""

    jobs: int = 0
    to_spend: Money = field(default_factory=Money)
    spent: Money = field(default_factory=Money)

    def cells(self) -> list[str]:
        """Write its figures."""
        return [f"{self.jobs:,}", _figure(self.to_spend), _figure(self.spent)]


def totals(sums: Sums) -> list[str]:
    """Write the table of jobs and money: by action, money first, then by model and size."""
    lines, everything = _totals(sums)
    first = sorted(lines, key=lambda it: (list(SHOWN).index(it[0]), *it[1:]))[:TOTALS_SHOWN]
    rows = [["", "model", "size", "jobs", "USD to spend", "USD spent"]]
    rows += [
        [action, model, size, *lines[action, model, size].cells()] for action, model, size in first
    ]
    if (more := len(lines) - len(first)) > 0:
        rows.append([f"… and {more:,} more", *[""] * 5])
    if len(lines) > 1:
        rows.append(["all", "", "", *everything.cells()])
    shown = 6 if everything.spent else 5  # before the first run nothing was spent
    return aligned([row[:shown] for row in rows], right=(3, 4, 5))


def _totals(sums: Sums) -> tuple[dict[tuple[Action, str, str], _Line], _Line]:
    lines: dict[tuple[Action, str, str], _Line] = {}
    everything = _Line()
    for kind, jobs in sums.kinds.items():
        line = lines.setdefault((kind.action, kind.model, str(kind.size)), _Line())
        for it in (line, everything):
            it.jobs += jobs
            it.spent.add(kind.spent_usd, jobs)
            if kind.action is Action.SUBMIT:
                it.to_spend.add(kind.price_usd, jobs)
    return lines, everything


def _figure(money: Money) -> str:
    if not money.unpriced:
        return f"{money.usd:,.2f}" if money.usd else "-"
    return f"{money.usd:,.2f} + unknown" if money.usd else "unknown"


def _sentences(sums: Sums, manifest: Path) -> Iterator[str]:
    told = ", ".join(f"{jobs:,} {action}" for action, jobs in sums.actions.items())
    if told:
        yield f"{sums.jobs:,} job{'s' if sums.jobs > 1 else ''}: {told}"
    if not sums.has_work:
        yield "nothing to do" if told else f"{shown(manifest)} has no rows: nothing to do"
    most = "at most " if sums.unfetched else ""
    if sums.is_unkept:
        count = clips(sums.purse.unpriced)
        yield f"to be spent: nothing, for a budget can't be kept: the price of {count} is not known"
    else:
        yield f"to be spent: {most}{_cost(sums.to_spend)}"
        yield from _budget(sums)
    if sums.unfetched:
        images = f"{sums.unfetched:,} image{'s' if sums.unfetched > 1 else ''}"
        yield f"{images} not fetched yet: what turns out to be the same is not bought again"
    if 0 < sums.imageless < sums.actions[Action.SUBMIT]:  # may be meant, may be a slip
        jobs = f"{sums.imageless:,} job{'s' if sums.imageless > 1 else ''}"
        yield f"without an image, from the prompt alone: {jobs}"
    if sums.retries.count:
        more = f"{_cost(sums.retries.money)} more"
        yield f"failed jobs are left alone; --retry-failed would buy them anew: {more}"
    yield from _moved(sums.moved)
    yield from _gone(sums.replaced, ", changed")
    yield from _gone(sums.gone, "")


def _budget(sums: Sums) -> Iterator[str]:
    purse = sums.purse
    if purse.limit_usd is None:
        return
    if sums.actions.get(Action.OVER_BUDGET):
        before, limit = purse.bill_usd - sums.to_spend.usd, purse.limit_usd
        yield (
            f"the budget of {limit:.2f} USD is reached: {before:.2f} USD billed or in doubt before;"
            " raise --max-cost to buy the rest"
        )


def _moved(rows: Names) -> Iterator[str]:
    if rows.count:
        stand = "row stands" if rows.count == 1 else "rows stand"
        yield f"{rows.count:,} {stand} elsewhere now, nothing is bought again: {rows}"


def _gone(jobs: Names, why: str) -> Iterator[str]:
    if jobs.count:
        stays = f"what was bought stays: {_cost(jobs.money)}"
        stays = stays if jobs.money else "nothing of it was bought"
        yield f"gone from the manifest: {jobs.count:,} ({jobs}){why}; {stays}"


def _cost(money: Money) -> str:
    return cost_text(money.usd, money.unpriced)
