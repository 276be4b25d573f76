"""Problems of one file, gathered until all of them can be told at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from batchsora.errors import ManifestRefusedError, Problem
from batchsora.manifest.located import Located, kind

MOST_TOLD = 100  # nobody reads more at once; the count says how many there are


@dataclass(frozen=True, slots=True)
class Complaints:
    """Gathers what is wrong with one file."""

    file: str
    problems: list[Problem] = field(default_factory=list)

    def add(self, what: str, mend: str, line: int = 0) -> None:
        """Note one problem."""
        self.problems.append(Problem(what, mend, self.file, line))

    def refusal(self) -> ManifestRefusedError:
        """Put the problems in the order of the file: the first of them, and how many."""
        in_order = sorted(dict.fromkeys(self.problems), key=lambda problem: problem.line)
        return ManifestRefusedError(in_order[:MOST_TOLD], len(in_order))

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
            self.add(f"{name} must be text, not {kind(found.value)}", mend, found.line)
        return ""
