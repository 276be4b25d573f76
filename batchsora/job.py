"""The words of the house: order, job, clip. Pure values: no clock, no I/O."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

_NOTHING = Decimal(0)
_quoted = json.JSONEncoder(ensure_ascii=False).encode


class State(StrEnum):
    """Where a job stands. Each state is a promise; `lifecycle` says who may leave it, and how."""

    PENDING = "pending"  # nothing of it is at the service
    SUBMITTING = "submitting"  # at most one request is on the wire, from this very process
    IN_DOUBT = "in_doubt"  # the service may be making it, and billing it
    RUNNING = "running"  # the service has it, and its id is on disk here
    RENDERED = "rendered"  # finished there, not yet here, and it may expire
    DONE = "done"  # the clip is here: whole, checked, hashed
    FAILED = "failed"  # it will not be made; the reason says why


OPEN = frozenset({State.SUBMITTING, State.IN_DOUBT})
"""States in which a purchase may be under way whose outcome is not known: it counts as billed."""


class Reason(StrEnum):
    """Why a job failed."""

    REJECTED = "rejected"  # the service does not like a value
    MODERATED = "moderated"  # the service refuses the prompt or the image
    RENDER_FAILED = "render_failed"
    EXPIRED = "expired"  # rendered and paid for, but gone from the service before it was fetched
    GAVE_UP = "gave_up"  # provably never sent, after all attempts
    IMAGE_UNREADABLE = "image_unreadable"
    LOST = "lost"  # a person said: paid, and gone


class Fit(StrEnum):
    """How an image of another shape becomes exactly the size ordered."""

    COVER = "cover"  # fill the frame, crop what overhangs
    CONTAIN = "contain"  # show everything, pad the rest
    STRETCH = "stretch"  # distort
    EXACT = "exact"  # refuse anything that is not of this size already


class Focus(NamedTuple):
    """The point of an image that `Fit.COVER` keeps nearest the middle: parts of width and height.

    ``Focus(0.5, 0)`` is the middle of the upper edge.
    """

    x: float
    y: float

    def __str__(self) -> str:
        """Write it as it is read: ``0.5,0``."""
        return f"{self.x:g},{self.y:g}"


CENTRE = Focus(0.5, 0.5)
BLUR = "blur"  # an edge of the picture's own colours


class Framing(NamedTuple):
    """How an image becomes exactly the size ordered: a fit, and what that fit may be told."""

    fit: Fit = Fit.COVER
    focus: Focus = CENTRE  # of `cover`; others crop nothing
    pad: str = BLUR  # of `contain`: that, or a colour as #rrggbb

    @property
    def plain(self) -> Framing:
        """The same framing without what its fit pays no attention to."""
        focus = self.focus if self.fit is Fit.COVER else CENTRE
        return Framing(self.fit, focus, self.pad if self.fit is Fit.CONTAIN else BLUR)

    def __str__(self) -> str:
        """Write it as `parse` reads it: ``cover``, ``cover 0.5,0``, ``contain #ffffff``."""
        fit, focus, pad = self.plain
        told = [fit.value, *[str(focus)] * (focus != CENTRE), *[pad] * (pad != BLUR)]
        return " ".join(told)

    @classmethod
    def parse(cls, text: str) -> Framing:
        """Read what `str` writes."""
        word, _, rest = text.partition(" ")
        fit = Fit(word)
        if not rest:
            return cls(fit)
        if fit is Fit.CONTAIN:
            return cls(fit, pad=rest)
        x, _, y = rest.partition(",")
        return cls(fit, Focus(float(x), float(y)))


COVER = Framing()
_framing_text = lru_cache(maxsize=256)(Framing.__str__)  # there are but a few


class Size(NamedTuple):
    """Width and height of a clip in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        """Write it as the service does: ``720x1280``."""
        return f"{self.width}x{self.height}"

    @classmethod
    def parse(cls, text: str) -> Size:
        """Read ``720x1280``; anything else is a ValueError."""
        found = re.fullmatch(r"([1-9][0-9]{0,4})x([1-9][0-9]{0,4})", text)
        if found is None:
            raise ValueError(text)
        return cls(int(found[1]), int(found[2]))


@dataclass(frozen=True, slots=True)
class Image:
    """The picture that a clip starts from: as the manifest wrote it, and what is in the file."""

    written: str  # relative to the manifest's folder, or absolute
    sha256: str  # of the file's bytes


Picture = tuple[str, str] | None
"""An image's hash, and how it is framed; None where there is no image."""


