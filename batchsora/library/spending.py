"""Spending: what a run is about to buy anew, and whether that is much. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from batchsora.errors import UsageError
from batchsora.library.services import SIMULATOR
from batchsora.library.words import cost_text
from batchsora.runner.taking import Taken


class UnagreedError(UsageError):
    """What a run would buy anew has to be agreed on first; nothing was sent, nor written."""

    def __init__(self, spending: Spending, mend: str) -> None:
        super().__init__(f"{spending}, at {spending.service}: that is not agreed on", mend)
        self.purchases = spending.taken.purchases
        self.cost_usd = spending.taken.cost_usd  # of those whose price is known
        self.unpriced = spending.taken.unpriced


@dataclass(frozen=True, slots=True)
class Spending:
    """What a run is about to buy anew."""

    taken: Taken
    service: str  # as a ledger calls it
    room_usd: Decimal | None  # what the budget leaves; None where there is no budget

    def is_above(self, limit_usd: Decimal) -> bool:
        """Tell whether it may come to more than that."""
        taken = self.taken
        if self.service == SIMULATOR or not taken.purchases:
            return False
        if self.room_usd is not None and self.room_usd <= limit_usd and self.is_honest:
            return False  # the budget does not let more be spent, nor anything of unknown price
        return taken.list_usd > limit_usd or taken.unpriced > 0

    @property
    def is_honest(self) -> bool:
        """Whether no price is below the built-in one.

        A manifest can bring prices of its own; it does not say yes for its reader with them.
        """
        return self.taken.list_usd <= self.taken.cost_usd

    def is_beyond(self, agreed: Taken) -> bool:
        """Tell whether it is more than what was agreed on."""
        return self.taken.list_usd > agreed.list_usd or self.taken.unpriced > agreed.unpriced

    def __str__(self) -> str:
        """Say it in words: ``3 new purchases, 1.20 USD``."""
        taken = self.taken
        bought = "1 new purchase" if taken.purchases == 1 else f"{taken.purchases} new purchases"
        words = f"{bought}, {cost_text(taken.cost_usd, taken.unpriced)}"
        if taken.list_usd > taken.cost_usd:
            words += f" by prices of its own; {cost_text(taken.list_usd, 0)} by the built-in ones"
        if self.room_usd is not None and self.room_usd < taken.cost_usd:
            words += f", of which the budget allows {self.room_usd:.2f} USD"
        return words
