"""`batchsora schema`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import click

from batchsora.cli.printing import out_exactly
from batchsora.cli.shapes import events_schema, status_schema
from batchsora.manifest.schema import manifest_schema
from batchsora.reports.schema import report_schema

SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "manifest": manifest_schema,
    "report": report_schema,
    "events": events_schema,
    "status": status_schema,
}


@click.command("schema")
@click.option("--report", "of", flag_value="report", help="That of report.json.")
@click.option(
    "--events", "of", flag_value="events", help="That of a line of --progress json, and of run.log."
)
@click.option("--status", "of", flag_value="status", help="That of status --json.")
def command(of: str | None) -> int:
    """Print the JSON Schema of the manifest in YAML, for editors; or of what programs read.

    An editor with a YAML language server completes and explains keys in a manifest that begins
    with this line, where the schema lies beside it:

      # yaml-language-server: $schema=manifest.schema.json

    Example: batchsora schema > manifest.schema.json
    """
    out_exactly(schema_text(of or "manifest"))
    return 0


def schema_text(of: str = "manifest") -> str:
    """Write a schema as a file holds it, but for its last line end."""
    return json.dumps(SCHEMAS[of](), indent=2, ensure_ascii=False)
