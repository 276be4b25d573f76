"""Rows of text to jobs, or to everything that is wrong with them. Reads image files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from batchsora.errors import Problem
from batchsora.job import Order
from batchsora.manifest.fields import DEFAULTS
from batchsora.manifest.head import Head
from batchsora.manifest.located import Flaw, RowText, shown
from batchsora.manifest.outputs import Subject, output_path, template_flaws
from batchsora.manifest.pictures import NO_PICTURE, Picture, Recall, find_picture
from batchsora.manifest.terms import Terms, TermsText, read_terms
from batchsora.manifest.text import unprintable
from batchsora.manifest.words import read_id, read_prompt, read_tags
from batchsora.planned import Planned

KEPT_PICTURES = 4096  # of so many files the hash is remembered: a feed repeats its pictures
KEPT_TERMS = 4096
ID_DIGITS = 10  # of the key: short enough to type


class _Reading(NamedTuple):
    """A row that is understood, but for its output."""

    prompt: str
    id: str  # "" where the key gives it
    terms: Terms
    picture: Picture
    tags: tuple[str, ...]
    columns: Mapping[str, str]
    output: str


class RowReader:
    """Reads the rows of one manifest; remembers terms and pictures, never rows."""

    def __init__(self, head: Head, path: Path, columns: tuple[str, ...], recall: Recall) -> None:
        self._head = head
        self._file = str(path)
        self._columns = frozenset(columns)
        self._base = {**DEFAULTS, "output": head.output, **head.defaults.fields}
        self._terms = lru_cache(KEPT_TERMS)(partial(read_terms, cards=head.cards))
        self._picture = lru_cache(KEPT_PICTURES)(
            partial(find_picture, folder=path.parent, recall=recall)
        )
        self._told: set[Problem] = set()  # of the head: said once, not with each row

    def read(self, row: RowText) -> list[Planned] | list[Problem]:
        """Read one row: its jobs, one a take, or all of its problems."""
        reading = self._reading(row)
        if not isinstance(reading, _Reading):
            return self._problems(row, reading)
        jobs = []
        for take in range(1, reading.terms.takes + 1):
            job = self._job(row, reading, take)
            if not isinstance(job, Planned):
                return self._problems(row, job)
            jobs.append(job)
        return jobs

    def _reading(self, row: RowText) -> _Reading | list[Flaw]:
        flaws = list(row.flaws)
        fields = {**self._base, **row.fields}
        columns = {**self._head.defaults.columns, **row.columns}
        terms = self._terms(TermsText(*(fields[name] for name in TermsText._fields)))
        picture = self._picture(fields["image"]) if "image" in fields else NO_PICTURE
        prompt = read_prompt(fields.get("prompt", ""), columns, flaws)
        given = read_id(fields["id"], columns, flaws) if "id" in fields else ""
        tags = read_tags(fields["tags"]) if "tags" in fields else ()
        _check_texts(tags, columns, flaws)
        if isinstance(terms, Terms) and isinstance(picture, Picture) and not flaws:
            return _Reading(prompt, given, terms, picture, tags, columns, fields["output"])
        flaws += () if isinstance(terms, Terms) else terms
        flaws += () if isinstance(picture, Picture) else (picture,)
        return flaws + template_flaws(
            fields["output"], columns, self._columns, has_image="image" in fields
        )

    def _job(self, row: RowText, reading: _Reading, take: int) -> Planned | list[Flaw]:
        prompt, given, terms, picture, tags, columns, template = reading
        order = Order(
            prompt, terms.model, terms.seconds, terms.size, take, picture.image, terms.framing
        )
        key = order.key()
        # all takes of a row have one id, so that its name means all of them
        job_id = given or (key if take == 1 else replace(order, take=1).key())[:ID_DIGITS]
        subject = Subject(job_id, order, row.row, self._head.name, picture.stem, columns)
        output = output_path(template, subject, terms.takes)
        if output is None:
            has_image = picture.image is not None
            return template_flaws(template, columns, self._columns, has_image=has_image)
        if isinstance(output, Flaw):
            return [output]
        return Planned(
            key=key,
            id=job_id,
            order=order,
            price_usd=terms.price_usd,
            output=output,
            row=row.row,
            line=row.line,
            explicit_id=given != "",
            tags=tags,
            columns=columns,
            image_path=picture.path,
            image_problem=picture.problem,
            image_mend=picture.mend,
        )

    def _problems(self, row: RowText, flaws: Iterable[Flaw]) -> list[Problem]:
        """Give flaws their place; what the head is to blame for is told with its first row only."""
        problems = [self._placed(row, flaw) for flaw in dict.fromkeys(flaws)]
        fresh = [problem for problem in problems if problem not in self._told]
        self._told.update(problem for problem in fresh if problem.row == 0)
        return fresh

    def _placed(self, row: RowText, flaw: Flaw) -> Problem:
        """Find the line of the field that is to blame, in the row or in the head."""
        what, mend, field, line = flaw
        defaults, number = self._head.defaults, row.row
        if line == 0:
            line = row.lines.get(field, row.line)
            if field in row.fields:
                pass
            elif field in defaults.fields:
                line, number = defaults.lines.get(field, defaults.line), 0
            elif field == "output":
                line, number = self._head.output_line, 0
            elif field in DEFAULTS:
                what = f"{what} (the default)"
        return Problem(what, mend, self._file, line, number)


def _check_texts(tags: tuple[str, ...], columns: Mapping[str, str], flaws: list[Flaw]) -> None:
    """Refuse control characters in what is carried through to the report."""
    if not "".join(columns.values()).isprintable():  # most are, and there is nothing to look for
        for name, text in columns.items():
            if word := unprintable(text):
                flaws.append(Flaw(f"{word} in column {shown(name)}", "delete it"))
    if word := unprintable("".join(tags)):
        flaws.append(Flaw(f"{word} in tags", "delete it", "tags"))
