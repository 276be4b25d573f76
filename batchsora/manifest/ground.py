"""What holds for the rows of one file before they say anything themselves. Pure values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from batchsora.errors import Problem
from batchsora.manifest.addresses import is_address
from batchsora.manifest.fields import DEFAULTS
from batchsora.manifest.located import RowText
from batchsora.manifest.sieve import Sieve
from batchsora.models import Cards

Matrix = Mapping[str, tuple[str, ...]]

_ALL = Sieve()


class Place(NamedTuple):
    """Where something is written: in which file, on which line, from 1."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Ground:
    """What holds for the rows of one file: the layers of defaults below them, in one."""

    file: str  # as messages call it
    home: Path  # the manifest's folder
    folder: Path  # this file's: what the images of its rows are relative to
    name: str  # the campaign's
    cards: Cards
    included: str = ""  # the file from the manifest's folder; "" for the manifest itself
    prefix: str = ""  # the way from the manifest's folder to this one, with a slash at its end
    fields: Mapping[str, str] = field(default_factory=lambda: DEFAULTS)
    columns: Mapping[str, str] = field(default_factory=dict)
    matrix: Matrix = field(default_factory=dict)
    image_prefix: str = ""  # the way to the folder from which the image among its fields starts
    axis_prefix: str = ""  # the same for those in its matrix
    blame: Mapping[str, Place] = field(default_factory=dict)  # where a field's default is written
    elsewhere: frozenset[str] = frozenset()  # variables that some of its rows have

    def over(self, layer: RowText, file: str) -> Ground:
        """Lay further defaults over these; `file` is where they are written."""
        said = {*layer.fields, *layer.matrix}
        blame = {name: Place(file, layer.lines.get(name, layer.line)) for name in said}
        return replace(
            self,
            fields={**self.fields, **layer.fields},
            columns={**self.columns, **layer.columns},
            matrix=layer.matrix or axes_left(self.matrix, layer),
            image_prefix=self.prefix if "image" in layer.fields else self.image_prefix,
            axis_prefix=self.prefix if layer.matrix else self.axis_prefix,
            blame={**self.blame, **blame},
        )


def from_home(prefix: str, image: str) -> str:
    """Name an image as from the manifest's folder; the prefix is the way to where it starts."""
    if not prefix or image.startswith("/") or is_address(image):
        return image
    return f"{prefix}{image}"


def axes_left(matrix: Matrix, said: RowText) -> Matrix:
    """Take the axes that hold where this is said: not those of which it says a value itself."""
    if not matrix:
        return matrix
    own = {*said.fields, *(name for name, text in said.columns.items() if text.strip())}
    return {axis: values for axis, values in matrix.items() if axis not in own}


@dataclass(frozen=True, slots=True)
class Source:
    """A file of rows: what holds for them, and the rows as often as they are asked for."""

    ground: Ground
    columns: tuple[str, ...] | None  # the manifest's own others; None where only the rows tell
    rows: Callable[[], Iterator[RowText | Included | Problem]]
    notes: tuple[str, ...] = ()  # what a person should be told of how it is read


@dataclass(frozen=True, slots=True)
class Included:
    """A row that stands for those of another file."""

    source: Source
    sieve: Sieve = _ALL
