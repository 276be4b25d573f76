"""Taking a manifest's jobs into the ledger: what is new, and where each now stands in the file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlite_utils import Database

from batchsora.clock import stamp
from batchsora.job import fold_path
from batchsora.ledger.schema import INDEXES_OF_JOBS
from batchsora.planned import Planned

_ADD = """
insert into jobs (
    key, id, take, prompt, model, seconds, size, image, image_sha256, fit, likeness, price_usd,
    output, output_folded, position, row, manifest_file, manifest_line, tags, columns,
    recorded_at
) values (
    :key, :id, :take, :prompt, :model, :seconds, :size, :image, :image_sha256, :fit, :likeness,
    :price_usd, :output, :output_folded, :position, :row, :manifest_file, :manifest_line, :tags,
    :columns, :at
)
"""

# what a manifest may still say of a job that is known: its name, its place, its own columns, where
# its image is; the price of its next purchase, unless one is under way; where its clip is to go as
# long as nothing of it was sent
_SETTLED = "state not in ('submitting', 'in_doubt')"
_PLACE = f"""
update jobs set
    id = :id, position = :position, row = :row,
    manifest_file = :manifest_file, manifest_line = :manifest_line,
    tags = :tags, columns = :columns, image = :image,
    price_usd = case when {_SETTLED} then :price_usd else price_usd end,
    output = case when revision = 0 then :output else output end,
    output_folded = case when revision = 0 then :output_folded else output_folded end
where key = :key and (
    (id, position, row, manifest_file, manifest_line, tags, columns, image)
        is not (:id, :position, :row, :manifest_file, :manifest_line, :tags, :columns, :image)
    or ({_SETTLED} and price_usd is not :price_usd)
    or (revision = 0 and output is not :output)
)
"""  # noqa: S608 - our own words


_json = json.JSONEncoder(ensure_ascii=False).encode
_tags_text = lru_cache(maxsize=1024)(_json)  # rows share them


@contextmanager
def in_bulk(db: Database) -> Iterator[None]:
    """Let very many jobs be recorded, in a transaction that is open: their indexes come at its end.

    Sorted at once they are made in a fraction of the time; the transaction keeps the promise that
    they hold, for it fails where one of them can't be made.
    """
    for name in INDEXES_OF_JOBS:
        db.execute(f"drop index {name}")
    yield
    for statement in INDEXES_OF_JOBS.values():
        db.execute(statement)


def add(db: Database, jobs: Sequence[tuple[int, Planned]], at: Any) -> None:
    """Record new jobs, each with its position in the manifest."""
    recorded = {"at": stamp(at)}
    db.conn.executemany(_ADD, (_row(*it) | _order(it[1]) | recorded for it in jobs))


def place(db: Database, jobs: Sequence[tuple[int, Planned]]) -> None:
    """Say where known jobs stand in the manifest now; what has not changed is not written."""
    db.conn.executemany(_PLACE, (_row(*it) for it in jobs))


def drop_places(db: Database, keys: Iterable[str]) -> None:
    """Take the place of jobs whose row is gone."""
    db.conn.executemany(
        "update jobs set position = null, row = null, manifest_file = null, manifest_line = null"
        " where key = ?",
        ((key,) for key in keys),
    )


def _row(position: int, planned: Planned) -> dict[str, Any]:
    price = planned.price_usd
    return {
        "key": planned.key,
        "id": planned.id,
        "position": position,
        "row": planned.row,
        "manifest_file": planned.file or None,
        "manifest_line": planned.line,
        "tags": _tags_text(planned.tags),
        "columns": _json(planned.columns),
        "image": planned.order.image and planned.order.image.written,
        "price_usd": None if price is None else str(price),
        "output": planned.output,
        "output_folded": fold_path(planned.output),
    }


def _order(planned: Planned) -> dict[str, Any]:
    order = planned.order
    return {
        "take": order.take,
        "prompt": order.prompt,
        "model": order.model,
        "seconds": order.seconds,
        "size": str(order.size),
        "image_sha256": order.image and order.image.sha256,
        "fit": str(order.framing),
        "likeness": order.likeness(),
    }
