"""Fetching the images that a manifest names by their addresses, before anything is bought."""

from __future__ import annotations

from collections.abc import Iterator

from yarl import URL

from batchsora.errors import ManifestRefusedError
from batchsora.ledger.ledger import Ledger
from batchsora.library.asking import Asked
from batchsora.media.headers import MOST_BYTES
from batchsora.runner.gathering import Wanted, gather
from batchsora.runner.planning import Met, meet
from batchsora.runner.progress import Tell
from batchsora.runner.stopping import Stopping
from batchsora.service.images import ImageSource
from batchsora.service.loopback import is_loopback


async def gather_images(asked: Asked, ledger: Ledger, stopping: Stopping, tell: Tell) -> None:
    """Fetch the images that the chosen jobs need; what came is kept, however it ends.

    A stop ends it soon. Raises ManifestRefusedError with all that did not come, OSError where the
    disk refuses, LedgerError.
    """
    reach = asked.reach
    # an image on this very machine is for a service on this very machine
    loopback = reach.simulate or is_loopback(URL(reach.called))
    async with ImageSource(
        most_bytes=MOST_BYTES, trust_env=reach.trust_env, loopback=loopback
    ) as source:
        wanted = _wanted(asked, ledger)
        gathered = await gather(wanted, ledger, source, stopping=stopping, tell=tell)
    if gathered.count and not stopping.asked:
        raise ManifestRefusedError(gathered.problems, gathered.count)


def _wanted(asked: Asked, ledger: Ledger) -> Iterator[Wanted]:
    """Name the addresses that jobs to be bought begin with."""
    manifest = asked.aim.manifest
    for met in meet(manifest, ledger.records, ledger.folder, asked.choice, ledger.now()):
        if isinstance(met, Met) and met.wants_image(retry_failed=asked.retry_failed):
            planned = met.planned
            if planned.order.image is not None:
                file = planned.written_in(manifest.path)
                yield Wanted(planned.order.image.written, file, planned.line, planned.row)
