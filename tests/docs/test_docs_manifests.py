"""Every manifest that the pages show is taken, or refused in the very words that stand below it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from doc_pages import DOCS, PAGES, README, ROOT, Block, blocks, the_block

from batchsora.cli import group
from batchsora.cli.exits import leave_with
from batchsora.simulator import load_scenario

MANIFEST, SECURITY, SIMULATOR = (DOCS / f"{it}.md" for it in ("manifest", "security", "simulator"))
SUFFIXES = {"yaml": ".yaml", "csv": ".csv", "json": ".jsonl"}
SHOWN = {*SUFFIXES, *(f"{language} refused" for language in SUFFIXES)}
# what stands in blocks of another kind is tested elsewhere, or is only shown
OTHERS = {
    "console", "json event", "json report", "json status", "mermaid", "python backup",
    "python salvage", "sh", "text", "yaml cards", "yaml scenario",
}  # fmt: skip

Says = Callable[..., tuple[object, str, str]]


@pytest.fixture
def says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Says:
    """Give a shell, beside the sample images."""
    shutil.copytree(ROOT / "manifests" / "images", tmp_path / "images")
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
    return {
        name: block.text
        for block in blocks(page)
        for language, _, name in [block.info.partition(" ")]
        if name == Path(name).name and Path(name).suffix == SUFFIXES.get(language)
    }


def shown(page: Path) -> Iterator[tuple[Block, str]]:
    """Read the manifests of a page, each with the words below it if it is refused."""
    found = blocks(page)
    for block, below in zip(found, [*found[1:], Block("", "")], strict=True):
        if block.info in SHOWN:
            yield block, below.text if block.info.endswith(" refused") else ""


@pytest.mark.parametrize(
    ("page", "block", "refusal"),
    [
        pytest.param(page, *it, id=f"{page.stem}-{number}")
        for page in (README, MANIFEST, SECURITY)
        for number, it in enumerate(shown(page), 1)
    ],
)
def test_a_manifest_is_taken_or_refused_as_it_is_shown(
    page: Path, block: Block, refusal: str, says: Says
) -> None:
    for name, text in companions(page).items():
        Path(name).write_text(text, encoding="utf-8")
    file = Path("manifest").with_suffix(SUFFIXES[block.language])
    file.write_text(block.text, encoding="utf-8")
    code, out, err = says("validate", str(file))
    assert (code, err) == (2 if refusal else 0, refusal)
    assert refusal or "no problems" in out


def test_the_manifest_of_the_readme_is_in_the_checkout() -> None:
    (block,) = (block for block in blocks(README) if block.file)
    # the first line is about the file: in the README its name, in the file its schema
    _, _, manifest = (ROOT / block.file).read_text(encoding="utf-8").partition("\n")
    assert block.text.partition("\n")[2] == manifest


def test_a_file_of_model_cards_is_taken_as_it_is_shown(says: Says) -> None:
    Path("cards.yaml").write_text(the_block(MANIFEST, "yaml cards").text, encoding="utf-8")
    code, out, _ = says("models", "--models", "cards.yaml")
    assert code == 0
    assert "my-model: 5, 10 seconds\n  1280x720   price unknown" in out


def test_a_scenario_is_taken_as_it_is_shown(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(the_block(SIMULATOR, "yaml scenario").text, encoding="utf-8")
    assert [fault.name for fault in load_scenario(file).faults] == ["moderated", "lost_before"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_there_is_no_block_of_a_kind_that_nobody_looks_at(page: Path) -> None:
    included = {f"{Path(name).suffix[1:]} {name}" for name in companions(page)}
    assert {block.info for block in blocks(page)} <= SHOWN | OTHERS | included
