"""Neighbours: other run folders of this user, whose clips lie on the same account."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from batchsora.errors import LedgerError
from batchsora.job import Order
from batchsora.ledger.agenda import Agenda
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Ledgers beside ours, as far as this machine knows of them.

    `folders` tells them anew each time: another run may have begun since ours did.
    """

    folders: Callable[[], Sequence[Path]] = tuple
    service: str = ""  # ours; a clip of another one's is no concern of theirs

    def may_have(self, video_id: str, order: Order) -> bool:
        """Tell whether a video of the list is a neighbour's, or may turn out to be.

        It may where a neighbour has a job that a list can't tell from this one, and does not know
        itself what became of its request.
        """
        return any(
            self._may_have(folder / "ledger.db", video_id, order) for folder in self.folders()
        )

    def owner_of(self, video_id: str) -> Path | None:
        """Say in which run folder a job has this video, as far as they can be read."""
        return next((it for it in self.folders() if self._has(it / "ledger.db", video_id)), None)

    def _has(self, file: Path, video_id: str) -> bool:
        try:
            with closing(open_for_reading(file)) as ledger:
                return Records(ledger).owner_of(video_id) is not None
        except (LedgerError, OSError):
            return False

    def _may_have(self, file: Path, video_id: str, order: Order) -> bool:
        try:
            if not file.exists():
                return False  # moved or removed: it can't be asked
            with closing(open_for_reading(file)) as ledger:
                records = Records(ledger)
                campaign = records.campaign()
                if campaign is None or campaign.service != self.service:
                    return False
                return records.owner_of(video_id) is not None or Agenda(ledger).is_open_alike(order)
        except (LedgerError, OSError):
            return True  # busy, damaged or newer: who knows
