"""A plan as programs read it: an object a line, or a line of CSV, for each job."""

from __future__ import annotations

import json
import sys
from enum import Enum, auto
from typing import assert_never

from click.exceptions import Exit

from batchsora.cli.printing import silence
from batchsora.reports.columns import AddRow, Cell, Row, place_text, usd_text
from batchsora.reports.tables import csv_line
from batchsora.runner.planning import Action, Gone, Met

COLUMNS = (
    "row", "id", "take", "action", "why", "price_usd", "model", "seconds", "size",
    "image", "image_notes", "prompt", "output", "key", "manifest_line",
)  # fmt: skip


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


def met_row(met: Met, action: Action) -> Row:
    """Write a job of the manifest; its price is that of one clip, whether it is bought or not."""
    planned = met.planned
    order = planned.order
    has_id = planned.explicit_id or not planned.unfetched  # else the image's bytes will change it
    cells: tuple[Cell, ...] = (
        planned.row,
        planned.id if has_id else None,
        order.take,
        action,
        met.why or None,
        None if planned.price_usd is None else usd_text(planned.price_usd),
        order.model,
        order.seconds,
        str(order.size),
        order.image.written if order.image else None,
        (met.image_notes or None) if action is Action.SUBMIT else None,
        order.prompt,
        planned.output if has_id else None,
        None if planned.unfetched else planned.key,
        place_text(planned.file, planned.line),
    )
    return dict(zip(COLUMNS, cells, strict=True))


def gone_row(gone: Gone, why: str) -> Row:
    """Write a job that is in the manifest no more, with the place where it stood."""
    entry, job, order = gone.known.entry, gone.known.job, gone.known.job.order
    cells: tuple[Cell, ...] = (
        entry.row,
        job.id,
        order.take,
        "gone",
        why,
        None if job.price_usd is None else usd_text(job.price_usd),
        order.model,
        order.seconds,
        str(order.size),
        order.image.written if order.image else None,
        None,
        order.prompt,
        job.output,
        job.key,
        place_text(entry.file, entry.line),
    )
    return dict(zip(COLUMNS, cells, strict=True))


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
