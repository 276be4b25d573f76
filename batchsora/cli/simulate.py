"""`batchsora simulate`."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import click

from batchsora.errors import UsageError
from batchsora.simulator import MediaMissing, Scenario, ScenarioError, load_scenario, serve_forever


@click.command("simulate")
@click.option("--port", type=int, default=0, help="0 takes a free one.")
@click.option("--state", type=click.Path(path_type=Path), default="simulator-state")
@click.option("--scenario", type=click.Path(path_type=Path), help="What is to go wrong.")
def command(port: int, state: Path, scenario: Path | None) -> int:
    """Serve the simulated service on loopback, for rehearsals and tests.

    Example: batchsora simulate --port 8080
    """
    try:
        script = load_scenario(scenario) if scenario else Scenario()
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve_forever(state, script, port=port, on_ready=click.echo))
    except (ScenarioError, MediaMissing) as error:
        raise UsageError(str(error)) from error
    return 0
