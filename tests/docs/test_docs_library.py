"""The page of the library: each of its examples is a program that types and runs as it is shown."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from doc_pages import DOCS, Block, blocks, listed
from doc_shell import PATIENCE_S, Shell, shell
from door.door import SURROUNDINGS

from batchsora import Result
from batchsora.library.keywords import RunOptions

PAGE = DOCS / "library.md"
NOTEBOOK = "async def cell() -> None:\n{cell}\n\n\nimport asyncio\n\nasyncio.run(cell())\n"


def examples() -> list[tuple[Block, str]]:
    """Read the programs of the page, each with what it is said to print."""
    found = blocks(PAGE)
    return [
        (block, below.text if below.info == "text printed" else "")
        for block, below in zip(found, [*found[1:], Block("", "")], strict=True)
        if block.info in {"python", "python notebook"}
    ]


def program(block: Block) -> str:
    """Make a program of a block; a notebook's cell may wait, and shows its last line."""
    if block.info == "python":
        return block.text
    lines = [f"    {line}".rstrip() for line in block.text.splitlines()]
    assert ast.unparse(ast.parse(block.text).body[-1]) == "result"
    return NOTEBOOK.format(cell="\n".join([*lines[:-1], "    print(result._repr_html_())"]))


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Give a folder with the sample manifests in it."""
    with shell(tmp_path_factory.mktemp("library")) as found:
        yield found


@pytest.mark.parametrize(
    ("block", "told"), [pytest.param(*it, id=str(at)) for at, it in enumerate(examples(), 1)]
)
def test_an_example_prints_what_is_shown_below_it(block: Block, told: str, opened: Shell) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program(block)],
        cwd=opened.folder,
        env={**SURROUNDINGS, "HOME": str(opened.folder)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    if block.info == "python":
        assert ran.stdout == told
    else:
        assert '<a href="./runs/moods-simulated/videos/calm.mp4">' in ran.stdout


def test_the_examples_are_typed(tmp_path: Path) -> None:
    for at, (block, _) in enumerate(examples(), 1):
        (tmp_path / f"example_{at}.py").write_text(program(block), encoding="utf-8")
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", str(tmp_path)],
        cwd=tmp_path,
        env={**SURROUNDINGS, "MYPYPATH": SURROUNDINGS["PYTHONPATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_the_keywords_and_the_parts_of_a_result_that_are_listed_are_there() -> None:
    assert set(listed(PAGE, "keyword")) <= set(RunOptions.__annotations__)
    for cell in listed(PAGE, "of a `Result`"):
        for name in cell.replace("`", "").replace("()", "").split(", "):
            assert name in Result.__annotations__ or hasattr(Result, name), name
