"""Waking: a laptop that slept has clips waiting at the service, and they expire within the hour."""

from __future__ import annotations

import asyncio

from batchsora.runner.progress import Told
from batchsora.runner.session import Session, Work

LOOK_EVERY_S = 5.0
SLEPT_S = 30.0  # no clock is set by so much without a person


async def notice_sleep(run: Session) -> None:
    """See, until a stop, when the wall's clock has gone on without the loop's: then look at all.

    A clock that is merely set forward does no harm: jobs are looked at once more.
    """
    ahead_s = _ahead_s(run)
    while not run.stopping.asked:
        await run.stopping.sleep(LOOK_EVERY_S)
        before_s, ahead_s = ahead_s, _ahead_s(run)
        if ahead_s - before_s > SLEPT_S and run.work is not Work.ORDER:
            message = "this machine slept: what was bought is looked at first"
            run.tell(Told(run.now(), "woke", message=message))
            run.wake()


def _ahead_s(run: Session) -> float:
    return run.now().timestamp() - asyncio.get_running_loop().time()
