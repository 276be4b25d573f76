"""What a plan adds up while its jobs go by, in memory that does not grow with them. Pure."""

from __future__ import annotations

from bisect import insort
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from batchsora.errors import PROBLEMS_SHOWN, ManifestRefusedError, Problem
from batchsora.job import Size
from batchsora.runner.planning import Action, Gone, Met

# jobs that a person sees of each kind, money first: what is bought is read, the rest is known
SHOWN = {
    Action.SUBMIT: 8,
    Action.OVER_BUDGET: 5,
    Action.IN_DOUBT: 5,
    Action.ADOPT: 3,
    Action.DOWNLOAD: 3,
    Action.FAILED: 5,
    Action.DONE: 3,
}
IDLE = frozenset({Action.FAILED, Action.DONE, Action.OVER_BUDGET})  # a run does nothing for them
NAMES_SHOWN = 5
MOST_EDITED = 50_000  # names: 5 MB; beyond them an edited row's old job counts as gone with its row
NEW = frozenset({"new", "image not fetched"})  # reasons that tell of nothing that changed
NOTHING = Decimal(0)


class Problems:
    """Gathers what is wrong: the first of it, and how much it is."""

    def __init__(self) -> None:
        self._first: list[Problem] = []
        self.count = 0

    def add(self, problem: Problem) -> None:
        """Note one."""
        self.count += 1
        self._first.extend([problem] * (self.count <= PROBLEMS_SHOWN))

    def insist(self) -> None:
        """Raise ManifestRefusedError where there are any."""
        if self.count:
            raise ManifestRefusedError(self._first, self.count)


@dataclass(slots=True)
class Money:
    """A sum of prices, some of which may not be known."""

    usd: Decimal = NOTHING
    unpriced: int = 0

    def add(self, usd: Decimal | None, times: int = 1) -> None:
        """Add a price, so many times."""
        if usd is None:
            self.unpriced += times
        else:
            self.usd += usd * times

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.usd or self.unpriced)


@dataclass(slots=True)
class Names:
    """So many jobs or rows: the first of them by name, and money that goes with them."""

    count: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)  # row and name, in order
    money: Money = field(default_factory=Money)

    def add(self, row: int, name: str, usd: Decimal | None = NOTHING) -> None:
        """Count one, in whatever order they come."""
        self.count += 1
        self.money.add(usd)
        insort(self.first, (row, name))
        del self.first[NAMES_SHOWN:]

    def __str__(self) -> str:
        """Name the first of them: ``a, b, …``."""
        names = [name for _, name in self.first]
        return ", ".join([*names, *["…"] * (self.count > len(names))])


@dataclass(slots=True)
class Purse:
    """What a budget leaves for new purchases, spent in the manifest's order as a run does."""

    limit_usd: Decimal | None = None  # None: there is no budget
    bill_usd: Decimal = NOTHING
    unpriced: int = 0  # jobs, or purchases before, whose price is not known: nothing is bought then
    is_closed: bool = False  # a job did not fit: no later one is bought, be it cheaper

    def pays(self, price_usd: Decimal | None) -> bool:
        """Pay for one more purchase, if there is money for it."""
        if self.limit_usd is None:
            return True
        if price_usd is None:
            self.unpriced += 1
        self.is_closed |= price_usd is None or self.bill_usd + price_usd > self.limit_usd
        self.bill_usd += 0 if self.is_closed else price_usd or 0
        return not self.is_closed


class Kind(NamedTuple):
    """What jobs have in common that are one line of the totals, and one price."""

    action: Action
    model: str
    size: Size
    price_usd: Decimal | None
    spent_usd: Decimal | None


