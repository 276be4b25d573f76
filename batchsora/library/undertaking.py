"""Undertaking a run, from its manifest to its end: the one way in for commands and programs."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from batchsora.clock import system_now
from batchsora.errors import Stop
from batchsora.ledger.ledger import Ledger
from batchsora.library.agreeing import Deal
from batchsora.library.asking import Asked
from batchsora.library.exits import code_of
from batchsora.library.gathering import gather_images
from batchsora.library.hosts import Host
from batchsora.library.logs import RunLog
from batchsora.library.targets import LEDGER, Aim, other_runs, remember, rescue_file, see_to_folder
from batchsora.manifest import any_image
from batchsora.reports import written_beside
from batchsora.runner.campaign import Outcome, carry_out, open_session, sum_up_idle
from batchsora.runner.neighbours import Neighbours
from batchsora.runner.progress import Tell, Told
from batchsora.runner.stopping import Stopping
from batchsora.runner.taking import UnfetchedError


class StoppedEarlyError(Exception):
    """The host said stop before anything was bought; what was fetched by then is kept."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended, and what stopped it."""

    outcome: Outcome
    stops: Sequence[Stop]
    began_at: datetime  # when all was agreed on
    took_s: float
    is_idle: bool  # there was nothing to do at the service

    @property
    def code(self) -> int:
        """The exit code of the command that did this."""
        return code_of(self.outcome, self.stops)


def is_empty(aim: Aim) -> bool:
    """Tell whether there is nothing to be done, nor was: then not even a folder is made."""
    no_rows = next(aim.manifest.jobs(any_image), None) is None
    return no_rows and not (aim.folder / LEDGER).exists()


def undertake(asked: Asked, host: Host) -> Ended:
    """Take a manifest in, buy what is wanted of it, wait, download, report; blocks.

    What has to wait runs in event loops of its own: this is for a thread that runs none. Raises
    UsageError, ManifestRefusedError, LedgerError, OSError, StoppedEarlyError, and what the host
    raises. Once anything may be bought, what goes wrong is among the stops that it returns.
    """
    aim = asked.aim
    see_to_folder(aim)
    with Ledger(aim.folder, rescue_file=rescue_file()) as ledger:
        deal = Deal(asked, ledger, host)
        try:
            deal.strike()
        except UnfetchedError:
            asked.reach.key()  # nothing is fetched for a run that could not buy
            deal.claim()
            with RunLog(asked.log_path) as log:
                asyncio.run(_fetch_images(asked, ledger, host, _to_both(log, host)))
            deal.strike()
        remember(aim.folder)
        _keep_manifest(aim)
        with RunLog(asked.log_path) as log:
            return asyncio.run(_drive(asked, ledger, host, _to_both(log, host)))


def _keep_manifest(aim: Aim) -> None:
    """Keep the manifest in the run folder as it was given; of a program's rows, make it a file."""
    held = aim.manifest.held
    if held is not None:
        with written_beside(aim.manifest.path) as file:
            file.writelines(held.lines())
    kept = aim.folder / f"manifest{aim.manifest.path.suffix}"
    if not (kept.exists() and kept.samefile(aim.manifest.path)):
        shutil.copyfile(aim.manifest.path, kept)


def _to_both(log: RunLog, host: Host) -> Tell:
    def tell(told: Told) -> None:
        log.tell(told)
        host.tell(told)

    return tell


async def _fetch_images(asked: Asked, ledger: Ledger, host: Host, tell: Tell) -> None:
    stopping = Stopping()
    host.listen(stopping, tell)
    await gather_images(asked, ledger, stopping, tell)
    if stopping.asked:
        raise StoppedEarlyError


async def _drive(asked: Asked, ledger: Ledger, host: Host, tell: Tell) -> Ended:
    """Carry out what is agreed on; nothing here is cancelled, it is stopped between steps."""
    stopping = Stopping()
    host.listen(stopping, tell)
    began_at, began_s = system_now(), time.monotonic()
    is_idle = not ledger.agenda.has_work(buying=asked.buys)
    outcome = (
        await sum_up_idle(ledger)
        if is_idle
        else await _at_the_service(asked, ledger, host, stopping, tell)
    )
    return Ended(outcome, stopping.stops, began_at, time.monotonic() - began_s, is_idle)


async def _at_the_service(
    asked: Asked, ledger: Ledger, host: Host, stopping: Stopping, tell: Tell
) -> Outcome:
    folder, reach = asked.aim.folder, asked.reach
    async with reach.open(folder) as service:
        run = open_session(
            asked.aim.manifest,
            ledger,
            service,
            asked.settings,
            stopping=stopping,
            tell=tell,
            work=asked.work,
            resend_absent=asked.resend_absent,
            save_inputs=asked.save_inputs,
            neighbours=Neighbours(lambda: other_runs(folder), reach.called),
        )
        async with host.watch(run):
            return await carry_out(run, asked.choice)
