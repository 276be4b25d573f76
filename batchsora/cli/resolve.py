"""`batchsora resolve`: a person says what became of jobs in doubt."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import click

from batchsora.cli.run import open_service, rescue_file
from batchsora.cli.targets import find_run
from batchsora.errors import UsageError
from batchsora.job import Fault, Job, Reason, State
from batchsora.ledger.ledger import Ledger
from batchsora.lifecycle import Event, Happening
from batchsora.runner.campaign import write_reports


@click.command("resolve")
@click.argument("target", type=click.Path(path_type=Path))
@click.argument("jobs", nargs=-1)
@click.option("--video", help="Adopt this video: the service is asked for it first.")
@click.option("--not-made", is_flag=True, help="Nothing was made: the next run buys it.")
@click.option("--lost", is_flag=True, help="It is paid and lost.")
@click.option("--base-url", envvar=["BATCHSORA_BASE_URL", "GPTPROTO_BASE_URL"])
@click.option("--auth", default="bearer")
@click.option("--insecure-http", is_flag=True)
def command(target: Path, jobs: tuple[str, ...], **options: Any) -> int:
    """Settle jobs in doubt; no JOB means all of them.

    Example: batchsora resolve runs/campaign cat-hat#2 --not-made
    """
    if sum(map(bool, (options["video"], options["not_made"], options["lost"]))) != 1:
        raise UsageError("say what became of it", "give one of --video, --not-made, --lost")
    folder = find_run(target)
    with Ledger(folder, rescue_file=rescue_file()) as ledger:
        named = ledger.records.named(jobs or ("*",))
        found = [it.job for it in named if it.job.state is State.IN_DOUBT]
        if not found or (options["video"] and len(found) != 1):
            what = f"{len(found)} jobs in doubt are meant"
            raise UsageError(what, "`batchsora report` lists them; a video settles one job")
        if options["video"]:
            asyncio.run(_look_at(folder, ledger, options))
        for job in found:
            ledger.record(job, _settled(job, ledger, options))
            click.echo(f"{job.name}: settled")
        write_reports(folder, ledger.records)
    return 0


def _settled(job: Job, ledger: Ledger, options: dict[str, Any]) -> Happening:
    at = ledger.now()
    if options["video"]:
        return Happening(Event.DOUBT_ADOPTED, at, video_id=options["video"])
    if options["not_made"]:
        return Happening(Event.DOUBT_CLEARED, at)
    fault = Fault("lost", f"settled by a person: {job.name} is paid and lost")
    return Happening(Event.DOUBT_WRITTEN_OFF, at, reason=Reason.LOST, fault=fault)


async def _look_at(folder: Path, ledger: Ledger, options: dict[str, Any]) -> None:
    """See that the video is there, and nobody else's, before it is adopted."""
    video_id = options["video"]
    if ledger.records.owner_of(video_id) is not None:
        raise UsageError(f"{video_id} belongs to another job already", "name another video")
    campaign = ledger.records.campaign()
    service = campaign.service if campaign else ""
    simulated = service == "simulator"
    address = None if simulated else options["base_url"] or service
    asked = {**options, "simulate": simulated, "base_url": address}
    async with open_service(folder, asked) as (client, _):
        video, verdict = await client.poll(video_id, age_s=0)
    if video is None:
        said = verdict.fault.message if verdict.fault else "it can't be read"
        raise UsageError(
            f"the service does not show {video_id}: {said}", "see that the id is right"
        )
