"""The simulated service, listening: inside another program's loop, or as one of its own."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from batchsora.simulator.app import create_app

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from batchsora.simulator.scenario import Scenario
    from batchsora.simulator.studio import Offload

HOST = "127.0.0.1"  # it takes any key: it is nobody else's business
SHUTDOWN_S = 2.0  # for requests that are being answered


def _is_ours(log_record: logging.LogRecord) -> bool:
    # A request that is not HTTP is answered with a 400; its text, logged, could show a key.
    error = log_record.exc_info and log_record.exc_info[1]
    return not isinstance(error, HttpProcessingError)


LOGGER = logging.getLogger("batchsora.simulator")
LOGGER.addFilter(_is_ours)


@asynccontextmanager
async def serving(
    state_dir: Path,
    scenario: Scenario,
    *,
    port: int = 0,
    clock: Callable[[], float] = time.time,
    chance: Random | None = None,
    offload: Offload = asyncio.to_thread,
) -> AsyncIterator[str]:
    """Serve on loopback while the block runs; yield the base URL. Port 0 is any free one."""
    app = create_app(state_dir, scenario, clock=clock, chance=chance, offload=offload)
    runner = web.AppRunner(app, access_log=None, logger=LOGGER, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, HOST, port)
        await site.start()
        yield f"http://{HOST}:{site.port}"
    finally:
        await runner.cleanup()


async def serve_forever(
    state_dir: Path,
    scenario: Scenario,
    *,
    port: int = 0,
    on_ready: Callable[[str], None],
) -> None:
    """Serve until cancelled; `on_ready` is given the base URL once requests are answered."""
    async with serving(state_dir, scenario, port=port) as url:
        on_ready(url)
        await asyncio.Event().wait()
