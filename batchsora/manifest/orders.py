"""Rows of text to jobs, or to everything that is wrong with them. Reads image files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from itertools import chain, product
from typing import NamedTuple

from batchsora.errors import Problem
from batchsora.job import Order
from batchsora.manifest.apart import Apart
from batchsora.manifest.fields import COLUMNS, DEFAULTS
from batchsora.manifest.ground import Ground, Matrix, axes_left, from_home
from batchsora.manifest.located import Flaw, RowText, shown
from batchsora.manifest.outputs import DEFAULT_OUTPUT, output_path
from batchsora.manifest.patterns import is_pattern
from batchsora.manifest.pictures import (
    NO_PICTURE,
    Picture,
    Recall,
    file_stem,
    find_files,
    find_picture,
)
from batchsora.manifest.templates import Scope
from batchsora.manifest.terms import Terms, TermsText, read_terms, whole
from batchsora.manifest.text import unprintable
from batchsora.manifest.words import read_id, read_prompt, read_tags
from batchsora.planned import Planned

KEPT_PICTURES = 4096  # of so many files the hash is remembered: a feed repeats its pictures
KEPT_PATTERNS = 16
KEPT_TERMS = 4096
MOST_COMBINATIONS = 20_000  # of a matrix; more are a table's work
MOST_JOBS = 100_000  # of one row: its matrix, the files of its patterns, and its takes
ID_DIGITS = 10  # of the key: short enough to type

_FIELDS = frozenset(COLUMNS)
# why a placeholder that is known says nothing, where it does not
_NO_IMAGE: Mapping[str, str] = {"stem": "the row has no image"}
_NO_ID: Mapping[str, str] = {"id": "the row has no id of its own"}
_NEITHER: Mapping[str, str] = {**_NO_IMAGE, **_NO_ID}
_STAND_IN = (
    "-" * ID_DIGITS
)  # for the id of a job that is refused: its output is looked at all the same


class _Variant(NamedTuple):
    """One way in which a row is meant: a combination of its matrix, a file of its pattern."""

    fields: Mapping[str, str]
    columns: Mapping[str, str]
    prefix: str  # the way from the manifest's folder to the one from which its image starts
    is_match: bool = False  # its image is one of those that a pattern means


class _Reading(NamedTuple):
    """A variant that is understood but for its placeholders, or what is wrong with it."""

    row: RowText
    fields: Mapping[str, str]
    columns: Mapping[str, str]
    terms: Terms | None
    picture: Picture
    tags: tuple[str, ...]
    flaws: list[Flaw]


class RowReader:
    """Reads the rows of one file; remembers terms and pictures, never rows."""

    def __init__(self, ground: Ground, recall: Recall, told: set[Problem]) -> None:
        self._ground = ground
        self._told = told  # problems of what rows share: said once, not with each row
        self._terms = lru_cache(KEPT_TERMS)(partial(read_terms, cards=ground.cards))
        self._files = lru_cache(KEPT_PATTERNS)(self._find_files)
        self._picture = lru_cache(KEPT_PICTURES)(
            partial(find_picture, folder=ground.home, recall=recall)
        )

    def read(self, row: RowText) -> Iterator[Planned | Problem]:
        """Read one row: its jobs in order, or everything that is wrong with it."""
        ground = self._ground
        matrix = row.matrix or axes_left(ground.matrix, row)
        variant = _Variant(
            {**ground.fields, **row.fields},
            {**ground.columns, **row.columns},
            ground.prefix if "image" in row.fields else ground.image_prefix,
        )
        files = self._matching(variant)
        if matrix or files is not None:
            yield from self._read_many(row, variant, matrix)
            return
        for found in self._jobs(row, variant):
            if isinstance(found, Planned):
                yield found
            else:
                yield from self._problem(row, found)

    def _read_many(
        self, row: RowText, variant: _Variant, matrix: Matrix
    ) -> Iterator[Planned | Problem]:
        """Read a row that stands for several; what is wrong with all of them is told once."""
        apart = Apart(matrix, variant.fields)
        said: set[Flaw] = set()
        prefix = self._ground.prefix if row.matrix else self._ground.axis_prefix
        for each in self._variants(variant, matrix, prefix):
            for found in (each,) if isinstance(each, Flaw) else self._jobs(row, each):
                flaw = apart.flaw(found) if isinstance(found, Planned) else found
                if isinstance(found, Planned) and flaw is None:
                    yield found
                elif flaw is not None and flaw not in said:
                    said.add(flaw)
                    yield from self._problem(row, flaw)

    def _variants(
        self, row: _Variant, matrix: Matrix, axis_prefix: str
    ) -> Iterator[_Variant | Flaw]:
        """Take the files of a row's pattern, and for each combine the axes, the last one fastest.

        The files of a pattern in an axis of images stand in its place.
        """
        count = math.prod(map(len, matrix.values()))
        if count > MOST_COMBINATIONS:
            what = f"matrix has {count:,} combinations, {MOST_COMBINATIONS:,} are the most"
            yield Flaw(what, "make several rows of it, or a CSV file", "matrix")
            return
        axes = dict(matrix)
        written = axes.get("image", (row.fields.get("image"),))
        if "image" in axes:
            prefix, pictures = axis_prefix, (self._named(it, axis_prefix) for it in axes["image"])
            axes["image"] = tuple(chain.from_iterable(pictures))
        else:
            image, prefix = row.fields.get("image"), row.prefix
            axes = {**({} if image is None else {"image": self._named(image, prefix)}), **axes}
        count = math.prod(map(len, axes.values())) * (whole(row.fields["takes"]) or 1)
        if count > MOST_JOBS:
            what = f"the row stands for {count:,} jobs, {MOST_JOBS:,} are the most"
            mend = "take fewer files, takes or values; or make several rows of it"
            yield Flaw(what, mend, "matrix" if matrix else "image")
            return
        for values in product(*axes.values()):
            chosen = dict(zip(axes, values, strict=True))
            fields = {name: value for name, value in chosen.items() if name in _FIELDS}
            columns = {name: value for name, value in chosen.items() if name not in _FIELDS}
            is_match = fields.get("image") not in (None, *written)
            yield _Variant({**row.fields, **fields}, {**row.columns, **columns}, prefix, is_match)

    def _named(self, image: str, prefix: str) -> tuple[str, ...]:
        """Name the files that an image stands for: those of a pattern, or itself."""
        files = self._files(image, prefix)
        return (image,) if files is None or isinstance(files, Flaw) else files

    def _matching(self, variant: _Variant) -> tuple[str, ...] | Flaw | None:
        """Find the files of a pattern; None where the image is no pattern."""
        image = variant.fields.get("image")
        if image is None or not is_pattern(image):  # most are none, and there may be a million
            return None
        return self._files(image, variant.prefix)

    def _find_files(self, pattern: str, prefix: str) -> tuple[str, ...] | Flaw | None:
        return find_files(pattern, self._ground.home / prefix)

    def _jobs(self, row: RowText, variant: _Variant) -> Iterator[Planned | Flaw]:
        """Make a job for each take; of a variant that is wrong, tell all that is wrong instead."""
        reading = self._understand(row, variant)
        takes = 1 if reading.terms is None else reading.terms.takes
        first_key = ""
        for take in range(1, takes + 1):
            job = self._job(reading, take if takes > 1 else None, first_key)
            if isinstance(job, list):
                yield from job
                return
            first_key = first_key or job.key
            yield job

    def _understand(self, row: RowText, variant: _Variant) -> _Reading:
        """Read what no placeholder changes."""
        fields, columns, *_ = variant
        flaws = list(row.flaws)
        found = self._terms(TermsText(*[fields[name] for name in TermsText._fields]))
        terms = found if isinstance(found, Terms) else None
        flaws += () if isinstance(found, Terms) else found
        picture: Picture | Flaw = NO_PICTURE
        if "image" in fields:
            files = self._matching(variant)
            image = from_home(variant.prefix, fields["image"])
            picture = files if isinstance(files, Flaw) else self._picture(image)
        if isinstance(picture, Flaw):
            flaws.append(_narrower(picture) if variant.is_match else picture)
            picture = Picture(stem=file_stem(fields["image"]))
        tags = read_tags(fields["tags"]) if "tags" in fields else ()
        _check_texts(tags, columns, flaws)
        return _Reading(row, fields, columns, terms, picture, tags, flaws)

    def _job(self, reading: _Reading, take: int | None, first_key: str) -> Planned | list[Flaw]:
        """Fill the templates of one take; `take` is None where it is the only one."""
        row, fields, columns, terms, picture, tags, known = reading
        flaws = list(known)
        names = self._names(reading, take or 1)
        scope = Scope(names, _NO_ID if picture.stem else _NEITHER, self._ground.elsewhere)
        given = read_id(fields["id"], scope, flaws) if "id" in fields else ""
        if given:
            names.setdefault("id", given)
        prompt = read_prompt(fields.get("prompt", ""), scope, flaws)
        order = None if terms is None or flaws else _order(prompt, terms, picture, take or 1)
        key = "" if order is None else order.key()
        # all takes of a row have one id, so that its name means all of them
        job_id = given or (first_key or key)[:ID_DIGITS] or _STAND_IN
        names.setdefault("id", job_id)
        output = fields.get("output")
        if output is None:  # nobody's {id} but the row's, whatever else is called so
            output, scope = DEFAULT_OUTPUT, scope._replace(names={**names, "id": job_id})
        path = output_path(output, scope, take)
        if isinstance(path, list) or order is None or terms is None:
            return flaws + (path if isinstance(path, list) else [])
        return Planned(
            key=key,
            id=job_id,
            order=order,
            price_usd=terms.price_usd,
            output=path,
            row=row.row,
            line=row.line,
            file=self._ground.included,
            explicit_id=given != "",
            tags=tags,
            columns=columns,
            image_path=picture.path,
            image_problem=picture.problem,
            image_mend=picture.mend,
            first_key=first_key or key,
            unfetched=picture.unfetched,
        )

    def _names(self, reading: _Reading, take: int) -> dict[str, str]:
        """Say what placeholders can name before there is an id."""
        fields, terms = reading.fields, reading.terms
        names = {
            "name": self._ground.name,
            "row": str(reading.row.row),
            "take": str(take),
            "model": fields["model"],
            "seconds": fields["seconds"] if terms is None else str(terms.seconds),
            "size": fields["size"],
        }
        if reading.picture.stem:
            names["stem"] = reading.picture.stem
        return {**names, **reading.columns}

    # -- where a flaw is written

    def _problem(self, row: RowText, flaw: Flaw) -> Iterator[Problem]:
        """Give a flaw its place; what rows share is told with the first of them only."""
        problem = self._placed(row, flaw)
        if problem in self._told:
            return
        if problem.row == 0:
            self._told.add(problem)
        yield problem

    def _placed(self, row: RowText, flaw: Flaw) -> Problem:
        """Find the line of the field that is to blame, in the row or below it."""
        what, mend, field, line = flaw
        file = self._ground.file
        if line:
            return Problem(what, mend, file, line, row.row)
        if field in row.lines or field in row.fields or field in row.matrix:
            return Problem(what, mend, file, row.lines.get(field, row.line), row.row)
        if place := self._ground.blame.get(field):
            return Problem(what, mend, place.file, place.line)
        if field in DEFAULTS:
            what = f"{what} (the default)"
        return Problem(what, mend, file, row.line, row.row)


def _order(prompt: str, terms: Terms, picture: Picture, take: int) -> Order:
    return Order(prompt, terms.model, terms.seconds, terms.size, take, picture.image, terms.framing)


def _narrower(flaw: Flaw) -> Flaw:
    """Add to what mends a picture that nobody may have meant."""
    return flaw._replace(mend=f"{flaw.mend}; or narrow the pattern")


def _check_texts(tags: tuple[str, ...], columns: Mapping[str, str], flaws: list[Flaw]) -> None:
    """Refuse control characters in what is carried through to the report."""
    if not "".join(columns.values()).isprintable():  # most are, and there is nothing to look for
        for name, text in columns.items():
            if word := unprintable(text):
                flaws.append(Flaw(f"{word} in column {shown(name)}", "delete it"))
    if word := unprintable("".join(tags)):
        flaws.append(Flaw(f"{word} in tags", "delete it", "tags"))
