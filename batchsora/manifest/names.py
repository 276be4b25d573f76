"""Names that people mistype, and what they meant. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import lru_cache

# Ordinary words that stand a letter or two from a field and mean something else.
_OTHER_WORDS = frozenset(
    {"bags", "cakes", "makes", "mode", "outlet", "promo", "promos", "records", "side", "site"}
    | {"tabs", "taxes"}
)
_LIKE = 0.75  # row is like rows; max_cost is not like max_doubts
_LEAST_LETTERS = 4  # below that, everything is near everything: id, fit
_LONG = 6  # from here on two letters may be wrong, below only one


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Find the known name that a wrong one most looks like, if any does."""
    written = {it.casefold(): it for it in known}
    found = difflib.get_close_matches(name.casefold(), list(written), n=1, cutoff=_LIKE)
    return written[found[0]] if found else None


@lru_cache(maxsize=1024)  # JSON Lines say the same names in each line
def slip_of(name: str, fields: tuple[str, ...]) -> str | None:
    """Find the field that a column's name is a letter or two off; None for a name of its own.

    A column that is taken for a variable by mistake buys clips with defaults that nobody
    wanted; one that is called a mistake wrongly costs its owner a new name.
    """
    name = name.casefold()
    if name in _OTHER_WORDS:
        return None
    for field in fields:
        if len(field) < _LEAST_LETTERS:
            continue
        if edits(name, field) <= (2 if len(field) >= _LONG else 1):
            return field
    return None


def edits(one: str, other: str) -> int:
    """Count the letters to insert, delete, replace or swap with a neighbour (OSA distance)."""
    if abs(len(one) - len(other)) > 2:  # noqa: PLR2004  more than anybody asks for
        return max(len(one), len(other))
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, meant in enumerate(other, 1):
            cost = min(before[j] + 1, row[-1] + 1, before[j - 1] + (letter != meant))
            swapped = i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == meant
            row.append(min(cost, last[j - 2] + 1) if swapped else cost)
    return row[-1]
