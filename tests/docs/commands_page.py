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
`python tests/docs/commands_page.py`. What the options mean together is in [running.md](running.md);
how the Tab key completes them, [at the end](#completion).
"""

COMPLETION = """\
## Completion

Put the line of your shell into its file, and open a new terminal: the Tab key then completes
commands, options, their values and files.

| shell | line | file |
| --- | --- | --- |
| bash, 4.4 or newer | `eval "$(_BATCHSORA_COMPLETE=bash_source batchsora)"` | `~/.bashrc` |
| zsh | `autoload -Uz compinit && compinit; \
eval "$(_BATCHSORA_COMPLETE=zsh_source batchsora)"` | `~/.zshrc` |
| fish | `_BATCHSORA_COMPLETE=fish_source batchsora \\| source` | `~/.config/fish/config.fish` |

`batchsora` must be on the PATH there. The bash that macOS brings is 3.2: use its zsh.
"""


def commands_page() -> str:
    """Write the page."""
    return "\n".join([HEAD, _section(), *map(_section, COMMANDS), COMPLETION])


def _section(*words: str) -> str:
    asked = [*words, "--help"]
    said = CliRunner().invoke(group, asked, prog_name="batchsora", terminal_width=WIDTH)
    return f"## {' '.join(['batchsora', *words])}\n\n```text\n{said.stdout}```\n"


if __name__ == "__main__":
    PAGE.write_text(commands_page(), encoding="utf-8")
