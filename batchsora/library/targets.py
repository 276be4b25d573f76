"""Manifests and run folders: each leads to the other."""

from __future__ import annotations

import os
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_path

from batchsora.errors import UsageError

if TYPE_CHECKING:
    from batchsora.manifest import Manifest
    from batchsora.models import Cards

LEDGER = "ledger.db"
MOST_NEIGHBOURS = 200  # the newest; each is opened when a lost answer is looked for
_NAME_BOTH = "name the manifest, and the folder with --out-dir"


@dataclass(frozen=True, slots=True)
class Aim:
    """What a command is about: a manifest, the folder where it runs, and whether it rehearses."""

    manifest: Manifest
    folder: Path
    simulate: bool
    service: str | None = None  # that of the run folder, where the folder was named


def take_aim(
    target: Path,
    out_dir: Path | None,
    models: Path | None,
    *,
    simulate: bool,
    encoding: str = "utf-8",
) -> Aim:
    """Open the manifest that a target means, itself or the one of that run folder."""
    from batchsora.manifest import open_manifest, read_cards  # noqa: PLC0415 - heavy
    from batchsora.models import BUILT_IN  # noqa: PLC0415 - as late as the manifest

    cards = BUILT_IN if models is None else read_cards(models)
    if not (target / LEDGER).is_file():
        manifest = open_manifest(target, cards=cards, encoding=encoding)
        folder = out_dir or run_folder(target, manifest.name, simulate=simulate)
        return Aim(manifest, folder, simulate)
    if out_dir is not None and out_dir.resolve() != target.resolve():
        raise UsageError(f"{target} is a run folder already", "leave --out-dir away")
    return _aim_from(target, cards, simulate=simulate, encoding=encoding)


def _aim_from(folder: Path, cards: Cards, *, simulate: bool, encoding: str) -> Aim:
    from batchsora.ledger.opening import open_for_reading  # noqa: PLC0415 - heavy
    from batchsora.ledger.records import Records  # noqa: PLC0415 - heavy, too
    from batchsora.manifest import open_manifest  # noqa: PLC0415 - heavy, too

    with closing(open_for_reading(folder / LEDGER)) as ledger:
        campaign = Records(ledger).campaign()
    manifest = (
        None if campaign is None else Path(os.path.normpath(folder.resolve() / campaign.manifest))
    )
    if campaign is None or manifest is None or not manifest.is_file():
        where = f"{manifest} is not there" if manifest else "its ledger names none"
        raise UsageError(f"the manifest of {folder} is not found: {where}", _NAME_BOTH)
    simulate = simulate or campaign.service == "simulator"
    opened = open_manifest(manifest, cards=cards, encoding=encoding)
    return Aim(opened, folder, simulate, campaign.service)


def run_folder(manifest: Path, name: str, *, simulate: bool) -> Path:
    """Say where a manifest runs: the same folder, from wherever the command is called."""
    folder = f"{name}-simulated" if simulate else name
    here = manifest.absolute().parent
    for above in (here, *here.parents):
        if (above / "runs").is_dir():
            return above / "runs" / folder
    return here / "runs" / folder


def see_to_folder(aim: Aim) -> None:
    """Raise UsageError where a run can't name its folder, or would write over others' files."""
    folder = aim.folder
    insist_on_text(folder, "rename that, or name another folder with --out-dir")
    insist_on_text(aim.manifest.path, "rename that: a run writes down where its manifest is")
    if (file := file_in_the_way(folder)) is not None:
        raise UsageError(f"{shown(file)} is a file", "name a folder with --out-dir")
    kept = f"manifest{aim.manifest.path.suffix}"
    own = {"report.csv", "attempts.csv", "report.json", "run.log", kept}
    if aim.manifest.path.resolve().parent == folder.resolve() and aim.manifest.path.name in own:
        what = f"{aim.manifest.path.name} is what a run calls a file of its own in {shown(folder)}"
        raise UsageError(what, "rename the manifest, or run it in another folder with --out-dir")
    own |= {aim.manifest.path.name} if aim.manifest.held else set()  # a run writes that, too
    found = sorted(name for name in own if (folder / name).exists())
    if found and not (folder / LEDGER).exists():
        what = f"{shown(folder)} has no {LEDGER}, and holds {', '.join(found)}"
        mend = (
            "if its ledger was removed, put it back, for without it all is bought again;"
            " else choose another folder with --out-dir"
        )
        raise UsageError(what, mend)


