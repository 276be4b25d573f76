"""Every manifest that the pages show is taken, or refused in the very words that stand below it."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from doc_kinds import kind_of, pages_with
from doc_pages import README, ROOT, Block, blocks, named, the_block

from batchsora.cli import group
from batchsora.cli.exits import leave_with
from batchsora.simulator import load_scenario

SUFFIXES = {"yaml": ".yaml", "csv": ".csv", "json": ".jsonl"}
REFUSED = tuple(f"{language} refused" for language in SUFFIXES)

Says = Callable[..., tuple[object, str, str]]


@pytest.fixture
def says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Says:
    """Give a shell, beside the sample images."""
    for pictures in ("images", "photos"):  # the pages have them in the one or in the other
        shutil.copytree(ROOT / "manifests" / "images", tmp_path / pictures)
    monkeypatch.chdir(tmp_path)

    def said(*words: str) -> tuple[object, str, str]:
        def command() -> object:
            return group.main(list(words), prog_name="batchsora", standalone_mode=False)

        with pytest.raises(SystemExit) as left:
            leave_with(command)
        printed = capsys.readouterr()
        return left.value.code, printed.out, printed.err

    return said


def companions(page: Path) -> dict[str, str]:
    """Read the files of a page that manifests on it include, by name."""
    return {it.file: it.text for it in blocks(page) if it.file and Path(it.file).name == it.file}


def shown(page: Path) -> Iterator[tuple[Block, str]]:
    """Read the manifests of a page, each with the words below it if it is refused."""
    found = blocks(page)
    for block, below in zip(found, [*found[1:], Block("", "")], strict=True):
        if kind_of(block) in SUFFIXES:
            yield block, ""
        elif kind_of(block) in REFUSED:
            assert below.info == "text refusal", f"how is this refused? {block.text}"
            yield block, below.text


@pytest.mark.parametrize(
    ("page", "block", "refusal"),
    [
        pytest.param(page, *it, id=f"{page.stem}-{number}")
        for page in pages_with(*SUFFIXES, *REFUSED)
        for number, it in enumerate(shown(page), 1)
    ],
)
def test_a_manifest_is_taken_and_planned_or_refused_as_it_is_shown(
    page: Path, block: Block, refusal: str, says: Says
) -> None:
    for name, text in companions(page).items():
        Path(name).write_text(text, encoding="utf-8")
    file = Path("manifest").with_suffix(SUFFIXES[block.language])
    file.write_text(block.text, encoding="utf-8")
    code, out, err = says("validate", str(file))
    assert (code, err) == (2 if refusal else 0, refusal)
    assert refusal or "no problems" in out
    code, out, _ = says("plan", str(file))
    assert code == (2 if refusal else 0)
    assert refusal or "to be spent: " in out


@pytest.mark.parametrize("page", pages_with("a file"), ids=named)
def test_a_file_that_is_saved_is_used_below(page: Path) -> None:
    found = blocks(page)
    for number, block in enumerate(found):
        below = [it.text for it in found[number + 1 :]]
        if kind_of(block) == "a file":
            assert any(re.search(rf"(from: |run ){block.file}\b", it) for it in below), block.file


def test_every_refusal_stands_below_what_is_refused() -> None:
    for page in pages_with("text refusal", *REFUSED):
        infos = [kind_of(block) for block in blocks(page)]
        refused = [at for at, info in enumerate(infos) if info in REFUSED]
        assert [at - 1 for at, info in enumerate(infos) if info == "text refusal"] == refused


def test_the_manifest_of_the_readme_is_in_the_checkout() -> None:
    (block,) = (block for block in blocks(README) if block.file)
    # the first line is about the file: in the README its name, in the file its schema
    _, _, manifest = (ROOT / block.file).read_text(encoding="utf-8").partition("\n")
    assert block.text.partition("\n")[2] == manifest


def test_a_file_of_model_cards_is_taken_as_it_is_shown(says: Says) -> None:
    Path("cards.yaml").write_text(the_block("yaml cards").text, encoding="utf-8")
    code, out, _ = says("models", "--models", "cards.yaml")
    assert code == 0
    assert "my-model: 5, 10 seconds\n  1280x720   price unknown" in out


def test_a_scenario_is_taken_as_it_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(the_block("yaml scenario").text, encoding="utf-8")
    assert [fault.name for fault in load_scenario(file).faults] == ["moderated", "lost_before"]
