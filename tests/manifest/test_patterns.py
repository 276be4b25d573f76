"""Patterns of files find what `glob` finds, and come to an end."""

import glob
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsora.manifest import patterns
from batchsora.manifest.patterns import TooMuchToWalkError, matching

from .conftest import Read, Told

TREE = (
    *("a.png", "b.png", "B.png", ".c.png", "x[1].png", "in/a.png", "in/ab.png", "in/.d/a.png"),
    *("in/deep/a.png", "in/deep/er/a.png", "in/deep/er/b.jpg", ".hid/a.png", ".hid/in/a.png"),
    *("a/a/a/a.png", "a/a/b.png", "a/in/a", "in/two words.png"),
)
PARTS = (
    *("**", "*", "?", "a", "b", "in", "deep", ".hid", ".*", "*.png", "[ab].png", "[!a]*", "a.png"),
    *(
        "..",
        ".",
        "x[[]1].png",
        "x[1].png",
        "**.png",
        "a*",
        "?n",
        "",
        "[.]c.png",
        ".c*",
        "two words.*",
    ),
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder of files in folders."""
    folder = tmp_path_factory.mktemp("tree") / "top"
    for name in TREE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def of_glob(pattern: str, folder: Path) -> list[str]:
    """Find the files that the standard library's glob finds, each once."""
    found = glob.glob(pattern, root_dir=folder, recursive=True)  # noqa: PTH207 - it is glob that is asked
    return sorted({it for it in found if (folder / it).is_file()})


@given(parts=st.lists(st.sampled_from(PARTS), min_size=1, max_size=4))
def test_a_pattern_finds_what_glob_finds(tree: Path, parts: list[str]) -> None:
    written = "/".join(parts).lstrip("/") or "*"
    for pattern in (written, f"{tree}/{written}"):
        assert matching(pattern, tree) == of_glob(pattern, tree)


@pytest.mark.parametrize("pattern", ["in/../*.png", "../top/*.png", "**/../a.png", "*/../*.png"])
def test_a_pattern_may_go_up(tree: Path, pattern: str) -> None:
    assert matching(pattern, tree) == of_glob(pattern, tree) != []


def test_a_double_star_goes_into_no_folder_by_way_of_a_link(folder: Path) -> None:
    (folder / "in").mkdir()
    for name in ("in/a.png", "b.png"):
        (folder / name).touch()
    (folder / "in" / "up").symlink_to("..")
    (folder / "in" / "link.png").symlink_to("a.png")
    assert matching("**/*.png", folder) == ["b.png", "cat.png", "in/a.png", "in/link.png"]
    assert matching("in/*/b.png", folder) == ["in/up/b.png"]


def test_folders_may_be_as_deep_as_they_can_be(folder: Path) -> None:
    os.chdir(folder)
    for _ in range(200):
        Path("d").mkdir()
        os.chdir("d")
    Path("a.png").touch()
    os.chdir(folder)
    assert matching("d/**/a.png", folder) == ["d/" * 200 + "a.png"]
    assert matching("*/" * 200 + "*.png", folder) == ["d/" * 200 + "a.png"]
    assert matching("**/" * 5000 + "b.png", folder) == []


def test_what_can_not_be_listed_has_nothing_in_it(folder: Path) -> None:
    assert matching("cat.png/*", folder) == []
    assert matching("gone/**/*", folder) == []
    assert matching(f"{'n' * 300}/*", folder) == []
    assert matching("*/", folder) == []


def test_a_walk_without_an_end_in_sight_is_given_up(
    folder: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "MOST_ENTRIES", 20)
    for number in range(30):
        (folder / f"{number}.txt").touch()
    with pytest.raises(TooMuchToWalkError):
        matching("**/*.png", folder)
    (line,) = told("m.yaml", "rows: [{prompt: a, image: '**/*.gif'}]")
    assert line == (
        'm.yaml:1 (row 1): image "**/*.gif" leads over more than 200,000 files and folders'
        " | write more of the way to the pictures, and fewer **"
    )


def test_many_ways_to_one_folder_are_gone_once(folder: Path) -> None:
    deep = folder.joinpath(*["d"] * 40)
    deep.mkdir(parents=True)
    (deep / "a.png").touch()
    assert matching("**/*/" * 12 + "a.png", folder) == ["d/" * 40 + "a.png"]


def test_hidden_files_are_meant_only_where_the_dot_is_written(read: Read, folder: Path) -> None:
    (folder / ".cat.png").write_bytes((folder / "cat.png").read_bytes())
    found = [read("m.yaml", f"rows: [{{prompt: a, image: '{it}'}}]") for it in ("*.png", ".c*")]
    images = [job.order.image for jobs in found for job in jobs]
    assert [image.written for image in images if image] == ["cat.png", ".cat.png"]


def test_a_match_that_is_no_picture_asks_for_a_narrower_pattern(folder: Path, told: Told) -> None:
    (folder / "cat.txt").touch()
    (line,) = told("m.yaml", "rows: [{prompt: a, image: 'cat.*'}]")
    assert line.endswith("; or narrow the pattern")
