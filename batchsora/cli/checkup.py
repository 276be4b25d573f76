"""What this machine may have against a run: versions, extras, the disk and its file system."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib import metadata
from pathlib import Path

from batchsora.errors import LedgerError
from batchsora.ledger.durable import sync_folder
from batchsora.ledger.lock import RunLock
from batchsora.ledger.opening import open_for_writing
from batchsora.library.exits import DONE, LEDGER, USAGE
from batchsora.library.targets import file_in_the_way, rescue_file, shown
from batchsora.manifest.paths import MOST_PART_BYTES
from batchsora.runner.admission import ROOM_FOR_A_CLIP

ROOM_FOR_MANY = 4 << 30  # bytes: some hundred clips of 12 seconds
_NEEDED = re.compile(r"([A-Za-z0-9._-]+)\s*(?:\(?([<>=!~,.\s0-9]*)\)?)$")
_BOUND = re.compile(r"(>=|<)([0-9.]+)")
_WRITABLE = "see that the folder is writable, or name another with --out-dir"


class Mark(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    NOTE = "note"  # a run goes well without it, or around it
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found at one check, how to mend it, and the code that a run would end with."""

    check: str
    mark: Mark
    what: str
    mend: str = ""
    code: int = DONE


def ok(check: str, what: str) -> Finding:
    """Find that all is well."""
    return Finding(check, Mark.OK, what)


def note(check: str, what: str, mend: str = "") -> Finding:
    """Find something worth knowing."""
    return Finding(check, Mark.NOTE, what, mend)


def wrong(check: str, what: str, mend: str, code: int) -> Finding:
    """Find what would end a run."""
    return Finding(check, Mark.WRONG, what, mend, code)


# -- what is installed -----------------------------------------------------------------------------


def check_software(*, simulate: bool) -> Iterator[Finding]:
    """Look at Python, the libraries and the extras."""
    system = f"{platform.system()} {platform.machine()}"
    yield ok("python", f"{platform.python_version()} on {system}, SQLite {sqlite3.sqlite_version}")
    yield _libraries()
    if importlib.util.find_spec("av") is not None:
        yield ok("simulator", f"PyAV {metadata.version('av')}: --simulate makes real clips")
    elif simulate:
        yield wrong("simulator", *_NO_PYAV, USAGE)
    else:
        yield note("simulator", *_NO_PYAV)
    if importlib.util.find_spec("pillow_heif") is not None:
        yield ok("heic", f"pillow-heif {metadata.version('pillow-heif')}: HEIC images are taken")
    else:
        yield note("heic", "HEIC images are not taken", "pip install 'batchsora[heic]'")


_NO_PYAV = ("PyAV is not there, which --simulate needs", "pip install 'batchsora[media]'")


def _libraries() -> Finding:
    """Hold the libraries that are installed against the versions that were asked for."""
    found, faults = [], []
    for needed in metadata.requires("batchsora") or ():
        match = _NEEDED.match(needed.partition(";")[0].strip())
        if match is None or "extra ==" in needed:
            continue
        name, bounds = match[1], match[2] or ""
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            faults.append(f"{name} is missing")
            continue
        found.append(f"{name} {version}")
        if not all(_is_within(version, *bound) for bound in _BOUND.findall(bounds)):
            faults.append(f"{name} is {version}, not {bounds}")
    if faults:
        mend = "install batchsora anew, in an environment of its own"
        return wrong("libraries", ", ".join(faults), mend, USAGE)
    return ok("libraries", ", ".join(found))


def _is_within(version: str, relation: str, bound: str) -> bool:
    return (_numbers(version) >= _numbers(bound)) == (relation == ">=")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


# -- the disk --------------------------------------------------------------------------------------


