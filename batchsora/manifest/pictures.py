"""The pictures of rows: found, hashed once, or recalled where the file is gone. Reads files."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path, PurePath
from typing import NamedTuple

from batchsora.job import Image
from batchsora.manifest.addresses import address_flaw, address_stem, is_address, stand_in
from batchsora.manifest.located import Flaw, shown
from batchsora.manifest.patterns import (
    MOST_ENTRIES,
    TooMuchToWalkError,
    is_pattern,
    matching,
)
from batchsora.manifest.text import unprintable
from batchsora.media.images import ImageProblem, hash_image

# What is written as a path and can't be meant for one; in front stands the way to its file.
_NO_PATHS = (
    (re.compile(r"\\"), 'write the path with "/"'),
    (re.compile(r"(?:^|/)www\.[^/\s]+\.[^/\s]+/", re.IGNORECASE), "write https://www.…"),
    (re.compile(r"(?:^|/)~[^/]*/"), "write the whole path: ~ stands for no folder here"),
)


class Recalled(NamedTuple):
    """What is known of an image by what the manifest calls it."""

    sha256: str
    file: Path | None = None  # where the bytes of an address are kept


Recall = Callable[[str], Recalled | None]


class Picture(NamedTuple):
    """A row's picture; with a problem, its hash is what was recalled."""

    image: Image | None = None
    path: Path | None = None
    stem: str = ""
    problem: str = ""
    mend: str = ""
    unfetched: bool = False  # an address whose bytes are not here


NO_PICTURE = Picture()


def find_files(pattern: str, folder: Path) -> tuple[str, ...] | Flaw | None:
    """Find the files that a pattern means, sorted; None where it is no pattern but one file."""
    if not is_pattern(pattern) or is_address(pattern) or unprintable(pattern):
        return None
    if os.path.lexists(folder / pattern):
        return None
    try:
        files = matching(pattern, folder)
    except TooMuchToWalkError:
        what = f"image {shown(pattern)} leads over more than {MOST_ENTRIES:,} files and folders"
        return Flaw(what, "write more of the way to the pictures, and fewer **", "image")
    if files:
        return tuple(files)
    what = f"image {shown(pattern)} matches no file"
    mend = "correct the pattern: it starts from this file's folder, and finds files, not folders"
    return Flaw(what, mend, "image")


def find_picture(written: str, folder: Path, recall: Recall) -> Picture | Flaw:
    """Look at the file or the address that a row names; a file is relative to the folder."""
    if (word := unprintable(written)) or "\n" in written:
        return Flaw(f"{word or 'a line end'} in image {shown(written)}", "delete it", "image")
    if is_address(written):
        return _at_address(written, recall)
    path = folder / written
    stem = file_stem(written)
    try:
        return Picture(Image(written, hash_image(path)), path, stem)
    except ImageProblem as problem:
        what = f"{problem.what}: {shown(written)}"
        mend = problem.mend if os.path.exists(path) else _mend(written, folder, problem.mend)  # noqa: PTH110 - answers for every name
    found = recall(written)
    if found is None:
        return Flaw(what, mend, "image")
    return Picture(Image(written, found.sha256), path, stem, what, mend)


def file_stem(written: str) -> str:
    """Name a file without its suffix; a Mac that writes é as two letters makes no new prompts."""
    return unicodedata.normalize("NFC", PurePath(written).stem)


def _mend(written: str, folder: Path, otherwise: str) -> str:
    """Say what may be meant by the path of a file that is not there."""
    for is_it, mend in _NO_PATHS:
        if is_it.search(written):
            return mend
    if called := _in_other_letters(written, folder):
        return f"upper and lower case count: the file is called {shown(called)}"
    path = PurePath(written)
    return otherwise if path.is_absolute() else f"{otherwise}; {_looked(path.parent, folder)}"


def _looked(above: PurePath, folder: Path) -> str:
    """Say where a file was looked for: in a folder above it, from the manifest's."""
    name = above.as_posix()
    if name == ".":
        return "none of that name is in the manifest's folder"
    is_there = os.path.isdir(folder / above)  # noqa: PTH112 - answers for every name
    told = "none of that name is in" if is_there else "there is no folder"
    return f"{told} {shown(name)}, from the manifest's folder"


def _in_other_letters(written: str, folder: Path) -> str:
    """Find a file that is called so but for upper and lower case; "" where there is none."""
    here, names = folder, []
    for part in PurePath(written).parts:
        name = part
        if not os.path.lexists(here / part):
            name = _names_in(here).get(part.casefold(), "")
        if not name:
            return ""
        here /= name
        names.append(name)
    called = PurePath(*names)
    return "" if called == PurePath(written) else called.as_posix()


def _names_in(folder: Path) -> Mapping[str, str]:
    try:
        return _listed(folder, folder.stat().st_mtime_ns)
    except OSError:
        return {}


@lru_cache(maxsize=8)  # a feed may miss a thousand pictures of one folder
def _listed(folder: Path, _changed_ns: int) -> Mapping[str, str]:
    return {name.casefold(): name for name in os.listdir(folder)}  # noqa: PTH208 - names alone


def _at_address(written: str, recall: Recall) -> Picture | Flaw:
    """Look an address up among what was fetched; nothing is fetched here."""
    if flaw := address_flaw(written):
        return flaw
    stem = address_stem(written)
    found = recall(written)
    if found is None:
        return Picture(Image(written, stand_in(written)), None, stem, unfetched=True)
    image = Image(written, found.sha256)
    return Picture(image, found.file, stem, unfetched=found.file is None)
