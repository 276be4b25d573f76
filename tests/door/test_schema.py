"""The schema says what the reader says: as much is taken, as much is explained."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from batchsora.errors import ManifestRefusedError, Problem
from batchsora.manifest import open_manifest
from batchsora.manifest.fields import FIELDS
from batchsora.manifest.head import KEYS
from batchsora.manifest.inclusion import KEYS as INCLUSION_KEYS
from batchsora.manifest.schema import manifest_schema
from batchsora.settings import SETTINGS

from .door import Desk

ROOT = Path(__file__).parents[2]
SAMPLES = sorted((ROOT / "manifests").glob("*.yaml"))
COMMITTED = ROOT / "manifests" / "manifest.schema.json"
SCHEMA = manifest_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
_FENCE = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class _Core(yaml.SafeLoader):
    """YAML as editors read it, by the core schema of YAML 1.2: `no` and dates are text."""


_Core.yaml_implicit_resolvers = {}
for tag, pattern in {
    "null": "~|null|",
    "bool": "true|false",
    "int": "[-+]?[0-9]+",
    "float": r"[-+]?[0-9]+\.[0-9]*",
}.items():
    _Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), None)


def faults(text: str) -> list[str]:
    """Tell what an editor would underline."""
    return [error.message for error in VALIDATOR.iter_errors(yaml.load(text, _Core))]  # noqa: S506


def shown() -> Iterator[str]:
    """Give every manifest that the pages show and that is taken, and the samples."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        yield from _FENCE.findall(page.read_text(encoding="utf-8"))
    for sample in SAMPLES:
        yield sample.read_text(encoding="utf-8")


RIGHT = {
    "nothing": "",
    "numbers or texts": "rows: [{prompt: a, seconds: 4, takes: 2}, {prompt: b, seconds: '4.0'}]",
    "texts that look like something else": "rows: [{prompt: 12, id: no}, {prompt: true, id: 010}]",
    "keys that say nothing": "name:\ndefaults:\nsettings:\nrows: [{prompt: a, size: , tags: }]",
    "variables": "defaults: {vars: {season: autumn, year: 2026}}\nrows: [{prompt: a, tags: x;y}]",
    "framing": "rows: [{prompt: a, fit: contain, pad: '#FfEeDd'}, {prompt: b, focus: '50%, 0.2'}]",
    "framing in words": "rows: [{prompt: a, focus: Top, pad: AliceBlue}]",
    "every side": "defaults: {prompt: '{row}'}\nrows: [{focus: top}, {focus: bottom}, "
    "{focus: left}, {focus: right}, {focus: centre}, {focus: center}]",
    "settings": "settings: {rate: 5/s, burst: '2', settle: 0.5, poll_interval: 10}\nrows: []",
    "cards": "models: {m: {seconds: 5, sizes: {1280x720: unknown}}, n: {seconds: [5], "
    "sizes: [1x1], priced_on: 2026-01-31, source: a list}}",
    "an id with a placeholder": "defaults: {id: 'a-{row}', prompt: x}\nrows: [{}]",
    "a matrix": "rows: [{prompt: '{look}', matrix: {size: [720x1280, 1280x720], look: [1, no]}}]",
    "a matrix for all": "defaults: {matrix: {seconds: [4, '8']}}\nrows: [{prompt: a}]",
    "chosen rows of another file": "rows: [{from: sheet.csv, prompt: '{Title}', once: Title, "
    "where: {Title: [a, 7], Text: b}, first: [Text]}]",
    "rows of another file": "rows: [{from: sheet.csv, prompt: '{Title}', needs: Title}]",
    "columns of another file": "rows: [{from: sheet.csv, columns: {prompt: Text, id: }, "
    "needs: [Title, Text], encoding: utf-8, id: 'a-{row}', takes: 2}]",
}
WRONG = {
    "an unknown key": "row: [{prompt: a}]",
    "a key of the command line's": "base_url: https://elsewhere.example\nrows: [{prompt: a}]",
    "an unknown field": "rows: [{promt: a}]",
    "an unknown default": "defaults: {second: 4}\nrows: [{prompt: a}]",
    "an id for all": "defaults: {id: a}\nrows: [{prompt: a}]",
    "an unknown setting": "settings: {rates: 60/1m}\nrows: [{prompt: a}]",
    "a list of keys": "[name, rows]",
    "rows that are none": "rows: {prompt: a}",
    "a row that is text": "rows: [a prompt]",
    "a prompt in lines": "rows: [{prompt: [a, b]}]",
    "an image that is a mapping": "rows: [{prompt: a, image: {file: a.png}}]",
    "seconds in words": "rows: [{prompt: a, seconds: four}]",
    "half a second": "rows: [{prompt: a, seconds: 4.5}]",
    "no seconds": "rows: [{prompt: a, seconds: 0}]",
    "a size of one number": "rows: [{prompt: a, size: 720}]",
    "a size with a star": "rows: [{prompt: a, size: 720*1280}]",
    "too many takes": "rows: [{prompt: a, takes: 1001}]",
    "an unknown fit": "rows: [{prompt: a, fit: crop}]",
    "a focus that is none": "rows: [{prompt: a, focus: upper}]",
    "a colour of three digits": "rows: [{prompt: a, fit: contain, pad: '#fff'}]",
    "variables that are a list": "rows: [{prompt: a, vars: [season]}]",
    "a variable that is a mapping": "rows: [{prompt: a, vars: {season: {of: year}}}]",
    "a rate without a unit": "settings: {rate: 60}\nrows: [{prompt: a}]",
    "a rate of days": "settings: {rate: 60/1d}\nrows: [{prompt: a}]",
    "no burst": "settings: {burst: 0}\nrows: [{prompt: a}]",
    "a wait that is text": "settings: {settle: long}\nrows: [{prompt: a}]",
    "a card without sizes": "models: {m: {seconds: [5]}}\nrows: [{prompt: a}]",
    "a card with a wrong key": "models: {m: {seconds: 5, sizes: [1x1], price: 1}}\nrows: []",
    "a price that is text": "models: {m: {seconds: 5, sizes: {1x1: cheap}}}\nrows: []",
    "an axis that is no list": "rows: [{prompt: a, matrix: {size: 720x1280}}]",
    "an axis that is empty": "rows: [{prompt: a, matrix: {size: []}}]",
    "an axis with a blank": "rows: [{prompt: a, matrix: {look: ['', noir]}}]",
    "an axis that says a value twice": "rows: [{prompt: a, matrix: {look: [noir, noir]}}]",
    "an axis of a wrong value": "rows: [{prompt: a, matrix: {fit: [cover, crop]}}]",
    "an axis of ids": "rows: [{prompt: a, matrix: {id: [a, b]}}]",
    "an axis of takes": "rows: [{prompt: a, matrix: {takes: [1, 2]}}]",
    "a matrix without axes": "rows: [{prompt: a, matrix: {}}]",
    "a matrix that is a list": "rows: [{prompt: a, matrix: [noir, pastel]}]",
    "columns without a file": "rows: [{prompt: a, columns: {image: Image Src}}]",
    "needs without a file": "rows: [{prompt: a, needs: [Title]}]",
    "an encoding without a file": "rows: [{prompt: a, encoding: cp1252}]",
    "no file": "rows: [{from: '', prompt: a}]",
    "a column for what is no field": "rows: [{from: sheet.csv, prompt: a, columns: {img: Foto}}]",
    "a choice of nothing": "rows: [{from: sheet.csv, prompt: a, where: {Title: []}}]",
    "a choice that is no mapping": "rows: [{from: sheet.csv, prompt: a, where: [Title]}]",
    "once without a file": "rows: [{prompt: a, once: [Title]}]",
    "a need that is blank": "rows: [{from: sheet.csv, prompt: a, needs: ['']}]",
    "an id for all rows of a file": "rows: [{from: sheet.csv, prompt: a, id: b}]",
    "a day that is none": "models: {m: {seconds: 5, sizes: [1x1], priced_on: today}}\nrows: []",
}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_command_prints_the_schema_that_is_committed(desk: Desk) -> None:
    # stale? batchsora schema > manifests/manifest.schema.json
    said = desk.types("schema")
    assert (said.code, said.err) == (0, "")
    assert said.out == COMMITTED.read_text(encoding="utf-8")
    assert json.loads(said.out) == SCHEMA


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_the_sample_manifests_name_the_schema_beside_them(sample: Path) -> None:
    first = sample.read_text(encoding="utf-8").partition("\n")[0]
    assert first == f"# yaml-language-server: $schema={COMMITTED.name}"


