"""Whether the jobs of one row are told apart: by content, by name, by place. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import blake2b

from batchsora.job import fold_path
from batchsora.manifest.fields import COLUMNS
from batchsora.manifest.located import Flaw, shown
from batchsora.manifest.templates import braced, has_slot
from batchsora.planned import Planned

_UNTOLD = frozenset({"prompt", "fit", "focus", "pad"})  # axes that no placeholder names


# Of whatever length: a row may stand for a hundred thousand jobs. Of so many, no two are alike by
# accident.
_DIGEST_BYTES = 16


class Apart:
    """Sees each job of a row that stands for several, and keeps only what tells it apart."""

    def __init__(self, axes: Collection[str], fields: Mapping[str, str]) -> None:
        self._axes = axes or ("image",)  # a pattern of images
        self._fields = fields  # the row's, for what its templates say already
        self._images: dict[bytes, str] = {}  # by key: the first one's, as written
        self._names: set[bytes] = set()  # of what has been said already: ids, outputs
        self._told: dict[str, Flaw] = {}  # a template is wrong once, for however many jobs

    def flaw(self, job: Planned) -> Flaw | None:
        """Say how a job is not told apart from one before it; None where it is."""
        key = bytes.fromhex(job.key)[:_DIGEST_BYTES]
        image = job.order.image.written if job.order.image else ""
        if key in self._images:
            return self._same_content(self._images[key], image)
        self._images[key] = image
        for field, value, name in (
            ("id", job.id, f"{job.order.take} {job.id}"),
            ("output", job.output, f"/{fold_path(job.output)}"),
        ):
            digest = blake2b(name.encode(), digest_size=_DIGEST_BYTES).digest()
            if digest in self._names:
                what = f"{field} {shown(value)} does not tell the jobs of this row apart"
                return self._told.setdefault(field, Flaw(what, self._mend(field), field))
            self._names.add(digest)
        return None

    def _mend(self, field: str) -> str:
        """Name the placeholders that differ between the jobs of the row and are not said yet."""
        names = ["stem" if axis == "image" else axis for axis in self._axes if axis not in _UNTOLD]
        unsaid = [name for name in names if not has_slot(self._fields.get(field, ""), name)]
        told = " and ".join(map(braced, unsaid))
        if field == "id":
            return f"put {told} into the id, or leave the id away" if told else "leave the id away"
        return f"put {told or '{id}'} into the output"

    def _same_content(self, first: str, image: str) -> Flaw:
        if first != image:
            what = f"{shown(image)} is the same picture as {shown(first)}, in the same row"
            return Flaw(what, "delete one of the files, or name the others", "image")
        free = " and ".join(braced(axis) for axis in self._axes if axis not in COLUMNS)
        mend = f"put {free} into the prompt" if free else "take out the axis that changes nothing"
        return Flaw("two jobs of this row have the same content", mend, "matrix")