def insist_on_text(path: Path, mend: str) -> None:
    """Raise UsageError for a path that can't be written into a file of text."""
    path = path.resolve()
    try:
        str(path).encode()
    except UnicodeEncodeError:
        name = os.fsencode(path).decode("utf-8", "backslashreplace")
        raise UsageError(f"the name of {name} is no UTF-8", mend) from None


def file_in_the_way(folder: Path) -> Path | None:
    """Find what stands where a folder, or one above it, would have to be."""
    there = next(it for it in (folder, *folder.parents) if it.exists())
    return None if there.is_dir() else there


def find_run(target: Path | None) -> Path:
    """Find the run folder that a target means: itself, its manifest's, or the last written to."""
    if target is None:
        return _last_run()
    folders = [target] if target.is_dir() else _runs_of(target)
    found = [it for it in folders if (it / LEDGER).is_file()]
    if not found:
        tried = " nor ".join(map(shown, folders))
        raise UsageError(
            f"{target} was not run yet: there is no ledger in {tried}",
            "name the run folder if it was run with --out-dir; else run it first",
        )
    return found[0]  # the real run before its rehearsal


def _runs_of(manifest: Path) -> list[Path]:
    from batchsora.manifest import open_manifest  # noqa: PLC0415 - heavy

    name = open_manifest(manifest).name
    return [run_folder(manifest, name, simulate=simulate) for simulate in (False, True)]


def remember(folder: Path) -> None:
    """Remember which run folder was written to last."""
    with suppress(OSError):  # a look at the neighbours, and a convenience, hang on it
        before = _remembered()
        if before and before[-1] == folder.absolute():
            return
        _memory().parent.mkdir(parents=True, exist_ok=True)
        with _memory().open("ab") as file:  # another run may do the same just now
            file.write(os.fsencode(folder.absolute()) + b"\n")


def _remembered() -> list[Path]:
    """Read which run folders were written to, the last one at the end; raises OSError."""
    if not _memory().exists():
        return []
    lines = _memory().read_bytes().splitlines()
    return [Path(os.fsdecode(line)) for line in lines if line]


def _last_run() -> Path:
    with suppress(OSError):
        for folder in _remembered()[:-2:-1]:
            if (folder / LEDGER).is_file():
                return folder
    raise UsageError("no run is remembered", "name a manifest or a run folder")


def other_runs(folder: Path) -> list[Path]:
    """Find the run folders of this user that are, or may be, in their places; but for this one."""
    try:
        remembered = dict.fromkeys(reversed(_remembered()))
    except OSError:
        return []
    others = (it for it in remembered if _is_another(it, folder))
    return list(islice(others, MOST_NEIGHBOURS))


def _is_another(remembered: Path, folder: Path) -> bool:
    try:
        return (remembered / LEDGER).is_file() and not remembered.samefile(folder)
    except OSError:
        return True  # there, or there once, and not to be looked at: what it holds is not known


def _memory() -> Path:
    return user_state_path("batchsora") / "runs"


def rescue_file() -> Path:
    """Say where ids go that the ledger's disk would not take: into another folder than its own."""
    return user_state_path("batchsora") / "rescue.jsonl"


def shown(path: Path) -> str:
    """Write a path as a person at this place would: short where it is below here."""
    try:
        here = Path.cwd()
    except OSError:  # removed, while a run went on
        return str(path)
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
