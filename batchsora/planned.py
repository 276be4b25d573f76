"""What a manifest asks for: a job, and the place that asks. A pure value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from batchsora.job import Order


@dataclass(frozen=True, slots=True)
class Planned:
    """One job that the manifest asks for, and where it asks."""

    key: str  # the order's
    id: str
    order: Order
    price_usd: Decimal | None
    output: str  # where the clip is to go, relative to the run folder, with forward slashes
    row: int  # from 1
    line: int  # from 1: where the row starts in its file
    file: str  # that file, from the manifest's folder; "" for the manifest itself
    explicit_id: bool  # the manifest gave it; else it comes from the key
    tags: tuple[str, ...]
    columns: Mapping[str, str]  # the manifest's own other columns, as text, in their order
    image_path: Path | None  # the file to read; None for what is not fetched yet, too
    image_problem: str = ""  # what is wrong with that file; its hash was recalled then
    image_mend: str = ""
    first_key: str = ""  # that of its row's first take: a derived id is the beginning of it
    unfetched: bool = False  # its image is at an address, and its bytes are not here

    def written_in(self, manifest: Path) -> str:
        """Name the file that the row stands in, as messages do."""
        return str(manifest.parent / self.file) if self.file else str(manifest)
