"""What is known of images: where their bytes are, and their hashes where those are gone."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from batchsora.job import Image
from batchsora.ledger.records import Records
from batchsora.manifest import Recalled, is_address

FETCHED = Path("work") / "images"


def image_file(folder: Path, sha256: str) -> Path:
    """Say where a run folder keeps the bytes of an address."""
    return folder / FETCHED / sha256


class Where(NamedTuple):
    """Where an image is to be read from, and the hash of what is expected there."""

    path: Path
    sha256: str


def find_image(records: Records, manifest_folder: Path, folder: Path, image: Image) -> Where:
    """Say where an image is: beside the manifest or, fetched from an address, in the cache."""
    fetched = records.fetched_image(image.written) if is_address(image.written) else None
    if fetched is None:
        return Where(manifest_folder / image.written, image.sha256)
    return Where(image_file(folder, fetched.file), fetched.file)


def recall_image(records: Records, folder: Path, written: str) -> Recalled | None:
    """Recall an image by what the manifest calls it: what was fetched, or what was ordered."""
    if found := recall_fetched(records, folder, written):
        return found
    known = records.recall_image(written)
    return None if known is None else Recalled(known)


def recall_fetched(records: Records, folder: Path, written: str) -> Recalled | None:
    """Recall what was fetched from an address; without a file where its bytes are lost."""
    fetched = records.fetched_image(written) if is_address(written) else None
    if fetched is None:
        return None
    file = image_file(folder, fetched.file)
    return Recalled(fetched.sha256, file if file.is_file() else None)
