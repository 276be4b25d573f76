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


def _print(text: str, stream: TextIO | None) -> None:
    if stream is None:  # it was closed before we began
        return
    try:
        click.echo(text, file=stream)
    except OSError:  # `| head` has seen enough, the terminal is gone, the log's disk is full
        silence(stream)


def can_ask() -> bool:
    """Tell whether there is a person at a terminal who can answer."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def silence(stream: TextIO) -> None:
    """Let what is still printed to a closed pipe vanish, also what Python flushes at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
