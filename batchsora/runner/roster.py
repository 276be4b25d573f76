"""The roster: what a session drives, by the keys of jobs, and what each of them waits for. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from batchsora.job import Job, State

MADE = frozenset({State.RUNNING, State.RENDERED})  # paid for, and not here yet


@dataclass(slots=True)
class Roster:
    """Kept by each transition; nobody else writes to it."""

    taken_over: set[str] = field(default_factory=set)  # from earlier sessions: driven already
    looked_for: set[str] = field(default_factory=set)  # in doubt, and may be found in a list
    waiting: dict[str, int] = field(default_factory=dict)  # to be ordered, numbered as rows stand
    put_off: set[str] = field(default_factory=set)  # those of them that are to be sent again
    sent: set[str] = field(default_factory=set)  # those of them that are on the wire
    _taken: int = 0  # so many were to be ordered
    fetching: int = 0  # finished clips that are not here yet
    unseen: set[str] = field(default_factory=set)  # made, and not looked at since a sleep
    _made: set[str] = field(default_factory=set)
    _first_unsent: int | None = None  # as last found: hundreds may ask between two transitions

    def take(self, job: Job, *, has_list: bool) -> None:
        """Begin to drive a job of an earlier session."""
        self.taken_over.add(job.key)
        self.fetching += job.state is State.RENDERED
        self._note(job, has_list=has_list)

    def take_order(self, job: Job) -> None:
        """Begin to drive a job that is to be ordered, after all those before."""
        self._taken += 1
        self.waiting[job.key] = self._taken
        self._first_unsent = None

    def moved(self, before: Job, after: Job, *, has_list: bool) -> None:
        """Follow a transition."""
        key = after.key
        self._first_unsent = None
        _keep(self.sent, key, there=after.state is State.SUBMITTING)
        if after.state is State.PENDING:
            self.waiting.setdefault(key, 0)  # a doubt that was cleared goes first
            _keep(self.put_off, key, there=before.state is State.SUBMITTING)
        elif after.state is not State.SUBMITTING:
            self.waiting.pop(key, None)
            self.put_off.discard(key)
        self.fetching += (after.state is State.RENDERED) - (before.state is State.RENDERED)
        self._note(after, has_list=has_list)

    def let_go(self, job: Job) -> None:
        """Leave a job as it is: whatever it held up goes on without it."""
        for keys in (self.looked_for, self.put_off, self.sent, self._made):
            keys.discard(job.key)
        self.unseen.discard(job.key)
        self.waiting.pop(job.key, None)
        self._first_unsent = None
        self.fetching -= job.state is State.RENDERED

    def is_behind_put_off(self, job: Job) -> bool:
        """Tell whether a job that is to be sent again stands before this one in the manifest."""
        mine = self.waiting.get(job.key, 0)
        return any(self.waiting.get(key, 0) < mine for key in self.put_off)

    def is_behind_unsent(self, job: Job) -> bool:
        """Tell whether a job of which nothing is on the wire yet stands before this one."""
        if self._first_unsent is None:
            unsent = (number for key, number in self.waiting.items() if key not in self.sent)
            self._first_unsent = min(unsent, default=0)
        return self._first_unsent < self.waiting.get(job.key, 0)

    def wake(self) -> None:
        """Have all that was made looked at again, after this machine has slept."""
        self.unseen |= self._made

    def _note(self, job: Job, *, has_list: bool) -> None:
        _keep(self.looked_for, job.key, there=has_list and job.state is State.IN_DOUBT)
        _keep(self._made, job.key, there=job.state in MADE)
        if job.state not in MADE:
            self.unseen.discard(job.key)


def _keep(keys: set[str], key: str, *, there: bool) -> None:
    if there:
        keys.add(key)
    else:
        keys.discard(key)
