"""Whether the jobs of one row are told apart: by content, by name, by place. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from batchsora.job import fold_path
from batchsora.manifest.fields import COLUMNS
from batchsora.manifest.located import Flaw, shown
from batchsora.manifest.templates import braced, has_slot
from batchsora.planned import Planned

_UNTOLD = frozenset({"prompt", "fit", "focus", "pad"})  # axes that no placeholder names


class Apart:
    """Sees each job of a row that stands for several."""

    def __init__(self, axes: Collection[str], fields: Mapping[str, str]) -> None:
        self._axes = axes or ("image",)  # a pattern of images
        self._fields = fields  # the row's, for what its templates say already
        self._keys: dict[str, Planned] = {}
        self._ids: dict[tuple[str, int], Planned] = {}
        self._outputs: dict[str, Planned] = {}
        self._told: dict[str, Flaw] = {}  # a template is wrong once, for however many jobs

    def flaw(self, job: Planned) -> Flaw | None:
        """Say how a job is not told apart from one before it; None where it is."""
        twin = self._keys.setdefault(job.key, job)
        if twin is not job:
            return self._same_content(twin, job)
        for field, before in (
            ("id", self._ids.setdefault((job.id, job.order.take), job)),
            ("output", self._outputs.setdefault(fold_path(job.output), job)),
        ):
            if before is not job:
                value = job.id if field == "id" else job.output
                what = f"{field} {shown(value)} does not tell the jobs of this row apart"
                return self._told.setdefault(field, Flaw(what, self._mend(field), field))
        return None

    def _mend(self, field: str) -> str:
        """Name the placeholders that differ between the jobs of the row and are not said yet."""
        names = ["stem" if axis == "image" else axis for axis in self._axes if axis not in _UNTOLD]
        unsaid = [name for name in names if not has_slot(self._fields.get(field, ""), name)]
        told = " and ".join(map(braced, unsaid))
        if field == "id":
            return f"put {told} into the id, or leave the id away" if told else "leave the id away"
        return f"put {told or '{id}'} into the output"

    def _same_content(self, one: Planned, other: Planned) -> Flaw:
        names = [it.order.image.written if it.order.image else "" for it in (one, other)]
        if names[0] != names[1]:
            what = f"{shown(names[1])} is the same picture as {shown(names[0])}, in the same row"
            return Flaw(what, "delete one of the files, or name the others", "image")
        free = " and ".join(braced(axis) for axis in self._axes if axis not in COLUMNS)
        mend = f"put {free} into the prompt" if free else "take out the axis that changes nothing"
        return Flaw("two jobs of this row have the same content", mend, "matrix")
