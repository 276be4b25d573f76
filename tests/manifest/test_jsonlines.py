import pytest

from batchsora.errors import Problem
from batchsora.manifest import Planned, open_manifest

from .conftest import Read, Told, write


@pytest.mark.parametrize("name", ["j.jsonl", "j.ndjson", "J.JSONL"])
def test_a_row_is_read_from_each_line(read: Read, name: str) -> None:
    content = (
        '{"prompt": "a", "seconds": 8, "tags": ["x", "y"], "vars": {"mood": "calm"},'
        ' "price": 1.50}\n'
        "\n"
        '{"Prompt": "b", "seconds": "12", "new": true, "old": null, "id": "007"}\r\n'
    )
    first, second = read(name, content)
    assert (first.order.seconds, first.tags) == (8, ("x", "y"))
    assert dict(first.columns) == {"price": "1.50", "mood": "calm"}
    assert (second.order.prompt, second.order.seconds, second.id) == ("b", 12, "007")
    assert dict(second.columns) == {"new": "true", "old": ""}
    assert [(job.row, job.line) for job in (first, second)] == [(1, 1), (2, 3)]


ONE = ' | write one JSON object a line, such as {"prompt": "Gentle wind"}'
LINES = {
    '{"prompt": 1': f"not JSON: expecting ',' delimiter at column 13{ONE}",
    '{"prompt": "a"} x': f"not JSON: extra data at column 17{ONE}",
    "[1]": f"a row must be an object, not a list{ONE}",
    '"text"': f"a row must be an object, not text{ONE}",
    "null": f"a row must be an object, not nothing{ONE}",
    "[" * 100_000: f"brackets are nested too deep{ONE}",
    '{"prompt": "a", "x": NaN}': "not JSON: NaN is no JSON number | write null, or a number",
    '{"prompt": "a", "x": 1, "x": 2}': 'key "x" is written twice | delete one of them',
    '{"prompt": "a", "Prompt": "b"}': 'key "Prompt" is written twice | delete one of them',
    '{"prompt": "\\ud800"}': "half a surrogate pair U+D800 in prompt | delete it",
    '{"prompt": "\\u0000"}': "control character U+0000 in prompt | delete it",
    '{"prompt": "a", "\\ud800": 1}': "half a surrogate pair U+D800 in the name of column"
    ' "\\ud800" | delete it',
    '{"prompt": "a", "": 1}': "a column has no name | name it",
    '{"prompt": "a", "x": "\\u0007"}': 'control character U+0007 in column "x" | delete it',
    '{"prompt": "a", "x": {}}': 'column "x" must be a single value, not a mapping'
    " | write it flat: a key for each of its values",
    '{"prompt": ["a"]}': "prompt must be a single value, not a list"
    " | write one; or matrix: {prompt: […]} for a job of each",
    '{"promt": "a"}': 'column "promt" is a letter or two off the field prompt'
    " | name it prompt; a variable needs another name",
    '{"seconds": 4}': "prompt is missing | write what the clip shows",
    '{"prompt": "a", "tags": ["\\u001b"]}': "control character U+001B in tags | delete it",
}


@pytest.mark.parametrize("line", LINES)
def test_a_wrong_line_is_told_and_the_next_is_read(line: str) -> None:
    manifest = open_manifest(write("j.jsonl", f'{line}\n{{"prompt": "ok"}}\n'))
    problem, job = manifest.jobs()
    assert isinstance(problem, Problem)
    assert isinstance(job, Planned)
    assert (problem.place, job.row) == ("j.jsonl:1 (row 1)", 2)
    assert f"{problem.what} | {problem.mend}" == LINES[line]


def test_an_empty_file_has_no_rows(read: Read) -> None:
    assert read("j.jsonl", "") == []


def test_text_that_is_not_utf8_ends_the_reading(told: Told) -> None:
    (line,) = told("j.jsonl", b'{"prompt": "a"}\n{"prompt": "\xe9"}\n{"prompt": "\xe9"}\n')
    assert line.startswith("j.jsonl:2: not UTF-8: byte 0xe9 at offset 28 | ")


def test_what_others_call_a_field_is_told_once_as_of_a_header(told: Told) -> None:
    row = '{"prompt": "a", "photo": "cat.png", "vars": {"duration": "long"}}\n'
    lines = told("j.jsonl", f'{{"prompt": "a", "photo": "", "image": null}}\n{row}{row}')
    assert lines == [
        (
            'j.jsonl:2: column "photo" is none of ours, but looks like image | name it image;'
            " or say columns: {image: photo} beside from; a variable needs another name"
        )
    ]
