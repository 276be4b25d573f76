"""How a run stands at a moment: what a person asks of it, whoever is asked. Values, and questions.

The run itself is asked for more than its ledger can tell another process; both are shown alike.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, auto
from pathlib import Path

from batchsora.cli.forecast import ENOUGH, WAVES
from batchsora.ledger.examples import Examples
from batchsora.ledger.totals import Totals

RECENT_S = 600.0  # what the pace is taken from
ENOUGH_TO_TELL = 3  # clips, before a pace is told: one says nothing of how fast the next ones come
LITTLE_ROOM = 1 << 30  # bytes on the disk: some dozen clips; under 256 MiB nothing is bought


class Keys(Enum):
    """Where a key goes."""

    RUN = auto()
    WATCH = auto()  # to who only looks on, again and again
    NOWHERE = auto()  # it is a single look


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nobody asks the service for anything now, or new orders wait."""

    left_s: float
    why: str
    outage_s: float = 0.0  # since when nothing has reached the service; 0 where it asks to wait


@dataclass(frozen=True, slots=True)
class Slowed:
    """Orders a minute that the service takes, and those that were asked for."""

    per_minute: float
    asked: float


@dataclass(frozen=True, slots=True)
class Standing:
    """How a run stands."""

    scope: Totals  # of the jobs that are driven: those chosen, and those under way
    totals: Totals  # of all that the ledger reports: the money
    limit_usd: Decimal | None = None
    elapsed_s: float | None = None
    clips_a_minute: float | None = None
    left_s: float | None = None
    slowed: Slowed | None = None
    at_once: int | None = None  # jobs at the service, where it takes fewer than asked for
    waiting: Waiting | None = None
    free_bytes: int | None = None
    stops: tuple[str, ...] = ()  # why no more is bought, or done
    named: Examples = field(default_factory=dict)  # a few of the jobs that somebody has to see to
    is_ending: bool = False  # a stop was asked for: only what is on the wire is waited for
    keys: Keys = Keys.RUN

    @property
    def is_short_of_room(self) -> bool:
        """Tell whether the disk is nearly full."""
        return self.free_bytes is not None and self.free_bytes < LITTLE_ROOM


def free_bytes(folder: Path) -> int | None:
    """Tell how much room is left on a folder's disk; None where nobody says."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def pace_of(count: int, span_s: float, usual_s: float | None) -> float | None:
    """Tell how many clips a second came in a span, where it is long enough to believe it.

    What was ordered at once comes at once: only after some such waves there is a pace.
    """
    if count < ENOUGH or usual_s is None or span_s < WAVES * usual_s or span_s <= 0:
        return None
    return (count - 1) / span_s
