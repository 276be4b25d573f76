"""How long to wait before the next try. Pure: chance comes in as an argument."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential waits with "equal jitter": half of the wait is sure, half is chance.

    Full jitter (AWS Architecture Blog, 2015) spreads better, but may wait next to nothing, which
    for a service that just asked us to slow down is the one thing we must not do.
    """

    first_s: float
    ceiling_s: float
    factor: float = 2.0

    def wait_s(self, failures: int, chance: float) -> float:
        """Seconds to wait after so many failures in a row (from 1), `chance` being in [0, 1)."""
        # the exponent is bounded so that a job that failed for days does not overflow a float
        full_s = min(self.ceiling_s, self.first_s * self.factor ** min(failures - 1, 32))
        return full_s / 2 + full_s / 2 * chance
