"""`batchsora init`."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from batchsora.cli.drafting import feed_manifest, folder_manifest
from batchsora.cli.looking import look_at
from batchsora.cli.newfiles import put
from batchsora.cli.options import PATH, encoding_option
from batchsora.cli.printing import err, out_if_heard
from batchsora.cli.schema import schema_text
from batchsora.errors import ManifestRefusedError, UsageError
from batchsora.library.targets import shown
from batchsora.library.words import cost_text
from batchsora.manifest import open_manifest
from batchsora.manifest.sources import TABLES, suffix_of
from batchsora.manifest.tables import read_header
from batchsora.manifest.text import UTF_8, TextFile, TextRefusedError

STARTER = "campaign.yaml"
SCHEMA = "manifest.schema.json"


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=Path(), type=PATH)
@click.option(
    "--from-folder", "pictures", metavar="DIR", type=PATH, help="For the pictures in a folder."
)
@click.option(
    "--from-csv",
    "feed",
    metavar="FILE",
    type=PATH,
    help="For the rows of a table: a shop's product feed, or a sheet of your own.",
)
@encoding_option
def command(folder: Path, pictures: Path | None, feed: Path | None, encoding: str) -> int:
    """Write a first manifest into DIR, here if none is named; no file is ever written over.

    It comes with two pictures and an .env.example; or it is one for your own pictures or rows:
    --from-folder, --from-csv.

    Example: batchsora init --from-csv products_export.csv
    """
    if pictures is not None and feed is not None:
        raise UsageError("--from-folder and --from-csv are two manifests", "ask for one at a time")
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file", "name a folder")
    if feed is not None and _runs_as_it_is(feed, encoding):
        _tell_how_to_run(feed, encoding)
        return 0
    if feed is not None:
        name, text = feed_manifest(folder, feed, encoding)
        content = {name: text.encode()}
    elif pictures is not None:
        name, text = folder_manifest(folder, pictures)
        content = {name: text.encode()}
    else:
        name, content = STARTER, _starter()
    schema = f"{schema_text()}\n".encode()
    for path in put(folder, name, {**content, SCHEMA: schema}):
        out_if_heard(shown(path))
    _tell_what_is_next(folder / name)
    return 0


def _starter() -> dict[str, bytes]:
    """Give the files of a first campaign, the manifest in front."""
    source = files("batchsora.cli") / "starter"
    pictures = sorted((source / "images").iterdir(), key=lambda it: it.name)
    found: Sequence[tuple[str, Traversable]] = (
        (STARTER, source / STARTER),
        *((f"images/{it.name}", it) for it in pictures),
        (".env.example", source / "env.example"),
    )
    return {name: it.read_bytes() for name, it in found}


def _runs_as_it_is(feed: Path, encoding: str) -> bool:
    """Tell whether a table is a manifest already: with image and prompt, and without a problem."""
    if suffix_of(feed) not in TABLES:
        raise UsageError(f"{feed} is no table", "--from-csv takes a .csv or .tsv file")
    try:
        header, _ = read_header(TextFile(feed, encoding))
        named = dict(header.fields)
        return {"image", "prompt"} <= named.keys() and not look_at(
            open_manifest(feed, encoding=encoding)
        ).problems.count
    except (TextRefusedError, ManifestRefusedError):
        return False


# -- what is told ----------------------------------------------------------------------------------


def _tell_how_to_run(feed: Path, encoding: str) -> None:
    name = shlex.quote(shown(feed)) + ("" if encoding == UTF_8 else f" --encoding {encoding}")
    err(f"{shown(feed)} has the columns image and prompt: it runs as it is")
    _tell_commands(name, f"batchsora run {name} --limit 2", "two clips, for money")


def _tell_what_is_next(manifest: Path) -> None:
    """Say what is in the manifest that was written, and what to type next."""
    name = shlex.quote(shown(manifest))
    try:
        opened = open_manifest(manifest)
        found = look_at(opened)
    except ManifestRefusedError as refused:
        problems = refused.count
    else:
        problems = found.problems.count
        clips = f"{found.jobs:,} clip{'s' if found.jobs != 1 else ''}"
        err(f"{clips}, {cost_text(found.price.usd, found.price.unpriced)} in all")
        for note in opened.notes:
            err(note)
    if problems:
        err(f"{problems:,} problem{'s' if problems != 1 else ''}: batchsora validate {name}")
    if manifest.name == STARTER:
        paid = f"batchsora run {name} --env-file .env", "for money; .env.example says how"
    else:
        err(f"write into {name} what the clips are to show")
        paid = f"batchsora run {name} --limit 2", "two clips, for money; needs GPTPROTO_API_KEY"
    _tell_commands(name, *paid)


def _tell_commands(name: str, paid: str, why: str) -> None:
    commands = (
        (f"batchsora plan {name}", "what would be bought, and for how much"),
        (f"batchsora run {name} --simulate", "a rehearsal: no key, no money"),
        (paid, why),
    )
    err("next:")
    width = max(len(command) for command, _ in commands)
    for command, what in commands:
        err(f"  {command:<{width}}  {what}")
