"""The catalogue of messages is whole: each that is said has its kind, its mend and an example."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from doc_pages import ROOT
from errors_page import (
    PAGE,
    errors_page,
    expectations,
    first_examples,
    kind_of,
    messages,
    subjects,
)

ROOM = sorted((ROOT / "batchsora" / "manifest").glob("*.py"))
# What makes a problem of its first argument.
SPEAKERS = frozenset({"Flaw", "Problem", "UsageError", "add", "_complain"})


def test_the_page_is_as_its_maker_writes_it() -> None:
    assert PAGE.read_text(encoding="utf-8") == errors_page()


def test_every_message_is_of_a_kind_and_every_kind_has_an_example() -> None:
    kinds = [kind for subject in subjects() for kind in subject.kinds]
    said = {message.what for path in expectations() for message in messages(path)}
    assert {what for what in said if kind_of(what, kinds) is None} == set()
    assert {kind.says for kind in kinds} == set(first_examples(subjects()))
    assert len({kind.says for kind in kinds}) == len(kinds)


def test_the_table_is_large_enough() -> None:
    table = [messages(path) for path in expectations()]
    assert len(table) >= 60
    assert all(table)
    assert sum(len(told) > 1 for told in table) >= 10
    kinds = [kind for subject in subjects() for kind in subject.kinds]
    assert len({kind_of(message.what, kinds) for told in table for message in told}) >= 40


@pytest.mark.parametrize("module", [pytest.param(it, id=it.stem) for it in ROOM])
def test_there_is_no_message_of_the_manifest_room_without_an_example(module: Path) -> None:
    said = [message.what for path in expectations() for message in messages(path)]
    forms = set(_forms_in(ast.parse(module.read_text(encoding="utf-8"))))
    assert {form for form in forms if not any(re.search(form, what) for what in said)} == set()


def test_a_message_without_an_example_would_be_found() -> None:
    code = 'def look(it):\n    what = f"{it} is too blue"\n    return Flaw(what, "paint it")\n'
    assert list(_forms_in(ast.parse(code))) == [r".*\ is\ too\ blue"]


def _forms_in(tree: ast.Module) -> Iterator[str]:
    """Find what a module says is wrong, as patterns: where it speaks, and where `what` is made."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(name) | ast.Attribute(attr=name), args=[first, *_]):
                yield from _forms(first) if name in SPEAKERS else ()
            case ast.Assign(targets=[ast.Name("what")], value=value):
                yield from _forms(value)
            case ast.Assign(
                targets=[ast.Tuple([ast.Name("what"), *_])], value=ast.Tuple([value, *_])
            ):
                yield from _forms(value)


def _forms(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(str(text)):
            yield re.escape(text)
        case ast.JoinedStr(parts):
            form = "".join(next(_forms(part), ".*") for part in parts)
            yield from [form] * (form.strip(".*") != "")
        case ast.IfExp(body=one, orelse=other):
            yield from _forms(one)
            yield from _forms(other)
