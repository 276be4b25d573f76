"""Writes what commands print into the sessions of the pages: run it when they print otherwise.

What a page shows of a command stays where it still holds, and is written anew where it does not:
then it wants to be read, and a `…` for lines that say nothing here is for a person to set again.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from doc_kinds import BEFORE, pages_with
from doc_pages import blocks
from doc_sessions import Played, Step, differences, session, steps_of
from doc_shell import shell

_SESSION = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)


def played(page: Path) -> list[Played]:
    """Play a page, after what it takes for granted."""
    with tempfile.TemporaryDirectory() as home, shell(Path(home)) as opened:
        for command in BEFORE.get(page.name, ()):
            opened.play(Step(command))
        return opened.reads(page)


def rewritten(page: Path, acts: list[Played]) -> str:
    """Put what was played into the page's sessions."""
    rest = iter(acts)
    texts = [_next(rest, block.language, len(steps_of(block))) for block in blocks(page)]
    sessions = iter([text for text in texts if text])
    return _SESSION.sub(lambda _: next(sessions), page.read_text(encoding="utf-8"))


def _next(rest: Iterator[Played], language: str, count: int) -> str:
    if language not in {"console", "sh"}:
        return ""
    acts = [next(rest) for _ in range(count)]
    return session(acts) if language == "console" else ""


def main() -> None:
    """Play every page, and write those that are stale."""
    for page in pages_with("console"):
        acts = played(page)
        if told := differences(acts):
            page.write_text(rewritten(page, acts), encoding="utf-8")
            sys.stdout.write("\n".join([f"{page.name} is written anew:", *told, ""]))


if __name__ == "__main__":
    main()
