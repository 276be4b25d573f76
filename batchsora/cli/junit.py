"""The option that asks for a report in JUnit's XML."""

from __future__ import annotations

from pathlib import Path

import click

from batchsora.cli.options import PATH, option
from batchsora.errors import UsageError


def _read_junit(_: click.Context, __: click.Parameter, file: Path | None) -> Path | None:
    """Refuse, before hours of work, what could not be written after them."""
    if file is None:
        return None
    mend = "name a file in a folder that is there"
    if not file.parent.is_dir():
        raise UsageError(f"--junit {file}: there is no folder {file.parent}", mend)
    if file.exists() and not file.is_file():
        raise UsageError(f"--junit {file} is no plain file", mend)
    return file


junit_option = option(
    "--junit",
    type=PATH,
    metavar="FILE",
    callback=_read_junit,
    help="Write a report in JUnit's XML, too: a test case per job.",
)
