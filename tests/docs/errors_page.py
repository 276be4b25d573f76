"""Writes docs/errors.md, what can be wrong with a manifest: run it when a message changed.

The kinds of message are in tests/manifest/wrong/catalogue.toml; the examples are the manifests
beside it, each with what is said of it.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "errors.md"
WRONG = ROOT / "tests" / "manifest" / "wrong"
LONGEST_LINE = 88  # of an example: what a page shows without scrolling
WIDTH = 100  # of the page's own text, as of all pages

HEAD = """\
# Error messages

What can be wrong with a manifest, by subject, and how to mend it; `…` stands for what a message
says of its own. Every problem of a manifest is told at once (the first 100, and how many more there
are), each with its place and a mend; the exit code is 2, and nothing was sent.
`batchsora validate FILE` tells them and does nothing else, offline and without a key.

This page is written by `python tests/docs/errors_page.py` from manifests that are wrong on purpose,
and all of it is tested.
"""

_MESSAGE = re.compile(
    r"^error: (?P<what>.*)(?:\n  at (?P<place>.*))?\n  mend: (?P<mend>.*)$", re.MULTILINE
)
_PLACE = re.compile(r"(?P<file>.*?)(?::(?P<line>\d+))?(?: \(row \d+\))?")


@dataclass(frozen=True, slots=True)
class Message:
    """What is said of a wrong manifest, and where the line stands that it means."""

    text: str
    what: str
    file: Path
    line: int  # from 1; 0 where the whole file is meant

    @property
    def example(self) -> str:
        """Show the message, below the line that it means."""
        source = _line_of(self.file, self.line) if self.line else ""
        return f"{self.line} | {source}\n\n{self.text}" if source else self.text


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: how its messages begin to be told, and what more there is to say."""

    says: str
    about: str

    def means(self, what: str) -> bool:
        """Tell whether a message is of this form."""
        form = ".+".join(map(re.escape, self.says.removesuffix("…").split("…")))
        return re.fullmatch(form + ".*" * self.says.endswith("…"), what) is not None

    @property
    def own_words(self) -> int:
        """Count what it says itself: the more, the closer is it to the message."""
        return len(self.says.replace("…", ""))


@dataclass(frozen=True, slots=True)
class Subject:
    """Kinds of problem that belong together."""

    folder: str
    title: str
    about: str
    kinds: tuple[Kind, ...]


def subjects() -> list[Subject]:
    """Read the catalogue."""
    with (WRONG / "catalogue.toml").open("rb") as stream:
        told = tomllib.load(stream)["subject"]
    return [
        Subject(
            it["folder"],
            it["title"],
            it["about"].strip(),
            tuple(Kind(kind["says"], kind.get("about", "")) for kind in it["kind"]),
        )
        for it in told
    ]


def expectations() -> list[Path]:
    """Name the files that say what is expected, each beside its manifest."""
    return sorted(WRONG.glob("*/*.expected"))


def messages(expected: Path) -> list[Message]:
    """Read what is said of one manifest."""
    return [
        _message(found, expected.parent)
        for found in _MESSAGE.finditer(expected.read_text(encoding="utf-8"))
    ]


def kind_of(what: str, kinds: list[Kind]) -> Kind | None:
    """Find the kind that a message is of; None where there is none."""
    return max(
        (kind for kind in kinds if kind.means(what)), key=lambda it: it.own_words, default=None
    )


def first_examples(all_subjects: list[Subject]) -> dict[str, Message]:
    """Find a message of each kind: among the manifests of its own subject, or else anywhere."""
    kinds = [kind for subject in all_subjects for kind in subject.kinds]
    homes = {kind.says: subject.folder for subject in all_subjects for kind in subject.kinds}
    own: dict[str, Message] = {}
    any_folder: dict[str, Message] = {}
    for path in expectations():
        for message in messages(path):
            kind = kind_of(message.what, kinds)
            if kind is not None:
                found = own if homes[kind.says] == path.parent.name else any_folder
                found.setdefault(kind.says, message)
    return any_folder | own


def errors_page() -> str:
    """Write the page."""
    told = subjects()
    examples = first_examples(told)
    contents = "\n".join(f"- [{it.title}](#{_anchor(it.title)})" for it in told)
    return "\n".join([HEAD, contents, "", *(_section(it, examples) for it in told)])


def _message(found: re.Match[str], folder: Path) -> Message:
    place = _PLACE.fullmatch(found["place"] or "")
    file = folder / (place["file"] if place else "")
    return Message(found[0], found["what"], file, int(place["line"] or 0) if place else 0)


def _line_of(file: Path, number: int) -> str:
    """Read the line that a message means; "" of a file that is made for the test only."""
    if not file.is_file():
        return ""
    # as `validate` counts: a line ends with its line feed
    lines = file.read_bytes().split(b"\n")
    line = "".join(map(_visible, lines[number - 1].decode(errors="replace").rstrip("\r")))
    return line if len(line) <= LONGEST_LINE else f"{line[:LONGEST_LINE]}…"


def _visible(letter: str) -> str:
    """Show what no page shows; the tabs of tables, too."""
    return letter if letter.isprintable() else letter.encode("unicode_escape").decode()


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _section(subject: Subject, examples: dict[str, Message]) -> str:
    entries = (_entry(kind, examples[kind.says]) for kind in subject.kinds)
    return "\n".join([f"## {subject.title}\n\n{subject.about}\n", *entries])


def _entry(kind: Kind, message: Message) -> str:
    about = f"{fill(kind.about, WIDTH, break_on_hyphens=False)}\n\n" if kind.about else ""
    return f"### `{kind.says}`\n\n{about}```text\n{message.example}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(errors_page(), encoding="utf-8")
