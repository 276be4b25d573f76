"""Taking a manifest into the ledger, and agreeing on what it costs, before anything is sent."""

from __future__ import annotations

import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from batchsora.ledger.ledger import Ledger
from batchsora.ledger.totals import Totals
from batchsora.library.asking import Asked
from batchsora.library.hosts import Host
from batchsora.library.spending import Spending
from batchsora.library.targets import shown
from batchsora.runner.taking import Taken, take_in


class _UnheardError(Exception):
    """The host was not asked yet about what would be bought; nothing of it was written."""

    def __init__(self, spending: Spending) -> None:
        super().__init__(str(spending))
        self.spending = spending


@dataclass(frozen=True, slots=True)
class Deal:
    """What a run is to take up, and with whom its price is agreed on."""

    asked: Asked
    ledger: Ledger
    host: Host

    def strike(self) -> None:
        """Take the jobs into the ledger, or leave it as it was; raises what the host does.

        While the host thinks, the ledger is not held: the jobs are taken in anew after a yes.
        Raises UsageError where there is something to do and no key for it.
        """
        spending = self._settle()
        for note in self.asked.aim.manifest.notes:
            self.host.note(note)
        self.host.took(spending)

    def _settle(self) -> Spending:
        agreed = Taken()
        while True:
            try:
                return self._take(agreed)
            except _UnheardError as unheard:  # also where it has become more meanwhile
                self.host.agree(unheard.spending)
                agreed = unheard.spending.taken

    def claim(self) -> None:
        """Say whose ledger it is; raises UsageError where it is another campaign's."""
        manifest, folder = self.asked.aim.manifest, self.asked.aim.folder
        # both without symbolic links, which do not move along with a folder
        path = Path(os.path.relpath(manifest.path.resolve(), folder.resolve())).as_posix()
        before = self.ledger.records.campaign()
        if before is not None and before.manifest != path:
            self.host.note(f"{shown(folder)} was last run from {before.manifest}")
        self.ledger.claim(manifest.name, self.asked.reach.called, path, manifest.columns)

    def _take(self, agreed: Taken) -> Spending:
        asked, ledger = self.asked, self.ledger
        with ledger.atomic():
            self.claim()
            taken = take_in(
                asked.aim.manifest,
                ledger,
                asked.choice,
                retry_failed=asked.retry_failed,
                buying=asked.buys,
            )
            asked.choice.insist(taken.chosen)
            if ledger.agenda.has_work(buying=asked.buys):
                asked.reach.key()
            spending = Spending(
                taken if asked.buys else Taken(), asked.reach.called, self._room_usd
            )
            is_much = spending.is_above(asked.confirm_above_usd)
            if is_much and self.host.asks and spending.is_beyond(agreed):
                raise _UnheardError(spending)
        return spending

    @property
    def _room_usd(self) -> Decimal | None:
        """How much the budget leaves for new purchases; None where there is no budget."""
        limit_usd = self.asked.settings.max_cost_usd
        if limit_usd is None:
            return None
        return max(Decimal(0), limit_usd - Totals.of(self.ledger.records.tallies()).bill_usd)
