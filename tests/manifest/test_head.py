import os
from pathlib import Path

import pytest

from batchsora.errors import UsageError
from batchsora.manifest import open_manifest

from .conftest import Told, write

HEADS = {
    "row: []": 'm.yaml:1: unknown key "row" | write rows',
    "colour: red": 'm.yaml:1: unknown key "colour"'
    " | a manifest has name, defaults, settings, output, models, rows",
    "rate: 60/1m": 'm.yaml:1: unknown key "rate" | put it under settings:',
    "base_url: x": "m.yaml:1: base_url is not for a manifest to say"
    " | take it out, and give --base-url on the command line",
    "settings: {api_key: x}": "m.yaml:1: api_key is not for a manifest to say"
    " | take it out, and set GPTPROTO_API_KEY in the environment",
    "settings: {yes: 1}": "m.yaml:1: yes is not for a manifest to say"
    " | take it out: spending is agreed to on the command line",
    "settings: [rate]": "m.yaml:1: settings must be a mapping, not a list"
    " | write settings: {rate: 60/1m}",
    "settings: {rate: fast}": "m.yaml:1: rate must be a rate such as 60/1m, 5/s or 100/1h,"
    ' not "fast" | write rate: 60/1m',
    "settings: {max_in_flight: 0}": "m.yaml:1: max_in_flight must be a whole number, 1 or more,"
    ' not "0" | write max_in_flight: 20',
    "settings: {settle: [1]}": "m.yaml:1: settle must be a single value, not a list"
    " | write settle: 60",
    "settings: {max_price: 5}": 'm.yaml:1: unknown setting "max_price" | the settings are rate,'
    " burst, max_in_flight, poll_interval, job_timeout, download_concurrency, max_doubts,"
    " settle, max_attempts, max_cost, max_failures",
    "settings: {max_cost: 5 EUR}": "m.yaml:1: max_cost must be an amount in US dollars such as 25"
    ' or 7.50, not "5 EUR" | write max_cost: 25',
    "settings: {max_failures: 0%}": "m.yaml:1: max_failures must be a number of jobs such as 20,"
    ' or a share of them such as 5%, not "0%" | write max_failures: 5%',
    "settings: {max_inflight: 5}": 'm.yaml:1: unknown setting "max_inflight" | write max_in_flight',
    "defaults: [a]": "m.yaml:1: defaults must be a mapping, not a list"
    " | write defaults: {seconds: 4}",
    "defaults: {id: a}": "m.yaml:1: id can't be a default: it names one row (in defaults)"
    " | write it in its row, or with a placeholder: {stem}",
    "defaults: {second: 4}": 'm.yaml:1: unknown field "second" (in defaults) | write seconds',
    "defaults:\n  tags: {a: b}": "m.yaml:2: tags must be a list of words, not a mapping"
    " (in defaults) | write tags: [hero, draft]",
    "output: [a]": 'm.yaml:1: output must be a single value, not a list | write output: "{id}.mp4"',
    "name: [a]": "m.yaml:1: name must be a single value, not a list | write name: autumn-campaign",
    "name: a/b": 'm.yaml:1: name "a/b" has "/", which not every file system takes | leave it out',
    "name: ..": 'm.yaml:1: name ".." begins with a dot | begin it with a letter or a digit',
    "name: -a": 'm.yaml:1: name "-a" begins with a dash | begin it with a letter or a digit',
    "name: 'aux'": 'm.yaml:1: name "aux" is a name that Windows keeps for itself'
    " | choose another name",
    f"name: {'x' * 101}": f'm.yaml:1: name "{"x" * 60}…" is longer than 100 bytes'
    " | make it shorter",
}


@pytest.mark.parametrize("content", HEADS)
def test_a_wrong_head_is_refused(told: Told, content: str) -> None:
    assert told("m.yaml", content) == [HEADS[content]]


def test_a_file_whose_stem_is_no_name_is_refused(told: Told) -> None:
    assert told("-a.csv", "prompt\n") == [
        (
            '-a.csv: name "-a" begins with a dash | begin it with a letter or a digit:'
            " rename the file, or write name: in a YAML manifest"
        )
    ]
    assert told("con.jsonl", "")[0].startswith('con.jsonl: name "con" is a name that Windows')


def test_defaults_hold_for_rows_that_do_not_say(folder: Path) -> None:
    (folder / "m.yaml").write_text(
        "defaults: {prompt: a, image: cat.png, takes: 2, tags: x, output: '{row}', fit: exact}\n"
        "rows:\n- {}\n- {takes: 1, tags: [y], prompt: b}\n"
    )
    jobs = list(open_manifest(Path("m.yaml")).jobs())
    assert [getattr(job, "output", job) for job in jobs] == [
        "videos/1-1.mp4",
        "videos/1-2.mp4",
        "videos/2.mp4",
    ]
    assert [getattr(job, "tags", job) for job in jobs] == [("x",), ("x",), ("y",)]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("gone.yaml", "gone.yaml is missing"),
        ("gone", "gone is missing"),
        (".", ". is a folder, not a file"),
        ("sheet.xlsx", "sheet.xlsx is a spreadsheet, not a text file"),
        ("notes.txt", "notes.txt is of no known kind: its name ends in .txt"),
        ("plain", "plain is of no known kind: its name ends in nothing"),
        ("pipe.csv", "pipe.csv is a pipe or a device, not a file"),
    ],
)
def test_what_is_no_manifest_is_a_usage_error(folder: Path, name: str, what: str) -> None:
    os.mkfifo(folder / "pipe.csv")
    for plain in ("sheet.xlsx", "notes.txt", "plain"):
        write(plain, "x")
    with pytest.raises(UsageError) as refused:
        open_manifest(Path(name))
    assert refused.value.what == what
    assert refused.value.mend
