"""What the jobs of a run come to, for the page: money by model and size, render times. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import ceil, floor
from typing import Any

from batchsora.job import Job
from batchsora.reports.columns import usd_text

MOST_BUCKETS = 16  # as many bars as one can tell apart
STEPS = (1, 2, 5, 10)  # what a bar may span, times a power of ten


@dataclass(slots=True)
class _Spent:
    jobs: int = 0
    clips: int = 0
    usd: Decimal = Decimal(0)
    unpriced: int = 0


class Figures:
    """Sums over jobs, which are added one after the other."""

    def __init__(self) -> None:
        self._spent: defaultdict[tuple[str, str], _Spent] = defaultdict(_Spent)
        self._renders: defaultdict[tuple[str, int], array[float]] = defaultdict(lambda: array("d"))

    def add(self, job: Job, render_s: float | None) -> None:
        """Count a job; `render_s` is how long its clip took, if it was made."""
        order = job.order
        spent = self._spent[order.model, str(order.size)]
        spent.jobs += 1
        spent.clips += job.kept_clip is not None
        spent.usd += job.spent_usd
        # as the run's sums count it: also what is under way at a price that nobody knows
        spent.unpriced += job.unpriced + (job.is_open and job.price_usd is None)
        if render_s is not None:
            self._renders[order.model, order.seconds].append(render_s)

    def spend(self) -> list[dict[str, Any]]:
        """Say what was spent, by model and size."""
        return [
            {
                "model": model,
                "size": size,
                "jobs": it.jobs,
                "clips": it.clips,
                "usd": usd_text(it.usd),
                "unpriced": it.unpriced,
            }
            for (model, size), it in sorted(self._spent.items())
        ]

    def renders(self) -> list[dict[str, Any]]:
        """Say how long clips took, in seconds, by model and length ordered."""
        return [
            {"model": model, "seconds": seconds, **_distribution(sorted(spans_s))}
            for (model, seconds), spans_s in sorted(self._renders.items())
        ]


def _distribution(spans_s: Sequence[float]) -> dict[str, Any]:
    edges = _edges(spans_s[0], spans_s[-1])
    bounds = [0, *(bisect_left(spans_s, edge) for edge in edges[1:-1]), len(spans_s)]
    counts = (after - before for before, after in pairwise(bounds))
    return {
        "clips": len(spans_s),
        "median_s": _quantile(spans_s, 0.5),
        "p90_s": _quantile(spans_s, 0.9),
        "buckets": [
            [*span, count] for span, count in zip(pairwise(edges), counts, strict=True) if count
        ],
    }


def _quantile(ordered: Sequence[float], part: float) -> float:
    """Pick the value that such a part of all does not exceed (nearest rank)."""
    return ordered[max(0, ceil(part * len(ordered)) - 1)]


def _edges(least: float, most: float) -> list[float]:
    """Cut a span into equal parts between round numbers."""
    step = _step((most - least) / MOST_BUCKETS)
    first, last = floor(least / step), max(floor(least / step) + 1, ceil(most / step))
    return [round(step * number, 6) for number in range(first, last + 1)]


def _step(least: float) -> float:
    power = 0.1  # spans are told to a tenth of a second
    while True:
        for step in STEPS:
            if step * power >= least:
                return step * power
        power *= 10
