"""Options that several commands share: each has a variable, BATCHSORA_ and its name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from batchsora.errors import UsageError
from batchsora.settings import SETTINGS

if TYPE_CHECKING:
    from batchsora.library.asking import Asked, Called

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]

PATH = click.Path(path_type=Path)

SETTING_HELP = {
    "rate": "Create requests: a number, /, a number or nothing, and s, m or h.  [60/1m]",
    "burst": "So many create requests at once, before the rate holds.  [1]",
    "max_in_flight": "Jobs at the service at once.  [20]",
    "poll_interval": "The longest time between two looks at a job, in seconds.  [10]",
    "job_timeout": "How long this session waits for one job, in seconds.  [3600]",
    "download_concurrency": "Downloads at once.  [4]",
    "max_doubts": "No new submission while so many jobs are in doubt.  [3]",
    "settle": "How long after a lost answer a look-up may be believed, in seconds.  [60]",
    "max_attempts": "Give a job up after so many requests that never left.  [5]",
    "max_cost": "Never let more than this be billed in this run folder; doubts count.  [none]",
    "max_failures": "Stop after so many failed jobs, or such a share of all: 20, 5%.  [none]",
}
SETTING_METAVARS = {"max_cost": "USD", "max_failures": "N|N%"}


def option(*names: str, also: str = "", **known: Any) -> Decorator[Any]:
    """Declare an option that is a variable, too; `also` is an older name of that variable."""
    long = next(name for name in names if name.startswith("--"))
    return click.option(*names, envvar=[_variable(long), *filter(None, [also])], **known)


def _variable(flag: str) -> str:
    return f"BATCHSORA_{flag[2:].replace('-', '_').upper()}"


def together(*options: Decorator[Any]) -> Decorator[Any]:
    """Make one decorator of several, in the order in which help shows them."""

    def decorate(function: F) -> F:
        for each in reversed(options):
            function = each(function)
        return function

    return decorate


def _read_encoding(name: str) -> str:
    from batchsora.manifest.text import known_encoding  # noqa: PLC0415 - heavy

    found = known_encoding(name)
    if found is None:
        mend = "give it such as cp1252, latin-1, utf-16 or utf-8"
        raise UsageError(f'--encoding "{name}" is no encoding of text', mend)
    return found


def _load_env_file(_: click.Context, __: click.Parameter, file: Path | None) -> None:
    """Set variables from a file, before any other option is read; the environment goes first.

    A variable that is empty says nothing, here as for any other option.
    """
    if file is None:
        return
    from dotenv import dotenv_values  # noqa: PLC0415 - late: few ask for it

    if not file.is_file():
        raise UsageError(f"--env-file {file} is not there", "name a file of NAME=value lines")
    for name, value in dotenv_values(file, interpolate=False).items():
        if value is not None and not os.environ.get(name):
            os.environ[name] = value


env_file_option = option(
    "--env-file",
    type=PATH,
    is_eager=True,
    expose_value=False,
    callback=_load_env_file,
    help="Variables from a file, such as GPTPROTO_API_KEY; those that are set, and not empty, go "
    "before it.",
)
models_option = option("--models", type=PATH, help="A YAML file of further model cards.")
encoding_option = option(
    "--encoding",
    default="utf-8",
    callback=lambda _, __, name: _read_encoding(name),
    help="How the manifest's text is encoded, such as cp1252 or utf-16.  [utf-8]",
)
place_options = together(
    option("-o", "--out-dir", type=PATH, help="The run folder.  [runs/<name>]"),
    option("--simulate", is_flag=True, help="Against the embedded simulator: no key, no money."),
)
service_options = together(
    option(
        "--base-url",
        also="GPTPROTO_BASE_URL",
        help="Where the Videos API is, with or without /v1.  [GPTProto]",
    ),
    option(
        "--auth",
        type=click.Choice(["bearer", "raw", "api-key", "none"]),
        default="bearer",
        help="How the key is sent.  [bearer]",
    ),
    option("--insecure-http", is_flag=True, help="Allow http beyond loopback."),
    option("--trust-env", is_flag=True, help="Use the proxy that HTTPS_PROXY names."),
    env_file_option,
)
part_options = together(
    option(
        "--limit",
        type=click.IntRange(1),
        metavar="N",
        help="The first N jobs of the manifest only.",
    ),
    option("--only", help="These jobs only: ID, ID#TAKE or globs of them, with commas between."),
    option(
        "--tag",
        "tags",
        multiple=True,
        help="Jobs with this tag only; given again, with any of these.",
    ),
    option(
        "--sample",
        type=click.IntRange(1),
        metavar="N",
        help="N jobs of these, drawn by chance, but always the same ones.",
    ),
)


def setting_option(name: str) -> Decorator[Any]:
    """Declare the option of a setting."""
    metavar = SETTING_METAVARS.get(name, "VALUE")
    return option(f"--{name.replace('_', '-')}", name, metavar=metavar, help=SETTING_HELP[name])


setting_options = together(*map(setting_option, SETTINGS))


def as_flag(name: str) -> Called:
    """Call a setting what the command line does."""
    from batchsora.library.asking import Called  # noqa: PLC0415 - heavy

    flag = f"--{name.replace('_', '-')}"
    return Called(flag, f"{flag} (or {_variable(flag)})")


def read_asked(target: Path, options: dict[str, Any]) -> Asked:
    """Read what `run` and `plan` are asked for; raises UsageError and ManifestRefusedError."""
    from batchsora.library.asking import Asked  # noqa: PLC0415 - heavy
    from batchsora.library.targets import take_aim  # noqa: PLC0415 - heavy

    aim = take_aim(
        target,
        options["out_dir"],
        options["models"],
        simulate=options["simulate"],
        encoding=options["encoding"],
    )
    return Asked.read(aim, options, as_flag)
