"""report.json as JSON Schema, made from its columns. Pure.

It says what a report of this version always has. A later one of the same version may say more:
so keys that are not named here are no fault, but for the jobs', where they are the manifest's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from batchsora.job import Reason, State
from batchsora.reports.columns import AFTER, BEFORE
from batchsora.reports.summary import VERSION

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
COUNT: Schema = {"type": "integer", "minimum": 0}
ORDINAL: Schema = {"type": "integer", "minimum": 1}
TEXT: Schema = {"type": "string"}
TIME: Schema = {
    "type": "string",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$",
}
USD: Schema = {"type": "string", "pattern": r"^[0-9]+\.[0-9]{2,}$"}
SPAN_S: Schema = {"type": "number", "minimum": 0}
SIZE: Schema = {"type": "string", "pattern": "^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}$"}
STATE: Schema = {"enum": [it.value for it in State]}
REASON: Schema = {"enum": [it.value for it in Reason]}


def or_null(schema: Schema) -> Schema:
    """Allow for nothing to be said."""
    if "enum" in schema:
        return {**schema, "enum": [*schema["enum"], None]}
    return {**schema, "type": [schema["type"], "null"]}


def keyed(properties: Mapping[str, Schema], *, optional: Iterable[str] = (), **more: Any) -> Schema:
    """Take an object that has these keys, and may have some."""
    required = [it for it in properties if it not in set(optional)]
    return {"type": "object", "properties": dict(properties), "required": required, **more}


_COLUMNS: Mapping[str, Schema] = {
    "row": or_null(ORDINAL),
    "id": {**TEXT, "minLength": 1},
    "take": ORDINAL,
    "status": STATE,
    "reason": or_null(REASON),
    "file": or_null(TEXT),
    "image": or_null(TEXT),
    "prompt": TEXT,
    "model": TEXT,
    "seconds": ORDINAL,
    "size": SIZE,
    "video_id": or_null(TEXT),
    "attempts": COUNT,
    "submitted_at": or_null(TIME),
    "completed_at": or_null(TIME),
    "downloaded_at": or_null(TIME),
    "queue_s": or_null(SPAN_S),
    "render_s": or_null(SPAN_S),
    "download_s": or_null(SPAN_S),
    "cost_usd": or_null(USD),
    "bytes": or_null(ORDINAL),
    "sha256": or_null({"type": "string", "pattern": "^[0-9a-f]{64}$"}),
    "error_code": or_null(TEXT),
    "error_message": or_null(TEXT),
    "hint": or_null(TEXT),
    "manifest_line": {
        "type": ["integer", "string", "null"],
        "minimum": 1,
        "pattern": "^.+:[1-9][0-9]*$",
        "description": "The line in the manifest, or file:line in one that it includes.",
    },
}
_KEPT: Mapping[str, Schema] = {"file": TEXT, "bytes": ORDINAL, "sha256": TEXT}
_KIND: Mapping[str, Schema] = {
    "model": TEXT,
    "size": SIZE,
    "jobs": ORDINAL,
    "done": COUNT,
    "failed": COUNT,
    "in_doubt": COUNT,
    "left": COUNT,
    "spent_usd": USD,
}
_RUN: Mapping[str, Schema] = {
    "name": {**TEXT, "minLength": 1},
    "service": {**TEXT, "description": "The base URL, or simulator."},
    "manifest": {**TEXT, "description": "Relative to the run folder."},
    "columns": {
        "type": "array",
        "items": TEXT,
        "description": "The keys of a job that are the manifest's own.",
    },
    "max_cost_usd": or_null(USD),
    "began_at": TIME,
    "reported_at": TIME,
}
_TOTALS: Mapping[str, Schema] = {
    "jobs": COUNT,
    **{it.value: COUNT for it in State},
    "reasons": keyed({it.value: COUNT for it in Reason}),
    "spent_usd": USD,
    "reserved_usd": USD,
    "in_doubt_usd": USD,
    "left_usd": USD,
    "projected_usd": USD,
    "unpriced": COUNT,
    "missing": {**COUNT, "description": "Clips that are neither here nor at the service."},
    "by_model_and_size": {"type": "array", "items": keyed(_KIND)},
}


def report_schema() -> Schema:
    """Make the schema of report.json: the same each time, and ready for JSON."""
    return {
        "$schema": DIALECT,
        "title": "batchsora report",
        "description": "What came of each job of a run folder.",
        **keyed(
            {
                "version": {"const": VERSION},
                "run": keyed(_RUN),
                "totals": keyed(_TOTALS),
                "jobs": {"type": "array", "items": _job()},
            }
        ),
    }


def _job() -> Schema:
    columns = {name: _COLUMNS[name] for name in (*BEFORE, *AFTER)}
    return keyed(
        columns,
        # the manifest's own columns: text, and null where a row does not have one
        additionalProperties=or_null(TEXT),
        allOf=[
            _when("failed", {"reason": REASON}, otherwise={"reason": {"const": None}}),
            _when("done", _KEPT, otherwise={key: {"const": None} for key in _KEPT}),
            _when("running", {"video_id": TEXT}),
            _when("rendered", {"video_id": TEXT}),
            _when("pending", {"video_id": {"const": None}}),
            _when("in_doubt", {"video_id": {"const": None}, "hint": TEXT}),
        ],
    )


def _when(
    status: str, then: Mapping[str, Schema], otherwise: Mapping[str, Schema] | None = None
) -> Schema:
    told: Schema = {
        "if": {"properties": {"status": {"const": status}}},
        "then": {"properties": dict(then)},
    }
    return told if otherwise is None else {**told, "else": {"properties": dict(otherwise)}}
