"""Image headers: which reader a file needs and what its header says. Decodes no pixels unasked."""

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from batchsora.media.colours import srgb_transform
from batchsora.media.facts import ImageFacts, ImageProblem
from batchsora.media.files import hash_file, path_fault
from batchsora.media.wholeness import looks_whole

MOST_BYTES = 50_000_000  # far above any photograph; the service takes less
MOST_PIXELS = 100_000_000  # decoded, 300 MB; phones and cameras make 12 to 60 million

Reader = Callable[[IO[bytes], str], ImageFile.ImageFile]

# Pillow's readers are called by name rather than by Image.open: no program is ever started
# for a file (EPS starts Ghostscript), and the pixels are judged by our cap alone, without a
# change of Pillow's global one (Image.open warns or raises by Image.MAX_IMAGE_PIXELS).
READERS: tuple[tuple[bytes, int, Reader], ...] = (
    (b"\xff\xd8\xff", 0, JpegImagePlugin.jpeg_factory),
    (b"\x89PNG\r\n\x1a\n", 0, PngImagePlugin.PngImageFile),
    (b"WEBP", 8, WebPImagePlugin.WebPImageFile),
    (b"GIF87a", 0, GifImagePlugin.GifImageFile),
    (b"GIF89a", 0, GifImagePlugin.GifImageFile),
    (b"BM", 0, BmpImagePlugin.BmpImageFile),
    (b"II*\0", 0, TiffImagePlugin.TiffImageFile),
    (b"MM\0*", 0, TiffImagePlugin.TiffImageFile),
)

# Files of boxes (ISO/IEC 23008-12) name their kind in the first box, and then the kinds that
# they can be read as: a picture may call itself mif1 before it says which kind.
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1"})
FILM_BRANDS = frozenset({b"avis", b"hevc", b"hevx", b"hevm", b"hevs", b"msf1"})
MOST_BRANDS_BYTES = 256

# Several pictures in a file, of which the first, or the one called primary, is the photograph:
# a phone's JPEG with a second one behind, a phone's HEIC with a burst, a depth map, an aux image.
ALBUMS = frozenset({"MPO", "HEIF"})

