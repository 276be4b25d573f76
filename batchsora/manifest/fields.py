"""The fields of a row, and how keys and values become a row of text. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from batchsora.manifest.later import later_field
from batchsora.manifest.located import Flaw, Located, RowText, kind, shown
from batchsora.manifest.names import nearest, slip_of
from batchsora.manifest.text import unprintable

# What a table's columns can say; `vars` is for files whose rows may nest.
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
FIELDS = frozenset({*COLUMNS, "vars"})

_TAGS = "write tags: [hero, draft]"

# What a row orders that does not say.
DEFAULTS: Mapping[str, str] = MappingProxyType(
    {"model": "sora-2", "seconds": "4", "size": "720x1280", "takes": "1"}
    | {"fit": "cover", "focus": "centre", "pad": "blur"}
)


def row_text(row: int, line: int, entries: Mapping[str, Located], *, open_ended: bool) -> RowText:
    """Sort the keys of a row into fields and columns.

    In an `open_ended` row (JSON Lines) an unknown key is a column; else (YAML) it is a flaw.
    """
    shape = _Shape(line)
    for name, found in entries.items():
        if name in FIELDS:
            shape.take_field(name, found)
        elif not open_ended:
            shape.flaws.append(_unknown_field(name, found.line))
        elif flaw := slip_flaw(name, found.line, entries):
            shape.flaws.append(flaw)
        else:
            shape.take_column(name, found)
    columns = shape.columns | shape.variables
    return RowText(row, line, shape.fields, columns, shape.lines, tuple(shape.flaws))


def slip_flaw(name: str, line: int, present: Mapping[str, object]) -> Flaw | None:
    """Refuse a column that is a letter or two off a field which is not there by its own name."""
    field = slip_of(name, COLUMNS)
    if field is None or field in present:
        return None
    what = f"column {shown(name)} is a letter or two off the field {field}"
    return Flaw(what, f"name it {field}; a variable needs another name", field, line)


class _Shape:
    """A row on its way from keys and values to text."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.fields: dict[str, str] = {}
        self.columns: dict[str, str] = {}
        self.variables: dict[str, str] = {}
        self.lines: dict[str, int] = {}
        self.flaws: list[Flaw] = []

    def take_field(self, name: str, found: Located) -> None:
        value = found.value
        if found.line != self.line:
            self.lines[name] = found.line
        if name == "vars":
            self._take_variables(found)
        elif isinstance(value, str):
            if text := value.strip():
                self.fields[name] = text
        elif name == "tags" and isinstance(value, list):
            self._take_tags(value, found.line)
        elif value is not None:
            self.flaws.append(_not_text(name, found, name))

    def take_column(self, name: str, found: Located) -> None:
        self._keep(name, found, "column", self.columns)

    def _take_variables(self, found: Located) -> None:
        if isinstance(found.value, dict):
            for name, variable in found.value.items():
                self._keep(name, variable, "variable", self.variables)
        elif found.value is not None:
            what = f"vars must be a mapping of names to texts, not {kind(found.value)}"
            self.flaws.append(Flaw(what, "write vars: {season: autumn}", "vars", found.line))

    def _keep(self, name: str, found: Located, role: str, where: dict[str, str]) -> None:
        if fault := unprintable(name):
            what = f"{fault} in the name of {role} {shown(name)}"
            self.flaws.append(Flaw(what, "delete it", line=found.line))
        elif not name:
            self.flaws.append(Flaw(f"a {role} has no name", "name it", line=found.line))
        elif isinstance(found.value, dict | list):
            self.flaws.append(_not_text(f"{role} {shown(name)}", found))
        else:
            where[name] = found.value or ""

    def _take_tags(self, tags: list[Located], line: int) -> None:
        texts = [tag.value for tag in tags if isinstance(tag.value, str)]
        if len(texts) < len(tags):
            self.flaws.append(Flaw("tags must be texts", _TAGS, "tags", line))
        if joined := ";".join(texts).strip():
            self.fields["tags"] = joined


def _unknown_field(name: str, line: int) -> Flaw:
    if flaw := later_field(name, line):
        return flaw
    meant = nearest(name, FIELDS)
    mend = f"write {meant}" if meant else "put a variable of your own under vars:"
    return Flaw(f"unknown field {shown(name)}", mend, meant or "", line)


def _not_text(name: str, found: Located, field: str = "") -> Flaw:
    mend = "put quotes round a text that begins with { or ["
    if field == "tags":
        mend = _TAGS
    return Flaw(f"{name} must be text, not {kind(found.value)}", mend, field, found.line)
