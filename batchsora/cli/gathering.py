"""Fetching the images that a manifest names by their addresses, before anything is bought."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import click
from yarl import URL

from batchsora.cli.agreeing import Deal
from batchsora.cli.connecting import Reach
from batchsora.cli.logs import RunLog
from batchsora.cli.signals import listen
from batchsora.cli.views import View
from batchsora.errors import ManifestRefusedError
from batchsora.ledger.ledger import Ledger
from batchsora.media.headers import MOST_BYTES
from batchsora.runner.gathering import Gathered, Wanted, gather
from batchsora.runner.planning import Met, meet
from batchsora.runner.progress import Tell, Told
from batchsora.runner.stopping import Stopping
from batchsora.service.addresses import is_loopback
from batchsora.service.images import ImageSource

TOLD_EVERY_S = 5.0  # so often a person hears how far it is


def gather_images(deal: Deal, ledger: Ledger, reach: Reach, view: View, log: RunLog) -> None:
    """Fetch the images that the chosen jobs need; what came is kept, however it ends.

    Raises ManifestRefusedError with all that did not come, click.Abort after a signal, OSError
    where the disk refuses, LedgerError.
    """
    stopping = Stopping()
    told_at = time.monotonic()

    def tell(told: Told) -> None:
        nonlocal told_at
        log.tell(told)
        view.tell(told)
        is_due = time.monotonic() > told_at + TOLD_EVERY_S
        if view.is_for_people and told.what == "image_fetched" and is_due:
            told_at = time.monotonic()
            view.tell(Told(told.at, "gathering", message=f"image {told.message}"))

    gathered = asyncio.run(_gather(deal, ledger, reach, stopping, tell=tell, view=view))
    if stopping.asked:
        raise click.Abort
    if gathered.count:
        raise ManifestRefusedError(gathered.problems, gathered.count)


async def _gather(
    deal: Deal, ledger: Ledger, reach: Reach, stopping: Stopping, *, tell: Tell, view: View
) -> Gathered:
    listen(stopping, tell, view.leave)
    # an image on this very machine is for a service on this very machine
    loopback = reach.simulate or is_loopback(URL(reach.called))
    async with ImageSource(
        most_bytes=MOST_BYTES, trust_env=reach.trust_env, loopback=loopback
    ) as source:
        return await gather(_wanted(deal, ledger), ledger, source, stopping=stopping, tell=tell)


def _wanted(deal: Deal, ledger: Ledger) -> Iterator[Wanted]:
    """Name the addresses that jobs to be bought begin with."""
    manifest = deal.aim.manifest
    for met in meet(manifest, ledger.records, ledger.folder, deal.choice, ledger.now()):
        if isinstance(met, Met) and met.wants_image(retry_failed=deal.retry_failed):
            planned = met.planned
            if planned.order.image is not None:
                file = planned.written_in(manifest.path)
                yield Wanted(planned.order.image.written, file, planned.line, planned.row)
