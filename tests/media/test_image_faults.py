"""An image that can't be used is refused with words and a mend, and nothing hangs on it."""

import io
import os
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pillow_heif
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from batchsora.job import Fit, Framing
from batchsora.media.headers import MOST_BYTES
from batchsora.media.images import ImageProblem, hash_image, inspect_image, prepare_image

PHOTOS = Path(__file__).parents[2] / "manifests" / "images"

Reading = Callable[[Path], object]


def prepare(path: Path) -> object:
    return prepare_image(path, (64, 64), Framing(Fit.COVER))


READINGS = pytest.mark.parametrize("reading", [inspect_image, prepare, hash_image])


def refusal(reading: Reading, path: Path) -> ImageProblem:
    with pytest.raises(ImageProblem) as told:
        reading(path)
    assert told.value.what.startswith("the image ")
    assert told.value.mend
    return told.value


def png_header(width: int, height: int) -> bytes:
    """Return a PNG that says it is this large and holds nothing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", b""), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


# Paths


@READINGS
def test_a_missing_image_is_refused(reading: Reading, tmp_path: Path) -> None:
    assert refusal(reading, tmp_path / "none.png").what == "the image is missing"
    assert refusal(reading, tmp_path / "a\0b.png").what == "the image is missing"


@READINGS
def test_a_folder_is_refused(reading: Reading, tmp_path: Path) -> None:
    assert refusal(reading, tmp_path).what == "the image is a folder"


@READINGS
def test_a_pipe_is_refused_and_not_waited_for(reading: Reading, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    assert "pipe" in refusal(reading, tmp_path / "pipe.png").what


@READINGS
def test_a_device_without_end_is_refused(reading: Reading) -> None:
    assert "device" in refusal(reading, Path("/dev/zero")).what


@READINGS
def test_an_empty_file_is_refused(reading: Reading, tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    assert refusal(reading, tmp_path / "empty.png").what == "the image is empty"


@READINGS
def test_a_file_too_large_is_refused_unread(reading: Reading, tmp_path: Path) -> None:
    (tmp_path / "huge.png").touch()
    os.truncate(tmp_path / "huge.png", MOST_BYTES + 100_000)
    assert "50.1 MB" in refusal(reading, tmp_path / "huge.png").what


@READINGS
def test_a_loop_of_links_is_refused(reading: Reading, tmp_path: Path) -> None:
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    assert "can't be read" in refusal(reading, tmp_path / "loop.png").what


# Contents


@pytest.mark.parametrize("reading", [inspect_image, prepare])
@pytest.mark.parametrize("content", [b"GIF89a", b"<html>", b"%PDF-1.7", b"%!PS-Adobe", b"BM", b"x"])
def test_what_is_not_an_image_is_refused(reading: Reading, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "fake.png").write_bytes(content)
    refusal(reading, tmp_path / "fake.png")


@pytest.mark.parametrize("reading", [inspect_image, prepare])
@pytest.mark.parametrize("size", [(9_500, 10_600), (14_000, 14_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_header(
    reading: Reading, tmp_path: Path, size: tuple[int, int]
) -> None:
    (tmp_path / "bomb.png").write_bytes(png_header(*size))
    assert "100 million pixels are the most" in refusal(reading, tmp_path / "bomb.png").what


def test_pillows_own_warning_is_not_heard_below_our_cap(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(png_header(9_500, 10_000))
    assert inspect_image(tmp_path / "large.png").width == 9_500


@pytest.mark.parametrize("reading", [inspect_image, prepare])
@pytest.mark.parametrize("format_", ["GIF", "PNG", "WEBP", "TIFF"])
def test_an_animation_is_refused(reading: Reading, tmp_path: Path, format_: str) -> None:
    frames = [Image.new("RGB", (32, 32), (shade, 0, 0)) for shade in (0, 99, 200)]
    frames[0].save(tmp_path / "moving", format_, save_all=True, append_images=frames[1:])
    assert "animated" in refusal(reading, tmp_path / "moving").what


def test_the_first_picture_of_a_phones_double_jpeg_is_taken(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "double.jpg", "MPO", save_all=True, append_images=frames[1:])
    prepared = prepare_image(tmp_path / "double.jpg", (64, 64), Framing(Fit.EXACT))
    red = Image.open(io.BytesIO(prepared.content)).getpixel((9, 9))
    assert isinstance(red, tuple)
    assert red[0] > 240
    assert red[2] < 20


def test_pixels_without_an_agreed_white_are_refused(tmp_path: Path) -> None:
    Image.new("F", (32, 32)).save(tmp_path / "float.tif")
    assert "unusual kind" in refusal(inspect_image, tmp_path / "float.tif").what


# Damage


@pytest.mark.parametrize("name", ["cat.png", "coffee.jpg"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.9])
@pytest.mark.parametrize("fit", [Fit.COVER, Fit.EXACT])
def test_a_truncated_image_is_found_even_where_it_would_go_as_it_is(
    tmp_path: Path, name: str, part: float, fit: Fit
) -> None:
    whole = (PHOTOS / name).read_bytes()
    size = inspect_image(PHOTOS / name).size if fit is Fit.EXACT else (64, 64)
    (tmp_path / name).write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(ImageProblem, match="damaged"):
        prepare_image(tmp_path / name, size, Framing(fit))


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"])
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(place=st.floats(0, 1), wrong=st.binary(min_size=1, max_size=6))
@pytest.mark.filterwarnings("ignore")  # Pillow warns of what it passes over
def test_damage_raises_nothing_but_an_image_problem(
    tmp_path: Path, format_: str, place: float, wrong: bytes
) -> None:
    target = io.BytesIO()
    picture = Image.linear_gradient("L").resize((48, 40)).convert("RGB")
    if format_ == "HEIF":
        pillow_heif.from_pillow(picture).save(target)
    else:
        picture.save(target, format_)
    content = bytearray(target.getvalue())
    at = int(place**3 * len(content))  # mostly in the header
    content[at : at + len(wrong)] = wrong
    (tmp_path / "damaged").write_bytes(content)
    with suppress(ImageProblem):
        prepare_image(tmp_path / "damaged", (32, 32), Framing(Fit.CONTAIN))
