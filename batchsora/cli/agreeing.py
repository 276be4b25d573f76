"""Taking a manifest into the ledger, and agreeing on what it costs, before anything is sent."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import click

from batchsora.cli.connecting import SIMULATOR
from batchsora.cli.options import option
from batchsora.cli.printing import can_ask, confirm, err
from batchsora.cli.targets import Aim, shown
from batchsora.cli.words import cost_text
from batchsora.errors import UsageError
from batchsora.ledger.ledger import Ledger
from batchsora.ledger.totals import Totals
from batchsora.runner.choosing import Choice
from batchsora.runner.taking import Taken, take_in
from batchsora.settings import Settings, parse_usd

CONFIRM_ABOVE_USD = Decimal(10)  # a test batch passes unasked; a catalogue does not


def _read_usd(_: click.Context, param: click.Parameter, text: str | None) -> Decimal:
    if text is None:
        return CONFIRM_ABOVE_USD
    try:
        return parse_usd(text)
    except ValueError as error:
        what = f'--{(param.name or "").replace("_", "-")} must be {error}, not "{text}"'
        raise UsageError(what, "give it such a value, or leave it away") from error


confirm_option = option(
    "--confirm-above",
    metavar="USD",
    callback=_read_usd,
    help=f"At a terminal, ask before new spending above this.  [{CONFIRM_ABOVE_USD}]",
)


class _UnagreedError(Exception):
    """What a run would buy has to be agreed on first; nothing of it was written."""

    def __init__(self, taken: Taken, room_usd: Decimal | None) -> None:
        super().__init__(_words(taken, room_usd))
        self.taken = taken


@dataclass(frozen=True, slots=True)
class Deal:
    """What a run is to take up, and how its price is agreed on."""

    aim: Aim
    choice: Choice
    service: str  # as a ledger calls it
    settings: Settings
    retry_failed: bool = False
    buys: bool = True  # else it is only collected what was bought before
    confirm_above_usd: Decimal = CONFIRM_ABOVE_USD
    yes: bool = False  # agreed beforehand
    quiet: bool = False

    def strike(self, ledger: Ledger, need_key: Callable[[], object]) -> None:
        """Take the jobs into the ledger, or leave it as it was; raises UsageError after a no.

        `need_key` raises where there is no key; it is asked where there is something to do. While
        a person thinks, the ledger is not held: the jobs are taken in anew after a yes.
        """
        agreed = Taken()
        while True:
            try:
                self._take(ledger, need_key, agreed)
            except _UnagreedError as unagreed:  # also where it has become more meanwhile
                if not confirm(f"{unagreed}, at {self.service}: go on?"):
                    raise UsageError("answered with no: nothing was sent") from None
                agreed = unagreed.taken
            else:
                return

    def claim(self, ledger: Ledger) -> None:
        """Say whose ledger it is; raises UsageError where it is another campaign's."""
        manifest = self.aim.manifest
        # both without symbolic links, which do not move along with a folder
        path, folder = manifest.path.resolve(), self.aim.folder.resolve()
        relative = Path(os.path.relpath(path, folder)).as_posix()
        before = ledger.records.campaign()
        if before is not None and before.manifest != relative and not self.quiet:
            err(f"{shown(self.aim.folder)} was last run from {before.manifest}")
        ledger.claim(manifest.name, self.service, relative, manifest.columns)

    @property
    def _can_ask(self) -> bool:
        return can_ask() and not self.yes

    def _take(self, ledger: Ledger, need_key: Callable[[], object], agreed: Taken) -> None:
        with ledger.atomic():
            self.claim(ledger)
            taken = take_in(
                self.aim.manifest,
                ledger,
                self.choice,
                retry_failed=self.retry_failed,
                buying=self.buys,
            )
            self.choice.insist(taken.chosen)
            if ledger.agenda.has_work(buying=self.buys):
                need_key()
            room_usd = self._room_usd(ledger)
            if self._can_ask and self._is_much(taken, room_usd) and _is_more(taken, agreed):
                raise _UnagreedError(taken, room_usd)
        if self.quiet:
            return
        for note in self.aim.manifest.notes:
            err(note)
        if self._is_much(taken, room_usd) and not self._can_ask:
            err(f"buying: {_words(taken, room_usd)}")

    def _room_usd(self, ledger: Ledger) -> Decimal | None:
        """Say how much the budget leaves for new purchases; None where there is no budget."""
        limit_usd = self.settings.max_cost_usd
        if limit_usd is None:
            return None
        return max(Decimal(0), limit_usd - Totals.of(ledger.records.tallies()).bill_usd)

    def _is_much(self, taken: Taken, room_usd: Decimal | None) -> bool:
        if self.service == SIMULATOR or not self.buys:
            return False
        # a manifest can bring prices of its own; it does not say yes for its reader with them
        is_honest = taken.list_usd <= taken.cost_usd
        if room_usd is not None and room_usd <= self.confirm_above_usd and is_honest:
            return False  # the budget does not let more be spent, nor anything of unknown price
        return taken.list_usd > self.confirm_above_usd or taken.unpriced > 0


def _is_more(taken: Taken, agreed: Taken) -> bool:
    return taken.list_usd > agreed.list_usd or taken.unpriced > agreed.unpriced


def _words(taken: Taken, room_usd: Decimal | None) -> str:
    bought = "1 new purchase" if taken.purchases == 1 else f"{taken.purchases} new purchases"
    words = f"{bought}, {cost_text(taken.cost_usd, taken.unpriced)}"
    if taken.list_usd > taken.cost_usd:
        words += f" by prices of its own; {cost_text(taken.list_usd, 0)} by the built-in ones"
    if room_usd is not None and room_usd < taken.cost_usd:
        words += f", of which the budget allows {room_usd:.2f} USD"
    return words
