"""The pictures of rows: found, hashed once, or recalled where the file is gone. Reads files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath
from typing import NamedTuple

from batchsora.job import Image
from batchsora.manifest.later import later_image
from batchsora.manifest.located import Flaw, shown
from batchsora.manifest.text import unprintable
from batchsora.media.images import ImageProblem, hash_image

Recall = Callable[[str], str | None]


class Picture(NamedTuple):
    """A row's picture; with a problem, its hash is what the ledger recalled."""

    image: Image | None = None
    path: Path | None = None
    stem: str = ""
    problem: str = ""
    mend: str = ""


NO_PICTURE = Picture()


def find_picture(written: str, folder: Path, recall: Recall) -> Picture | Flaw:
    """Look at the file that a row names, relative to the manifest's folder."""
    if flaw := later_image(written):
        return flaw
    if (word := unprintable(written)) or "\n" in written:
        return Flaw(f"{word or 'a line end'} in image {shown(written)}", "delete it", "image")
    path = folder / written
    stem = PurePath(written).stem
    try:
        return Picture(Image(written, hash_image(path)), path, stem)
    except ImageProblem as problem:
        what = f"{problem.what}: {shown(written)}"
        mend = 'write the path with "/"' if "\\" in written else problem.mend
    sha256 = recall(written)
    if sha256 is None:
        return Flaw(what, mend, "image")
    return Picture(Image(written, sha256), path, stem, what, mend)
