"""A row that says `from`: which file it means, and how that is to be read. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from batchsora.manifest.complaints import Complaints
from batchsora.manifest.fields import BESIDE_FROM, COLUMNS, text_list
from batchsora.manifest.head import read_defaults
from batchsora.manifest.located import Flaw, Located, RowText, shown
from batchsora.manifest.names import meant_by, nearest
from batchsora.manifest.sieve import Sieve
from batchsora.manifest.text import UTF_8, known_encoding, unprintable

KEYS = ("from", *BESIDE_FROM)
_STRAY = {
    "\n": "a line end",
    "\r": "a line end",
    "\t": "a tab",
}  # may stand in a text, but in no file's name
_FROM = "write from: products.csv"
_COLUMNS = "write columns: {image: Image Src}"
_WHERE = "write where: {Status: active}"
_LISTS: Mapping[str, str] = {
    "first": "write first: [Images]",
    "needs": "write needs: [Title, Image Src]",
    "once": "write once: [item_group_id]",
}


@dataclass(frozen=True, slots=True)
class Inclusion:
    """What a row says that stands for those of another file."""

    line: int
    file: str  # relative to the file in which it is written
    defaults: RowText
    mapped: Mapping[str, str] | None  # by field, the column that says it; None: by their names
    sieve: Sieve
    encoding: str
    lines: Mapping[str, int]  # of each of its keys


def read_inclusion(line: int, told: Mapping[str, Located], complaints: Complaints) -> Inclusion:
    """Read a row that has the key `from`; what is wrong with it goes to the complaints."""
    found = told["from"]
    file = complaints.text("from", found, _FROM)
    stray = next((word for letter, word in _STRAY.items() if letter in file), "")
    if word := unprintable(file) or stray:
        complaints.add(f"{word} in from {shown(file)}", "delete it", found.line)
        file = ""
    elif not (file or isinstance(found.value, dict | list)):
        complaints.add("from names no file", _FROM, found.line)
    rest = {name: it for name, it in told.items() if name not in KEYS}
    return Inclusion(
        line=found.line,
        file=file,
        defaults=read_defaults(rest, line, complaints, "beside from"),
        mapped=_mapped(told["columns"], complaints) if "columns" in told else None,
        sieve=_sieve(told, complaints),
        encoding=_encoding(told["encoding"], complaints) if "encoding" in told else UTF_8,
        lines={name: it.line for name, it in told.items()},
    )


def _mapped(found: Located, complaints: Complaints) -> dict[str, str]:
    mapped = {}
    for field, column in complaints.mapping("columns", found, _COLUMNS).items():
        if field not in COLUMNS:
            meant = meant_by(field) or nearest(field, COLUMNS)
            mend = f"write {meant}" if meant else f"the fields are {', '.join(COLUMNS)}"
            complaints.add(f"columns: {shown(field)} is no field", mend, column.line)
        elif name := complaints.text(f"columns: {field}", column, _COLUMNS):
            mapped[field] = name
    return mapped


def _sieve(told: Mapping[str, Located], complaints: Complaints) -> Sieve:
    flaws: list[Flaw] = []
    lists = {
        key: text_list(key, told[key], example, flaws)
        for key, example in _LISTS.items()
        if key in told
    }
    where = {}
    if "where" in told:
        for name, texts in complaints.mapping("where", told["where"], _WHERE).items():
            where[name] = text_list(f"where: {shown(name)}", texts, _WHERE, flaws)
            if texts.value == []:
                flaws.append(Flaw(f"where: {shown(name)} is empty", _WHERE, line=texts.line))
    for flaw in flaws:
        complaints.add(flaw.what, flaw.mend, flaw.line)
    return Sieve(where=where, **lists)


def _encoding(found: Located, complaints: Complaints) -> str:
    name = complaints.text("encoding", found, "write encoding: cp1252")
    encoding = known_encoding(name) if name else UTF_8
    if encoding is None:
        complaints.add(f"unknown encoding {shown(name)}", "write encoding: cp1252", found.line)
    return encoding or UTF_8
