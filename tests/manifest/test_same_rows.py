"""The same rows have the same keys, whatever file they stand in, and wherever in it."""

import csv
import io
import json
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchsora.manifest import Planned, open_manifest

from .conftest import write

# What YAML, CSV and JSON can all say: printable, no lone carriage returns.
LETTERS = st.characters(
    exclude_categories=["Cs", "Cc"], exclude_characters="{}\ufeff\ufffe\uffff", codec="utf-8"
) | st.sampled_from("\n\t ,;\"'#:-")
PROMPTS = st.text(LETTERS, min_size=1, max_size=40).filter(lambda text: text.strip() != "")
ROWS = st.fixed_dictionaries(
    {"prompt": PROMPTS},
    optional={
        "seconds": st.sampled_from(["4", "8", "12"]),
        "size": st.sampled_from(["720x1280", "1280x720"]),
        "model": st.sampled_from(["sora-2", "sora-2-pro"]),
        "fit": st.sampled_from(["cover", "contain"]),
        "image": st.just("cat.png"),
        "takes": st.sampled_from(["1", "2"]),
    },
)
FIELDS = ("prompt", "seconds", "size", "model", "fit", "image", "takes")

quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def keys(path: Path) -> list[str]:
    jobs = list(open_manifest(path).jobs())
    assert all(isinstance(job, Planned) for job in jobs), jobs
    return [job.key for job in jobs if isinstance(job, Planned)]


def as_csv(rows: list[dict[str, str]], delimiter: str) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, delimiter=delimiter, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_json_lines(rows: list[dict[str, str]], *, ascii_only: bool) -> str:
    return "".join(f"{json.dumps(row, ensure_ascii=ascii_only)}\n" for row in rows)


@quick
@given(rows=st.lists(ROWS, max_size=6))
def test_keys_do_not_depend_on_the_format(rows: list[dict[str, str]]) -> None:
    # JSON in ASCII is YAML too, surrogate pairs apart, which YAML does not put together.
    wide = any(ord(letter) > 0xFFFF for row in rows for letter in row["prompt"])
    yaml_rows = json.dumps({"rows": rows}, ensure_ascii=not wide)
    expected = keys(write("rows.jsonl", as_json_lines(rows, ascii_only=False)))
    assert keys(write("ascii.jsonl", as_json_lines(rows, ascii_only=True))) == expected
    assert keys(write("rows.csv", as_csv(rows, ","))) == expected
    assert keys(write("rows.tsv", as_csv(rows, "\t"))) == expected
    if not any(mark in yaml_rows for mark in "\x7f\x85\u2028\u2029\t"):
        assert keys(write("rows.yaml", yaml_rows)) == expected


@quick
@given(rows=st.lists(ROWS, max_size=6), chance=st.randoms())
def test_keys_do_not_depend_on_the_order(rows: list[dict[str, str]], chance: Random) -> None:
    moved = sorted(rows, key=lambda _: chance.random())
    one = keys(write("rows.csv", as_csv(rows, ";")))
    other = keys(write("moved.csv", as_csv(moved, ";")))
    assert sorted(one) == sorted(other)


def test_keys_do_not_depend_on_where_the_folder_lies(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = "prompt,image\na,cat.png\n"
    here = keys(write("rows.csv", content))
    there = folder / "deep" / "er"
    there.mkdir(parents=True)
    (folder / "cat.png").rename(there / "cat.png")
    (there / "rows.csv").write_text(content)
    monkeypatch.chdir(there.parent)
    assert keys(Path("er/rows.csv")) == keys((there / "rows.csv").absolute()) == here
