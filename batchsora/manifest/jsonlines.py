"""JSON Lines as located rows of text: a stream, one row in memory. Reads files."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping
from typing import Any, NoReturn

from batchsora.errors import Problem
from batchsora.manifest.fields import FIELDS, called_flaw, row_text
from batchsora.manifest.located import Flaw, Located, RowText, Value, kind, shown
from batchsora.manifest.text import HeldText, TextFile, TextRefusedError

_ONE_A_LINE = 'write one JSON object a line, such as {"prompt": "Gentle wind"}'


def json_rows(
    file: TextFile | HeldText, mapped: Mapping[str, str] | None = None, said: Container[str] = ()
) -> Iterator[RowText | Problem]:
    """Read a row from each line that is not blank. What can't be read is a Problem in its place.

    Fields are keys of their own names or, where `mapped` says so, only those of the names it gives;
    `said` are those that have a default.
    """
    reader = _Reader(mapped, said)
    row = 0
    try:
        for line, text in enumerate(file.lines(), 1):
            if text.isspace():
                continue
            row += 1
            found = reader.read(row, line, text)
            if isinstance(found, Flaw):
                yield Problem(found.what, found.mend, str(file), line, row)
            else:
                yield from (Problem(it.what, it.mend, str(file), line) for it in reader.news)
                yield found
    except TextRefusedError as refused:
        yield refused.problem


class _Reader:
    """A JSON decoder that keeps numbers as written, and sees keys that are written twice."""

    def __init__(self, mapped: Mapping[str, str] | None, said: Container[str]) -> None:
        self.mapped = mapped
        self.said = said
        self.twice: list[str] = []
        self.news: list[Flaw] = []  # of the names in a row: what no row before it has told
        self.told: set[str] = set()
        self.decoder = json.JSONDecoder(
            object_pairs_hook=self._unite,
            parse_float=str,
            parse_int=str,
            parse_constant=_refuse_constant,
        )

    def read(self, row: int, line: int, text: str) -> RowText | Flaw:
        self.twice.clear()
        try:
            value = self.decoder.decode(text.rstrip())
        except json.JSONDecodeError as error:
            return Flaw(f"not JSON: {error.msg.lower()} at column {error.pos + 1}", _ONE_A_LINE)
        except RecursionError:
            return Flaw("brackets are nested too deep", _ONE_A_LINE)
        except ValueError as error:
            return Flaw(f"not JSON: {error}", "write null, or a number")
        if not isinstance(value, dict):
            return Flaw(f"a row must be an object, not {kind(_value(value, line))}", _ONE_A_LINE)
        entries = {self._name(name): Located(line, _value(value[name], line)) for name in value}
        if len(entries) < len(value):
            self.twice += [name for name in value if self._name(name) != name]
        self.news.clear()
        if self.mapped is None:
            self.news += self._names_of_others(entries, line)
            found = row_text(row, line, entries, open_ended=True)
        else:
            found = _mapped_row(row, line, entries, self.mapped)
        return found._replace(flaws=found.flaws + self._twice_flaws()) if self.twice else found

    def _unite(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        united = dict(pairs)
        if len(united) < len(pairs):
            names = [name for name, _ in pairs]
            self.twice += [name for name in united if names.count(name) > 1]
        return united

    def _name(self, key: str) -> str:
        """Call a field by its name however it is capitalised, as in a table's header."""
        if key in FIELDS:
            return key
        name = key.strip()
        if self.mapped is not None:
            return name
        folded = name.casefold()
        return folded if folded in FIELDS else name

    def _names_of_others(self, entries: Mapping[str, Located], line: int) -> Iterator[Flaw]:
        """Find the keys that others call a field; as of a header, each is told once."""
        for name in entries:
            flaw = None if name in FIELDS else called_flaw(name, line, entries)
            if flaw and flaw.field not in self.said and name not in self.told:
                self.told.add(name)
                yield flaw

    def _twice_flaws(self) -> tuple[Flaw, ...]:
        return tuple(
            Flaw(f"key {shown(name)} is written twice", "delete one of them") for name in self.twice
        )


def _mapped_row(
    row: int, line: int, entries: Mapping[str, Located], mapped: Mapping[str, str]
) -> RowText:
    """Read a row of which only the mapped keys are fields; all of them are columns as well."""
    named = {field: entries[name] for field, name in mapped.items() if name in entries}
    fields = row_text(row, line, named, open_ended=True)
    texts = {
        name: value or ""
        for name, (_, value) in entries.items()
        if not isinstance(value, dict | list)
    }
    return fields._replace(columns=texts)


def _value(value: Any, line: int) -> Value:
    """Make texts of scalars and give the nested values their line."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return [Located(line, _value(part, line)) for part in value]
    return {name: Located(line, _value(part, line)) for name, part in value.items()}


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
