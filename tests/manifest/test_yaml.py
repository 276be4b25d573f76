from decimal import Decimal
from pathlib import Path

import pytest

from batchsora.errors import ManifestRefusedError, Problem
from batchsora.job import Fit, Framing, Size
from batchsora.manifest import Planned, open_manifest
from batchsora.manifest.yamltree import yaml_tree
from batchsora.settings import Rate

from .conftest import Read, Told, write

WHOLE = """\
name: autumn
defaults: {model: sora-2-pro, seconds: 8, vars: {season: autumn, mood: calm}}
settings: {rate: 60/1m, max_in_flight: 7, poll_interval: 2.5}
output: "{season}/{id}.mp4"
rows:
  - id: cat
    image: cat.png
    prompt: Put a hat on the cat
    size: 1280x720
    takes: 2
    tags: [hero, draft, hero]
    fit: contain
    vars: {season: winter}
  - prompt: |
      Two lines
      of prompt
    seconds:
    model: ~
"""


def test_a_whole_manifest_becomes_jobs() -> None:
    manifest = open_manifest(write("m.yaml", WHOLE))
    assert manifest.name == "autumn"
    assert manifest.settings == {
        "rate": Rate(60, 60),
        "max_in_flight": 7,
        "poll_interval_s": 2.5,
    }
    assert manifest.columns == ("season", "mood")
    first, second, third = (job for job in manifest.jobs() if isinstance(job, Planned))
    assert first.order.image is not None
    assert first.order.image.written == "cat.png"
    assert (first.id, first.explicit_id, first.order.take) == ("cat", True, 1)
    assert (first.order.model, first.order.seconds) == ("sora-2-pro", 8)
    assert (first.order.size, first.order.framing) == (Size(1280, 720), Framing(Fit.CONTAIN))
    assert first.price_usd == Decimal("2.40")
    assert first.tags == ("hero", "draft")
    assert dict(first.columns) == {"season": "winter", "mood": "calm"}
    assert (first.output, second.output) == ("videos/winter/cat-1.mp4", "videos/winter/cat-2.mp4")
    assert (first.row, first.line, third.row, third.line) == (1, 6, 2, 14)
    assert first.image_path == Path("cat.png")
    assert first.key == first.order.key() != second.key
    assert third.order.prompt == "Two lines\nof prompt"
    assert (third.id, third.explicit_id) == (third.key[:10], False)
    assert (third.order.model, third.order.seconds) == ("sora-2-pro", 8)
    assert third.image_path is None


def test_scalars_stay_text(read: Read) -> None:
    told = "no: {a: no, b: 12:30, c: 010, d: 1e3, e: 2026-01-31, f: 'null', g: null, h: ''}"
    (job,) = read("m.yaml", f"rows:\n- prompt: yes\n  vars: {told[4:]}\n")
    assert job.order.prompt == "yes"
    assert list(job.columns.values()) == [
        *("no", "12:30", "010", "1e3", "2026-01-31", "null"),
        *("", ""),
    ]


def test_a_bom_and_windows_line_ends_change_nothing(read: Read) -> None:
    (plain,) = read("m.yaml", "rows:\n- prompt: |\n    a\n    b\n")
    (windows,) = read("n.yaml", b"\xef\xbb\xbfrows:\r\n- prompt: |\r\n    a\r\n    b\r\n")
    assert plain.key == windows.key


@pytest.mark.parametrize("content", ["", "rows: []", "rows:", "name: empty", "# nothing\n"])
def test_no_rows_are_no_problem(read: Read, content: str) -> None:
    assert read("m.yaml", content) == []


