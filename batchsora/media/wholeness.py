"""Whether an image file is whole: its structure walked to its end. Decodes no pixels. Pure.

A file cut in half has a header as good as any, and people cut files: a download that broke off,
a card pulled out, a disk that was full. What is behind the end of a picture is nobody's concern;
phones put films and second pictures there.
"""

import re
from collections.abc import Callable, Mapping

from PIL import ImageFile

MOST_STEPS = 1_000_000  # blocks of one file; a photograph has some thousands

# JPEG: what is not FF 00 (the byte FF itself), a restart of the same scan, or filling
JPEG_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
JPEG_SCAN, JPEG_END, JPEG_BARE = 0xDA, 0xD9, (0x01, 0xD8)

STRIPS, STRIP_BYTES, TILES, TILE_BYTES = 273, 279, 324, 325  # TIFF's tags

Walk = Callable[[bytes, ImageFile.ImageFile], bool]


def looks_whole(content: bytes, image: ImageFile.ImageFile) -> bool:
    """Tell whether a file certainly goes on to the end of its picture.

    `image` is the file opened. False is a doubt, no verdict: only decoding can tell then.
    """
    walk = WALKS.get(image.format or "")
    return walk is not None and walk(content, image)


def _jpeg(content: bytes, _: ImageFile.ImageFile) -> bool:
    at, has_scan = 2, False
    for _step in range(MOST_STEPS):
        found = JPEG_MARKER.search(content, at)
        if found is None:
            return False
        at = found.end()
        kind = content[at - 1]
        if kind == JPEG_END:
            return has_scan
        has_scan = has_scan or kind == JPEG_SCAN
        if kind not in JPEG_BARE:  # a segment; its length, so that a thumbnail's end is passed over
            at += int.from_bytes(content[at : at + 2])
    return False


def _png(content: bytes, _: ImageFile.ImageFile) -> bool:
    at = 8
    for _step in range(MOST_STEPS):
        if at + 12 > len(content):
            return False
        kind = content[at + 4 : at + 8]
        if kind == b"IEND":
            return True
        at += 12 + int.from_bytes(content[at : at + 4])  # a length, a kind and a check sum
    return False


def _webp(content: bytes, _: ImageFile.ImageFile) -> bool:
    return 8 + int.from_bytes(content[4:8], "little") <= len(content)


def _gif(content: bytes, _: ImageFile.ImageFile) -> bool:
    """Walk to the end of the first picture; files with more are refused elsewhere."""
    at = 13 + _gif_colours(content[10:11])
    while content[at : at + 1] == b"!":  # an extension
        at = _gif_blocks_end(content, at + 2)
    if content[at : at + 1] != b",":
        return False
    at += 10 + _gif_colours(content[at + 9 : at + 10])
    return _gif_blocks_end(content, at + 1) <= len(content)


def _gif_colours(flags: bytes) -> int:
    """Return the length of the table of colours that these flags announce."""
    return 3 << (flags[0] & 7) + 1 if flags and flags[0] & 0x80 else 0


def _gif_blocks_end(content: bytes, at: int) -> int:
    """Return where a chain of blocks ends, past the end of the file when it is cut."""
    for _step in range(MOST_STEPS):
        if at >= len(content):
            break
        length = content[at]
        at += 1 + length
        if length == 0:
            return at
    return len(content) + 1


def _bmp(content: bytes, image: ImageFile.ImageFile) -> bool:
    codec, _, offset, arguments = image.tile[0]
    if codec != "raw" or not isinstance(arguments, tuple):
        return False
    bytes_a_row = int(arguments[1])
    return offset + bytes_a_row * image.height <= len(content)


def _tiff(content: bytes, image: ImageFile.ImageFile) -> bool:
    tags = getattr(image, "tag_v2", {})
    starts = (*tags.get(STRIPS, ()), *tags.get(TILES, ()))
    lengths = (*tags.get(STRIP_BYTES, ()), *tags.get(TILE_BYTES, ()))
    if not starts or len(starts) != len(lengths):
        return False
    parts = zip(starts, lengths, strict=True)
    return all(start + length <= len(content) for start, length in parts)


def _boxes(content: bytes, _: ImageFile.ImageFile) -> bool:
    """Walk the outer boxes: they say how long they are, and one of them holds the pictures."""
    at, holds_pictures = 0, False
    for _step in range(MOST_STEPS):
        if at == len(content):
            break
        size, kind = _box(content, at)
        if size < 8 or at + size > len(content):  # noqa: PLR2004  a size and a kind, 4 bytes each
            return False
        holds_pictures = holds_pictures or kind == b"mdat"
        at += size
    return holds_pictures


def _box(content: bytes, at: int) -> tuple[int, bytes]:
    """Return the size and the kind of a box; 0 where it does not say how long it is."""
    size, kind = int.from_bytes(content[at : at + 4]), content[at + 4 : at + 8]
    if size == 1:  # the real size follows, in 64 bits
        size = int.from_bytes(content[at + 8 : at + 16])
    return size, kind


WALKS: Mapping[str, Walk] = {
    "JPEG": _jpeg,
    "MPO": _jpeg,
    "PNG": _png,
    "WEBP": _webp,
    "GIF": _gif,
    "BMP": _bmp,
    "TIFF": _tiff,
    "AVIF": _boxes,
    "HEIF": _boxes,
}
