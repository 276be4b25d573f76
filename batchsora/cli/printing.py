"""Results to stdout, messages to stderr; a closed pipe stops the printing, not the command."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TextIO

import click


def out(text: str) -> None:
    """Print a result; raises OSError where it can't be written. A closed pipe has seen enough."""
    with suppress(BrokenPipeError):
        _print(text, sys.stdout)


def out_if_heard(text: str) -> None:
    """Print what came of things that are done: they are, also where the terminal is gone."""
    with suppress(OSError):
        _print(text, sys.stdout)


def err(text: str) -> None:
    """Print a message, if there is anyone to read it."""
    with suppress(OSError):
        _print(text, sys.stderr)


def _print(text: str, stream: TextIO | None) -> None:
    if stream is None:  # it was closed before we began
        return
    try:
        click.echo(text, file=stream)
    except OSError:
        silence(stream)
        raise


def take_all_letters() -> None:
    """Write what a stream's encoding has no letter for as an escape, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def finish() -> None:
    """Write what is still to be written; where that can't be, Python is not to try it again.

    It would end the program with 120, whatever came of the command.
    """
    for stream in filter(None, (sys.stdout, sys.stderr)):
        try:
            stream.flush()
        except OSError:
            silence(stream)


def can_ask() -> bool:
    """Tell whether there is a person at a terminal who can answer."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def silence(stream: TextIO) -> None:
    """Let what is still printed to a closed pipe vanish, also what Python flushes at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