@dataclass(frozen=True, slots=True)
class Order:
    """What one create request asks for. Its content, and nothing else, makes the job's key."""

    prompt: str
    model: str
    seconds: int
    size: Size
    take: int = 1
    image: Image | None = None
    framing: Framing = COVER

    @property
    def picture(self) -> Picture:
        """What its clip starts from: two orders with one picture that look alike are one."""
        return None if self.image is None else (self.image.sha256, str(self.framing))

    def key(self) -> str:
        """Name the job by its content: 32 hex digits that no move of a row or a folder changes."""
        # JSON with its keys sorted, spelled out: a million jobs are keyed three times as fast
        picture = ""
        if self.image is not None:
            fit = _quoted(_framing_text(self.framing))
            picture = f'"fit":{fit},"image":{_quoted(self.image.sha256)},'
        canonical = (
            f'{{{picture}"model":{_quoted(self.model)},"prompt":{_quoted(self.prompt)},'
            f'"seconds":{self.seconds},"size":"{self.size}","take":{self.take}}}'
        )
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def likeness(self) -> str:
        """Hash what a service's list shows of an order; its image and its take do not show."""
        shown = "\n".join((self.model, str(self.seconds), str(self.size), self.prompt))
        return hashlib.sha256(shown.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def fold_path(path: str) -> str:
    """Fold a path: two that some file system takes for one, by case or Unicode form, are equal."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", path).casefold())


@dataclass(frozen=True, slots=True)
class Clip:
    """A whole clip: on this disk, or about to get its name there, or one that was."""

    file: str  # relative to the run folder, with forward slashes
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong, in the service's own words, and what to do about it."""

    code: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """One create request, one clip, one price: what the ledger knows of it now."""

    key: str
    id: str
    order: Order
    output: str  # where the clip goes, relative to the run folder, settled when first recorded
    price_usd: Decimal | None = None  # of the next purchase; None is unknown, never free
    state: State = State.PENDING
    revision: int = 0  # counts the transitions: the compare-and-swap compares it
    reason: Reason | None = None
    fault: Fault | None = None
    hint: str = ""  # something worth saying of a job that did not fail
    video_id: str | None = None
    attempts: int = 0  # submissions begun
    purchases: int = 0  # submissions that the service accepted, and bills
    spent_usd: Decimal = _NOTHING  # what these cost, each at the price of its time
    unpriced: int = 0  # those of them whose price was not known
    submit_started_at: datetime | None = None
    submitted_at: datetime | None = None
    doubted_at: datetime | None = None
    render_started_at: datetime | None = None
    completed_at: datetime | None = None
    expires_at: datetime | None = None
    download_started_at: datetime | None = None
    downloaded_at: datetime | None = None
    clip: Clip | None = None

    @property
    def name(self) -> str:
        """Say which job this is: its id, and its take where that is not the first."""
        return self.id if self.order.take == 1 else f"{self.id}#{self.order.take}"

    @property
    def full_name(self) -> str:
        """Say which job this is and no other: a bare id would mean all takes of its row."""
        return f"{self.id}#{self.order.take}"

    @property
    def kept_clip(self) -> Clip | None:
        """The clip, once it has its name; a clip that is only about to get it is none yet."""
        return self.clip if self.state is State.DONE else None

    @property
    def is_open(self) -> bool:
        """Tell whether a purchase may be under way whose outcome nobody knows: its price is set."""
        return self.state in OPEN

    @property
    def bill_usd(self) -> Decimal | None:
        """What it has cost, a doubt counting as billed; None where a price of it is not known."""
        if self.unpriced or (self.is_open and self.price_usd is None):
            return None
        return self.spent_usd + (self.price_usd or 0 if self.is_open else 0)
