"""What the page of a run says of it as a whole, and where its images may be seen."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from batchsora.ledger.answers import Campaign, Entry
from batchsora.ledger.records import Records
from batchsora.ledger.totals import Totals
from batchsora.manifest import is_address
from batchsora.reports.page import Page, Pictures, Source, as_ms
from batchsora.runner.recalling import FETCHED
from batchsora.runner.thumbs import thumb_of


def page_of(
    folder: Path,
    records: Records,
    campaign: Campaign,
    own: Sequence[str],
    reported_at: datetime,
    *,
    embed: bool,
) -> Page:
    """Put together what the page of a run folder says beside its jobs."""
    totals = Totals.of(records.tallies())
    beside = Path(campaign.manifest).parent
    run = {
        "name": campaign.name,
        "service": campaign.service,
        "target": _called(folder),
        "began_at": as_ms(campaign.began_at),
        "reported_at": as_ms(reported_at),
        "budget_usd": campaign.max_cost_usd,
    }
    return Page(
        folder=folder,
        run=run,
        totals=totals,
        reasons={reason.value: jobs for reason, jobs in totals.reasons.items()},
        holds=records.holds(),
        own=own,
        pictures=Pictures(lambda entry: _picture(entry, beside)),
        embed=embed,
    )


def _called(folder: Path) -> str:
    """Name a run folder as a command would from where the run was called, if it is below that."""
    try:
        relative = os.path.relpath(folder)
    except OSError:  # the working folder was removed
        return str(folder)
    return str(folder) if relative.startswith("..") else relative


def _picture(entry: Entry, beside: Path) -> Source | None:
    """Say where the image of a job may be seen; `beside` is the manifest's folder."""
    image, thumb = entry.job.order.image, thumb_of(entry.job.order)
    if image is None or thumb is None:
        return None
    given = FETCHED / image.sha256 if is_address(image.written) else beside / image.written
    return Source(thumb, given)
