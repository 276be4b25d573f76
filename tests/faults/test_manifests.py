"""Manifests that are wrong: refused with the place, before anything is sent or written."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from door.door import Desk, Service, service
from manifest.wrong_manifests import lay_out

from .ended import Ended, case, ends, left
from .typed import typed

PART = "Manifests"
REFUSED = "refused with its place (2), no ledger, nothing sent"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Run a service to which nothing may come."""
    with service(tmp_path_factory.mktemp("service")) as shop:
        yield shop


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay out the wrong manifests: not even a run folder is made of any."""
    folder = tmp_path_factory.mktemp("laid-out") / "wrong"
    lay_out(folder)
    return folder


def refused(folder: Path, name: str, shop: Service) -> Ended:
    """Run a manifest, and see that nothing came of it."""
    before = sorted(folder.rglob("*"))
    said = typed(Desk(folder), "run", name, "--base-url", shop.url, "--out-dir", "out")
    assert sorted(folder.rglob("*")) == before
    ended = left(Desk(folder), shop, said)
    ends(ended, creates=0, jobs={}, code=2)
    assert not ended.asked
    assert "mend:" in ended.words
    return ended


@pytest.mark.parametrize(
    ("example", "says"),
    [
        case(*shown, fault=(PART, what, REFUSED), id=what)
        for what, *shown in (
            (
                "an alias in YAML",
                "yaml/sharing.yaml",
                "an alias (*wink) is not taken\n  at sharing.yaml:4",
            ),
            (
                "an anchor in YAML",
                "yaml/sharing.yaml",
                "an anchor (&ordinary) is not taken\n  at sharing.yaml:1",
            ),
            (
                "a tag in YAML (`!!python/object`)",
                "yaml/sharing.yaml",
                "python/object/apply:os.system",
            ),
            (
                "YAML nested too deep",
                "yaml/deep.yaml",
                "nested more than 20 levels deep\n  at deep.yaml:3",
            ),
            ("JSON nested too deep", "jsonl/deep.jsonl", "nested too deep\n  at deep.jsonl:1"),
            (
                "YAML of more than 16 MB",
                "files/large.yaml",
                "more than 16 MB of YAML\n  at large.yaml",
            ),
            ("YAML of more than 20,000 rows", "yaml/many-rows.yaml", "20,001 rows"),
            (
                "a key twice in YAML",
                "yaml/twice.yaml",
                "is written twice, first on line 3\n  at twice.yaml:5",
            ),
            ("a key twice in JSON", "jsonl/twice.jsonl", "is written twice\n  at twice.jsonl:1"),
            ("Latin-1", "files/latin-1.csv", "byte 0xe9 at offset 36\n  at latin-1.csv:3"),
            ("UTF-16", "files/utf-16.csv", "byte 0xff at offset 0"),
            ("a column twice", "tables/header-twice.csv", 'column "prompt" is there twice'),
            (
                "a missing column",
                "tables/header-missing.csv",
                'no column "prompt"\n  at header-missing.csv:1',
            ),
            (
                "cells without a column",
                "tables/too-many-cells.csv",
                "names 2 columns\n  at too-many-cells.csv:2",
            ),
            (
                "a quote that is not closed",
                "tables/open-quote.csv",
                "not closed\n  at open-quote.csv:3",
            ),
            ("NUL in a table", "files/zero-byte.csv", "U+0000 in prompt\n  at zero-byte.csv:2"),
            ("NUL in YAML", "files/zero-byte.yaml", "U+0000 in the file\n  at zero-byte.yaml:2"),
            ("a control character in a cell", "files/zero-byte.csv", "U+0007 in column"),
            ("a control character in a text", "fields/controls.jsonl", "U+001B in column"),
            (
                "a template that reaches for attributes",
                "templates/reach.yaml",
                "{model.__class__} in output",
            ),
            ("a template that reaches for items", "templates/reach.yaml", "{season[0]} in prompt"),
            ("an output that leaves the folder", "outputs/paths.yaml", 'output "../cat.mp4"'),
            ("an output with a path from the root", "outputs/paths.yaml", 'output "/tmp/cat.mp4"'),
            ("a spreadsheet", "files/sheet.xlsx", "is a spreadsheet"),
            (
                "a text as an image",
                "images/no-images.csv",
                "notes.txt: the image is not of a known format",
            ),
            (
                "a page called JPEG",
                "images/no-images.csv",
                "web-page.jpg: the image is not of a known format",
            ),
            ("an image of float pixels", "images/unusable.csv", "pixels of an unusual kind"),
            ("a truncated PNG", "images/cut.csv", "image file is truncated\n  at cut.csv:2"),
            ("a truncated JPEG", "images/cut.csv", "Truncated File Read\n  at cut.csv:3"),
            ("a decompression bomb", "images/unusable.csv", "says it is 40000x40000"),
            ("an animation", "images/unusable.csv", "blink.gif: the image is animated"),
            ("an image of more than 50 MB", "images/large.csv", "the image has 60.0 MB"),
            ("a FIFO as an image", "images/pipe.csv", "a pipe or a device"),
        )
    ],
)
def test_a_wrong_manifest_is_refused_before_anything_is_sent_or_written(
    wrong: Path, shop: Service, example: str, says: str
) -> None:
    path = wrong / example
    assert says in refused(path.parent, path.name, shop).words


@pytest.mark.parametrize(
    "image",
    [
        case("/dev/zero", fault=(PART, "`/dev/zero` as an image", REFUSED)),
        case("there", fault=(PART, "a folder as an image", REFUSED)),
        case("gone.png", fault=(PART, "an image that is missing", REFUSED)),
        case("empty.png", fault=(PART, "an empty file as an image", REFUSED)),
    ],
)
def test_what_is_no_file_of_an_image_is_refused(tmp_path: Path, shop: Service, image: str) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "empty.png").touch()
    Desk(tmp_path).writes(f"rows:\n  - {{prompt: The cat winks, image: {image}}}\n")
    assert f'"{image}"' in refused(tmp_path, "work.yaml", shop).words


@pytest.mark.fault(PART, "no rows", "nothing to do (0); no folder, nothing sent")
@pytest.mark.parametrize(
    ("name", "text"), [("work.yaml", "rows: []\n"), ("work.csv", "prompt\n"), ("work.jsonl", "")]
)
def test_no_rows_are_nothing_to_do(tmp_path: Path, shop: Service, name: str, text: str) -> None:
    Desk(tmp_path).writes(text, name)
    said = typed(Desk(tmp_path), "run", name, "--base-url", shop.url)
    ended = left(Desk(tmp_path), shop, said)
    ends(ended, creates=0, jobs={}, code=0)
    assert not ended.asked
    assert [it.name for it in tmp_path.iterdir()] == [name]
