"""Commands in this very process: for who has stepped down from root, and to save their start."""

from __future__ import annotations

import contextlib
import importlib
import io
import os

import pytest
from door.door import KEY, Desk, Said

from batchsora.cli import COMMANDS, group
from batchsora.cli.exits import leave_with


def typed(desk: Desk, *words: str, **variables: str) -> Said:
    """Run a command at a desk to its end, and say with which code it would leave the program."""
    for name in COMMANDS:  # who has stepped down may not be able to read them any more
        importlib.import_module(f"batchsora.cli.{name}")
    out, err = io.StringIO(), io.StringIO()
    known = {"GPTPROTO_API_KEY": KEY, "HOME": str(desk.folder), **variables}
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.chdir(desk.folder),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        for name in [it for it in os.environ if it.startswith(("BATCHSORA_", "XDG_"))]:
            patch.delenv(name)
        for name, value in known.items():
            patch.setenv(name, value)
        try:
            leave_with(lambda: group.main(words, prog_name="batchsora", standalone_mode=False))
        except SystemExit as left:
            return Said(int(left.code or 0), out.getvalue(), err.getvalue())
    raise AssertionError("a command leaves with a code")
