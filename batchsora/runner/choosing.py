"""A part of a manifest: its first jobs, jobs by their names and tags, a sample. Pure."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Self

from batchsora.errors import UsageError
from batchsora.manifest import is_address
from batchsora.planned import Planned

SEE_NAMES = "`batchsora plan` shows the jobs' names; a job is ID or ID#TAKE, and * stands for more"


@dataclass(frozen=True, slots=True)
class Choice:
    """A part of a manifest: its first jobs, those of some names, those with any of some tags.

    Of that part, a sample: so many jobs, always the same ones, wherever they stand.
    """

    limit: int | None = None
    only: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    sample: int | None = None
    drawn: frozenset[str] | None = None  # the ranks of the jobs in the sample, once it is drawn
    heard: set[str] = field(default_factory=set, compare=False)  # names that meant some job

    @classmethod
    def parse(
        cls, limit: int | None, only: str | None, tags: Iterable[str], sample: int | None = None
    ) -> Self:
        """Read what the command line says; names have commas between them. Raises UsageError."""
        names = tuple(filter(None, map(str.strip, (only or "").split(","))))
        if only is not None and not names:
            # a script's empty variable must not buy everything
            raise UsageError("--only names no job", "name jobs, or leave --only away")
        return cls(limit, names, frozenset(tags), sample)

    def insist(self, chosen: int) -> None:
        """Raise UsageError for names that meant no job, once all jobs have gone by, and for none.

        `chosen` says how many jobs were.
        """
        for name in self.only:
            if name not in self.heard:
                raise UsageError(f"--only {name}: no job of the manifest is called so", SEE_NAMES)

        if not chosen and not self.everything:
            what = f"no job of the manifest is chosen by {self}"
            raise UsageError(
                what, "each narrows what the others leave; --limit counts from the top"
            )

    def __str__(self) -> str:
        """Write it as the options say it."""
        told = [f"--tag {it}" for it in sorted(self.tags)]
        told += [f"--only {','.join(self.only)}"] if self.only else []
        told += [f"{name} {it}" for name, it in self._numbers if it is not None]
        return " ".join(told)

    @property
    def _numbers(self) -> tuple[tuple[str, int | None], ...]:
        return ("--limit", self.limit), ("--sample", self.sample)

    @property
    def everything(self) -> bool:
        """Tell whether nothing is left out."""
        return self.limit is None and not self.only and not self.tags and self.sample is None

    def draw(self, jobs: Iterable[Planned]) -> Self:
        """Draw the sample out of all jobs, in memory that grows with the sample alone."""
        if self.sample is None:
            return self
        part = (_rank(it) for at, it in enumerate(jobs) if self._is_in_part(at, it))
        return replace(self, drawn=frozenset(heapq.nsmallest(self.sample, part)))

    def takes(self, position: int, planned: Planned) -> bool:
        """Tell whether a job is chosen; positions count from 0."""
        if not self._is_in_part(position, planned):
            return False
        return self.drawn is None or _rank(planned) in self.drawn

    def _is_in_part(self, position: int, planned: Planned) -> bool:
        if self.only and not self._hears(planned):
            return False
        if self.limit is not None and position >= self.limit:
            return False
        return not self.tags or not self.tags.isdisjoint(planned.tags)

    def _hears(self, planned: Planned) -> bool:
        full = f"{planned.id}#{planned.order.take}"
        names = [it for it in self.only if fnmatchcase(planned.id, it) or fnmatchcase(full, it)]
        self.heard.update(names)
        return bool(names)


def _rank(planned: Planned) -> str:
    """Give a job its place in a draw: by chance, but always the same, fetched or not.

    A row that has an id is drawn by that: it stays in the sample while its prompt is worked on.
    """
    order = planned.order
    if planned.explicit_id:
        return hashlib.sha256(f"{planned.id}#{order.take}".encode()).hexdigest()
    image = order.image.written if order.image else ""
    if order.image and not is_address(image):
        image = order.image.sha256  # wherever it lies
    what = "\n".join((order.likeness(), str(order.take), image, str(order.framing)))
    return hashlib.sha256(what.encode("utf-8", "surrogatepass")).hexdigest()
