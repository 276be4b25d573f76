"""A phone's HEIC is read like any other image where its reader is installed, and named if not."""

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pillow_heif
import pytest
from PIL import ExifTags, Image, ImageCms

from batchsora.job import Fit, Focus, Framing
from batchsora.media.images import ImageProblem, PreparedImage, inspect_image, prepare_image

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
EXACT = Framing(Fit.EXACT)

Reading = Callable[[Path], object]


def prepare(path: Path) -> object:
    return prepare_image(path, (64, 64), Framing())


READINGS = pytest.mark.parametrize("reading", [inspect_image, prepare])


def quarters(size: tuple[int, int]) -> Image.Image:
    """Return a picture whose four corners are red, green, blue and white."""
    picture = Image.new("RGB", (2, 2))
    for n, colour in enumerate((RED, GREEN, BLUE, WHITE)):
        picture.putpixel((n % 2, n // 2), colour)
    return picture.resize(size, Image.Resampling.NEAREST)


def heic(
    *pictures: Image.Image, primary: int = 0, exif: Image.Exif | None = None, **options: object
) -> bytes:
    """Write a HEIC with these pictures in it, as they lie; by EXIF it says how to turn them."""
    first, *others = pictures
    album = pillow_heif.from_pillow(first)
    for picture in others:
        album.add_from_pillow(picture)
    if exif is not None:
        album[0].info["exif"] = exif.tobytes()
    target = io.BytesIO()
    album.save(target, quality=95, primary_index=primary, **options)
    return target.getvalue()


def placed(folder: Path, content: bytes) -> Path:
    path = folder / "phone.heic"
    path.write_bytes(content)
    return path


def corners(prepared: PreparedImage) -> list[tuple[int, ...]]:
    picture = Image.open(io.BytesIO(prepared.content))
    width, height = picture.size
    places = ((8, 8), (width - 9, 8), (8, height - 9), (width - 9, height - 9))
    found = [picture.getpixel(place) for place in places]
    assert all(isinstance(value, tuple) for value in found)
    return [value for value in found if isinstance(value, tuple)]


def alike(found: list[tuple[int, ...]], wanted: list[tuple[int, ...]]) -> bool:
    pairs = zip(found, wanted, strict=True)
    return all(abs(a - b) <= 20 for one, other in pairs for a, b in zip(one, other, strict=True))


def refusal(reading: Reading, path: Path) -> ImageProblem:
    with pytest.raises(ImageProblem) as told:
        reading(path)
    return told.value


# Read


def test_a_phones_photo_is_sent_as_a_jpeg_of_exactly_the_size(tmp_path: Path) -> None:
    path = placed(tmp_path, heic(quarters((256, 128))))
    assert inspect_image(path).size == (256, 128)
    prepared = prepare_image(path, (64, 64), Framing(Fit.COVER, Focus(0, 0.5)))
    assert (prepared.width, prepared.height) == (64, 64)
    assert (prepared.file_name, prepared.mime_type) == ("phone.jpg", "image/jpeg")
    assert prepared.notes == ("cropped from 256x128 to 128x128 (left kept)",)
    assert alike(corners(prepared), [RED, RED, BLUE, BLUE])


def test_a_photo_of_the_size_already_is_no_reason_to_send_a_heic(tmp_path: Path) -> None:
    prepared = prepare_image(placed(tmp_path, heic(quarters((64, 64)))), (64, 64), EXACT)
    assert prepared.mime_type == "image/jpeg"
    assert Image.open(io.BytesIO(prepared.content)).format == "JPEG"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("says_so_twice", [False, True])
def test_it_is_set_upright_once(tmp_path: Path, orientation: int, *, says_so_twice: bool) -> None:
    """Phones write how it lies into the container and into EXIF; the container is right."""
    lying = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    upright = quarters((128, 64))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    content = heic(upright.transpose(lying) if lying is not None else upright, exif=exif)
    assert (b"irot" in content or b"imir" in content) == (orientation != 1)
    path = placed(tmp_path, _with_exif_orientation(content, orientation if says_so_twice else 1))
    assert inspect_image(path).size == (128, 64)
    prepared = prepare_image(path, (128, 64), EXACT)
    assert alike(corners(prepared), [RED, GREEN, BLUE, WHITE])


def _with_exif_orientation(content: bytes, orientation: int) -> bytes:
    entry = bytes.fromhex("0112 0003 00000001")  # a tag, a short, one of them
    assert content.count(entry) == 1
    at = content.index(entry) + len(entry)
    return content[:at] + orientation.to_bytes(2) + content[at + 2 :]


def test_of_several_pictures_the_primary_one_is_taken(tmp_path: Path) -> None:
    shades = [Image.new("RGB", size, c) for size, c in (((64, 64), RED), ((128, 64), BLUE))]
    path = placed(tmp_path, heic(*shades, primary=1))
    assert inspect_image(path).size == (128, 64)
    assert alike(corners(prepare_image(path, (128, 64), EXACT)), [BLUE] * 4)


@pytest.mark.parametrize("kind", [b"urn:mpeg:hevc:2015:auxid:2", b"urn:com:example:hdrgainmap"])
def test_a_depth_map_or_another_picture_beside_it_is_passed_over(
    tmp_path: Path, kind: bytes
) -> None:
    """Alpha is such a picture, too; here it is given another name."""
    picture = quarters((128, 64))
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    alpha = b"urn:mpeg:hevc:2015:auxid:1"
    content = heic(picture)
    assert content.count(alpha) == 1
    path = placed(tmp_path, content.replace(alpha, kind.ljust(len(alpha), b"\0")))
    assert not inspect_image(path).has_alpha
    prepared = prepare_image(path, (128, 64), EXACT)
    assert prepared.notes == ()
    assert alike(corners(prepared), [RED, GREEN, BLUE, WHITE])


def test_a_thumbnail_is_never_taken_for_the_photo(tmp_path: Path) -> None:
    photo = Image.radial_gradient("L").resize((512, 512)).convert("RGB")
    with_thumbnail = placed(tmp_path, heic(photo, thumbnails=[256]))
    assert len(pillow_heif.open_heif(with_thumbnail).info["thumbnails"]) == 1
    sent = prepare_image(with_thumbnail, (64, 64), Framing()).content
    without = placed(tmp_path, heic(photo))
    assert sent == prepare_image(without, (64, 64), Framing()).content


@pytest.mark.parametrize("mode", ["RGBA", "RGBa"])
def test_what_is_transparent_becomes_white(tmp_path: Path, mode: str) -> None:
    clear = pillow_heif.from_bytes(mode, (64, 64), bytes(64 * 64 * 4))
    target = io.BytesIO()
    clear.save(target, quality=95)
    prepared = prepare_image(placed(tmp_path, target.getvalue()), (64, 64), EXACT)
    assert prepared.notes == ("alpha flattened on white",)
    assert alike(corners(prepared), [WHITE] * 4)


@pytest.mark.parametrize(("mode", "notes"), [("RGB;10", ()), ("L;10", ("16 bit reduced to 8",))])
def test_ten_bits_become_eight_without_clipping(
    tmp_path: Path, mode: str, notes: tuple[str, ...]
) -> None:
    grey = (512).to_bytes(2, "little") * (64 * 64 * (3 if mode == "RGB;10" else 1))
    target = io.BytesIO()
    pillow_heif.from_bytes(mode, (64, 64), grey).save(target, quality=95)
    prepared = prepare_image(placed(tmp_path, target.getvalue()), (64, 64), EXACT)
    assert alike(corners(prepared), [(128, 128, 128)] * 4)
    assert prepared.notes == notes


def test_the_wide_colours_of_a_phone_are_converted(tmp_path: Path) -> None:
    """The profile of sRGB under another name, with red and green swapped."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile.replace(b"s\0R\0G\0B\0", b"x\0R\0G\0B\0").replace(b"sRGB", b"xRGB")
    profile = profile.replace(b"rXYZ", b"----").replace(b"gXYZ", b"rXYZ")
    picture = Image.new("RGB", (64, 64), RED)
    picture.info["icc_profile"] = profile.replace(b"----", b"gXYZ")
    prepared = prepare_image(placed(tmp_path, heic(picture)), (64, 64), EXACT)
    assert prepared.notes == ("colours converted to sRGB",)
    assert alike(corners(prepared), [GREEN] * 4)


def test_where_it_was_taken_is_known_and_not_sent(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.GPSInfo] = {1: "N", 2: (52.0, 30.0, 0.0)}
    exif[ExifTags.Base.Make] = "a secret camera"
    path = placed(tmp_path, heic(quarters((64, 64)), exif=exif))
    assert inspect_image(path).has_gps
    assert b"secret" not in prepare_image(path, (64, 64), EXACT).content


def test_no_reader_is_registered_for_others(tmp_path: Path) -> None:
    path = placed(tmp_path, heic(quarters((64, 64))))
    inspect_image(path)
    with pytest.raises(OSError, match="cannot identify"):
        Image.open(path)


def test_the_sibling_of_another_codec_is_read_by_its_own_reader(tmp_path: Path) -> None:
    """Some AVIF calls itself an image of whatever codec first, and AVIF after that."""
    quarters((128, 64)).save(tmp_path / "other.avif", quality=95)
    content = (tmp_path / "other.avif").read_bytes()
    assert content[8:12] == b"avif"
    assert b"avif" in content[16:32]
    path = placed(tmp_path, content[:8] + b"mif1" + content[12:])
    assert inspect_image(path).format == "AVIF"
    assert alike(corners(prepare_image(path, (128, 64), EXACT)), [RED, GREEN, BLUE, WHITE])


# Refused


@READINGS
@pytest.mark.parametrize("side", [20_000, 2**31])
def test_a_bomb_is_refused_by_its_header(tmp_path: Path, reading: Reading, side: int) -> None:
    content = heic(quarters((64, 64)))
    at = content.index(b"ispe") + 8  # behind the name, a version and flags
    path = placed(tmp_path, content[:at] + side.to_bytes(4) * 2 + content[at + 8 :])
    refused = refusal(reading, path).what
    assert "100 million pixels are the most" in refused or "damaged" in refused
    assert side > 20_000 or "20000x20000" in refused


@READINGS
@pytest.mark.parametrize("brand", [b"hevc", b"msf1", b"avis"])
def test_a_film_in_such_a_file_is_refused(tmp_path: Path, reading: Reading, brand: bytes) -> None:
    content = heic(quarters((64, 64)))
    path = placed(tmp_path, content[:8] + brand + content[12:])
    assert refusal(reading, path).what == "the image is animated or has several pages"


@READINGS
@pytest.mark.parametrize("content", [b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", b"\0\0\0\0ftypmif1"])
def test_a_file_with_nothing_in_it_is_refused(
    tmp_path: Path, reading: Reading, content: bytes
) -> None:
    assert "damaged" in refusal(reading, placed(tmp_path, content)).what


@READINGS
def test_a_clip_is_no_image(tmp_path: Path, reading: Reading) -> None:
    path = placed(tmp_path, b"\0\0\0\x18ftypisom\0\0\0\0isommp42")
    assert "not an image" in refusal(reading, path).what


@READINGS
def test_without_its_reader_the_way_to_get_it_is_told(
    tmp_path: Path, reading: Reading, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = placed(tmp_path, heic(quarters((64, 64))))
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    problem = refusal(reading, path)
    assert problem.what == "the image is a HEIC file"
    assert problem.mend == "pip install 'batchsora[heic]' reads it; or convert it to JPEG"
