"""The fields of a row, and how keys and values become a row of text. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from types import MappingProxyType

from batchsora.manifest.located import Flaw, Located, RowText, kind, shown, visible
from batchsora.manifest.names import called, meant_by, nearest, slip_of
from batchsora.manifest.text import trimmed, unprintable

# What a table's columns can say; `vars` and `matrix` are for files whose rows may nest.
COLUMNS = (
    "image",
    "prompt",
    "model",
    "seconds",
    "size",
    "id",
    "takes",
    "tags",
    "fit",
    "focus",
    "pad",
    "output",
)
FIELDS = frozenset({*COLUMNS, "vars", "matrix"})
# What a row says of the file that it includes.
BESIDE_FROM = ("columns", "first", "where", "needs", "once", "encoding")

# What a matrix can't have as an axis: each of its combinations is a job of its own.
_NO_AXES: Mapping[str, str] = MappingProxyType(
    {
        "id": "write id: with placeholders beside matrix, such as hero-{size}",
        "output": "write output: with placeholders beside matrix",
        "takes": "write takes: beside matrix; each combination gets so many",
        "tags": "write tags: beside matrix",
        "vars": "name the variable itself as an axis: {style: [noir, pastel]}",
        "matrix": "write its axes into this one",
    }
)
_TAGS = "write tags: [hero, draft]"
_MATRIX = "write matrix: {size: [720x1280, 1280x720]}"
# What a field wants that is not one value as any other, and how that is written.
_FORMS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"tags": ("a list of words", _TAGS), "focus": ("a single value", "write focus: 0.5,0.3")}
)

# What a row orders that does not say.
DEFAULTS: Mapping[str, str] = MappingProxyType(
    {"model": "sora-2", "seconds": "4", "size": "720x1280", "takes": "1"}
    | {"fit": "cover", "focus": "centre", "pad": "blur"}
)


def row_text(row: int, line: int, entries: Mapping[str, Located], *, open_ended: bool) -> RowText:
    """Sort the keys of a row into fields, columns and the axes of its matrix.

    In an `open_ended` row (JSON Lines) an unknown key is a column; else (YAML) it is a flaw.
    """
    shape = _Shape(line, open_ended=open_ended)
    for name, found in entries.items():
        if name in FIELDS:
            shape.take_field(name, found)
        elif not open_ended:
            shape.flaws.append(_unknown_field(name, found.line))
        elif flaw := slip_flaw(name, found.line, entries):
            shape.flaws.append(flaw)
        else:
            shape.take_column(name, found)
    return shape.row_text(row)


def slip_flaw(name: str, line: int, present: Container[str]) -> Flaw | None:
    """Refuse a column that is a letter or two off a field which is not there by its own name."""
    field = slip_of(name, COLUMNS)
    if field is None or field in present:
        return None
    what = f"column {shown(name)} is a letter or two off the field {field}"
    return Flaw(what, f"name it {field}; a variable needs another name", field, line)


def called_flaw(name: str, line: int, said: Container[str]) -> Flaw | None:
    """Refuse a column that others call a field which is not said, neither here nor by default."""
    field = called(name)
    if field is None or field in said:
        return None
    what = f"column {shown(name)} is none of ours, but looks like {field}"
    mapped = f"columns: {{{field}: {visible(name)}}}"
    mend = f"name it {field}; or say {mapped} beside from; a variable needs another name"
    return Flaw(what, mend, field, line)


def text_list(name: str, found: Located, mend: str, flaws: list[Flaw]) -> tuple[str, ...]:
    """Take a value as a list of texts; one text is a list of one."""
    values = found.value if isinstance(found.value, list) else [found]
    texts = [it.value.strip() for it in values if isinstance(it.value, str)]
    if len(texts) < len(values) or not all(texts):
        flaws.append(Flaw(f"{name} must be a list of texts", mend, line=found.line))
        return ()
    return tuple(texts)


class _Shape:
    """A row on its way from keys and values to text."""

    def __init__(self, line: int, *, open_ended: bool) -> None:
        self.line = line
        self.open_ended = open_ended
        self.fields: dict[str, str] = {}
        self.columns: dict[str, str] = {}
        self.variables: dict[str, str] = {}
        self.matrix: dict[str, tuple[str, ...]] = {}
        self.lines: dict[str, int] = {}
        self.flaws: list[Flaw] = []

    def row_text(self, row: int) -> RowText:
        columns = self.columns | self.variables
        for axis in self.matrix:
            if axis in self.fields or axis in columns:
                what = f"{visible(axis)} is in the row and in its matrix"
                self.flaws.append(Flaw(what, "take one of them out", axis, self.lines["matrix"]))
        flaws = tuple(self.flaws)
        return RowText(row, self.line, self.fields, columns, self.lines, flaws, self.matrix)

    def take_field(self, name: str, found: Located) -> None:
        value = found.value
        if found.line != self.line or name == "matrix":
            self.lines[name] = found.line
        if name == "vars":
            self._take_variables(found)
        elif name == "matrix":
            self._take_matrix(found)
        elif isinstance(value, str):
            if text := trimmed(value):
                self.fields[name] = text
        elif name == "tags" and isinstance(value, list):
            self._take_tags(value, found.line)
        elif value is not None:
            self.flaws.append(_nested(name, found, name, open_ended=self.open_ended))

    def take_column(self, name: str, found: Located) -> None:
        self._keep(name, found, "column", self.columns)

    def _take_variables(self, found: Located) -> None:
        if isinstance(found.value, dict):
            for name, variable in found.value.items():
                self._keep(name, variable, "variable", self.variables)
        elif found.value is not None:
            what = f"vars must be a mapping of names to texts, not {kind(found.value)}"
            self.flaws.append(Flaw(what, "write vars: {season: autumn}", "vars", found.line))

    def _take_matrix(self, found: Located) -> None:
        if not isinstance(found.value, dict) or not found.value:
            what = f"matrix must be a mapping of names to lists, not {kind(found.value)}"
            if found.value == {}:
                what = "matrix has no axes"
            self.flaws.append(Flaw(what, _MATRIX, "matrix", found.line))
            return
        for axis, values in found.value.items():
            if flaw := _axis_flaw(axis, values.line, found.value):
                self.flaws.append(flaw)
            elif axis_values := self._axis(axis, values):
                self.matrix[axis] = axis_values
                self.lines.setdefault(axis, values.line)

    def _axis(self, axis: str, found: Located) -> tuple[str, ...]:
        mend = f"write {visible(axis)}: [one, another]"
        if not isinstance(found.value, list):
            what = f"axis {shown(axis)} of matrix must be a list, not {kind(found.value)}"
            self.flaws.append(Flaw(what, mend, axis, found.line))
            return ()
        values = text_list(f"axis {shown(axis)} of matrix", found, mend, self.flaws)
        twice = next((it for at, it in enumerate(values) if it in values[:at]), None)
        if twice is not None:
            what = f"axis {shown(axis)} of matrix has {shown(twice)} twice"
            self.flaws.append(Flaw(what, "delete one of them", axis, found.line))
        elif not found.value:
            what = f"axis {shown(axis)} of matrix is empty: the row would make no job"
            self.flaws.append(Flaw(what, mend, axis, found.line))
        return values

    def _keep(self, name: str, found: Located, role: str, where: dict[str, str]) -> None:
        if fault := unprintable(name):
            what = f"{fault} in the name of {role} {shown(name)}"
            self.flaws.append(Flaw(what, "delete it", line=found.line))
        elif not name:
            self.flaws.append(Flaw(f"a {role} has no name", "name it", line=found.line))
        elif isinstance(found.value, dict | list):
            named = f"{role} {shown(name)}"
            self.flaws.append(_nested(named, found, open_ended=self.open_ended))
        else:
            where[name] = found.value or ""

    def _take_tags(self, tags: list[Located], line: int) -> None:
        texts = [tag.value for tag in tags if isinstance(tag.value, str)]
        if len(texts) < len(tags):
            self.flaws.append(Flaw("tags must be a list of words", _TAGS, "tags", line))
        if joined := ";".join(texts).strip():
            self.fields["tags"] = joined


def _axis_flaw(axis: str, line: int, present: Iterable[str]) -> Flaw | None:
    """Refuse what can't be an axis, and what is a field misspelt."""
    if axis in _NO_AXES:
        return Flaw(f"{axis} can't be an axis of matrix", _NO_AXES[axis], axis, line)
    if axis in COLUMNS:
        return None
    if not axis or unprintable(axis):
        return Flaw(f"axis {shown(axis)} of matrix is no name", "name it in letters", line=line)
    field = slip_of(axis, COLUMNS)
    if field is None or field in present:
        return None
    what = f"axis {shown(axis)} of matrix is a letter or two off the field {field}"
    return Flaw(what, f"name it {field}; a variable needs another name", field, line)


def _unknown_field(name: str, line: int) -> Flaw:
    if name in BESIDE_FROM:
        mend = "write it beside from: it is said of the rows of another file"
        return Flaw(f"unknown field {shown(name)}", mend, line=line)
    meant = meant_by(name) or nearest(name, (*COLUMNS, "vars", "matrix", "from", *BESIDE_FROM))
    mend = f"write {meant}" if meant else "put a variable of your own under vars:"
    return Flaw(f"unknown field {shown(name)}", mend, meant or "", line)


def _nested(name: str, found: Located, field: str = "", *, open_ended: bool) -> Flaw:
    """Refuse a mapping or a list where one value is wanted."""
    if field in COLUMNS and isinstance(found.value, list):
        mend = f"write one; or matrix: {{{field}: […]}} for a job of each"
    elif open_ended:
        mend = "write it flat: a key for each of its values"
    else:
        mend = "put quotes round a text that begins with { or ["
    wanted, mend = _FORMS.get(field, ("a single value", mend))
    return Flaw(f"{name} must be {wanted}, not {kind(found.value)}", mend, field, found.line)
