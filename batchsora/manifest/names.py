"""Names that people mistype, and what they meant. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

# Ordinary words that stand a letter or two from a field and mean something else.
_OTHER_WORDS = frozenset(
    {"bags", "cakes", "makes", "mode", "outlet", "promo", "promos", "records", "side", "site"}
    | {"tabs", "taxes"}
)
# What other people call a column of pictures, as `in_words` writes it, the likeliest first.
IMAGES = (
    *("image", "image url", "image link", "image src", "image file", "image path", "image name"),
    *("main image", "main image url", "featured image", "product image", "product image url"),
    *("images", "photo", "photo url", "photos", "picture", "picture url", "pictures", "pic"),
    *("img", "img url", "img src", "imageurl", "imagelink", "bild", "foto", "immagine", "imagen"),
)
# What they call fields in a table, where a name must leave no doubt: `length` may be a shelf's.
_IN_TABLES: Mapping[str, tuple[str, ...]] = {
    "image": (*IMAGES, *(f"{name} 1" for name in IMAGES)),
    "seconds": (
        *("duration", "duration s", "duration sec", "duration secs", "duration seconds"),
        *("duration in s", "duration in seconds", "video duration", "clip duration"),
        *("video length", "clip length", "length s", "length in seconds", "length seconds"),
        *("secs", "dauer"),
    ),
    "size": (
        *("resolution", "video resolution", "clip resolution", "video size", "clip size"),
        *("aspect", "aspect ratio", "aspectratio", "dimensions", "video dimensions"),
    ),
}
# And in YAML, where what is no field is refused in any case.
_IN_YAML: Mapping[str, tuple[str, ...]] = {
    "image": ("input", "input image", "image file", "src"),
    "prompt": ("text", "caption", "description", "prompt text", "video prompt"),
    "seconds": ("length",),
    "size": ("width", "height", "orientation"),
    "takes": ("count", "copies", "variations"),
}

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


def in_words(name: str) -> str:
    """Write a name as the tables here do: for them, `g:image_link` is an image link."""
    words = re.sub(r"[\W_]+", " ", name.casefold().removeprefix("g:")).strip()
    return re.sub(r"(?<=[^\W\d])(\d+)$", r" \1", words)  # image1 is image 1


@lru_cache(maxsize=1024)
def called(name: str) -> str | None:
    """Find the field that other people's tables call so; None for a name of its own."""
    return _listed(name, _IN_TABLES)


def meant_by(name: str) -> str | None:
    """Find the field that somebody means who writes this for one in YAML."""
    return called(name) or _listed(name, _IN_YAML)


def other_names(field: str) -> tuple[str, ...]:
    """Give what other people's tables call a field, as `in_words` writes it."""
    return _IN_TABLES.get(field, ())


def _listed(name: str, names: Mapping[str, tuple[str, ...]]) -> str | None:
    words = in_words(name)
    return next((field for field, others in names.items() if words in others), None)


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
