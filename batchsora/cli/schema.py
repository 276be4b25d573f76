"""`batchsora schema`."""

from __future__ import annotations

import json

import click

from batchsora.cli.printing import out_exactly
from batchsora.manifest.schema import manifest_schema


@click.command("schema")
def command() -> int:
    """Print the JSON Schema of the manifest in YAML, for editors.

    An editor with a YAML language server completes and explains keys in a manifest that begins
    with this line, where the schema lies beside it:

      # yaml-language-server: $schema=manifest.schema.json

    Example: batchsora schema > manifest.schema.json
    """
    out_exactly(schema_text())
    return 0


def schema_text() -> str:
    """Write the schema as a file holds it, but for its last line end."""
    return json.dumps(manifest_schema(), indent=2, ensure_ascii=False)
