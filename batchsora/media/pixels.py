"""The pixels of an upload: decoded, set upright, fitted, brought to sRGB. Pure."""

from collections.abc import Iterator
from math import ceil
from typing import assert_never

from PIL import Image, ImageColor, ImageFile, ImageFilter

from batchsora.job import BLUR, Fit, Framing
from batchsora.media.colours import srgb_transform, to_srgb
from batchsora.media.facts import ImageFacts
from batchsora.media.fits import crop_box, inner_size

LANCZOS = Image.Resampling.LANCZOS
REDUCING_GAP = 3.0  # Pillow: indistinguishable from none, and large pictures are 3 times faster
# libjpeg decodes straight to 1/2, 1/4 or 1/8, never below the size wanted: 12 megapixels in 32 ms
# instead of 123. Not HEIC, whose reader takes a thumbnail for it, which may show an older edit.
DRAFTING = frozenset({"JPEG", "MPO"})
TILE = 1024  # pixels of a side: what is made of a large picture on the way takes megabytes only
EDGE_SHRINK = 16  # the blurred edge is made at a sixteenth of the size: a wide blur, cheaply
EDGE_BLUR = 2.5  # pixels of that small picture

# By EXIF's orientation; 1 is upright.
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(
    image: ImageFile.ImageFile, facts: ImageFacts, size: tuple[int, int], framing: Framing
) -> None:
    """Decode the whole image, no larger than needed; raises what Pillow does for damage."""
    if facts.format in DRAFTING:
        image.draft(None, _wanted(facts, size, framing))
    image.load()


def fitted_picture(
    image: ImageFile.ImageFile, facts: ImageFacts, size: tuple[int, int], framing: Framing
) -> Image.Image:
    """Return a decoded image as an RGB picture of exactly `size`, no metadata left in it."""
    transform = srgb_transform(image.info.get("icc_profile"), image.mode)
    picture = _upright(_plain_and_small(image, facts, _wanted(facts, size, framing)), facts)
    picture = to_srgb(_resized(picture, facts.size, size, framing), transform)
    if picture.size != size:
        picture = _padded(picture, size, framing.pad)
    picture.info = {}  # Pillow would write comments, profiles and transparency from here
    return picture


def _wanted(facts: ImageFacts, size: tuple[int, int], framing: Framing) -> tuple[int, int]:
    """Return the size that is needed of the picture, as it lies in the file."""
    wanted = inner_size(facts.size, size) if framing.fit is Fit.CONTAIN else size
    return wanted[::-1] if _lies(facts) else wanted


def _lies(facts: ImageFacts) -> bool:
    return facts.orientation in (5, 6, 7, 8) and facts.format != "TIFF"


def _plain_and_small(image: Image.Image, facts: ImageFacts, wanted: tuple[int, int]) -> Image.Image:
    """Return the picture plain, brought down by a whole factor where it is far too large.

    By tiles: besides the decoded picture there is never another one as large. A last row or
    column of less than a whole factor counts as one: a third of a pixel of the result at most.
    """
    factor = max(1, int(min(image.width / wanted[0], image.height / wanted[1]) / REDUCING_GAP))
    mode = "CMYK" if image.mode == "CMYK" else "RGB"
    if factor == 1 and image.mode == mode and not facts.has_alpha:
        return image
    small = Image.new(mode, (ceil(image.width / factor), ceil(image.height / factor)))
    for left, top, right, bottom in _tiles(image.size, factor * max(1, TILE // factor)):
        tile = _plain(image.crop((left, top, right, bottom)), facts)
        small.paste(tile.reduce(factor), (left // factor, top // factor))
    return small


def _tiles(size: tuple[int, int], side: int) -> Iterator[tuple[int, int, int, int]]:
    for top in range(0, size[1], side):
        for left in range(0, size[0], side):
            yield left, top, min(left + side, size[0]), min(top + side, size[1])


def _plain(image: Image.Image, facts: ImageFacts) -> Image.Image:
    """Return the picture in RGB, or in CMYK if it is, with 8 bits and without alpha."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if facts.has_alpha:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return image if image.mode == "CMYK" else image.convert("RGB")


def _upright(picture: Image.Image, facts: ImageFacts) -> Image.Image:
    if facts.orientation == 1 or facts.format == "TIFF":  # Pillow has turned a TIFF already
        return picture
    return picture.transpose(UPRIGHT[facts.orientation])


def _resized(
    picture: Image.Image, source: tuple[int, int], size: tuple[int, int], framing: Framing
) -> Image.Image:
    """Return the picture in the size ordered, or contained in it."""
    match framing.fit:
        case Fit.COVER:
            box = crop_box(picture.size, size, framing.focus)
            return picture.resize(size, LANCZOS, box=box, reducing_gap=REDUCING_GAP)
        case Fit.CONTAIN:
            return picture.resize(inner_size(source, size), LANCZOS, reducing_gap=REDUCING_GAP)
        case Fit.STRETCH | Fit.EXACT:
            return picture.resize(size, LANCZOS, reducing_gap=REDUCING_GAP)
        case _:
            assert_never(framing.fit)


def _padded(picture: Image.Image, size: tuple[int, int], pad: str) -> Image.Image:
    if pad == BLUR:
        framed = _blurred_edge(picture, size)
    else:  # after the way to sRGB: the colour ordered is the colour sent
        framed = Image.new("RGB", size, ImageColor.getrgb(pad))
    framed.paste(picture, ((size[0] - picture.width) // 2, (size[1] - picture.height) // 2))
    return framed


def _blurred_edge(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    small = max(1, size[0] // EDGE_SHRINK), max(1, size[1] // EDGE_SHRINK)
    box = crop_box(picture.size, small)
    covering = picture.resize(small, LANCZOS, box=box, reducing_gap=REDUCING_GAP)
    blurred = covering.filter(ImageFilter.GaussianBlur(EDGE_BLUR))
    return blurred.resize(size, Image.Resampling.BICUBIC)
