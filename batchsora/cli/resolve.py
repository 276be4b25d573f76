"""`batchsora resolve`: a person says what became of jobs in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from batchsora.cli.columns import one_line
from batchsora.cli.going_on import command_for
from batchsora.cli.options import PATH, service_options
from batchsora.cli.printing import out_if_heard
from batchsora.errors import UsageError
from batchsora.job import Fault, Job, Order, Reason, State
from batchsora.ledger.answers import Entry
from batchsora.ledger.ledger import Ledger
from batchsora.library.connecting import Reach
from batchsora.library.targets import find_run, other_runs, rescue_file, shown
from batchsora.library.words import price_text
from batchsora.lifecycle import Event, Happening
from batchsora.runner.neighbours import Neighbours
from batchsora.runner.reporting import write_reports
from batchsora.service.dialects import Progress, Video


@click.command("resolve")
@click.argument("target", type=PATH)
@click.argument("jobs", nargs=-1)
@click.option("--video", metavar="VIDEO_ID", help="Adopt this video; it is looked at first.")
@click.option("--not-made", is_flag=True, help="Nothing was made: the next run buys it.")
@click.option("--lost", is_flag=True, help="It is paid, and lost.")
@service_options
def command(target: Path, jobs: tuple[str, ...], **options: Any) -> int:
    """Settle jobs in doubt. No JOB means all of them.

    Example: batchsora resolve runs/campaign cat-hat#2 --not-made
    """
    video, not_made, lost = options["video"], options["not_made"], options["lost"]
    if sum(map(bool, (video, not_made, lost))) != 1:
        raise UsageError("say what became of it", "give one of --video, --not-made, --lost")
    folder = find_run(target)
    with Ledger(folder, rescue_file=rescue_file()) as ledger:
        entries = _meant(ledger, jobs)
        found = [it.job for it in entries]
        settle: Settle = _not_made if not_made else _lost
        if video:
            if len(found) != 1:
                names = ", ".join(job.full_name for job in found)
                raise UsageError(f"a video settles one job, and {names} are meant", "name one")
            reach = Reach.read(options, simulate=False).for_run(folder, _service(ledger))
            asyncio.run(_look_at(video, found[0], ledger, reach))
            settle = _adopted(video)
        for entry in entries:
            ledger.record(entry.job, settle(entry.job, ledger))
            out_if_heard(f"{entry.job.full_name}: {_words(entry, video=video, not_made=not_made)}")
        write_reports(folder, ledger.records)
        go_on = command_for(folder, ledger.records)
    out_if_heard(f"go on with: {go_on}")
    return 0


def _meant(ledger: Ledger, jobs: tuple[str, ...]) -> list[Entry]:
    named = ledger.records.named(jobs or ("*",))
    found = [it for it in named if it.job.state is State.IN_DOUBT]
    if not found:
        what = "no job is in doubt" if not jobs else f"none of {', '.join(jobs)} is in doubt"
        raise UsageError(what, f"batchsora status {shown(ledger.folder)}")
    return found


Settle = Callable[[Job, Ledger], Happening]


def _adopted(video: str) -> Settle:
    return lambda _, ledger: Happening(Event.DOUBT_ADOPTED, ledger.now(), video_id=video)


def _not_made(_: Job, ledger: Ledger) -> Happening:
    return Happening(Event.DOUBT_CLEARED, ledger.now())


def _lost(job: Job, ledger: Ledger) -> Happening:
    fault = Fault("lost", f"settled by a person: {job.name} is paid and lost")
    return Happening(Event.DOUBT_WRITTEN_OFF, ledger.now(), reason=Reason.LOST, fault=fault)


def _words(entry: Entry, *, video: str | None, not_made: bool) -> str:
    price = price_text(entry.job.price_usd)
    if video:
        return f"is {video}; the next run fetches it"
    if not_made and entry.row is None:
        return "was not made; no row asks for it any more, so nothing is bought"
    if not_made:
        return f"was not made; the next run buys it, {price}"
    return f"is paid and lost, {price}"


def _service(ledger: Ledger) -> str:
    campaign = ledger.records.campaign()
    return campaign.service if campaign else ""


async def _look_at(video: str, job: Job, ledger: Ledger, reach: Reach) -> None:
    """See that the video is there, what was ordered, and nobody else's, before it is adopted."""
    if ledger.records.owner_of(video) is not None:
        raise UsageError(f"{video} belongs to another job already", "name another video")
    neighbours = Neighbours(lambda: other_runs(ledger.folder), reach.called)
    if (owner := neighbours.owner_of(video)) is not None:
        raise UsageError(f"{video} belongs to a job of {shown(owner)}", "name another video")
    async with reach.open(ledger.folder) as service:
        seen, verdict = await service.poll(video, age_s=0)
    if verdict.unsent and verdict.fault is not None:
        mend = "see to the network and the address, then say it again: nothing was changed"
        raise UsageError(f"the service can't be reached: {verdict.fault.message}", mend)
    if seen is None:
        said = verdict.fault.message if verdict.fault else "it can't be read"
        what = f"the service does not show {video}: {said}"
        raise UsageError(what, "see that the id is right, or settle it otherwise")
    wrong = [*_differences(seen, job.order)]
    if seen.progress is Progress.FAILED:
        wrong.append("it failed to render")
    if wrong:
        what = f"{video} is not the clip of {job.full_name}: {'; '.join(wrong)}"
        raise UsageError(what, "name another video, or settle it with --not-made or --lost")


def _differences(seen: Video, order: Order) -> Iterator[str]:
    """Say in what a video differs from an order, as far as the service tells."""
    for name, told, wanted in (
        ("prompt", seen.prompt, order.prompt),
        ("model", seen.model, order.model),
        ("seconds", seen.seconds, order.seconds),
        ("size", seen.size, str(order.size)),
    ):
        if told is not None and told != wanted:
            yield f'its {name} is "{one_line(str(told), 60)}"'
