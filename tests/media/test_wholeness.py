"""An image that was cut is found by inspecting it, so that the plan says so, at whatever place."""

import io
import struct
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
from PIL import Image

from batchsora.job import Fit, Framing
from batchsora.media.headers import open_header
from batchsora.media.images import ImageProblem, inspect_image, prepare_image

PHOTO = Path(__file__).parents[2] / "manifests" / "images" / "coffee.jpg"
SIZE = (96, 64)
CUTS = 60  # of each kind of file, besides those near its ends

Writer = Callable[[Image.Image], bytes]


def saved(format_: str, mode: str = "RGB", **options: Any) -> Writer:
    def write(picture: Image.Image) -> bytes:
        target = io.BytesIO()
        picture.convert(mode).save(target, format_, **options)
        return target.getvalue()

    return write


def with_thumbnail(picture: Image.Image) -> bytes:
    """Write a JPEG as cameras do: in its EXIF stands a small JPEG, with an end of its own."""
    small = saved("JPEG")(picture.resize((32, 24)))
    exif = b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0" + small
    return saved("JPEG", exif=exif)(picture)


def double(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    others = [picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    picture.save(target, "MPO", save_all=True, append_images=others)
    return target.getvalue()


def heic(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    pillow_heif.from_pillow(picture).save(target)
    return target.getvalue()


WRITERS: Mapping[str, Writer] = {
    "jpeg": saved("JPEG"),
    "jpeg-progressive": saved("JPEG", progressive=True),
    "jpeg-restarts": saved("JPEG", restart_marker_rows=1),
    "jpeg-cmyk": saved("JPEG", "CMYK"),
    "jpeg-thumbnail": with_thumbnail,
    "png": saved("PNG"),
    "png-palette": saved("PNG", "P"),
    "webp": saved("WEBP"),
    "webp-lossless": saved("WEBP", "RGBA", lossless=True),
    "gif": saved("GIF"),
    "gif-commented": saved("GIF", comment=b"a comment " * 60),
    "bmp": saved("BMP"),
    "bmp-palette": saved("BMP", "P"),
    "tiff": saved("TIFF"),
    "tiff-lzw": saved("TIFF", compression="tiff_lzw"),
    "avif": saved("AVIF"),
    "heic": heic,
}
EVERY_KIND = pytest.mark.parametrize("kind", WRITERS)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    with Image.open(PHOTO) as photo:
        picture = photo.resize(SIZE)
    return {kind: write(picture) for kind, write in {**WRITERS, "mpo": double}.items()}


def places(length: int) -> Sequence[int]:
    """Choose where to cut: all over the file, and densely at its end."""
    spread = range(1, length, max(1, length // CUTS))
    return sorted({*spread, *range(length - 24, length)})


def can_be_decoded(content: bytes, kind: str) -> bool:
    """Tell what inspecting is measured by: whether Pillow can decode all pixels."""
    try:
        file = io.BytesIO(content)
        if kind == "heic":
            len(pillow_heif.open_heif(file).data)
        else:
            Image.open(file).load()
    except Exception:  # noqa: BLE001  whatever a reader raises: it can't
        return False
    return True


def is_taken(path: Path) -> bool:
    try:
        inspect_image(path)
    except ImageProblem:
        return False
    return True


@pytest.mark.filterwarnings("ignore")  # Pillow warns of what it passes over
@EVERY_KIND
def test_a_cut_image_is_found_without_being_sent(
    tmp_path: Path, files: dict[str, bytes], kind: str
) -> None:
    """Exactly what can't be decoded is refused: the very last bytes of some are dispensable."""
    path, whole = tmp_path / "cut", files[kind]
    for length in places(len(whole)):
        path.write_bytes(whole[:length])
        assert is_taken(path) == can_be_decoded(whole[:length], kind), length
        assert not is_taken(path) or length > len(whole) - 24


@pytest.mark.parametrize("kind", ["avif", "heic"])
def test_an_image_cut_between_two_boxes_is_found(
    tmp_path: Path, files: dict[str, bytes], kind: str
) -> None:
    start_of_pixels = files[kind].index(b"mdat") - 4
    (tmp_path / "cut").write_bytes(files[kind][:start_of_pixels])
    assert not is_taken(tmp_path / "cut")


@EVERY_KIND
def test_a_whole_image_is_known_as_such_without_decoding_it(
    files: dict[str, bytes], kind: str
) -> None:
    _, facts = open_header(files[kind])
    assert facts.size == SIZE
    assert facts.is_whole


@EVERY_KIND
@pytest.mark.parametrize(
    "behind", [b"\0", b"\0" * 5000, b"\xff\xd8\xff\xe0", b"MotionPhoto_Data\0\0\0\x18ftypmp42"]
)
def test_what_is_behind_the_end_is_nobodys_concern(
    tmp_path: Path, files: dict[str, bytes], kind: str, behind: bytes
) -> None:
    (tmp_path / "more").write_bytes(files[kind] + behind)
    assert inspect_image(tmp_path / "more").size == SIZE
    assert prepare_image(tmp_path / "more", (64, 64), Framing(Fit.STRETCH)).height == 64


@pytest.mark.parametrize("missing", [1, 4, 12])
def test_a_picture_whose_end_is_missing_is_written_anew(
    tmp_path: Path, files: dict[str, bytes], missing: int
) -> None:
    """Pillow needs no more than the pixels; who gets the file may be stricter."""
    (tmp_path / "endless.png").write_bytes(files["png"][:-missing])
    prepared = prepare_image(tmp_path / "endless.png", SIZE, Framing(Fit.EXACT))
    assert prepared.content.endswith(files["png"][-12:])


def test_of_a_phones_double_jpeg_only_the_first_picture_counts(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    double = files["mpo"]
    end_of_first = double.index(b"\xff\xd9") + 2
    assert b"\xff\xd8" in double[end_of_first:]
    for length in places(len(double)):
        (tmp_path / "cut").write_bytes(double[:length])
        assert is_taken(tmp_path / "cut") == (length >= end_of_first), length


def test_rows_of_a_bitmap_that_are_packed_are_decoded_to_be_sure(tmp_path: Path) -> None:
    """Where the walk can't tell, the pixels do: of a whole file as of a cut one."""
    rows = b"".join(bytes((64, shade, 0, 0)) for shade in range(64)) + b"\0\1"
    palette = bytes(range(256)) * 4
    header = struct.pack("<IiiHHIIiiII", 40, 64, 64, 1, 8, 1, len(rows), 2835, 2835, 256, 256)
    start = 14 + len(header) + len(palette)
    content = struct.pack("<2sIHHI", b"BM", start + len(rows), 0, 0, start) + header
    content += palette + rows
    (tmp_path / "packed.bmp").write_bytes(content)
    assert not open_header(content)[1].is_whole
    assert is_taken(tmp_path / "packed.bmp")
    (tmp_path / "packed.bmp").write_bytes(content[: start + 100])
    assert not is_taken(tmp_path / "packed.bmp")
