"""Problems of one file, gathered until all of them can be told at once."""

from __future__ import annotations

from collections.abc import Iterable

from batchsora.errors import PROBLEMS_SHOWN, ManifestRefusedError, Problem
from batchsora.manifest.located import Located, kind

MOST_KEPT = 1000  # of a table with a million wrong rows, until they are put in order


class Complaints:
    """Gathers what is wrong with one file, and with those that it includes."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._kept: dict[Problem, None] = {}
        self._dropped = 0

    def __bool__(self) -> bool:
        """Tell whether anything is wrong."""
        return bool(self._kept)

    @property
    def kept(self) -> Iterable[Problem]:
        """The problems, as they came."""
        return self._kept

    def add(self, what: str, mend: str, line: int = 0) -> None:
        """Note one problem of this file."""
        self.take([Problem(what, mend, self.file, line)])

    def take(self, problems: Iterable[Problem]) -> None:
        """Note problems, each once."""
        for problem in problems:
            if problem in self._kept:
                continue
            if len(self._kept) < MOST_KEPT:
                self._kept[problem] = None
            else:
                self._dropped += 1

    def refusal(self) -> ManifestRefusedError:
        """Put the problems in the order of the file: the first of them, and how many."""
        in_order = sorted(self._kept, key=lambda it: (it.file != self.file, it.file, it.line))
        return ManifestRefusedError(in_order[:PROBLEMS_SHOWN], len(in_order) + self._dropped)

    def mapping(self, name: str, found: Located, example: str) -> dict[str, Located]:
        """Take a value as a mapping; anything else but nothing is a problem, and empty."""
        if isinstance(found.value, dict):
            return found.value
        if found.value is not None:
            self.add(f"{name} must be a mapping, not {kind(found.value)}", example, found.line)
        return {}

    def text(self, name: str, found: Located, mend: str) -> str:
        """Take a value as text; anything else but nothing is a problem, and empty."""
        if isinstance(found.value, str):
            return found.value.strip()
        if found.value is not None:
            self.add(f"{name} must be a single value, not {kind(found.value)}", mend, found.line)
        return ""
