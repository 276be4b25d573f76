"""Neighbours: other run folders of this user, whose clips lie on the same account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    """Ledgers beside ours, as far as this machine knows of them."""

    folders: Sequence[Path] = ()
    service: str = ""  # ours; a clip of another one's is no concern of theirs

    def may_have(self, video_id: str, order: Order) -> bool:
        """Tell whether a video of the list is a neighbour's, or may turn out to be.

        It may where a neighbour has a job that a list can't tell from this one, and does not know
        itself what became of its request.
        """
        return any(
            records.owner_of(video_id) is not None or agenda.is_open_alike(order)
            for records, agenda in self._ledgers()
        )

    def _ledgers(self) -> Iterator[tuple[Records, Agenda]]:
        for folder in self.folders:
            try:
                with closing(open_for_reading(folder / "ledger.db")) as ledger:
                    records = Records(ledger)
                    campaign = records.campaign()
                    if campaign is not None and campaign.service == self.service:
                        yield records, Agenda(ledger)
            except LedgerError:
                continue  # moved, removed or damaged: what can't be read can't be asked
