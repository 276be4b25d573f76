"""What programs of these tests have in common: rows, and how a service is reached."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Unpack

from door.door import KEY, Service

from batchsora import Job, Manifest, Rate
from batchsora.library.keywords import RunOptions

SUN, RAIN, SNOW = "sun rises slowly", "rain on a window", "snow falls on a roof"


def at(shop: Service, **more: Unpack[RunOptions]) -> RunOptions:
    """Say how this service is reached, and that nobody waits for a rate."""
    reached: RunOptions = {"base_url": shop.url, "key": KEY, "rate": Rate(100, 1.0), "burst": 20}
    return {**reached, **more}


def rows_of(*prompts: str) -> Manifest:
    """Make a manifest called `work` with a row for each prompt, whose first word is the id."""
    return Manifest.from_rows("work", [{"id": it.split()[0], "prompt": it} for it in prompts])


def statuses(jobs: Iterable[Job]) -> dict[str, str]:
    """Say how each job stands."""
    return {job.name: job.status.value for job in jobs}


def requests(shop: Service) -> dict[str, dict[str, int]]:
    """Count the requests of a run that came to a service, by their routes and answers."""
    return {route: it for route, it in shop.record()["requests"].items() if " /v1/" in route}


def clips(folder: Path) -> set[str]:
    """Name the clips that are there."""
    return {it.name for it in (folder / "videos").iterdir()}
