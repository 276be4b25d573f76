"""report.json: the run, its totals and its jobs, for programs."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from batchsora.reports.beside import written_beside
from batchsora.reports.columns import AddRow, time_text, usd_text

VERSION = 1  # of the report's form: goes up when a reader of the old form would err


@contextmanager
def json_report(
    path: Path, *, run: Mapping[str, Any], totals: Mapping[str, Any]
) -> Iterator[AddRow]:
    """Write the report as JSON, a job at a time and a job a line.

    Money (Decimal) and times are text, as in the CSV. Raises OSError, the old report being whole.
    """
    with written_beside(path) as file:
        file.write(f'{{"version": {VERSION},\n')
        file.write(f'"run": {_json(dict(run))},\n"totals": {_json(dict(totals))},\n"jobs": [')
        between = itertools.chain(["\n"], itertools.repeat(",\n"))
        yield lambda row: file.write(next(between) + _json(row))
        file.write("\n]}\n")


def _text(value: Any) -> str:
    match value:
        case Decimal():
            return usd_text(value)
        case datetime():
            return time_text(value)
        case _:
            raise TypeError(f"a report cannot say {value!r}")


def _json(value: Any) -> str:
    return _DRIVING.sub(lambda found: f"\\u{ord(found[0]):04x}", _encode(value))


_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=_text).encode
# JSON may leave these as they are; a terminal that shows the file is driven by them
_DRIVING = re.compile("[\x7f-\x9f]")
