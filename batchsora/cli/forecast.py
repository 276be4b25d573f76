"""How long a run still takes: from what renders take and how fast orders may follow. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, inf

ENOUGH = 10  # clips that came, before their pace is believed rather than the settings
WAVES = 2.0  # times that a clip takes, for the same
LATER = 0.15  # a job later than nearly all is expected after so much of its age
SETTLES_S = 20.0  # so slowly a time that was told is corrected, ...
SHARE = 0.2  # ... or sooner: in such a part of what is left
_STEPS = ((60.0, 5.0), (600.0, 10.0), (3600.0, 60.0), (inf, 300.0))


@dataclass(frozen=True, slots=True)
class Load:
    """What is still to come, and how fast it may."""

    to_order: int
    under_way: int  # ordered, and not here yet
    youngest_s: float | None = None  # since the newest of these was ordered
    usual_s: float | None = None  # that a job takes at the service
    late_s: float | None = None  # few take longer
    orders_a_second: float = inf  # that may leave
    slots: float = inf  # jobs at the service at once
    seen_a_second: float | None = None  # clips that came lately, one after the other
    pause_s: float = 0.0  # before anything may be ordered


def left_s(load: Load) -> float | None:
    """Estimate the seconds until nothing is to come any more; None where nothing is known."""
    if not load.to_order + load.under_way:
        return 0.0
    if load.usual_s is None or load.late_s is None:
        return None
    if not load.to_order:
        return _tail_s(load, load.late_s)
    ordering = load.orders_a_second
    if load.seen_a_second is not None:
        ordering = min(ordering, load.seen_a_second)
    elif load.slots < inf:
        ordering = min(ordering, load.slots / max(load.usual_s, 1e-3))
    return load.pause_s + load.to_order / ordering + load.usual_s


def _tail_s(load: Load, late_s: float) -> float:
    age_s = load.youngest_s or 0.0
    return max(late_s - age_s, age_s * LATER)


class Steady:
    """A time left that runs down by a second a second, and is corrected little by little."""

    def __init__(self) -> None:
        self._ends_at: float | None = None
        self._told_at = 0.0

    def left_s(self, now_s: float, estimate_s: float | None) -> float | None:
        """Tell the time left at this time; it moves towards a new estimate, it does not jump."""
        if estimate_s is None:
            self._ends_at = None
            return None
        ends_at = now_s + estimate_s
        if self._ends_at is None:
            self._ends_at = ends_at
        else:
            settles_s = min(SETTLES_S, 1.0 + estimate_s * SHARE)
            self._ends_at += (ends_at - self._ends_at) * (
                1 - exp(-(now_s - self._told_at) / settles_s)
            )
        self._told_at = now_s
        return max(0.0, self._ends_at - now_s)


def rounded_s(seconds: float) -> float:
    """Round a span up to what it can be known to: 5 s of a minute, 10 s of ten, then minutes."""
    step_s = next(step_s for below_s, step_s in _STEPS if seconds < below_s)
    return ceil(seconds / step_s) * step_s
