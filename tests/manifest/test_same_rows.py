"""The same rows have the same keys, whatever file they stand in, and wherever in it."""

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchsora.manifest import Planned, open_manifest

from .conftest import PICTURES, write

Row = dict[str, str]

# What YAML, CSV and JSON can all say: printable, no lone carriage returns.
LETTERS = st.characters(
    exclude_categories=["Cs", "Cc"], exclude_characters="{}\ufeff\ufffe\uffff", codec="utf-8"
) | st.sampled_from("\n\t ,;\"'#:-")
TEXTS = st.text(LETTERS, min_size=1, max_size=40).filter(lambda text: text.strip() != "")
PLAIN = st.fixed_dictionaries(
    {"prompt": TEXTS},
    optional={
        "seconds": st.sampled_from(["4", "8", "12", "8.0"]),
        "size": st.sampled_from(["720x1280", "1280x720"]),
        "model": st.sampled_from(["sora-2", "sora-2-pro"]),
        "fit": st.sampled_from(["cover", "contain"]),
        "focus": st.sampled_from(["top", "0.25,50%"]),
        "pad": st.sampled_from(["blur", "#a0b0c0", "tan"]),
        "image": st.sampled_from(["cat.png", "./cat.png", "c*.png"]),
        "takes": st.sampled_from(["1", "2"]),
    },
)
# A variable, and a place for it.
NAMED = st.builds(
    lambda row, sku, slot: row | {"sku": sku, "prompt": row["prompt"] + slot},
    PLAIN,
    TEXTS,
    st.sampled_from([" {sku}", " {sku:slug20} {seconds} s", " {{sku}}"]),
)
ROWS = st.lists(PLAIN | NAMED, max_size=6)
FIELDS = (
    *("prompt", "seconds", "size", "model", "fit", "focus", "pad", "image", "takes"),
    "sku",
)

quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def keys(path: Path) -> list[str]:
    jobs = list(open_manifest(path).jobs())
    assert all(isinstance(job, Planned) for job in jobs), jobs
    return [job.key for job in jobs if isinstance(job, Planned)]


def as_csv(rows: list[Row], delimiter: str) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, FIELDS, delimiter=delimiter, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def as_json_lines(rows: list[Row], *, ascii_only: bool) -> str:
    return "".join(f"{json.dumps(row, ensure_ascii=ascii_only)}\n" for row in rows)


def as_yaml(rows: list[Row]) -> str | None:
    """Write rows as the YAML that JSON is; None where they hold what only JSON takes."""
    # JSON in ASCII is YAML too, surrogate pairs apart, which YAML does not put together.
    wide = any(ord(letter) > 0xFFFF for row in rows for text in row.values() for letter in text)
    told = [
        {name: text for name, text in row.items() if name != "sku"}
        | ({"vars": {"sku": row["sku"]}} if "sku" in row else {})
        for row in rows
    ]
    text = json.dumps({"rows": told}, ensure_ascii=not wide)
    return None if any(mark in text for mark in "\x7f\x85\u2028\u2029\t") else text


def in_every_form(rows: list[Row]) -> Iterator[Path]:
    """Write the same rows into files of every kind."""
    yield write("rows.jsonl", as_json_lines(rows, ascii_only=False))
    yield write("ascii.jsonl", as_json_lines(rows, ascii_only=True))
    yield write("rows.csv", as_csv(rows, ","))
    yield write("rows.tsv", as_csv(rows, "\t"))
    yield write("with-bom.csv", f"\ufeffsep=;\r\n{as_csv(rows, ';')}")
    if (text := as_yaml(rows)) is not None:
        yield write("rows.yaml", text)


@quick
@given(rows=ROWS)
def test_keys_do_not_depend_on_the_format(rows: list[Row]) -> None:
    expected, *others = (keys(path) for path in in_every_form(rows))
    assert others == [expected] * len(others)


@quick
@given(rows=ROWS)
def test_keys_do_not_depend_on_the_file_that_includes_the_rows(rows: list[Row]) -> None:
    for path in in_every_form(rows):
        including = write("including.yaml", f"name: outer\nrows:\n- from: {path}\n")
        twice = write("twice.yaml", f"rows:\n- from: {including}\n")
        assert keys(including) == keys(twice) == keys(path)


@quick
@given(rows=ROWS, chance=st.randoms())
def test_keys_do_not_depend_on_the_order(rows: list[Row], chance: Random) -> None:
    moved = sorted(rows, key=lambda _: chance.random())
    one = keys(write("rows.csv", as_csv(rows, ";")))
    other = keys(write("moved.csv", as_csv(moved, ";")))
    assert sorted(one) == sorted(other)


@quick
@given(rows=ROWS)
def test_keys_do_not_depend_on_the_folder(rows: list[Row]) -> None:
    here = keys(write("rows.csv", as_csv(rows, ",")))
    with TemporaryDirectory(dir=".", prefix="elsewhere [x] ") as there:
        shutil.copy(PICTURES / "cat.png", there)
        moved = write(f"{there}/moved.csv", as_csv(rows, ","))
        outer = write("outer.yaml", f"rows:\n- from: '{moved}'\n")
        assert keys(moved) == keys(moved.absolute()) == keys(outer) == here


def test_keys_do_not_depend_on_the_working_folder(
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
