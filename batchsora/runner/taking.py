"""Taking a manifest into the ledger: all of its jobs or, where one is wrong, none."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from decimal import Decimal

from batchsora.errors import PROBLEMS_SHOWN, ManifestRefusedError, Problem
from batchsora.job import Order, State
from batchsora.ledger import intake
from batchsora.ledger.ledger import Ledger
from batchsora.lifecycle import FILE_MISSING_HINT, Event, Happening, id_is_alive
from batchsora.manifest import Manifest
from batchsora.models import BUILT_IN
from batchsora.runner.choosing import Choice
from batchsora.runner.placing import is_in_place
from batchsora.runner.planning import Action, Gone, Met, batches, meet


class UnfetchedError(Exception):
    """Images have to be fetched before it is known which jobs there are."""


@dataclass(slots=True)
class Taken:
    """What a run has before it: how many jobs are chosen, and what it would buy anew."""

    chosen: int = 0
    purchases: int = 0
    cost_usd: Decimal = field(default_factory=Decimal)
    list_usd: Decimal = field(default_factory=Decimal)  # no model below its built-in price
    unpriced: int = 0  # purchases whose price is not known

    def count(self, met: Met, *, retry_failed: bool) -> None:
        """Count a chosen job."""
        self.chosen += 1
        action = met.with_retry if retry_failed else met.action
        if action is not Action.SUBMIT:
            return
        self.purchases += 1
        price_usd = met.planned.price_usd
        self.cost_usd += price_usd or 0
        self.list_usd += max(price_usd or 0, _list_price_usd(met.planned.order))
        self.unpriced += price_usd is None


def _list_price_usd(order: Order) -> Decimal | int:
    """Price an order by the built-in card of its model; 0 where there is none."""
    card = BUILT_IN.get(order.model)
    return (card and card.price_usd(order)) or 0


def take_in(
    manifest: Manifest,
    ledger: Ledger,
    choice: Choice,
    *,
    retry_failed: bool = False,
    buying: bool = True,
) -> Taken:
    """Take a manifest's jobs into the ledger; where it is not for buying, images need not be there.

    Raises ManifestRefusedError with all its problems and, where nothing is wrong, UnfetchedError
    for images at addresses that have to be fetched first; nothing is taken then.
    """
    problems: list[Problem] = []
    count = 0
    taken = Taken()
    unfetched = 0
    is_blank = ledger.records.is_blank()
    with ledger.atomic(), intake.in_bulk(ledger.db) if is_blank else nullcontext():
        ledger.agenda.choose_nothing()
        found = meet(manifest, ledger.records, ledger.folder, choice, ledger.now(), buying=buying)
        for batch in batches(found):
            wrong = [it for it in batch if isinstance(it, Problem)]
            count += len(wrong)
            problems.extend(wrong[: PROBLEMS_SHOWN - len(problems)])
            if not count:  # else nothing is kept: only the rest of the problems is wanted
                met = [it for it in batch if isinstance(it, Met)]
                if buying:
                    unfetched += sum(it.wants_image(retry_failed=retry_failed) for it in met)
                _take_batch(met, ledger, taken, retry_failed=retry_failed, buying=buying)
                gone = (it.known.job.key for it in batch if isinstance(it, Gone))
                intake.drop_places(ledger.db, gone)
        if count:
            raise ManifestRefusedError(problems, count)
        if unfetched:
            raise UnfetchedError
    return taken


def _take_batch(
    met: Sequence[Met], ledger: Ledger, taken: Taken, *, retry_failed: bool, buying: bool
) -> None:
    # what is not fetched yet has no key yet: it is recorded once it is chosen, and fetched
    new = [(it.position, it.planned) for it in met if it.known is None and not it.planned.unfetched]
    intake.add(ledger.db, new, ledger.now())
    intake.place(ledger.db, [(it.position, it.planned) for it in met if it.known is not None])
    chosen = [it for it in met if it.chosen]
    ledger.agenda.choose(it.planned.key for it in chosen)
    for it in chosen:
        taken.count(it, retry_failed=retry_failed)
        _wake(ledger, it, retry_failed=retry_failed, buying=buying)


def _wake(ledger: Ledger, met: Met, *, retry_failed: bool, buying: bool) -> None:
    """Put back what a run is to take up again: failed jobs where asked, clips that were removed."""
    if met.known is None:
        return
    job, now = met.known.job, ledger.now()
    if met.action is Action.FAILED and retry_failed and (buying or id_is_alive(job)):
        ledger.record(job, Happening(Event.RETRY_ASKED, now))
    elif met.action is Action.DOWNLOAD and job.state is State.DONE:
        ledger.record(job, Happening(Event.FILE_MISSING, now))
    elif met.lost and job.hint != FILE_MISSING_HINT:
        ledger.record(job, Happening(Event.FILE_LOST, now, hint=FILE_MISSING_HINT))
    elif not met.lost and job.hint == FILE_MISSING_HINT and is_in_place(ledger.folder, job):
        ledger.record(job, Happening(Event.FILE_FOUND, now))
