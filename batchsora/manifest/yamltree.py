"""YAML as a tree of located texts, bounded before anything is built. Pure.

Built from the parser's events and not by PyYAML's composer: the C composer recurses, and dies
on 100,000 nested brackets; and here scalars stay text (`no`, `12:30`, `010`), each with its line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from batchsora.errors import Problem
from batchsora.manifest.located import Located, shown
from batchsora.manifest.text import TextRefusedError

MOST_DEPTH = 20  # a manifest needs five: the file, its rows, a row, vars, a value
MOST_EVENTS = 1_000_000  # 20,000 rows with every field said are half of it
MOST_ANCHORED = 1000  # characters of a text that stands in for its aliases

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_ABSENT = frozenset({"", "~", "null", "Null", "NULL"})
_SHARE = "write the value out; what rows share goes under defaults:"

_YAMLS_OWN = "tag:yaml.org,2002:"  # written !!
_SPACES = "indent with spaces, not with tabs"

# What libyaml's words mean to somebody who writes a manifest.
_MENDS = {
    "mapping values are not allowed": 'put quotes round a text that contains ": "',
    "found character '\\t'": _SPACES,
    "found a tab character": _SPACES,
    "while scanning an alias": "put quotes round a text that begins with *",
    "did not find expected ',' or ']'": "close the bracket [ that is opened on line LINE",
    "did not find expected ',' or '}'": "close the brace { that is opened on line LINE",
    "did not find expected": (
        "look at the indentation; put quotes round a text that begins with { [ & * or !"
    ),
}
_COMMENT = re.compile(r"[ \t]+#(?=[^\s#])")
_HASH = "a # behind a blank begins a comment: put quotes round a text that has one"
_LOOK = "look at the indentation and the quotes just above"


@dataclass(slots=True)
class _Branch:
    """A mapping or a list that is still open."""

    line: int
    value: dict[str, Located] | list[Located]
    key: Located | None = None  # read, and waiting for its value
    seen: dict[str, int] = field(default_factory=dict)  # the line of each key


def yaml_tree(text: str, file: str) -> tuple[Located, list[Problem]]:
    """Read one YAML document, and the problems that leave the rest of it readable.

    Raises TextRefusedError where it can't be read on: broken, too deep, too large, or more
    than one document.
    """
    builder = _Builder(file, text.split("\n"))
    for event in _events(text, file):
        builder.take(event)
    return builder.root, builder.problems


def _events(text: str, file: str) -> Iterator[yaml.Event]:
    try:
        for number, event in enumerate(yaml.parse(text, Loader=_LOADER)):
            if number == MOST_EVENTS:
                what = "far too much YAML"
                mend = "put the rows in a CSV file and run that"
                raise TextRefusedError(Problem(what, mend, file, _line(event)))
            yield event
    except yaml.MarkedYAMLError as error:
        last_line = text.rstrip("\n").count("\n") + 1  # libyaml counts one more at the end
        raise TextRefusedError(_broken(error, file, last_line, text)) from None
    except yaml.YAMLError as error:
        problem = Problem(f"not YAML: {error}".splitlines()[0], _LOOK, file)
        raise TextRefusedError(problem) from None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _broken(error: yaml.MarkedYAMLError, file: str, last_line: int, text: str) -> Problem:
    words = f"{error.context or ''} {error.problem or ''}"
    mark = error.problem_mark or error.context_mark
    line = min(mark.line + 1, last_line) if mark else 0
    opened = error.context_mark.line + 1 if error.context_mark else line
    if "nesting depth" in words:  # newer versions of libyaml have a bound of their own
        return _too_deep(file, line)
    if "quoted scalar" in words and "found unexpected" in words:  # the end: nothing closed it
        return Problem("not YAML: a quote is opened here and not closed", "close it", file, opened)
    if any(map(_COMMENT.search, text.split("\n")[opened - 1 : line])):
        return Problem(f"not YAML: {error.problem or error.context}", _HASH, file, opened)
    mend = next((mend for part, mend in _MENDS.items() if part in words), _LOOK)
    what = f"not YAML: {error.problem or error.context}"
    return Problem(what, mend.replace("LINE", str(opened)), file, line)


def _too_deep(file: str, line: int) -> Problem:
    return Problem(f"nested more than {MOST_DEPTH} levels deep", "write it flat", file, line)


class _Builder:
    """A tree that grows by events: the open branches are a stack, not a recursion."""

    def __init__(self, file: str, lines: list[str]) -> None:
        self.file = file
        self.lines = lines
        self.problems: list[Problem] = []
        self.root = Located(1, None)
        self.branches: list[_Branch] = []
        self.anchored: dict[str, str] = {}  # refused, but then no value shall be called missing
        self.documents = 0

    def take(self, event: yaml.Event) -> None:
        """Grow by one event."""
        line = _line(event)
        match event:
            case yaml.ScalarEvent():
                self._refuse_sharing(event, line)
                self._refuse_cut(event)
                if event.anchor and len(event.value) <= MOST_ANCHORED:
                    self.anchored[event.anchor] = event.value
                absent = event.implicit[0] and event.value in _ABSENT
                self._place(Located(line, None if absent else event.value), event.value)
            case yaml.MappingStartEvent():
                self._open(event, _Branch(line, {}))
            case yaml.SequenceStartEvent():
                self._open(event, _Branch(line, []))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                branch = self.branches.pop()
                self._place(Located(branch.line, branch.value), None)
            case yaml.AliasEvent():
                self._refuse_alias(event.anchor or "", line)
                self._place(Located(line, self.anchored.get(event.anchor or "")), None)
            case yaml.DocumentStartEvent():
                self._count_document(line)
            case _:
                pass

    def _open(self, event: yaml.CollectionStartEvent, branch: _Branch) -> None:
        self._refuse_sharing(event, branch.line)
        if len(self.branches) == MOST_DEPTH:
            raise TextRefusedError(_too_deep(self.file, branch.line))
        self.branches.append(branch)

    def _place(self, found: Located, key: str | None) -> None:
        """Put a finished value where it belongs; `key` is its text if it can be a key."""
        if not self.branches:
            self.root = found
            return
        branch = self.branches[-1]
        if isinstance(branch.value, list):
            branch.value.append(found)
        elif branch.key is None:
            branch.key = self._checked_key(branch, Located(found.line, key))
        else:
            name = branch.key.value
            if isinstance(name, str):
                branch.value[name] = Located(branch.key.line, found.value)
            branch.key = None

    def _checked_key(self, branch: _Branch, key: Located) -> Located:
        """Look at a key before its value comes; one without a name is read and dropped."""
        name = key.value
        if not isinstance(name, str):
            self.problems.append(
                Problem("a key must be text", "put quotes round {…} and […]", self.file, key.line)
            )
            return key
        if name == "<<":
            self._complain("a merge key (<<)", key.line)
            return Located(key.line, None)
        if name in branch.seen:
            what = f"{shown(name)} is written twice, first on line {branch.seen[name]}"
            self.problems.append(Problem(what, "delete one of them", self.file, key.line))
        branch.seen.setdefault(name, key.line)
        return key

    def _refuse_alias(self, name: str, line: int) -> None:
        key = self.branches[-1].key if self.branches else None
        if key is None or key.value is not None:  # else its key was a merge key, and is told of
            self._complain(f"an alias (*{name})", line)

    def _refuse_sharing(
        self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, line: int
    ) -> None:
        if event.anchor is not None:
            self._complain(f"an anchor (&{event.anchor})", line)
        if event.tag is not None:
            tag = event.tag.replace(_YAMLS_OWN, "!!", 1)
            self._complain(f"a tag ({shown(tag)})", line, "delete it: every value is text")

    def _refuse_cut(self, event: yaml.ScalarEvent) -> None:
        """Refuse a text that a # cuts off: ``Take #2`` is Take, and `#ffffff` nothing at all."""
        end = event.end_mark
        if event.style in {"'", '"', "|", ">"} or end is None or end.line >= len(self.lines):
            return
        if _COMMENT.match(self.lines[end.line], end.column):
            what = f"{shown(event.value)} ends at the #, which begins a comment"
            mend = "put quotes round a text with a #; write a blank behind the # of a comment"
            self.problems.append(Problem(what, mend, self.file, end.line + 1))

    def _complain(self, what: str, line: int, mend: str = _SHARE) -> None:
        self.problems.append(Problem(f"{what} is not taken", mend, self.file, line))

    def _count_document(self, line: int) -> None:
        self.documents += 1
        if self.documents > 1:
            what, mend = "a second document (---) in one file", "put it in a file of its own"
            raise TextRefusedError(Problem(what, mend, self.file, line))
