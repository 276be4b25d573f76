"""Whatever the pages show can run, and is run by a test; their links and pictures are there."""

import re
from pathlib import Path

import pytest
from doc_kinds import GENERATED, KINDS, WRITTEN, kind_of
from doc_pages import DOCS, PAGES, README, ROOT, anchors, blocks, fences, links, named

HERE = Path(__file__).parent


@pytest.mark.parametrize("page", WRITTEN, ids=named)
def test_every_block_is_of_a_kind_that_a_test_runs(page: Path) -> None:
    strange = {block.info for block in blocks(page) if kind_of(block) not in KINDS}
    assert not strange, f"{page.name} shows what nobody runs: see doc_kinds.py"


def test_every_kind_is_shown_and_the_test_that_runs_it_is_there() -> None:
    assert {kind_of(block) for page in WRITTEN for block in blocks(page)} == set(KINDS)
    for file, _, name in (test.partition("::") for test in KINDS.values()):
        source = (HERE / file).read_text(encoding="utf-8")
        assert re.search(rf"^(async )?def {name}\(", source, re.MULTILINE), name


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_no_block_is_overlooked(page: Path) -> None:
    assert fences(page) == 2 * len(blocks(page))


def test_a_page_that_is_written_by_the_program_says_so() -> None:
    for page in GENERATED:
        assert f"written by `python tests/docs/{page.stem}_page.py`" in re.sub(
            r"\s+", " ", page.read_text(encoding="utf-8")
        )


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_and_picture_leads_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_reached_from_the_readme() -> None:
    reached, unread = {README}, [README]
    while unread:
        page = unread.pop()
        targets = {(page.parent / it.partition("#")[0]).resolve() for it in links(page)}
        found = {it for it in targets if it.suffix == ".md"} - reached
        reached |= found
        unread.extend(found)
    assert set(DOCS.glob("*.md")) <= reached
    assert ROOT / "CHANGELOG.md" in reached
