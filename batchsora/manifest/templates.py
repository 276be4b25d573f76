"""Templates: text with {placeholders} in it, and what each pair of braces means. Pure."""

from __future__ import annotations

import re
from collections.abc import Container
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_WORD = re.compile(r"[^\W\d]\w*")
_FILTERED = re.compile(r"([^\W\d]\w*):\w+")
_REACHING = re.compile(r"([^\W\d]\w*)[.\[!]")


class Slot(NamedTuple):
    """A pair of braces and what is between them."""

    inside: str


class Meaning(Enum):
    """What a pair of braces says."""

    NAME = auto()  # of something that is known
    UNKNOWN = auto()  # looks like a name, and is none
    FILTER = auto()  # a name, a colon and a word
    REACH = auto()  # for an attribute, an index or a conversion: there are none
    TEXT = auto()  # no name: the braces stay as they are


@lru_cache(maxsize=1024)
def tokens(template: str) -> tuple[str | Slot, ...]:
    """Split a template into text and slots; ``{{`` and ``}}`` are braces already."""
    found: list[str | Slot] = []
    end = 0
    for braces in _BRACES.finditer(template):
        found.append(template[end : braces.start()])
        end = braces.end()
        inside = braces[1]
        found.append(braces[0][0] if inside is None else Slot(inside))
    found.append(template[end:])
    return tuple(token for token in found if token != "")


def meaning(inside: str, names: Container[str]) -> Meaning:
    """Say what a slot means where these names are known. A name is only ever looked up."""
    if inside in names:
        return Meaning.NAME
    if _WORD.fullmatch(inside):
        return Meaning.UNKNOWN
    if _FILTERED.fullmatch(inside):
        return Meaning.FILTER
    reaching = _REACHING.match(inside)
    return Meaning.REACH if reaching and reaching[1] in names else Meaning.TEXT
