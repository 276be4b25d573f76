"""Where a clip goes: the output template, filled with what a job says of itself. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from batchsora.manifest.located import Flaw, shown, visible
from batchsora.manifest.paths import part_fault, safe_value
from batchsora.manifest.templates import Scope, fill, has_slot
from batchsora.manifest.text import unprintable

FOLDER = "videos/"
DEFAULT_OUTPUT = "{id}.mp4"

# macOS ends a whole path at 1,024 bytes; the run folder stands in front, and a temporary file's
# suffix behind. A clip that can't be kept is paid for all the same.
MOST_PATH_BYTES = 700
MOST_FOLDERS = 20

_SUFFIX = re.compile(r"(?<=[^/])\.[A-Za-z][A-Za-z0-9]{1,4}$")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A template taken apart once: the suffix waits for the take that goes before it."""

    stem: str
    suffix: str
    says_take: bool
    flaws: tuple[Flaw, ...]


def output_path(template: str, scope: Scope, take: int | None) -> str | list[Flaw]:
    """Say where a job's clip goes, relative to the run folder, or all that is wrong with that.

    `take` is None where its row has one; else it is added, unless the template says it.
    """
    pattern = _pattern(template)
    stem = fill(pattern.stem, "output", scope, safe_value)
    if isinstance(stem, list) or pattern.flaws:
        return [*pattern.flaws, *(stem if isinstance(stem, list) else ())]
    stem = stem.removesuffix(".mp4")
    if take is not None and not (pattern.says_take and scope.names["take"] == str(take)):
        stem += f"-{take}"
    path = stem + pattern.suffix
    flaw = _fault(path)
    if flaw is None:
        return FOLDER + path
    # what a value brings about is told of its row
    return [flaw if has_slot(template) else flaw._replace(field="output")]


def _fault(path: str) -> Flaw | None:
    *folders, name = path.split("/")
    for folder in folders:
        if folder.casefold().endswith(".mp4"):  # another job's clip may be called so
            what = f"output {shown(path)}: the folder {shown(folder)} is called as a clip is"
            return Flaw(what, "leave .mp4 out of the names of folders")
    if name.casefold() == ".mp4":
        return Flaw(f"output {shown(path)}: nothing stands before .mp4", "put {id} into the output")
    for part in (*folders, name):
        if fault := part_fault(part):
            what = f"output {shown(path)}: the part {shown(part)} {fault[0]}"
            return Flaw(what, fault[1])
    if len(folders) > MOST_FOLDERS:
        what = f"output {shown(path)} has {len(folders)} folders, {MOST_FOLDERS} are the most"
        return Flaw(what, "leave some out")
    if (length := len(path.encode())) > MOST_PATH_BYTES:
        what = f"output {shown(path)} has {length:,} bytes, {MOST_PATH_BYTES} are the most"
        return Flaw(what, "make it shorter, such as {title:slug40}")
    return None


@lru_cache(maxsize=1024)
def _pattern(template: str) -> _Pattern:
    flaws = []
    if word := unprintable(template) or ("line end" if "\n" in template else ""):
        flaws.append(Flaw(f"{word} in output", "delete it", "output"))
    suffix = _SUFFIX.search(template)
    if suffix is None:
        stem, ending = template, ".mp4"
    else:
        stem, ending = template[: suffix.start()], suffix[0]
    if ending.casefold() != ".mp4":
        what = f'output must end in .mp4, not "{ending}"'
        flaws.append(Flaw(what, f"write {visible(stem)}.mp4", "output"))
    return _Pattern(stem, ending, has_slot(stem, "take"), tuple(flaws))
