"""Clips: real H.264 films made of a still picture, and their thumbnails. Slow; needs PyAV."""

from __future__ import annotations

import hashlib
import os
import secrets
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont, ImageOps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import av

FPS = 24
ZOOM = 0.08  # from the first frame to the last: visible, and the mark stays in the picture
ENCODER = {"preset": "superfast", "crf": "23"}  # 720x1280 for 4 s takes about 0.9 s on 2 cores


class MediaMissing(RuntimeError):  # noqa: N818  # says what is missing
    """PyAV is not installed, so no clip can be made."""

    def __init__(self) -> None:
        super().__init__("clips need PyAV: pip install 'batchsora[media]'")


class Abandoned(Exception):  # noqa: N818  # not an error: the simulator is closing
    """The clip was given up because nobody waits for it any more."""


@dataclass(frozen=True, slots=True)
class Film:
    """What a clip shows: a picture (or, without one, a gradient drawn from the seed), and how."""

    picture: Path | None
    seed: str
    width: int
    height: int
    seconds: int
    zooms: bool

    def still(self) -> Image.Image:
        """Return the first frame, without the mark."""
        if self.picture is None:
            return gradient(self.seed, self.width, self.height)
        with Image.open(self.picture) as image:
            return image.convert("RGB")


def gradient(seed: str, width: int, height: int) -> Image.Image:
    """Return two calm colours that run into each other, the same for the same seed."""
    digest = hashlib.sha256(seed.encode()).digest()
    dark, light = (tuple(40 + byte // 2 for byte in digest[i : i + 3]) for i in (0, 3))
    ramp = Image.linear_gradient("L").resize((width, height))
    return ImageOps.colorize(ramp, dark, light)


def marked(still: Image.Image) -> Image.Image:
    """Return the picture with SIMULATED at its foot, where the zoom does not push it out."""
    copy = still.copy()
    size_px = max(10, still.height // 48)
    ImageDraw.Draw(copy).text(
        (still.width / 2, still.height * 0.92),
        "SIMULATED",
        anchor="ms",
        font=ImageFont.load_default(size_px),
        fill="white",
        stroke_width=max(1, size_px // 16),
        stroke_fill="black",
    )
    return copy


def make_clip(film: Film, target: Path, abandoned: Callable[[], bool]) -> None:
    """Film it into `target`, which appears whole or not at all; raises Abandoned, MediaMissing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{secrets.token_hex(8)}.mp4")
    try:
        _encode(film, draft, abandoned)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _encode(film: Film, draft: Path, abandoned: Callable[[], bool]) -> None:
    try:
        import av  # noqa: PLC0415  # an extra, and 50 ms: loaded when the first clip is made
    except ImportError as error:
        raise MediaMissing from error
    still = av.VideoFrame.from_image(marked(film.still()))  # type: ignore[no-untyped-call]
    first = still.reformat(format="yuv420p")
    frames = _zooming(first, film) if film.zooms else _standing(first, film)
    with av.open(os.fspath(draft), "w", format="mp4", options={"movflags": "+faststart"}) as file:
        stream = file.add_stream("libx264", rate=FPS, options=ENCODER)
        stream.width, stream.height, stream.pix_fmt = film.width, film.height, "yuv420p"
        for number, frame in enumerate(frames):
            if abandoned():
                raise Abandoned
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))


def _standing(first: av.VideoFrame, film: Film) -> Iterator[av.VideoFrame]:
    for _ in range(film.seconds * FPS):
        yield first


def _zooming(first: av.VideoFrame, film: Film) -> Iterator[av.VideoFrame]:
    import av  # noqa: PLC0415

    count = film.seconds * FPS
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=film.width, height=film.height, format=first.format, time_base=Fraction(1, FPS)
    )
    zoom = graph.add(
        "zoompan",
        f"z='1+{ZOOM}*on/{count}':x='(iw-iw/zoom)/2':y='(ih-ih/zoom)/2'"
        f":d={count}:s={film.width}x{film.height}:fps={FPS}",
    )
    graph.link_nodes(source, zoom, graph.add("buffersink")).configure()
    first.pts, first.time_base = 0, Fraction(1, FPS)
    graph.vpush(first)
    for _ in range(count):
        frame = graph.vpull()
        # Otherwise x264 would make every frame a key frame, as the one that was pushed.
        frame.pict_type = av.video.frame.PictureType.NONE
        yield frame


def make_thumbnail(film: Film, target: Path) -> None:
    """Save a small WebP of the first frame."""
    target.parent.mkdir(parents=True, exist_ok=True)
    image = marked(film.still())
    image.thumbnail((480, 480))
    draft = target.with_name(f".{secrets.token_hex(8)}.webp")
    image.save(draft, "WEBP")
    draft.replace(target)
