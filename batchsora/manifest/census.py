"""A census of a feed: how many rows make a clip, and what tells them apart. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from batchsora.job import fold_path
from batchsora.manifest.feeds import Layout, Row, several
from batchsora.manifest.located import Flaw
from batchsora.manifest.paths import safe_value
from batchsora.manifest.templates import Scope, slug
from batchsora.manifest.words import read_id


class Census:
    """Counts the rows of a feed, and tries what tells them apart; keeps hashes, never rows."""

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
        self._names = [_Name(columns, plain=plain) for columns, plain in _candidates(layout)]

    def take(self, row: Row, line: int) -> None:
        """Count a row."""
        self.rows += 1
        self.pictured += bool(row[self.layout.image].strip())
        if not self.keeps(row):
            return
        self.kept += 1
        pictures = several(row[self.layout.image])
        if pictures > 1 and self.crowded is None:
            self.crowded = line, pictures
        said = tuple(row[name].strip() for name in self._says)
        before = self._said.setdefault(hash(said), line)
        if before != line:
            self.twin_count += 1
            self.twins = self.twins or (before, line)
        self._names = [name for name in self._names if name.tells(row)]

    def keeps(self, row: Row) -> bool:
        """Tell whether a row has all that it needs."""
        return all(row[name].strip() for name in self.layout.needs)

    @property
    def id_template(self) -> str:
        """The id that tells all rows apart; "" where no column does."""
        return self._names[0].template if self._names else ""


def stem_template(stems: Iterable[str]) -> str:
    """Name clips after their pictures' files, where those names tell them apart; "" else."""
    rows = [{"stem": stem} for stem in stems]
    for plain in (True, False):
        name = _Name(("stem",), plain=plain)
        if all(map(name.tells, rows)):
            return name.template
    return ""


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
        made = "-".join(parts)
        if not all(parts) or not _is_id(made):
            return False
        known = len(self._made)
        self._made.add(hash(fold_path(safe_value(made))))
        return len(self._made) > known


def _candidates(layout: Layout) -> Iterable[tuple[tuple[str, ...], bool]]:
    """Give templates of ids, the plainest first."""
    alone = [(name,) for name in layout.ids]
    paired = [(name, it) for name in layout.ids for it in layout.beside if it != name]
    for columns in (*alone, *paired):
        if layout.title not in columns:  # a title in its plain form makes no good name of a file
            yield columns, True
        yield columns, False


def _is_id(text: str) -> bool:
    flaws: list[Flaw] = []
    return "{" not in text and bool(read_id(text, Scope({}, {}, ()), flaws)) and not flaws
