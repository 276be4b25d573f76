"""A census of a feed: how many rows make a clip, and what tells them apart. Pure.

Hashes of what was seen are kept, never rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from batchsora.job import fold_path
from batchsora.manifest.feeds import Layout, Row, pictures_in
from batchsora.manifest.located import Flaw, RowText
from batchsora.manifest.paths import safe_value
from batchsora.manifest.sieve import BY_ONCE, Sieve, told_of
from batchsora.manifest.templates import Scope, slug
from batchsora.manifest.words import read_id

# What most columns of numbers and handles hold; it is an id as it stands.
_EASY = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)*")
_EASY_CHARACTERS = 60  # a slug is no longer
# What Shopify says of a product; its further pictures and variants say nothing.
_ON_SALE = "active"
_STATUSES = frozenset({_ON_SALE, "draft", "archived", "unlisted", ""})


def sieve_of(layout: Layout) -> Sieve:
    """Say of a feed's layout which rows it means."""
    return Sieve(layout.first, layout.where, layout.needs, layout.once)


class Census:
    """Counts the rows of a feed, and looks for what forbids to buy a clip of each."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.rows = 0
        self.pictured = 0  # rows with a picture, be they kept or not
        self.kept = 0
        self.twins: tuple[int, int] | None = None  # the lines of two rows that say the same
        self.twin_count = 0
        self.has_repeated = False  # rows that `once` left out
        self._is_crowded = False  # a cell names several pictures
        self._statuses: set[str] | None = set()  # None where they are not a shop's
        self._says = tuple(dict.fromkeys((*layout.needs, *layout.fields.values())))
        self._said: dict[int, int] = {}

    def take(self, row: RowText, sifted: RowText | str) -> None:
        """Count a row, with what the sieve says of it."""
        self.rows += 1
        pictures = row.columns[self.layout.image].strip()
        self.pictured += bool(pictures)
        self._note_status(row)
        if isinstance(sifted, str):
            self.has_repeated = self.has_repeated or sifted.startswith(BY_ONCE)
            return
        self.kept += 1
        self._is_crowded = self._is_crowded or len(pictures_in(pictures)) > 1
        said = tuple(told_of(sifted, name) for name in self._says)
        before = self._said.setdefault(hash(said), row.line)
        if before != row.line:
            self.twin_count += 1
            self.twins = self.twins or (before, row.line)

    def _note_status(self, row: RowText) -> None:
        if self.layout.status and self._statuses is not None:
            self._statuses.add(row.columns[self.layout.status].strip())
            if not {status.casefold() for status in self._statuses} <= _STATUSES:
                self._statuses = None

    def better(self) -> Layout | None:
        """Say how the feed is to be read instead, so that a clip of each row can be bought."""
        layout, statuses = self.layout, self._statuses or ()
        on_sale = tuple(sorted(it for it in statuses if it.casefold() == _ON_SALE))
        off_sale = {*statuses} - {*on_sale, ""}
        if on_sale and off_sale and not layout.where:
            return replace(layout, where={layout.status: on_sale})
        if self._is_crowded and not layout.first:
            return replace(layout, first=(layout.image,))
        if self.twins and not self.has_repeated and layout.once != self._says:
            return replace(layout, once=self._says)
        if layout.once and not self.has_repeated and not self.twins:
            return replace(layout, once=())
        return None


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
