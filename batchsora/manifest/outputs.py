"""Where a clip goes: the output template, filled with what a job says of itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from batchsora.job import Order
from batchsora.manifest.later import later_filter
from batchsora.manifest.located import Flaw, shown
from batchsora.manifest.names import nearest
from batchsora.manifest.paths import part_fault, safe_value
from batchsora.manifest.templates import Meaning, Slot, meaning, tokens
from batchsora.manifest.text import unprintable

FOLDER = "videos/"
DEFAULT_OUTPUT = "{id}.mp4"

_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}$")


class Subject(NamedTuple):
    """A job as placeholders see it."""

    id: str
    order: Order
    row: int
    name: str  # of the campaign
    stem: str  # of the image's file; "" without an image
    columns: Mapping[str, str]  # go first: a column `name` is what {name} means to its writer


PLACEHOLDERS: Mapping[str, Callable[[Subject], str]] = {
    "id": lambda job: job.id,
    "name": lambda job: job.name,
    "row": lambda job: str(job.row),
    "take": lambda job: str(job.order.take),
    "model": lambda job: job.order.model,
    "seconds": lambda job: str(job.order.seconds),
    "size": lambda job: str(job.order.size),
    "stem": lambda job: job.stem,
}


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A template taken apart once: the suffix waits for the take that goes before it."""

    stem: tuple[str | Slot, ...]
    suffix: str
    slots: tuple[str, ...]
    flaws: tuple[Flaw, ...]


def output_path(template: str, job: Subject, takes: int) -> str | Flaw | None:
    """Say where a job's clip goes, relative to the run folder; None where `template_flaws` are.

    Where the row has several takes, the take is added unless the template tells them apart.
    """
    pattern = _pattern(template)
    parts = [_filled(token, job) for token in pattern.stem]
    if pattern.flaws or None in parts:
        return None
    stem = "".join(part for part in parts if part is not None).removesuffix(".mp4")
    if takes > 1 and ("take" not in pattern.slots or "take" in job.columns):
        stem += f"-{job.order.take}"
    path = stem + pattern.suffix
    for folder in path.split("/")[:-1]:
        if folder.casefold().endswith(".mp4"):  # another job's clip may be called so
            what = f"output {shown(path)}: the folder {shown(folder)} is called as a clip is"
            return Flaw(what, "leave .mp4 out of the names of folders")
    for part in path.split("/"):
        if fault := part_fault(part):
            what = f"output {shown(path)}: the part {shown(part)} {fault[0]}"
            return Flaw(what, fault[1])
    return FOLDER + path


def template_flaws(
    template: str, columns: Mapping[str, str], elsewhere: Container[str], *, has_image: bool
) -> list[Flaw]:
    """Tell everything that is wrong with a template for a row with these columns.

    `elsewhere` are the columns that other rows have.
    """
    pattern = _pattern(template)
    names = {*PLACEHOLDERS, *columns}
    flaws = list(pattern.flaws)
    for inside in pattern.slots:
        match meaning(inside, names):
            case Meaning.UNKNOWN if inside in elsewhere:
                what = f"{{{inside}}} in output, but the row has no such variable"
                flaws.append(Flaw(what, f"write vars: {{{inside}: …}}, there or under defaults:"))
            case Meaning.UNKNOWN:
                flaws.append(unknown_placeholder(inside, names, "output"))
            case Meaning.FILTER:
                flaws.append(later_filter(inside, "output"))
            case Meaning.REACH:
                what = f"{{{inside}}} in output: a placeholder is a plain name"
                flaws.append(Flaw(what, "take out what follows the name", "output"))
            case Meaning.NAME if inside == "stem" and not has_image and "stem" not in columns:
                what = "{stem} in output, but the row has no image"
                flaws.append(Flaw(what, "name the image, or write {id}"))
            case _:
                pass  # a name that is known, or no name at all
    return flaws


def unknown_placeholder(inside: str, names: Iterable[str], field: str) -> Flaw:
    """Refuse a name that nothing has, with the one of `names` that was probably meant."""
    meant = nearest(inside, sorted(names))
    what = f"unknown placeholder {{{inside}}} in {field}"
    mend = f"write {{{meant}}}" if meant else f"write {{{{{inside}}}}} for the braces themselves"
    return Flaw(what, mend, field)


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
        flaws.append(Flaw(what, f"write {stem}.mp4", "output"))
    found = tokens(stem)
    slots = tuple(token.inside for token in found if isinstance(token, Slot))
    return _Pattern(found, ending, slots, tuple(flaws))


def _filled(token: str | Slot, job: Subject) -> str | None:
    """Fill a slot; None where it can't be filled."""
    if isinstance(token, str):
        return token
    inside = token.inside
    if (value := job.columns.get(inside)) is not None:
        return safe_value(value)
    if inside in PLACEHOLDERS:
        value = PLACEHOLDERS[inside](job)
        return safe_value(value) if value else None  # an image that is not there has no stem
    known = {*PLACEHOLDERS, *job.columns}
    return f"{{{inside}}}" if meaning(inside, known) is Meaning.TEXT else None