def test_every_manifest_that_is_shown_is_right() -> None:
    texts = list(shown())
    assert len(texts) > len(SAMPLES)
    assert {text: faults(text) for text in texts if faults(text)} == {}


@pytest.mark.parametrize("name", RIGHT)
def test_what_the_reader_takes_is_not_underlined(name: str, tmp_path: Path) -> None:
    assert faults(RIGHT[name]) == []
    assert _is_taken(RIGHT[name], tmp_path)


@pytest.mark.parametrize("name", WRONG)
def test_what_the_reader_refuses_is_underlined(name: str, tmp_path: Path) -> None:
    assert faults(WRONG[name])
    assert not _is_taken(WRONG[name], tmp_path)


def test_every_key_is_explained() -> None:
    told = {"": SCHEMA, **SCHEMA["$defs"]}
    unexplained = [
        f"{where}.{key}"
        for where, mapping in told.items()
        for key, value in mapping.get("properties", {}).items()
        if not _words_of(value)
    ]
    assert unexplained == []


def test_every_key_field_and_setting_of_the_code_is_in_it() -> None:
    assert list(SCHEMA["properties"]) == list(KEYS)
    assert set(SCHEMA["$defs"]["settings"]["properties"]) == set(SETTINGS)
    assert set(SCHEMA["$defs"]["defaults"]["properties"]) == FIELDS
    assert set(SCHEMA["$defs"]["row"]["properties"]) == {*FIELDS, *INCLUSION_KEYS}


def _words_of(value: dict[str, Any]) -> str:
    """Find what a hover shows: the description here, or where it refers to."""
    meant = SCHEMA["$defs"].get(value.get("$ref", "").rpartition("/")[2], {})
    return str(value.get("description") or meant.get("description") or "")


def _is_taken(text: str, folder: Path) -> bool:
    (folder / "sheet.csv").write_text("Title,Text\nCup,A cup\n", encoding="utf-8")
    path = folder / "manifest.yaml"
    path.write_text(text, encoding="utf-8")
    try:
        return not any(isinstance(job, Problem) for job in open_manifest(path).jobs())
    except ManifestRefusedError:
        return False
