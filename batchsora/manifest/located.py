"""What the readers hand on: located values, rows of text, and flaws of them. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

Value = str | None | list["Located"] | dict[str, "Located"]

_NOTHING: Mapping[str, int] = MappingProxyType({})
_NO_MATRIX: Mapping[str, tuple[str, ...]] = MappingProxyType({})
_SHOWN_CHARACTERS = 60  # enough to find the place; a message stays a line


class Located(NamedTuple):
    """A value of a manifest and the line, from 1, where it is written; None is *absent*."""

    line: int
    value: Value


class Flaw(NamedTuple):
    """Something wrong with a row; who knows the row makes a Problem of it."""

    what: str
    mend: str
    field: str = ""  # whose line is meant; the row's where there is none
    line: int = 0  # from 1, where it is known better than by the field


class RowText(NamedTuple):
    """One row as its file has it, before anything is understood.

    `fields` holds the known fields that say something: stripped, never blank.
    """

    row: int  # from 1; 0 for the defaults
    line: int  # from 1: where the row starts
    fields: Mapping[str, str]
    columns: Mapping[str, str]  # the manifest's own columns and `vars`, in their order
    lines: Mapping[str, int] = _NOTHING  # of fields that don't stand on the row's line
    flaws: tuple[Flaw, ...] = ()  # what the reader saw already
    matrix: Mapping[str, tuple[str, ...]] = _NO_MATRIX  # values by axis: a job for each combination


def shown(text: str) -> str:
    """Quote a text for a message: cut, and with nothing in it that a terminal obeys."""
    return f'"{short(text)}"'


def short(text: str) -> str:
    """Cut a text for a message that puts its own marks round it."""
    return visible(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…")


def visible(text: str) -> str:
    """Write out, as escapes, what a terminal would obey or nobody would see."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def kind(value: Value) -> str:
    """Say in words what a value is."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else "text"
