"""Results to stdout, messages to stderr; a closed pipe stops the printing, not the run."""

from __future__ import annotations

import os
import sys
from typing import TextIO

import click


def out(text: str) -> None:
    """Print a result."""
    _print(text, sys.stdout)


def err(text: str) -> None:
    """Print a message."""
    _print(text, sys.stderr)


def _print(text: str, stream: TextIO) -> None:
    try:
        click.echo(text, file=stream)
    except BrokenPipeError:  # `| head` has seen enough
        silence(stream)


def silence(stream: TextIO) -> None:
    """Let what is still printed to a closed pipe vanish, also what Python flushes at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
