"""A job of a plan, as programs have it. Pure, but for a look at the image of what is bought."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from batchsora.reports.columns import Cell, place_text
from batchsora.runner.planning import Action, Gone, Met


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """What a run would do with one job, and why; the names are the columns of `plan --csv`."""

    row: int | None  # from 1; None where it is not known any more
    id: str | None  # None where the bytes of an image that is not fetched yet will tell it
    take: int  # from 1
    action: Action | Literal["gone"]  # gone: bought or recorded before, and in the manifest no more
    why: str
    price_usd: Decimal | None  # of one clip, whether it is bought or not; None is unknown
    model: str
    seconds: int
    size: str  # 720x1280
    image: str | None  # as the manifest has it
    image_notes: str  # what is done to it before it is sent
    prompt: str
    output: str | None  # where the clip goes, from the run folder
    key: str | None
    manifest_line: Cell  # from 1; "file:line" where that is an included one

    @classmethod
    def of_met(cls, met: Met, action: Action) -> PlannedJob:
        """Tell of a job of the manifest."""
        planned = met.planned
        order = planned.order
        has_id = planned.explicit_id or not planned.unfetched  # else its bytes will change it
        return cls(
            planned.row,
            planned.id if has_id else None,
            order.take,
            action,
            met.why,
            planned.price_usd,
            order.model,
            order.seconds,
            str(order.size),
            order.image.written if order.image else None,
            met.image_notes if action is Action.SUBMIT else "",
            order.prompt,
            planned.output if has_id else None,
            None if planned.unfetched else planned.key,
            place_text(planned.file, planned.line),
        )

    @classmethod
    def of_gone(cls, gone: Gone, why: str) -> PlannedJob:
        """Tell of a job that is in the manifest no more, with the place where it stood."""
        entry, job = gone.known.entry, gone.known.job
        order = job.order
        return cls(
            entry.row,
            job.id,
            order.take,
            "gone",
            why,
            job.price_usd,
            order.model,
            order.seconds,
            str(order.size),
            order.image.written if order.image else None,
            "",
            order.prompt,
            job.output,
            job.key,
            place_text(entry.file, entry.line),
        )
