"""The command that goes on with a run, as a person types it."""

from __future__ import annotations

import shlex
from pathlib import Path

from yarl import URL

from batchsora.ledger.records import Records
from batchsora.library.services import GPTPROTO, SIMULATOR
from batchsora.library.targets import shown
from batchsora.service.loopback import is_loopback


def command_for(folder: Path, records: Records) -> str:
    """Write the command that goes on with a run."""
    campaign = records.campaign()
    service = campaign.service if campaign else SIMULATOR
    words = ["batchsora", "run", shown(folder)]
    if service not in {SIMULATOR, GPTPROTO} and not is_loopback(URL(service)):
        words += ["--base-url", service]
    if campaign is not None and campaign.max_cost_usd is not None:
        words += ["--max-cost", str(campaign.max_cost_usd)]
    return shlex.join(words)
