"""What commands say to programs, as JSON Schema: the events of a run, and its status. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from batchsora.job import Reason, State
from batchsora.lifecycle import TRANSITIONS, Event
from batchsora.reports.schema import (
    COUNT,
    DIALECT,
    REASON,
    STATE,
    TEXT,
    USD,
    Schema,
    keyed,
    or_null,
)

STAMP: Schema = {
    "type": "string",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$",
}
RATE: Schema = {"type": "number", "minimum": 0}
RUN_EVENTS: Mapping[str, str] = {
    "gathering": "images are fetched from their addresses before anything is bought",
    "image_fetched": "one of them came",
    "image_refused": "one of them did not",
    "started": "the run began",
    "paused": "requests wait, or there are fewer at once, or they go on; `message` says why",
    "woke": "this machine has slept: what was bought is looked at first",
    "stopping": "a signal came: what is on the wire comes back first",
    "stopped": "why it stopped, once for each reason",
    "bug": "a bug in batchsora: `message` is its trace",
    "ended": "the reports are written",
    "junit": "the file of `--junit` could not be written",
    "on_done": "the command of `--on-done` failed",
}
"""What happens to a run as a whole."""

SPEECHLESS = frozenset({"started", "ended"})
"""Those of them that have no message."""

FAULTS = frozenset(
    {
        Event.IMAGE_UNREADABLE,
        Event.SUBMIT_DEFERRED,
        Event.SUBMIT_REJECTED,
        Event.SUBMIT_LOST,
        Event.GAVE_UP,
        Event.DOWNLOAD_DEFERRED,
    }
)
"""Events of a job that always say what went wrong."""

MONEY: Mapping[str, Schema] = dict.fromkeys(
    ("spent_usd", "reserved_usd", "in_doubt_usd", "projected_usd"), USD
)
_STATES: Mapping[str, Schema] = {it.value: COUNT for it in State}
_REASONS: Mapping[str, Schema] = {it.value: COUNT for it in Reason}
_WITH_ID = frozenset({State.RUNNING, State.RENDERED, State.DONE})


def events_schema() -> Schema:
    """Make the schema of one event: a line of `--progress json`, or of run.log."""
    event = [it.value for it in Event]
    told = {
        "at": STAMP,
        "event": {"enum": [*event, *RUN_EVENTS]},
        "job": TEXT,
        "key": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
        "state": STATE,
        "video_id": TEXT,
        "reason": REASON,
        "file": TEXT,
        "code": TEXT,
        "message": TEXT,
        "totals": keyed({**_STATES, **MONEY}, optional=_STATES),
    }
    optional = [it for it in told if it not in {"at", "event"}]
    return {
        "$schema": DIALECT,
        "title": "batchsora event",
        "description": "Something that happened to a job, or to a run as a whole.",
        **keyed(told, optional=optional),
        "allOf": [
            *(_of_job(it) for it in Event),
            *(_of_state(it) for it in State),
            _of_run([it for it in RUN_EVENTS if it in SPEECHLESS], []),
            _of_run([it for it in RUN_EVENTS if it not in SPEECHLESS], ["message"]),
        ],
    }


def status_schema() -> Schema:
    """Make the schema of what `status --json` prints."""
    return {
        "$schema": DIALECT,
        "title": "batchsora status",
        "description": "How a run folder stands.",
        **keyed(
            {
                "folder": TEXT,
                "running": {"type": "boolean"},
                "jobs": COUNT,
                "states": keyed(_STATES),
                "reasons": keyed(_REASONS, optional=_REASONS),
                "missing": COUNT,
                "rendering": COUNT,
                **MONEY,
                "max_cost_usd": or_null(USD),
                "unpriced": COUNT,
                "clips_per_minute": RATE,
                "orders_per_minute": or_null(RATE),
                "paused_until": or_null(STAMP),
                "paused_because": or_null(TEXT),
                "left_s": or_null(COUNT),
            }
        ),
    }


def _of_job(event: Event) -> Schema:
    """Say what an event of a job tells: the state that it led to, and what went wrong."""
    targets = sorted({to.value for (_, it), to in TRANSITIONS.items() if it is event})
    if event is Event.RETRY_ASKED:
        targets.append(State.RUNNING.value)  # where its id is alive
    required = ["job", "key", "state", *["code", "message"] * (event in FAULTS)]
    return {
        "if": {"properties": {"event": {"const": event.value}}},
        "then": {"required": required, "properties": {"state": {"enum": targets}}},
    }


def _of_state(state: State) -> Schema:
    """Say what is told of a job in a state, and of no other."""
    required = (
        ["video_id"] * (state in _WITH_ID)
        + ["reason"] * (state is State.FAILED)
        + ["file"] * (state is State.DONE)
    )
    others = {"reason": state is State.FAILED, "file": state is State.DONE}
    return {
        "if": {"properties": {"state": {"const": state.value}}, "required": ["state"]},
        "then": {
            "required": required,
            "properties": {name: False for name, is_told in others.items() if not is_told},
        },
    }


def _of_run(events: list[str], required: list[str]) -> Schema:
    of_jobs = ("job", "key", "state", "video_id", "reason", "file", "code")
    return {
        "if": {"properties": {"event": {"enum": events}}},
        "then": {
            "required": required,
            "properties": dict.fromkeys(of_jobs, False),
        },
    }
