"""The option that asks for a report in JUnit's XML."""

from __future__ import annotations

from pathlib import Path

import click

from batchsora.cli.options import PATH, option
from batchsora.errors import UsageError

XML = b"<?xml "


def _read_junit(_: click.Context, __: click.Parameter, file: Path | None) -> Path | None:
    """Refuse, before hours of work, what could not be written after them."""
    if file is None:
        return None
    mend = "name a file in a folder that is there"
    if not file.parent.is_dir():
        raise UsageError(f"--junit {file}: there is no folder {file.parent}", mend)
    if file.exists() and not file.is_file():
        raise UsageError(f"--junit {file} is no plain file", mend)
    if file.exists() and not _is_xml(file):
        what = f"--junit {file} is a file of another kind, and would be replaced"
        raise UsageError(what, "name another file, or remove that one")
    return file


def _is_xml(file: Path) -> bool:
    """Tell whether a file begins as one of ours does, or has nothing in it."""
    try:
        with file.open("rb") as found:
            return found.read(len(XML)) in {XML, b""}
    except OSError:
        return False


junit_option = option(
    "--junit",
    type=PATH,
    metavar="FILE",
    callback=_read_junit,
    help="Write a report in JUnit's XML, too: a test case per job.",
)
