"""Regular files: what is wrong with a path, and the hash of what is in it. Reads the disk."""

import hashlib
import os
import stat
from pathlib import Path

CHUNK_BYTES = 1 << 20  # hashing is as fast with more, and memory stays small


def path_fault(path: Path) -> str | None:
    """Say why the path can't be read as a file with something in it; None when it can.

    Asks for the kind before anything is opened: opening a FIFO waits for a writer, and
    a device such as /dev/zero never ends.
    """
    try:
        status = os.stat(path)  # noqa: PTH116  one call, and the errors of it
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL in the path
        return "is missing"
    except OSError as error:
        return f"can't be read: {error.strerror}"
    if stat.S_ISDIR(status.st_mode):
        return "is a folder"
    if not stat.S_ISREG(status.st_mode):
        return "is a pipe or a device, not a file"
    return None if status.st_size else "is empty"


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal, read as a stream."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