class Sums:
    """What a plan comes to."""

    def __init__(self, *, retry_failed: bool, is_first: bool, purse: Purse) -> None:
        self.purse = purse
        self._retry_failed = retry_failed
        self._is_first = is_first  # nothing was run yet: nothing can be edited, moved or gone
        self._edited: set[str] = set()  # names of rows that say something else than before
        self._row = 0
        self._highest = 0  # of the rows before that did not move, where they stood
        self._met: Met | None = None  # the row before, of which that is not known yet
        self.problems = Problems()
        self.first: dict[Action, list[Met]] = {action: [] for action in SHOWN}
        self.kinds: Counter[Kind] = Counter()
        self.is_held_up = False  # by jobs in doubt
        self.is_owed = False  # the service has, or may have, what is no job of this plan
        self.imageless = 0  # jobs to be bought without an image
        self.unfetched = 0  # jobs of which nobody knows yet whether they are new
        self.retries = Names()  # failed jobs that could be bought anew
        self.moved = Names()
        self.replaced = Names()
        self.gone = Names()

    def add(self, met: Met) -> tuple[Met, Action]:
        """Count a chosen job; say what a run would do with it, and why."""
        action = met.with_retry if self._retry_failed else met.action
        planned, known = met.planned, met.known
        if action is Action.SUBMIT and not self.purse.pays(planned.price_usd):
            action = Action.OVER_BUDGET
            limit = f"beyond {self.purse.limit_usd:.2f} USD"
            why = "its price is not known" if planned.price_usd is None else limit
            met = replace(met, why=f"{why}; {met.why}")
        order = planned.order
        spent_usd = NOTHING if known is None else known.bill_usd
        self.kinds[Kind(action, order.model, order.size, planned.price_usd, spent_usd)] += 1
        shown = self.first[action]
        if len(shown) < SHOWN[action]:
            shown.append(met)
        if action is Action.SUBMIT:
            self.imageless += order.image is None
            self.unfetched += planned.unfetched
        if action is Action.FAILED and met.with_retry is Action.SUBMIT:
            self.retries.add(planned.row, planned.id, planned.price_usd)
        return met, action

    def follow(self, met: Met) -> None:
        """Follow where a job's row went since the last run, chosen or not."""
        if self._is_first:
            return
        planned, known = met.planned, met.known
        if known is None or known.row is None:
            if (known or met.why not in NEW) and len(self._edited) < MOST_EDITED:
                self._edited.add(f"{planned.id}#{planned.order.take}")
        elif planned.row != self._row:
            self._row = planned.row
            self._settle(known.row)
            self._met = met

    def _settle(self, stood_next: int | None) -> None:
        """Tell whether the row before has moved among the others; `stood_next`: where this one was.

        Rows that others were put before, or taken out before, have not moved.
        """
        met, self._met = self._met, None
        if met is None or met.known is None or met.known.row is None:
            return
        stood = met.known.row
        is_passed = stood_next is not None and self._highest < stood_next < stood
        if stood < self._highest or is_passed:
            self.moved.add(met.planned.row, met.planned.id)
        else:
            self._highest = stood

    def end(self) -> None:
        """Settle what waits for the row after it, once all rows have gone by."""
        self._settle(None)

    def add_gone(self, gone: Gone) -> str:
        """Count a job that is in the manifest no more; say why it is not."""
        job = gone.known.job
        is_replaced = job.full_name in self._edited
        names = self.replaced if is_replaced else self.gone
        names.add(gone.known.row or 0, job.name, job.bill_usd)
        return "its row says something else now" if is_replaced else "its row is gone"

    @property
    def jobs(self) -> int:
        """How many jobs are chosen."""
        return self.kinds.total()

    @property
    def actions(self) -> dict[Action, int]:
        """How many jobs each action is for, money first."""
        found: Counter[Action] = Counter()
        for kind, jobs in self.kinds.items():
            found[kind.action] += jobs
        return {action: found[action] for action in SHOWN if found[action]}

    @property
    def is_unkept(self) -> bool:
        """Tell whether a run would buy nothing: a price is not known, and there is a budget."""
        has_new = any(it in self.actions for it in (Action.SUBMIT, Action.OVER_BUDGET))
        return bool(self.purse.limit_usd is not None and self.purse.unpriced and has_new)

    @property
    def has_work(self) -> bool:
        """Tell whether a run would do anything."""
        idle = IDLE | {Action.SUBMIT} if self.is_unkept else IDLE
        return self.is_owed or any(action not in idle for action in self.actions)

    @property
    def to_spend(self) -> Money:
        """What a run would spend."""
        money = Money()
        for kind, jobs in self.kinds.items():
            if kind.action is Action.SUBMIT:
                money.add(kind.price_usd, jobs)
        return money
