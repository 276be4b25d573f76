"""A plan as programs read it: an object a line, or a line of CSV, for each job."""

from __future__ import annotations

import json
import sys
from dataclasses import fields
from enum import Enum, auto
from typing import assert_never

from click.exceptions import Exit

from batchsora.cli.printing import silence
from batchsora.library.planned_jobs import PlannedJob
from batchsora.reports.columns import AddRow, Row, usd_text
from batchsora.reports.tables import csv_line

COLUMNS = tuple(it.name for it in fields(PlannedJob))


class Form(Enum):
    """How a plan is written."""

    PAGE = auto()  # for a person
    JSON = auto()
    CSV = auto()


def row_writer(form: Form) -> AddRow | None:
    """Open what writes jobs to stdout, one after the other; None for a page, which has no rows.

    UTF-8 whatever the terminal speaks; half a surrogate pair is written as JSON's escape of it.
    Ends the command where nobody reads on; raises OSError where the disk refuses.
    """
    match form:
        case Form.PAGE:
            return None
        case Form.JSON:
            encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
            return lambda row: _write(f"{encode(row)}\n")
        case Form.CSV:
            _write(csv_line(COLUMNS))
            return lambda row: _write(csv_line(row.values()))
        case _:
            assert_never(form)


def job_row(job: PlannedJob) -> Row:
    """Write a job with a cell in each column; None where there is nothing to say."""
    price = None if job.price_usd is None else usd_text(job.price_usd)
    said = {"why": job.why or None, "price_usd": price, "image_notes": job.image_notes or None}
    return {name: said.get(name, getattr(job, name)) for name in COLUMNS}


def flush() -> None:
    """See that what was written is out."""
    _write("", flush=True)


def _write(text: str, *, flush: bool = False) -> None:
    if sys.stdout is None:  # it was closed before we began
        return
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        if flush:
            sys.stdout.buffer.flush()
    except OSError as error:
        silence(sys.stdout)
        if isinstance(error, BrokenPipeError):  # `| head` has seen enough
            raise Exit(0) from None
        raise
