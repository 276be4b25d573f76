"""The pages as tests read them: blocks of code, tables, links, pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
PAGES = (
    README,
    ROOT / "CHANGELOG.md",
    ROOT / "runs" / "README.md",
    ROOT / "manifests" / "images" / "LICENSES.md",
    *sorted(DOCS.glob("*.md")),
)

_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n]*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
_FENCE_LINE = re.compile(r"^[ >]*(?:`{3,}|~{3,})", re.MULTILINE)
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_PICTURE = re.compile(r"<(?:img|source)\b[^>]*?\b(?:src|srcset)=\"([^\"]+)\"")
_CELL = re.compile(r"(?<!\\)\|")
_MARKS = re.compile(r"\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code: the words behind its fence, and its text."""

    info: str
    text: str

    @property
    def language(self) -> str:
        """What the fence calls it."""
        return self.info.partition(" ")[0]

    @property
    def file(self) -> str:
        """Where it is to be saved, as its fence or its first line says; "" where neither does."""
        found = re.match(r"# (\S+\.\w+)\n", self.text)
        named = self.info.partition(" ")[2]
        return found[1] if found else named if Path(named).suffix else ""


def named(page: Path) -> str:
    """Name a page as seen from the checkout, where two are called README."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    """Read a page's blocks of code, in order."""
    return [
        Block(found["info"].strip(), _dedented(found["text"], found["indent"]))
        for found in _FENCE.finditer(_text(page))
    ]


def the_block(info: str) -> Block:
    """Find the one block of this kind, whichever page shows it."""
    (found,) = (block for page in PAGES for block in blocks(page) if block.info == info)
    return found


def fences(page: Path) -> int:
    """Count what looks like the beginning or the end of a block, however it is written."""
    return len(_FENCE_LINE.findall(_text(page)))


def table(page: Path, *heads: str) -> list[dict[str, str]]:
    """Read the one table of a page whose columns begin with these heads; a row is a dict."""
    (found,) = (rows for head, rows in _tables(page) if head[: len(heads)] == heads)
    return found


def listed(page: Path, *heads: str) -> list[str]:
    """Read the words of a table's first column, without their backticks."""
    return [bare(row[heads[0]]) for row in table(page, *heads)]


def bare(cell: str) -> str:
    """Take a cell out of its marks: `word` and *word* are word, a link is its text."""
    return _MARKS.sub(r"\1", cell).strip("`*")


def links(page: Path) -> Iterator[str]:
    """Read where a page's links and pictures lead, but for other sites."""
    prose = _prose(page)
    found = [*_LINK.findall(prose), *_PICTURE.findall(prose)]
    return (link for link in found if not re.match(r"[a-z]+:", link))


def anchors(page: Path) -> set[str]:
    """Name a page's headings as links do."""
    words = (re.sub(r"[^\w\- ]", "", it.lower()) for it in _HEADING.findall(_prose(page)))
    return {it.replace(" ", "-") for it in words}


def make_targets() -> list[str]:
    """Name the targets of the Makefile that it lists itself."""
    return re.findall(r"^(\w+):.*## ", _text(ROOT / "Makefile"), re.MULTILINE)


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _prose(page: Path) -> str:
    return _FENCE.sub("", _text(page))


def _dedented(text: str, indent: str) -> str:
    return "".join(line.removeprefix(indent) for line in text.splitlines(keepends=True))


def _tables(page: Path) -> Iterator[tuple[tuple[str, ...], list[dict[str, str]]]]:
    for lines in re.findall(r"(?:^\|.*\|\n?)+", _prose(page), re.MULTILINE):
        head, _, *rows = (tuple(_cells(line)) for line in lines.splitlines())
        yield head, [dict(zip(head, row, strict=True)) for row in rows]


def _cells(line: str) -> Iterator[str]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return (cell.strip().replace("\\|", "|") for cell in _CELL.split(inner))
