"""The door: commands, options, exit codes, the terminal's words. Imports nothing heavy."""

from __future__ import annotations

import importlib
import warnings

import click

from batchsora import __version__

COMMANDS = {
    "run": "Buy the clips of a manifest; run again, it resumes.",
    "plan": "Say for each job what a run would do, and what it costs; offline.",
    "validate": "Tell every problem of a manifest at once; offline.",
    "status": "Count what is done, running, failed and in doubt, and what it cost.",
    "show": "Show a job with its whole history.",
    "retry": "Put failed jobs back; the next run takes them.",
    "resolve": "Settle jobs in doubt.",
    "report": "Write the reports anew from the ledger.",
    "init": "Write a first manifest: a sample, or for your pictures or your feed.",
    "doctor": "Tell what would go wrong before it does.",
    "models": "List the model cards: seconds, sizes, prices.",
    "schema": "Print the JSON Schema of the manifest, for editors.",
    "simulate": "Serve the simulated service on loopback.",
}


class _Lazy(click.Group):
    """Imports a command when it is called, so that help and completion answer at once."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = importlib.import_module(f"batchsora.cli.{name}").command
        assert isinstance(command, click.Command)  # noqa: S101 - a promise of each module
        return command

    def format_commands(self, _: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def group() -> None:
    """Buy video clips in bulk: one row, one clip, paid once.

    Example: batchsora run manifests/campaign.yaml --simulate
    """


def main() -> None:
    """Run the command line; every way out of it has its exit code."""
    # what Pillow warns of, `media` refuses in words of its own
    warnings.filterwarnings("ignore", module=r"PIL\.")
    from batchsora.cli.exits import leave_with  # noqa: PLC0415 - late: help needs none of it
    from batchsora.cli.printing import take_all_letters  # noqa: PLC0415 - as late

    take_all_letters()
    leave_with(lambda: group.main(prog_name="batchsora", standalone_mode=False))
