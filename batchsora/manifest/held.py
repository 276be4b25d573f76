"""Rows that a program holds: read as they are, and written down as from another folder. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from batchsora.errors import Problem
from batchsora.manifest.addresses import is_address
from batchsora.manifest.pictures import Recall
from batchsora.manifest.text import HeldText
from batchsora.planned import Planned


@dataclass(frozen=True, slots=True)
class HeldRows:
    """Objects of JSON, a line each, and the way to their images."""

    text: HeldText  # at the path where they are to be written down
    way: str  # from that folder to the one from which they name their images

    def recalling(self, recall: Recall) -> Recall:
        """Recall images as they are written down."""
        return lambda image: recall(self._led(image))

    def placed(self, found: Planned | Problem) -> Planned | Problem:
        """Make a job what it is where it is read from the file; its key is the same."""
        if isinstance(found, Problem) or found.order.image is None:
            return found
        image = replace(found.order.image, written=self._led(found.order.image.written))
        return replace(found, order=replace(found.order, image=image))

    def lines(self) -> Iterator[str]:
        """Hand out what is to be written down, with its line ends."""
        for line in self.text.lines():
            yield f"{json.dumps(self._placed_row(json.loads(line)))}\n"

    def _placed_row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        placed = dict(row)
        for name, value in row.items():
            field = name.strip().casefold()  # as it is read
            if field == "image" and isinstance(value, list):  # an axis of a matrix
                placed[name] = [self._led(it) if isinstance(it, str) else it for it in value]
            elif field == "image" and isinstance(value, str):
                placed[name] = self._led(value)
            elif field == "matrix" and isinstance(value, Mapping):
                placed[name] = self._placed_row(value)
        return placed

    def _led(self, image: str) -> str:
        written = image.strip()
        if not written or written.startswith("/") or is_address(written) or self.way == ".":
            return image
        return f"{self.way}/{written}"
