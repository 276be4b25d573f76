"""How long jobs of a kind take, learned from those that were watched; and so when to look again."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from typing import Self

from batchsora.job import Job, Order

Kind = tuple[str, int, str]

MEMORY = 32  # renders of a kind that are remembered: services get slower and faster by the hour
FIRST_LOOK_S = 1.0
LEAST_S = 0.2
UNKNOWN_GROWTH = 0.5  # with nothing learned, the next look is after so much of the age
SHARE = 0.15  # of those still to come, each look finds so many: 4 to 5 looks, however they spread
FINE = 0.03  # of the usual time lies between two looks at least: half of it is lost on average
LATER = 0.5  # a job later than all before is looked at after so much of its lateness
EARLIEST = 0.8  # of its age when it is found: a job of which no more is known ended after that
WHOLE_S = 1.0  # services tell times in whole seconds


class RenderTimes:
    """Learns render times by kind (model, seconds, size), and schedules looks by them."""

    def __init__(self, longest_s: float) -> None:
        """`longest_s` is the longest time between two looks."""
        self._longest_s = longest_s
        self._seen: dict[Kind, deque[float]] = {}

    @classmethod
    def recalled(cls, longest_s: float, renders: Iterable[tuple[Job, float]]) -> Self:
        """Learn from the jobs of earlier sessions, the newest first, and the seconds they took."""
        times = cls(longest_s)
        for job, took_s in renders:
            times.learn(job.order, took_s, looks=2, going_at_s=took_s)
        return times

    def learn(
        self,
        order: Order,
        found_s: float,
        *,
        looks: int,
        going_at_s: float | None = None,
        told_s: float | None = None,
    ) -> None:
        """Remember that a job was found finished at this age, at the nth look.

        `going_at_s` is its age when it was last seen unfinished, `told_s` what the service says
        that it took: the truth lies in between, and near to that.
        """
        if looks <= 1:
            going_at_s = 0.0
        elif going_at_s is None:
            going_at_s = found_s * EARLIEST
        after_s, by_s = going_at_s, found_s
        if told_s is not None and after_s - WHOLE_S <= told_s <= by_s + WHOLE_S:
            after_s, by_s = max(after_s, told_s - WHOLE_S), min(by_s, told_s + WHOLE_S)
        if by_s > self._longest_s and after_s < by_s / 2:
            return  # nobody looked for long, as in a pause, or until a resume the next day
        if looks <= 1 and by_s == found_s:
            after_s = max(after_s, found_s * EARLIEST)
        seen = self._seen.setdefault(_kind(order), deque(maxlen=MEMORY))
        seen.append((after_s + by_s) / 2)

    def next_look_s(self, order: Order, age_s: float) -> float:
        """Seconds from now to the next look at a job of this age."""
        seen = sorted(self._seen.get(_kind(order), ()))
        if not seen:
            return self._bounded(max(FIRST_LOOK_S, age_s * UNKNOWN_GROWTH))
        least_s = FINE * seen[len(seen) // 2]
        to_come = seen[bisect_right(seen, age_s) :]
        if not to_come:
            return self._bounded(max(least_s, (age_s - seen[-1]) * LATER))
        return self._bounded(max(least_s, to_come[int(len(to_come) * SHARE)] - age_s))

    def spread(self) -> tuple[float, float] | None:
        """Tell the usual time, and one that few take longer than; None where nothing is known.

        Seconds, of all kinds together, as often as each was seen lately: the median, and the
        longest of ten.
        """
        seen = sorted(took_s for kind in self._seen.values() for took_s in kind)
        if not seen:
            return None
        return seen[len(seen) // 2], seen[len(seen) * 9 // 10]

    def _bounded(self, wait_s: float) -> float:
        return min(self._longest_s, max(LEAST_S, wait_s))


def _kind(order: Order) -> Kind:
    return order.model, order.seconds, str(order.size)