FORMS = {
    "- prompt: a": "m.yaml:1: a manifest must be a mapping, not a list"
    " | write them under rows:, each as - prompt: …",
    "text": "m.yaml:1: a manifest must be a mapping, not text"
    " | write them under rows:, each as - prompt: …",
    "rows: {a: b}": "m.yaml:1: rows must be a list, not a mapping"
    " | write them under rows:, each as - prompt: …",
    "rows: [a]": "m.yaml:1 (row 1): a row must be a mapping, not text | write - prompt: …",
    "a: b\n---\nc: d": "m.yaml:2: a second document (---) in one file"
    " | put it in a file of its own",
    "rows:\n- prompt: a: b": "m.yaml:2: not YAML: mapping values are not allowed in this context"
    ' | put quotes round a text that contains ": "',
    "rows:\n- prompt: {style} look": "m.yaml:2: not YAML: did not find expected key"
    " | look at the indentation; put quotes round a text that begins with { [ & * or !",
    "rows:\n- prompt: *.jpg": "m.yaml:2: not YAML: did not find expected alphabetic or numeric"
    " character | put quotes round a text that begins with *",
    "rows:\n- prompt: 'a\n- prompt: b": "m.yaml:2: not YAML: a quote is opened here and not closed"
    " | close it",
    "rows:\n- {prompt: a,\n  id: b\n": "m.yaml:3: not YAML: did not find expected ',' or '}'"
    " | close the brace { that is opened on line 2",
    "rows:\n- matrix: {image: [a.png, b.png}": "m.yaml:2: not YAML: did not find expected ','"
    " or ']' | close the bracket [ that is opened on line 2",
    "rows:\n- prompt: a\n\tid: b": "m.yaml:3: not YAML: found a tab character that violates"
    " indentation | indent with spaces, not with tabs",
    "rows:\n- prompt: a\x00b": "m.yaml:2: control character U+0000 in the file | delete it",
    "rows:\n- prompt: {a: b}": "m.yaml:2 (row 1): prompt must be a single value, not a mapping"
    " | put quotes round a text that begins with { or [",
    "rows:\n- prompt: a\n  <<: {seconds: 4}": "m.yaml:3: a merge key (<<) is not taken"
    " | write the value out; what rows share goes under defaults:",
    "rows:\n- prompt: &p a": "m.yaml:2: an anchor (&p) is not taken"
    " | write the value out; what rows share goes under defaults:",
    "rows:\n- prompt: a\n  vars: {x: *p}": "m.yaml:3: an alias (*p) is not taken"
    " | write the value out; what rows share goes under defaults:",
    "rows:\n- prompt: !!python/object:os.system a": "m.yaml:2: a tag"
    ' ("!!python/object:os.system") is not taken | delete it: every value is text',
    "rows:\n- prompt: a\n  seconds: 4\n  prompt: b": 'm.yaml:4: "prompt" is written twice,'
    " first on line 2 | delete one of them",
    "rows:\n- prompt: a\n  {x: y}: b": "m.yaml:3: a key must be text"
    " | put quotes round {…} and […]",
    "rows:\n- promt: a": 'm.yaml:2 (row 1): unknown field "promt" | write prompt',
    "rows:\n- prompt: a\n  colour: red": 'm.yaml:3 (row 1): unknown field "colour"'
    " | put a variable of your own under vars:",
    "rows:\n- prompt: a\n  vars: [x]": "m.yaml:3 (row 1): vars must be a mapping of names to texts,"
    " not a list | write vars: {season: autumn}",
    "rows:\n- prompt: a\n  vars: {x: [y]}": 'm.yaml:3 (row 1): variable "x" must be a single'
    " value, not a list | put quotes round a text that begins with { or [",
    "rows:\n- prompt: a\n  tags: {x: y}": "m.yaml:3 (row 1): tags must be a list of words,"
    " not a mapping"
    " | write tags: [hero, draft]",
    "rows:\n- prompt: a\n  tags: [[x]]": "m.yaml:3 (row 1): tags must be a list of words"
    " | write tags: [hero, draft]",
    "rows:\n- matrix: {a: [b]}": "m.yaml:2 (row 1): prompt is missing | write what the clip shows",
    "rows:\n- from: products.csv": "m.yaml:2: from: products.csv is missing"
    " | give the path of a file that is there",
}


