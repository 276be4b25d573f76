"""What is known of images: where their bytes are, and their hashes where those are gone."""

from __future__ import annotations

from pathlib import Path

from batchsora.job import Image
from batchsora.ledger.records import Records
from batchsora.manifest import Recalled, is_address

FETCHED = Path("work") / "images"


def image_file(folder: Path, sha256: str) -> Path:
    """Say where a run folder keeps the bytes of an address."""
    return folder / FETCHED / sha256


def image_path(manifest_folder: Path, folder: Path, image: Image) -> Path:
    """Say where an image is to be read from."""
    if is_address(image.written):
        return image_file(folder, image.sha256)
    return manifest_folder / image.written


def recall_image(records: Records, folder: Path, written: str) -> Recalled | None:
    """Recall an image by what the manifest calls it: what was fetched, or what was ordered."""
    if found := recall_fetched(records, folder, written):
        return found
    known = records.recall_image(written)
    return None if known is None else Recalled(known)


def recall_fetched(records: Records, folder: Path, written: str) -> Recalled | None:
    """Recall what was fetched from an address, where its bytes are here."""
    sha256 = records.fetched_image(written) if is_address(written) else None
    file = None if sha256 is None else image_file(folder, sha256)
    if sha256 is None or file is None or not file.is_file():
        return None
    return Recalled(sha256, file)