# 32 bit and floating point pixels have no agreed white, so they can't become 8 bit unasked.
MODES = frozenset(
    {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBa", "CMYK", "YCbCr", "I;16", "I;16L", "I;16B"}
)

# What Pillow was seen to raise on damaged files; its documentation names OSError alone.
PILLOW_FAILURES = (
    ArithmeticError,
    AttributeError,
    EOFError,
    Image.DecompressionBombError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)

GIVE_ANOTHER = "give the path of a JPEG, PNG or WebP file"
ANOTHER_COPY = "copy or download it again, or export it from its source as JPEG or PNG"


def inspect_image(path: Path) -> ImageFacts:
    """Return what the image's header says; pixels are decoded only where the end seems to miss.

    Raises ImageProblem for a path that is no regular file, for more than 50 MB or 100
    million pixels, for what is not an image, for one that is cut, and for animations and pages.
    """
    checked_byte_count(path)
    with readable():
        _, facts = open_header(path.read_bytes())
    return facts


def hash_image(path: Path) -> str:
    """Return the SHA-256 of the image file's bytes in hexadecimal.

    Raises ImageProblem for a path that is no regular file or holds more than 50 MB.
    """
    checked_byte_count(path)
    with readable():
        return hash_file(path)


def checked_byte_count(path: Path) -> int:
    """Return the file's length in bytes; ImageProblem when it must not be opened at all."""
    if fault := path_fault(path):
        raise ImageProblem(f"the image {fault}", GIVE_ANOTHER)
    byte_count = path.stat().st_size
    if byte_count > MOST_BYTES:
        raise ImageProblem(
            f"the image has {byte_count / 1e6:.1f} MB, {MOST_BYTES / 1e6:.0f} MB are the most",
            "make it smaller, or save it as JPEG",
        )
    return byte_count


@contextmanager
def readable() -> Iterator[None]:
    """Turn whatever Pillow or the disk raises while an image is read into an ImageProblem.

    Only round the reading: what fails after it is a bug, and must not be called damage.
    """
    try:
        yield
    except PILLOW_FAILURES as error:
        words = " ".join(str(error).split()) or type(error).__name__
        raise ImageProblem(f"the image is damaged or unreadable: {words}", ANOTHER_COPY) from error


def open_header(content: bytes) -> tuple[ImageFile.ImageFile, ImageFacts]:
    """Open an image file's bytes; return it, not decoded yet, with what its header says."""
    reader = _reader_for(content)
    image = reader(io.BytesIO(content), "")
    _refuse_many_pixels(image.size)
    _refuse_many_frames(image)
    if image.mode not in MODES:
        raise ImageProblem(
            f"the image has pixels of an unusual kind ({image.mode})",
            "save it with 8 bits a channel, as JPEG or PNG",
        )
    is_whole = looks_whole(content, image)
    if not is_whole:
        reader(io.BytesIO(content), "").load()
    return image, _facts(image, is_whole=is_whole, byte_count=len(content))


def _reader_for(content: bytes) -> Reader:
    for signature, offset, reader in READERS:
        if content.startswith(signature, offset):
            return reader
    if content.startswith(b"ftyp", 4):
        return _reader_of_boxes(content)
    raise _unknown()


def _reader_of_boxes(content: bytes) -> Reader:
    end = min(int.from_bytes(content[:4]), MOST_BRANDS_BYTES)
    brand, others = content[8:12], {content[at : at + 4] for at in range(16, end, 4)}
    if brand in FILM_BRANDS:
        raise _animated()
    if b"avif" in {brand, *others}:
        return AvifImagePlugin.AvifImageFile
    if brand in HEIC_BRANDS:
        return _heic_reader()
    raise _unknown()


def _unknown() -> ImageProblem:
    return ImageProblem("the image is not of a known format, or not an image", GIVE_ANOTHER)


def _animated() -> ImageProblem:
    return ImageProblem(
        "the image is animated or has several pages", "save the frame you want as JPEG or PNG"
    )


def _heic_reader() -> Reader:
    try:
        from pillow_heif import HeifImageFile  # noqa: PLC0415  an extra, and few have such files
    except ImportError:
        raise ImageProblem(
            "the image is a HEIC file",
            "pip install 'batchsora[heic]' reads it; or convert it to JPEG",
        ) from None
    return HeifImageFile


def _refuse_many_pixels(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MOST_PIXELS:
        raise ImageProblem(
            f"the image says it is {width}x{height},"
            f" {MOST_PIXELS / 1e6:.0f} million pixels are the most",
            "make it smaller",
        )


def _refuse_many_frames(image: ImageFile.ImageFile) -> None:
    if image.format not in ALBUMS and getattr(image, "is_animated", False):
        raise _animated()


def _facts(image: ImageFile.ImageFile, *, is_whole: bool, byte_count: int) -> ImageFacts:
    exif = _exif(image)
    orientation = exif.get(ExifTags.Base.Orientation, 1)
    if orientation not in range(1, 9):
        orientation = 1
    width, height = image.size
    # Pillow turns a TIFF upright by itself, and says its upright size.
    if orientation >= 5 and image.format != "TIFF":  # noqa: PLR2004  5 to 8 lie on their side
        width, height = height, width
    return ImageFacts(
        format=image.format or "",
        width=width,
        height=height,
        mode=image.mode,
        has_alpha=image.has_transparency_data and not image.mode.startswith("I;16"),
        orientation=int(orientation),
        has_profile=srgb_transform(image.info.get("icc_profile"), image.mode) is not None,
        has_gps=ExifTags.Base.GPSInfo in exif,
        is_whole=is_whole,
        bytes=byte_count,
    )


def _exif(image: ImageFile.ImageFile) -> Image.Exif:
    try:
        return Image.Image.getexif(image)  # PNG's own getexif decodes the whole picture
    except PILLOW_FAILURES:
        return Image.Exif()  # viewers show a picture with broken EXIF, as it lies