@pytest.mark.parametrize("content", FORMS)
def test_a_wrong_form_is_told_with_its_line_and_mend(told: Told, content: str) -> None:
    assert told("m.yaml", content) == [FORMS[content]]


def test_text_that_is_not_utf8_is_told_by_byte_and_line(told: Told) -> None:
    assert told("m.yaml", b"rows:\n- prompt: caf\xe9\n") == [
        (
            "m.yaml:2: not UTF-8: byte 0xe9 at offset 19"
            " | save the file as UTF-8, or give --encoding cp1252"
        )
    ]


@pytest.mark.parametrize("bracket", ["[", "{a: ", "- "])
def test_deep_nesting_is_refused_before_anything_is_built(told: Told, bracket: str) -> None:
    assert told("m.yaml", bracket * 100_000) == [
        "m.yaml:1: nested more than 20 levels deep | write it flat"
    ]


def test_a_hundred_thousand_aliases_are_refused_and_not_expanded(told: Told) -> None:
    bomb = "a: &a [x, x]\nrows: [" + "*a, " * 100_000 + "]"
    assert told("m.yaml", bomb)[0].startswith("m.yaml:1: an anchor (&a) is not taken")


def test_twenty_thousand_rows_are_not_too_many(read: Read) -> None:
    assert len(read("m.yaml", "rows:\n" + "- prompt: a\n" * 20_000)) == 20_000


def test_the_tree_knows_the_line_of_each_key() -> None:
    root, problems = yaml_tree("a: 1\nb:\n  - c: 2\n    d:\n", "m.yaml")
    assert problems == []
    assert isinstance(root.value, dict)
    assert root.value["b"].line == 2
    rows = root.value["b"].value
    assert isinstance(rows, list)
    assert rows[0] == (3, {"c": (3, "2"), "d": (4, None)})


def test_a_problem_of_the_defaults_is_told_once_and_where_it_stands(told: Told) -> None:
    content = "defaults:\n  model: sora-2\n  seconds: 10\nrows:\n- prompt: a\n- prompt: b\n"
    assert told("m.yaml", content) == [
        (
            'm.yaml:3: seconds must be one of 4, 8, 12 for model sora-2, not "10"'
            " | write seconds: 8, or add a model card with --models FILE"
        )
    ]


def test_a_row_may_say_what_a_wrong_default_says(read: Read) -> None:
    jobs = read("m.yaml", "defaults: {seconds: 10}\nrows:\n- {prompt: a, seconds: 4}\n")
    assert [job.order.seconds for job in jobs] == [4]


def test_the_first_hundred_problems_are_told_and_all_are_counted() -> None:
    path = write("m.yaml", "colour: red\nrows:\n" + "- prompt:\n" * 300)
    with pytest.raises(ManifestRefusedError) as refused:
        open_manifest(path)
    assert (len(refused.value.problems), refused.value.count) == (100, 301)


def test_rows_below_a_refused_head_are_not_asked_for_their_images(told: Told) -> None:
    lines = told("m.yaml", "otput: x\nrows:\n- {prompt: a, image: gone.png}\n")
    assert lines == ['m.yaml:1: unknown key "otput" | write output']


def test_rows_are_not_blamed_for_a_wrong_model_card(told: Told) -> None:
    content = "models: {mine: {sizes: [1280x720]}}\nrows:\n- {prompt: a, model: mine}\n"
    assert told("m.yaml", content) == [
        (
            "m.yaml:1: seconds of model mine must be whole numbers greater than 0"
            " | write seconds: [5, 10]"
        )
    ]


def test_problems_know_their_row() -> None:
    path = write("m.yaml", "rows:\n- prompt: a\n- prompt: b\n  takes: 0\n")
    (problem,) = (found for found in open_manifest(path).jobs() if isinstance(found, Problem))
    assert (problem.file, problem.line, problem.row) == ("m.yaml", 4, 2)
    assert problem.place == "m.yaml:4 (row 2)"
