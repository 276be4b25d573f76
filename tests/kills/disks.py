"""A disk whose power can be cut: an ext4 in a file, on a loop device; for root, on Linux."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

# sparse: it takes what is written, and the runner buys nothing below 256 MiB of free space
SIZE_BYTES = 1 << 30
NO_COMMIT_S = 300  # the disk does not sync by itself while a test runs
EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = struct.pack("I", 2)  # what is not on the disk at that instant never gets there


class Disk:
    """An ext4 that is mounted at `folder`."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "disk"
        self._image = home / "disk.img"
        self.folder.mkdir()
        with self._image.open("wb") as image:
            image.truncate(SIZE_BYTES)
        _call("mkfs.ext4", "-q", "-F", str(self._image))
        self._mount()

    def cut(self) -> None:
        """Cut the power: from now on nothing is written, and nothing can be."""
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, NO_LOG_FLUSH)
        finally:
            os.close(handle)

    def restore(self) -> None:
        """Bring the power back: what is there is what was on the disk; nobody may use it now."""
        _call("umount", str(self.folder))
        self._mount()

    def _mount(self) -> None:
        options = f"loop,commit={NO_COMMIT_S}"
        _call("mount", "-t", "ext4", "-o", options, str(self._image), str(self.folder))

    def remove(self) -> None:
        """Unmount it, whoever may still look at it; its loop device goes with it."""
        if self.folder.is_mount():
            _call("umount", "--lazy", str(self.folder))
        self._image.unlink()


@contextmanager
def disk(home: Path) -> Iterator[Disk]:
    """Mount a new disk in a folder; it is gone when the block is left."""
    made = Disk(home)
    try:
        yield made
    finally:
        made.remove()


@cache
def why_not() -> str:
    """Say why no power can be cut here; nothing where it can."""
    if os.geteuid() != 0:
        return "not shown: only root may mount a disk whose power can be cut"
    for program in ("mkfs.ext4", "mount", "umount"):
        if shutil.which(program) is None:
            return f"not shown: there is no {program} here to make a disk whose power can be cut"
    try:
        with TemporaryDirectory() as home, disk(Path(home)) as tried:
            tried.cut()
    except OSError as error:
        return f"not shown: no disk can be mounted here, and its power cut: {error}"
    return ""


def _call(*command: str) -> None:
    """Run a program of the system's; raises OSError with its words where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
