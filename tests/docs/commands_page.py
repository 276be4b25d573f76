"""Writes docs/commands.md, the help of every command: run it when a command changed."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from batchsora.cli import COMMANDS, group

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"
WIDTH = 78  # what click uses of a terminal of 80 columns

HEAD = """\
# Commands

The help of every command, as `batchsora COMMAND --help` prints it. This page is written by
`python tests/docs/commands_page.py`. What the options mean together is in [running.md](running.md).
"""


def commands_page() -> str:
    """Write the page."""
    return "\n".join([HEAD, _section(), *map(_section, COMMANDS)])


def _section(*words: str) -> str:
    asked = [*words, "--help"]
    said = CliRunner().invoke(group, asked, prog_name="batchsora", terminal_width=WIDTH)
    return f"## {' '.join(['batchsora', *words])}\n\n```text\n{said.stdout}```\n"


if __name__ == "__main__":
    PAGE.write_text(commands_page(), encoding="utf-8")
