"""The pixels of an upload: decoded, set upright, fitted, brought to sRGB. Pure."""

from typing import assert_never

from PIL import Image, ImageFile, ImageFilter

from batchsora.job import Fit
from batchsora.media.colours import srgb_transform, to_srgb
from batchsora.media.facts import ImageFacts
from batchsora.media.fits import crop_box, inner_size

LANCZOS = Image.Resampling.LANCZOS
REDUCING_GAP = 3.0  # Pillow: indistinguishable from none, and large pictures are 3 times faster
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


def decode(image: ImageFile.ImageFile, facts: ImageFacts, size: tuple[int, int], fit: Fit) -> None:
    """Decode the whole image, no larger than needed; raises what Pillow does for damage."""
    wanted = inner_size(facts.size, size) if fit is Fit.CONTAIN else size
    # libjpeg decodes straight to 1/2, 1/4 or 1/8: 12 megapixels in 32 ms instead of 123.
    # Never below the size wanted; other formats pay no attention.
    lies = facts.orientation in (5, 6, 7, 8)
    image.draft(None, wanted[::-1] if lies else wanted)
    image.load()


def fitted_picture(
    image: ImageFile.ImageFile, facts: ImageFacts, size: tuple[int, int], fit: Fit
) -> Image.Image:
    """Return a decoded image as an RGB picture of exactly `size`, no metadata left in it."""
    transform = srgb_transform(image.info.get("icc_profile"), image.mode)
    picture = _upright(_plain(image, facts), facts)
    picture = to_srgb(_fitted(picture, size, fit, facts.size), transform)
    picture.info = {}  # Pillow would write comments, profiles and transparency from here
    return picture


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


def _fitted(
    picture: Image.Image, size: tuple[int, int], fit: Fit, source: tuple[int, int]
) -> Image.Image:
    match fit:
        case Fit.COVER:
            return _covering(picture, size)
        case Fit.CONTAIN:
            return _contained(picture, size, inner_size(source, size))
        case Fit.STRETCH | Fit.EXACT:
            return picture.resize(size, LANCZOS, reducing_gap=REDUCING_GAP)
        case _:
            assert_never(fit)


def _covering(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    box = crop_box(picture.size, size)
    return picture.resize(size, LANCZOS, box=box, reducing_gap=REDUCING_GAP)


def _contained(picture: Image.Image, size: tuple[int, int], inner: tuple[int, int]) -> Image.Image:
    whole = picture.resize(inner, LANCZOS, reducing_gap=REDUCING_GAP)
    if inner == size:
        return whole
    framed = _blurred_edge(whole, size)
    framed.paste(whole, ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
    return framed


def _blurred_edge(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    small = max(1, size[0] // EDGE_SHRINK), max(1, size[1] // EDGE_SHRINK)
    blurred = _covering(picture, small).filter(ImageFilter.GaussianBlur(EDGE_BLUR))
    return blurred.resize(size, Image.Resampling.BICUBIC)
