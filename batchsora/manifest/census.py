"""A census of a feed: how many rows make a clip, and what tells them apart. Pure.

Hashes of what was seen are kept, never rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from batchsora.job import fold_path
from batchsora.manifest.feeds import Layout, Row, several
from batchsora.manifest.located import Flaw
from batchsora.manifest.paths import safe_value
from batchsora.manifest.templates import Scope, slug
from batchsora.manifest.words import read_id

# What most columns of numbers and handles hold; it is an id as it stands.
_EASY = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*")
_EASY_CHARACTERS = 60  # a slug is no longer


class Census:
    """Counts the rows of a feed, and looks for what forbids to buy a clip of each."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.rows = 0
        self.pictured = 0  # rows with a picture, be they kept or not
        self.kept = 0
        self.crowded: tuple[int, int] | None = None  # the line of a cell, and its pictures
        self.twins: tuple[int, int] | None = None  # the lines of two rows that say the same
        self.twin_count = 0
        self._says = tuple(dict.fromkeys((*layout.needs, *layout.fields.values())))
        self._said: dict[int, int] = {}

    def take(self, row: Row, line: int) -> bool:
        """Count a row; returns whether it makes a clip."""
        self.rows += 1
        self.pictured += bool(row[self.layout.image].strip())
        if not self.keeps(row):
            return False
        self.kept += 1
        pictures = several(row[self.layout.image])
        if pictures > 1 and self.crowded is None:
            self.crowded = line, pictures
        said = tuple(row[name].strip() for name in self._says)
        before = self._said.setdefault(hash(said), line)
        if before != line:
            self.twin_count += 1
            self.twins = self.twins or (before, line)
        return True

    def keeps(self, row: Row) -> bool:
        """Tell whether a row has all that it needs."""
        return all(row[name].strip() for name in self.layout.needs)


class Naming:
    """Tries several templates of an id on the rows that make a clip."""

    def __init__(self, candidates: Iterable[tuple[tuple[str, ...], bool]]) -> None:
        self._names = [_Name(columns, plain=plain) for columns, plain in candidates]

    def take(self, row: Row) -> None:
        """Leave out what does not tell this row from those before it."""
        self._names = [name for name in self._names if name.tells(row)]

    @property
    def template(self) -> str:
        """The first template that tells all rows apart; "" where none does."""
        return self._names[0].template if self._names else ""


def namings(layout: Layout) -> Iterator[Naming]:
    """Give what may tell the rows of a feed apart, in rounds: each is a look at all of them.

    The columns as they are, without their titles, which make no good names of files; then as
    slugs, and two together.
    """
    alone = [(name,) for name in layout.ids]
    plain = [(it, True) for it in alone if it != (layout.title,)]
    if plain:
        yield Naming(plain)
    paired = [(name, it) for name in layout.ids for it in layout.beside if it != name]
    if alone:
        slugs = [(it, False) for it in alone]
        yield Naming([*slugs, *((it, plain) for it in paired for plain in (True, False))])


def stem_template(stems: Iterable[str]) -> str:
    """Name clips after their pictures' files, where those names tell them apart; "" else."""
    naming = Naming([(("stem",), True), (("stem",), False)])
    for stem in stems:
        naming.take({"stem": stem})
    return naming.template


class _Name:
    """A template of an id, and the ids that it made so far."""

    def __init__(self, columns: tuple[str, ...], *, plain: bool) -> None:
        self.template = "-".join(f"{{{name}{'' if plain else ':slug'}}}" for name in columns)
        self._columns = columns
        self._plain = plain
        self._made: set[int] = set()

    def tells(self, row: Row) -> bool:
        """Tell whether it still gives each row an id of its own."""
        parts = [row[name].strip() for name in self._columns]
        if not self._plain:
            parts = [slug(part) for part in parts]
        folded = _folded("-".join(parts)) if all(parts) else None
        if folded is None:
            return False
        known = len(self._made)
        self._made.add(hash(folded))
        return len(self._made) > known


def _folded(made: str) -> str | None:
    """Fold an id as the paths that it names are compared; None for what is no id."""
    if len(made) <= _EASY_CHARACTERS and _EASY.fullmatch(made):
        return made.lower()
    flaws: list[Flaw] = []
    if "{" in made or not read_id(made, Scope({}, {}, ()), flaws) or flaws:
        return None
    return fold_path(safe_value(made))
