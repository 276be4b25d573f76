"""How long jobs of a kind take, learned from those that were watched; and so when to look again."""

from __future__ import annotations

from collections import deque

from batchsora.job import Order

Kind = tuple[str, int, str]

MEMORY = 32  # renders of a kind that are remembered: services get slower and faster by the hour
FIRST_LOOK_S = 1.0
UNKNOWN_GROWTH = 0.2  # with nothing learned, the next look is after so much of the age
FINE = 0.04  # around the time when it is due, looks are so much of the usual time apart
LEAST_S = 0.2


class RenderTimes:
    """Learns render times by kind (model, seconds, size), and schedules looks by them."""

    def __init__(self, longest_s: float) -> None:
        """`longest_s` is the longest time between two looks."""
        self._longest_s = longest_s
        self._seen: dict[Kind, deque[float]] = {}

    def learn(self, order: Order, took_s: float, *, looks: int) -> None:
        """Remember that a job was found finished after so long, at the nth look.

        Found at the first look it was finished earlier, nobody knows when: it is remembered as a
        tenth shorter, so that the next look of its kind is a little too early, and finds out.
        """
        seen = self._seen.setdefault(_kind(order), deque(maxlen=MEMORY))
        seen.append(took_s * 0.9 if looks <= 1 else took_s)

    def next_look_s(self, order: Order, age_s: float) -> float:
        """Seconds from now to the next look at a job of this age."""
        seen = sorted(self._seen.get(_kind(order), ()))
        if not seen:
            return self._bounded(max(FIRST_LOOK_S, age_s * UNKNOWN_GROWTH))
        early, usual, late = (seen[len(seen) * tenth // 10] for tenth in (1, 5, 9))
        if age_s < early:
            return self._bounded(early - age_s)
        fine_s = max(usual * FINE, (late - early) / 8)
        if age_s <= late + fine_s:
            return self._bounded(fine_s)
        return self._bounded(max(fine_s, (age_s - late) * 0.5))

    def expected_s(self, order: Order) -> float | None:
        """How long a job of this kind usually takes; None where none was seen."""
        seen = sorted(self._seen.get(_kind(order), ()))
        return seen[len(seen) // 2] if seen else None

    def _bounded(self, wait_s: float) -> float:
        return min(self._longest_s, max(LEAST_S, wait_s))


def _kind(order: Order) -> Kind:
    return order.model, order.seconds, str(order.size)
