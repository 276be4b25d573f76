"""Small tables for notebooks: HTML in which what a manifest says is text, and no more. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

MOST_ROWS = 20  # a notebook is read, not scrolled


class Link(NamedTuple):
    """A text that leads to a file."""

    text: str
    file: Path


Cell = str | Link


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]], more: int) -> str:
    """Write a table below its caption; `more` rows are not in it."""
    lines = ["".join(f"<td dir=auto>{_cell(it)}</td>" for it in row) for row in rows]
    if more:
        lines.append(f'<td colspan="{len(heads)}">… and {more:,} more</td>')
    head = "".join(f"<th>{escape(it)}</th>" for it in heads)
    body = "".join(f"<tr>{it}</tr>" for it in lines)
    return (
        f"<table><caption dir=auto>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def cut(text: str, most: int = 80) -> str:
    """Cut a text to what fits a cell."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return escape(cell)
    return f'<a href="{escape(_address(cell.file))}">{escape(cell.text)}</a>'


def _address(file: Path) -> str:
    """Say where a file is from a notebook in this folder; a server shows nothing outside of it."""
    here = os.getcwd()  # noqa: PTH109 - as text, like the next
    below = os.path.relpath(file, here)
    # with a dot before it, a name with a colon is no scheme
    return file.as_uri() if below.startswith("..") else f"./{quote(below)}"
