"""First manifests of what a person has: a folder of pictures, a feed. Reads files."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from batchsora.errors import Problem, UsageError
from batchsora.library.targets import insist_on_text
from batchsora.manifest.census import Census, namings, sieve_of, stem_template
from batchsora.manifest.complaints import Complaints
from batchsora.manifest.drafts import FeedDraft, folder_draft
from batchsora.manifest.feeds import PICTURES, Layout, read_layout
from batchsora.manifest.located import RowText
from batchsora.manifest.paths import part_fault
from batchsora.manifest.sieve import Sifting
from batchsora.manifest.tables import Header, read_header, table_rows
from batchsora.manifest.templates import slug
from batchsora.manifest.text import TextFile, TextRefusedError

SAMPLE = 50  # rows, from which the columns of a table are told
NAMES_SHOWN = 12  # of columns, or of suffixes, in a message

# -- a folder of pictures --------------------------------------------------------------------------


def folder_manifest(folder: Path, pictures: Path) -> tuple[str, str]:
    """Write a manifest for a folder of pictures: a row for each kind of file in it."""
    if not pictures.is_dir():
        what = "is no folder" if pictures.exists() else "is not there"
        raise UsageError(f"{pictures} {what}", "name a folder with pictures in it")
    depth = "*"
    found = _pictures_in(_unhidden(pictures.iterdir(), pictures))
    if not found:
        depth, found = "**/*", _pictures_in(_unhidden(pictures.rglob("*"), pictures))
    if not found:
        raise UsageError(f"no pictures are in {pictures}{_others(pictures)}", _KINDS)
    path = _from(folder, pictures)
    above = "" if path == "." else f"{glob.escape(path)}/"
    kinds = Counter(it.suffix for it in found)
    patterns = {f"{above}{depth}{suffix}": count for suffix, count in sorted(kinds.items())}
    name = _manifest_name(pictures.resolve().name, "pictures")
    return name, folder_draft(path, patterns, stem_template(it.stem for it in found))


_KINDS = f"pictures end in {', '.join(sorted(PICTURES))}"


def _pictures_in(paths: Iterable[Path]) -> list[Path]:
    return sorted(it for it in paths if it.suffix.casefold() in PICTURES and it.is_file())


def _unhidden(paths: Iterable[Path], folder: Path) -> Iterator[Path]:
    """Pick what a pattern will find: nothing whose name, or that of a folder, begins with a dot."""
    return (it for it in paths if not any(n[0] == "." for n in it.relative_to(folder).parts))


def _others(folder: Path) -> str:
    if _pictures_in(folder.rglob("*")):
        return ", but hidden ones, whose names or folders begin with a dot"
    found = _unhidden(folder.rglob("*"), folder)
    kinds = sorted({it.suffix for it in found if it.suffix})[:NAMES_SHOWN]
    return f", but files that end in {', '.join(kinds)}" if kinds else ""


# -- a feed ----------------------------------------------------------------------------------------


def feed_manifest(folder: Path, feed: Path, encoding: str) -> tuple[str, str]:
    """Write a manifest for the rows of a table; raises UsageError where it can't be told how."""
    file = TextFile(feed, encoding, "--encoding cp1252")
    complaints = Complaints(str(feed))
    try:
        header, problems = read_header(file, {}, said={"prompt"})
    except TextRefusedError as refused:
        complaints.take([refused.problem])
        raise complaints.refusal() from None
    complaints.take(problems)
    if complaints:
        raise complaints.refusal()
    census = _census(file, header, complaints)
    if complaints:
        raise complaints.refusal()
    _check(census, feed)
    template = next(filter(None, _id_templates(file, header, census)), "")
    draft = FeedDraft(_from(folder, feed), header.columns, census, template, encoding)
    return _manifest_name(feed.stem, "feed"), draft.text()


def _census(file: TextFile, header: Header, complaints: Complaints) -> Census:
    """Read all rows of a table: first some, for what its columns mean, then all to count them."""
    first = islice(table_rows(file, header), SAMPLE)
    sample = [row.columns for row in first if isinstance(row, RowText) and not row.flaws]
    layout = read_layout(header.columns, sample)
    if isinstance(layout, tuple):
        raise UsageError(_untold(file, header, layout), _BY_HAND.format(file=file.path.name))
    census = _counted(file, header, layout, complaints)
    while not complaints and (better := census.better()):
        census = _counted(file, header, better, complaints)
    return census


def _counted(file: TextFile, header: Header, layout: Layout, complaints: Complaints) -> Census:
    census = Census(layout)
    with closing(Sifting(sieve_of(layout))) as sifting:
        for row in table_rows(file, header):
            if isinstance(row, Problem):
                complaints.take([row])
                continue
            sifted = sifting.sift(row)
            if not row.flaws:
                census.take(row, sifted)
            elif not isinstance(sifted, str):
                complaints.take(
                    Problem(it.what, it.mend, str(file), row.line, row.row) for it in row.flaws
                )
    return census


def _id_templates(file: TextFile, header: Header, census: Census) -> Iterator[str]:
    """Look, as often as must be, for what tells the rows apart; "" where a look finds nothing."""
    for naming in namings(census.layout):
        with closing(Sifting(sieve_of(census.layout))) as sifting:
            for row in table_rows(file, header):
                sifted = sifting.sift(row) if isinstance(row, RowText) else ""
                if not isinstance(sifted, str):
                    naming.take(sifted.columns)
        yield naming.template


_BY_HAND = (
    "write the manifest by hand: "
    'rows: [{{from: {file}, columns: {{image: THE COLUMN}}, prompt: "…"}}]'
)


def _untold(file: TextFile, header: Header, candidates: Sequence[str]) -> str:
    names = ", ".join(candidates or header.columns[:NAMES_SHOWN])
    more = len(header.columns) - NAMES_SHOWN
    if candidates:
        return f"{file}: several columns may be the one of the images: {names}"
    return f"{file}: no column looks like one of images; it has {names}" + (
        f" and {more} more" if more > 0 else ""
    )


def _check(census: Census, feed: Path) -> None:
    """Refuse a feed of which a clip a row could not be bought in good conscience."""
    layout = census.layout
    if census.kept == 0:
        needs = " and ".join(f'"{name}"' for name in layout.needs)
        raise UsageError(f"{feed}: no row has its {needs}", "fill them in, then init again")
    if census.twins is not None:
        one, other = census.twins
        needs = " and ".join(f'"{name}"' for name in layout.needs)
        more = f", and {census.twin_count - 1:,} more such" if census.twin_count > 1 else ""
        what = f"{feed}: line {other} says the same as line {one} in {needs}{more}"
        raise UsageError(what, "keep one row of each (variants of a size?), then init again")


def _manifest_name(told: str, otherwise: str) -> str:
    """Name a manifest, and with it the campaign, after what it is of."""
    name = told if not part_fault(told) and told[0] != "-" else slug(told) or otherwise
    return f"{name}.yaml"


def _from(folder: Path, path: Path) -> str:
    for named in (folder, path):
        insist_on_text(named, "rename that: a manifest is text")
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
