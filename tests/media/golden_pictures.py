"""Writes tests/media/golden/: run it when what is sent is meant to change, and look at each.

Four images of odd shapes, made of the sample photographs, and beside each a strip of what is
sent of it for each framing, from left to right.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from PIL import ExifTags, Image

from batchsora.job import Fit, Focus, Framing
from batchsora.media.images import prepare_image

FOLDER = Path(__file__).parent / "golden"
PHOTOGRAPHS = Path(__file__).parents[2] / "manifests" / "images"
SIZE = (96, 160)  # of the clips; both sides are whole blocks of JPEG, so none bleeds into the next

SOURCES = ("portrait.jpg", "print.jpg", "clear.png", "panorama.jpg")
FRAMINGS: Mapping[str, Framing] = {
    "cover": Framing(Fit.COVER),
    "cover, top left": Framing(Fit.COVER, Focus(0, 0)),
    "cover, low right": Framing(Fit.COVER, Focus(0.7, 0.8)),
    "contain": Framing(Fit.CONTAIN),
    "contain, on orange": Framing(Fit.CONTAIN, pad="#ff8800"),
    "stretch": Framing(Fit.STRETCH),
}


def golden(source: str) -> Mapping[str, Image.Image]:
    """Return what is to be sent of a source, by the name of the framing."""
    return dict(zip(FRAMINGS, _apart(FOLDER / f"{Path(source).stem}-sent.jpg"), strict=True))


def sent(source: str, framing: Framing, size: tuple[int, int] = SIZE) -> Image.Image:
    """Return what is sent of a source today."""
    prepared = prepare_image(FOLDER / source, size, framing)
    picture = Image.open(io.BytesIO(prepared.content))
    picture.load()
    return picture.convert("RGB")


def _apart(strip: Path) -> Iterator[Image.Image]:
    with Image.open(strip) as whole:
        for left in range(0, whole.width, SIZE[0]):
            yield whole.crop((left, 0, left + SIZE[0], SIZE[1]))


def _photo(name: str) -> Image.Image:
    return Image.open(PHOTOGRAPHS / name).convert("RGB")


def _write_sources() -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # a phone held upright: the sensor lies on its side
    tall = _photo("coffee.jpg").crop((180, 0, 380, 400)).resize((360, 720))
    lying = tall.transpose(Image.Transpose.ROTATE_90)
    lying.save(FOLDER / "portrait.jpg", quality=75, exif=exif)

    landscape = _photo("rocket.jpg").resize((480, 320)).convert("CMYK")
    landscape.save(FOLDER / "print.jpg", quality=75)

    cut_out = _photo("cat.png").resize((180, 120))
    cut_out.putalpha(Image.radial_gradient("L").resize(cut_out.size).point(lambda far: 255 - far))
    cut_out.save(FOLDER / "clear.png", optimize=True)

    wide = _photo("galaxies.jpg").crop((0, 300, 1000, 500))
    wide.save(FOLDER / "panorama.jpg", quality=75)


def _write_strip(source: str) -> None:
    strip = Image.new("RGB", (SIZE[0] * len(FRAMINGS), SIZE[1]))
    for place, framing in enumerate(FRAMINGS.values()):
        strip.paste(sent(source, framing), (SIZE[0] * place, 0))
    strip.save(FOLDER / f"{Path(source).stem}-sent.jpg", quality=92, subsampling=0)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    _write_sources()
    for name in SOURCES:
        _write_strip(name)