def check_disk(place: Path) -> Iterator[Finding]:
    """Try, in a folder that is gone afterwards, all that a run asks of the disk under a place."""
    if (file := file_in_the_way(place)) is not None:
        yield wrong("folder", f"{shown(file)} is a file", "name a folder with --out-dir", USAGE)
        return
    folder = next(it for it in (place, *place.absolute().parents) if it.is_dir())
    yield _space(folder)
    try:
        with tempfile.TemporaryDirectory(prefix=".batchsora-doctor-", dir=folder) as tried:
            for check, attempt in _ATTEMPTS:
                yield _attempted(check, partial(attempt, Path(tried)))
    except OSError as error:
        what = f"nothing can be written in {folder.absolute()}: {error.strerror}"
        yield wrong("writing", what, _WRITABLE, LEDGER)
    yield _rescue()


def _space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    what = f"{_size_text(free)} free under {folder.absolute()}"
    if free < ROOM_FOR_A_CLIP:
        least = _size_text(ROOM_FOR_A_CLIP)
        return wrong("space", f"{what}; a run stops below {least}", "free some space", LEDGER)
    if free < ROOM_FOR_MANY:
        return note("space", what, "a clip takes 2 to 20 MB; a run stops before the disk is full")
    return ok("space", what)


def _size_text(size: int) -> str:
    return f"{size / 1e9:.0f} GB" if size >= 10 * 10**9 else f"{size / 1e6:,.0f} MB"


def _attempted(check: str, attempt: Callable[[], Finding]) -> Finding:
    try:
        return attempt()
    except LedgerError as error:
        return wrong(check, error.what, error.mend or _WRITABLE, LEDGER)
    except OSError as error:
        return wrong(check, error.strerror or str(error), _WRITABLE, LEDGER)


def _write(folder: Path) -> Finding:
    partial_file, target = folder / "clip.part", folder / "clip.mp4"
    with partial_file.open("xb") as file:
        file.write(b"\0" * 65536)
        file.flush()
        os.fsync(file.fileno())
    partial_file.rename(target)
    sync_folder(folder)
    if target.stat().st_size != 65536:  # noqa: PLR2004 - what was written
        return wrong("writing", "a file is not what was written", "use another disk", LEDGER)
    return ok("writing", "files can be written, synced and renamed")


def _lock(folder: Path) -> Finding:
    path = folder / "work" / "lock"
    with RunLock(path):
        try:
            RunLock(path).close()
        except LedgerError:
            return ok("lock", "a second run is kept out")
    what = "locks keep nobody out here: two runs could buy the same clips"
    return wrong("lock", what, "run on a local disk: --out-dir", LEDGER)


def _ledger(folder: Path) -> Finding:
    open_for_writing(folder / "ledger.db").close()
    return ok("ledger", "SQLite works here, and syncs")


def _names(folder: Path) -> Finding:
    """See which names the file system takes, and which it takes for the same."""
    try:
        (folder / ("n" * MOST_PART_BYTES)).touch()
    except OSError as error:
        what = f"names of {MOST_PART_BYTES} bytes are refused: {error.strerror}"
        return wrong("names", what, "keep outputs short: {title:slug40}", LEDGER)
    for one, other, words in _TWINS:
        (folder / one).touch()
        if (folder / other).exists():
            what = f"names that differ {words} are one file here"
            return note("names", what, "nothing to do: `batchsora plan` refuses such outputs")
    return ok("names", "long ones are taken, and upper and lower case are told apart")


_TWINS = (
    ("case", "CASE", "in upper and lower case only"),
    ("caf\u00e9", "cafe\u0301", "in their Unicode form only"),
)
_ATTEMPTS: tuple[tuple[str, Callable[[Path], Finding]], ...] = (
    ("writing", _write),
    ("lock", _lock),
    ("ledger", _ledger),
    ("names", _names),
)


def _rescue() -> Finding:
    """See whether ids would find a place that the ledger's disk does not take."""
    folder = rescue_file().parent
    there = next(it for it in (folder, *folder.parents) if it.is_dir())
    if os.access(there, os.W_OK):
        return ok("rescue", f"ids that the disk refuses go to {folder}")
    what = f"{folder} can't be written: ids that the disk refuses would only be printed"
    return note("rescue", what, "set XDG_STATE_HOME to a folder that is writable")
