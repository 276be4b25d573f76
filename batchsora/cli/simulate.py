"""`batchsora simulate`."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

import click

from batchsora.cli.options import PATH
from batchsora.cli.printing import out_if_heard
from batchsora.errors import UsageError
from batchsora.simulator import MediaMissing, Scenario, ScenarioError, load_scenario, serve_forever


@click.command("simulate")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="0 takes a free one.  [0]")
@click.option(
    "--state",
    type=PATH,
    default="simulator-state",
    help="The folder where it remembers videos and requests.  [simulator-state]",
)
@click.option("--scenario", type=PATH, help="A YAML file: how it behaves, what goes wrong.")
def command(port: int, state: Path, scenario: Path | None) -> int:
    """Serve the simulated service on loopback, for rehearsals and tests.

    Example: batchsora simulate --port 8080
    """
    try:
        script = load_scenario(scenario) if scenario else Scenario()
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve_forever(state, script, port=port, on_ready=_ready))
    except (ScenarioError, MediaMissing) as error:
        raise UsageError(str(error)) from error
    except OSError as error:
        what = f"the simulator can't be had at port {port}, with {state}: {error.strerror}"
        raise UsageError(what, "take another --port, or another --state") from error
    return 0


def _ready(url: str) -> None:
    out_if_heard(url)
    sys.stdout.flush()  # whoever started it in a pipe waits for this line
