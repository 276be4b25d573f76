"""What goes out is exactly the size ordered, upright, opaque, and says what was done to it."""

import hashlib
import io
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from batchsora.job import Fit, Focus, Framing
from batchsora.media.fits import crop_box
from batchsora.media.images import (
    ImageProblem,
    PreparedImage,
    fitted_notes,
    hash_image,
    inspect_image,
    prepare_image,
)

PHOTOS = sorted((Path(__file__).parents[2] / "manifests" / "images").glob("*.[jp][pn]g"))
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
RESIZING = [Fit.COVER, Fit.CONTAIN, Fit.STRETCH]


def opened(prepared: PreparedImage) -> Image.Image:
    image = Image.open(io.BytesIO(prepared.content))
    image.load()
    return image


def pixel(prepared: PreparedImage, place: tuple[int, int]) -> tuple[int, ...]:
    value = opened(prepared).getpixel(place)
    assert isinstance(value, tuple)
    return value


def close(first: tuple[int, ...], second: tuple[int, ...], within: int = 12) -> bool:
    return all(abs(one - other) <= within for one, other in zip(first, second, strict=True))


def quarters(size: tuple[int, int] = (64, 32)) -> Image.Image:
    """Return a picture whose four corners are red, green, blue and white."""
    picture = Image.new("RGB", (2, 2))
    for n, colour in enumerate((RED, GREEN, BLUE, WHITE)):
        picture.putpixel((n % 2, n // 2), colour)
    return picture.resize(size, Image.Resampling.NEAREST)


def located_exif() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.GPSInfo] = {1: "N", 2: (52.0, 30.0, 0.0)}
    exif[ExifTags.Base.Make] = "a secret camera"
    return exif


# Size


@pytest.mark.parametrize("fit", RESIZING)
@pytest.mark.parametrize("photo", PHOTOS, ids=lambda photo: photo.name)
def test_each_way_of_fitting_gives_exactly_the_size(photo: Path, fit: Fit) -> None:
    for size in ((720, 1280), (1280, 720)):
        prepared = prepare_image(photo, size, Framing(fit))
        assert opened(prepared).size == size == (prepared.width, prepared.height)
        assert opened(prepared).mode == "RGB"


def test_there_are_photographs_to_test_with() -> None:
    assert len(PHOTOS) == 4


def test_cover_crops_at_the_centre(tmp_path: Path) -> None:
    stripes = Image.new("RGB", (300, 100), RED)
    stripes.paste(BLUE, (100, 0, 200, 100))
    stripes.save(tmp_path / "stripes.png")
    prepared = prepare_image(tmp_path / "stripes.png", (64, 64), Framing(Fit.COVER))
    corners = [pixel(prepared, place) for place in ((4, 4), (59, 4), (4, 59), (59, 59))]
    assert corners == [BLUE] * 4
    assert prepared.notes == ("cropped from 300x100 to 100x100",)


@pytest.mark.parametrize(
    ("focus", "seen", "words"),
    [
        (Focus(0, 0.5), RED, " (left kept)"),
        (Focus(1, 0.5), GREEN, " (right kept)"),
        (Focus(0.5, 0), BLUE, ""),  # there is nothing to be cut off above
        (Focus(0.1, 0.9), RED, " (left kept)"),
        (Focus(0.49, 0.5), BLUE, " (97 off the left, 103 off the right)"),
    ],
)
@pytest.mark.parametrize("lies", [False, True])
def test_cover_keeps_the_point_of_focus_nearest_the_middle(
    tmp_path: Path, focus: Focus, seen: tuple[int, ...], words: str, *, lies: bool
) -> None:
    stripes = Image.new("RGB", (300, 100), RED)
    stripes.paste(BLUE, (97, 0, 203, 100))
    stripes.paste(GREEN, (203, 0, 300, 100))
    shape = "300x100"
    if lies:
        stripes, focus, shape = (
            stripes.transpose(Image.Transpose.TRANSPOSE),
            Focus(focus.y, focus.x),
            "100x300",
        )
        words = words.replace("left", "top").replace("right", "bottom")
    stripes.save(tmp_path / "stripes.png")
    framing = Framing(Fit.COVER, focus)
    prepared = prepare_image(tmp_path / "stripes.png", (64, 64), framing)
    corners = [pixel(prepared, place) for place in ((2, 2), (61, 2), (2, 61), (61, 61))]
    assert all(close(corner, seen) for corner in corners)
    assert prepared.notes == (f"cropped from {shape} to 100x100{words}",)


def test_the_focus_is_a_point_of_the_upright_picture(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    upright = quarters((64, 128))
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "phone.png", exif=exif)
    framing = Framing(Fit.COVER, Focus(0.5, 1))
    prepared = prepare_image(tmp_path / "phone.png", (64, 64), framing)
    assert (pixel(prepared, (9, 9)), pixel(prepared, (55, 9))) == (BLUE, WHITE)
    assert prepared.notes == ("rotated by EXIF", "cropped from 64x128 to 64x64 (bottom kept)")


def test_contain_keeps_the_whole_picture_and_pads_with_its_colours(tmp_path: Path) -> None:
    Image.new("RGB", (100, 50), RED).save(tmp_path / "red.png")
    prepared = prepare_image(tmp_path / "red.png", (50, 100), Framing(Fit.CONTAIN))
    assert opened(prepared).getcolors() == [(50 * 100, RED)]
    assert prepared.notes == ("padded from 50x25 to 50x100",)


@pytest.mark.parametrize(("mode", "format_"), [("RGB", "PNG"), ("CMYK", "JPEG"), ("L", "JPEG")])
def test_contain_pads_with_exactly_the_colour_ordered(
    tmp_path: Path, mode: str, format_: str
) -> None:
    Image.new(mode, (100, 50)).save(tmp_path / "dark", format_)
    framing = Framing(Fit.CONTAIN, pad="#30c0f0")
    prepared = prepare_image(tmp_path / "dark", (100, 150), framing)
    edges = [pixel(prepared, place) for place in ((0, 0), (99, 40), (50, 109), (99, 149))]
    within = 0 if format_ == "PNG" else 3
    assert all(close(edge, (0x30, 0xC0, 0xF0), within) for edge in edges)
    assert prepared.notes[-1] == "padded from 100x50 to 100x150, on #30c0f0"


def test_a_colour_wins_over_the_profile_of_the_picture(tmp_path: Path) -> None:
    profile = _with_swapped_primaries(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")))
    Image.new("RGB", (64, 32), RED).save(tmp_path / "wide.png", icc_profile=profile)
    framing = Framing(Fit.CONTAIN, pad="#ff0000")
    prepared = prepare_image(tmp_path / "wide.png", (64, 64), framing)
    assert pixel(prepared, (9, 9)) == RED
    assert close(pixel(prepared, (9, 32)), GREEN)


def test_contain_shows_all_four_corners(tmp_path: Path) -> None:
    quarters((64, 64)).save(tmp_path / "corners.png")
    prepared = prepare_image(tmp_path / "corners.png", (64, 128), Framing(Fit.CONTAIN))
    corners = [pixel(prepared, place) for place in ((1, 33), (62, 33), (1, 94), (62, 94))]
    assert corners == [RED, GREEN, BLUE, WHITE]


def test_stretch_keeps_all_and_bends_it(tmp_path: Path) -> None:
    quarters((64, 32)).save(tmp_path / "corners.png")
    prepared = prepare_image(tmp_path / "corners.png", (32, 64), Framing(Fit.STRETCH))
    corners = [pixel(prepared, place) for place in ((0, 0), (31, 0), (0, 63), (31, 63))]
    assert all(map(close, corners, (RED, GREEN, BLUE, WHITE)))
    assert prepared.notes == ("stretched from 64x32 to 32x64", "upscaled 2 times")


def test_exact_refuses_another_size_and_names_the_other_ways(tmp_path: Path) -> None:
    quarters().save(tmp_path / "corners.png")
    with pytest.raises(ImageProblem) as told:
        prepare_image(tmp_path / "corners.png", (720, 1280), Framing(Fit.EXACT))
    assert told.value.what == "the image is 64x32, not exactly the 720x1280 ordered"
    assert all(fit in told.value.mend for fit in RESIZING)


def test_enlarging_is_said(tmp_path: Path) -> None:
    Image.new("RGB", (313, 557)).save(tmp_path / "small.png")
    notes = prepare_image(tmp_path / "small.png", (720, 1280), Framing(Fit.COVER)).notes
    assert notes[-1] == "upscaled 2.3 times"


def test_a_sliver_is_fitted_too(tmp_path: Path) -> None:
    Image.new("RGB", (1, 3000), RED).save(tmp_path / "sliver.png")
    for fit in RESIZING:
        assert opened(prepare_image(tmp_path / "sliver.png", (128, 72), Framing(fit))).size == (
            128,
            72,
        )


def test_a_large_jpeg_is_decoded_small_and_still_right(tmp_path: Path) -> None:
    quarters((4000, 3000)).save(tmp_path / "large.jpg")
    prepared = prepare_image(tmp_path / "large.jpg", (128, 96), Framing(Fit.COVER))
    corners = [pixel(prepared, place) for place in ((0, 0), (127, 0), (0, 95), (127, 95))]
    assert all(map(close, corners, (RED, GREEN, BLUE, WHITE)))
    assert prepared.notes == ()


# What goes as it is


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("fit", list(Fit))
def test_an_image_of_the_size_already_goes_byte_for_byte(
    tmp_path: Path, format_: str, fit: Fit
) -> None:
    path = tmp_path / "ready"
    quarters().save(path, format_)
    prepared = prepare_image(path, (64, 32), Framing(fit))
    assert prepared.content == path.read_bytes()
    assert prepared.notes == ()
    assert prepared.mime_type == f"image/{format_.lower()}"


def test_a_place_that_goes_out_with_an_untouched_image_is_said(tmp_path: Path) -> None:
    quarters().save(tmp_path / "here.jpg", exif=located_exif())
    prepared = prepare_image(tmp_path / "here.jpg", (64, 32), Framing(Fit.EXACT))
    assert prepared.notes == ("sent as it is, with the GPS position in it",)


def test_nothing_of_the_camera_or_the_place_is_left_in_what_was_changed(tmp_path: Path) -> None:
    quarters().save(tmp_path / "here.jpg", exif=located_exif(), comment=b"a secret comment")
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "a secret name")
    quarters().save(tmp_path / "here.png", exif=located_exif(), pnginfo=text)
    for name in ("here.jpg", "here.png"):
        prepared = prepare_image(tmp_path / name, (32, 32), Framing(Fit.COVER))
        assert b"secret" not in prepared.content
        assert not opened(prepared).getexif()


def test_the_same_image_gives_the_same_bytes() -> None:
    for fit in RESIZING:
        first, second = (prepare_image(PHOTOS[1], (1280, 720), Framing(fit)) for _ in range(2))
        assert first == second


def test_the_hash_is_that_of_the_file() -> None:
    path = PHOTOS[0]
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert hash_image(path) == expected
    assert prepare_image(path, (64, 64), Framing(Fit.COVER)).source_sha256 == expected


@pytest.mark.parametrize(
    ("stem", "file_name"),
    [
        ("café au lait", "cafe-au-lait.png"),
        ("猫", "image.png"),
        ('a"b\r\nc', "a-b-c.png"),
        ("x" * 200, "x" * 60 + ".png"),
        ("--", "image.png"),
    ],
)
def test_a_file_name_is_safe_in_a_header(tmp_path: Path, stem: str, file_name: str) -> None:
    quarters().save(tmp_path / f"{stem}.png")
    assert (
        prepare_image(tmp_path / f"{stem}.png", (64, 32), Framing(Fit.EXACT)).file_name == file_name
    )


def test_png_stays_png_and_the_others_become_jpeg(tmp_path: Path) -> None:
    for format_, kind in {"PNG": "PNG", "JPEG": "JPEG", "BMP": "JPEG", "GIF": "JPEG"}.items():
        quarters().save(tmp_path / "picture", format_)
        assert (
            opened(prepare_image(tmp_path / "picture", (32, 32), Framing(Fit.COVER))).format == kind
        )


# Orientation


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_every_orientation_is_set_upright(tmp_path: Path, format_: str, orientation: int) -> None:
    upright = quarters((64, 32))
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
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    path = tmp_path / "turned"
    (upright.transpose(lying) if lying is not None else upright).save(path, format_, exif=exif)
    assert inspect_image(path).size == (64, 32)
    prepared = prepare_image(path, (64, 32), Framing(Fit.EXACT))
    corners = [pixel(prepared, place) for place in ((4, 4), (59, 4), (4, 27), (59, 27))]
    assert all(map(close, corners, (RED, GREEN, BLUE, WHITE)))
    assert ("rotated by EXIF" in prepared.notes) == (orientation != 1)


def test_a_large_jpeg_on_its_side_is_not_decoded_too_small(tmp_path: Path) -> None:
    """Every second row is black: decoded at a half, the whole would be grey."""
    picture = Image.new("L", (512, 128), 255)
    for row in range(0, 128, 2):
        picture.paste(0, (0, row, 512, row + 1))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    picture.save(tmp_path / "side.jpg", exif=exif, quality=95)
    prepared = prepare_image(tmp_path / "side.jpg", (256, 64), Framing(Fit.COVER))
    assert opened(prepared).convert("L").getextrema() == pytest.approx((0, 255), abs=30)


def test_broken_exif_is_no_reason_to_refuse_a_picture(tmp_path: Path) -> None:
    quarters().save(tmp_path / "odd.jpg", exif=b"Exif\0\0not a TIFF at all")
    assert inspect_image(tmp_path / "odd.jpg").orientation == 1


# Colours


def test_cmyk_becomes_rgb(tmp_path: Path) -> None:
    Image.new("CMYK", (64, 64), (0, 255, 255, 0)).save(tmp_path / "print.jpg")
    prepared = prepare_image(tmp_path / "print.jpg", (32, 32), Framing(Fit.COVER))
    assert close(pixel(prepared, (9, 9)), RED)
    assert prepared.notes == ("CMYK converted",)


def test_a_picture_with_a_profile_is_converted_through_it(tmp_path: Path) -> None:
    """The profile of sRGB with red and green swapped stands in for a camera's own colours."""
    profile = _with_swapped_primaries(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")))
    Image.new("RGB", (64, 64), RED).save(tmp_path / "wide.png", icc_profile=profile)
    prepared = prepare_image(tmp_path / "wide.png", (32, 32), Framing(Fit.COVER))
    assert prepared.notes == ("colours converted to sRGB",)
    assert close(pixel(prepared, (9, 9)), GREEN)
    assert "icc_profile" not in opened(prepared).info


def _with_swapped_primaries(profile: ImageCms.ImageCmsProfile) -> bytes:
    """Return sRGB's profile under another name, with red and green swapped."""
    content = profile.tobytes().replace(b"s\0R\0G\0B\0", b"x\0R\0G\0B\0").replace(b"sRGB", b"xRGB")
    return content.replace(b"rXYZ", b"----").replace(b"gXYZ", b"rXYZ").replace(b"----", b"gXYZ")


@pytest.mark.parametrize("profile", [b"nonsense", b"x" * 500])
def test_a_broken_profile_is_passed_over(tmp_path: Path, profile: bytes) -> None:
    quarters().save(tmp_path / "odd.png", icc_profile=profile)
    assert (
        prepare_image(tmp_path / "odd.png", (32, 32), Framing(Fit.COVER))
        .notes[0]
        .startswith("cropped")
    )


def test_sixteen_bits_become_eight_without_clipping(tmp_path: Path) -> None:
    Image.new("I;16", (64, 64), 0x8000).save(tmp_path / "deep.png")
    prepared = prepare_image(tmp_path / "deep.png", (32, 32), Framing(Fit.COVER))
    assert pixel(prepared, (9, 9)) == (128, 128, 128)
    assert prepared.notes == ("16 bit reduced to 8",)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P", "RGB"])
def test_what_is_transparent_becomes_white(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "clear.png"
    if mode == "P":
        quarters().resize((64, 64)).quantize(4).point(lambda _: 2).save(path, transparency=2)
    elif mode == "RGB":
        Image.new("RGB", (64, 64), RED).save(path, transparency=RED)
    else:
        Image.new(mode, (64, 64), 0).save(path)
    prepared = prepare_image(path, (64, 64), Framing(Fit.EXACT))
    assert opened(prepared).getcolors() == [(64 * 64, WHITE)]
    assert prepared.notes == ("alpha flattened on white",)


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_other_pixels_become_rgb_without_a_word(tmp_path: Path, mode: str) -> None:
    quarters().convert(mode).save(tmp_path / "plain.png")
    prepared = prepare_image(tmp_path / "plain.png", (64, 32), Framing(Fit.EXACT))
    assert opened(prepared).mode == "RGB"
    assert prepared.notes == ()


# The plan and the deed


PARTS = st.floats(0, 1)
FRAMINGS = st.builds(
    Framing,
    st.sampled_from(list(Fit)),
    st.builds(Focus, PARTS, PARTS),
    st.sampled_from(["blur", "#102030"]),
)


@example(
    sizes=((1, 51), (1, 75)), mode="L", orientation=1, framing=Framing()
)  # an edge passed by 1e-15
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sizes=st.tuples(*[st.tuples(st.integers(1, 90), st.integers(1, 90))] * 2),
    mode=st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16"]),
    orientation=st.integers(0, 9),
    framing=FRAMINGS,
)
def test_the_plan_says_what_the_deed_will(
    tmp_path: Path,
    sizes: tuple[tuple[int, int], tuple[int, int]],
    mode: str,
    orientation: int,
    framing: Framing,
) -> None:
    source, size = sizes
    path = tmp_path / "any"
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    format_ = "JPEG" if mode == "CMYK" else "PNG"
    Image.new(mode, source).save(path, format_, exif=exif)
    try:
        planned = fitted_notes(inspect_image(path), size, framing)
    except ImageProblem as refused:
        with pytest.raises(ImageProblem, match=refused.what):
            prepare_image(path, size, framing)
        return
    prepared = prepare_image(path, size, framing)
    assert prepared.notes == planned
    assert opened(prepared).size == size
    assert (prepared.content == path.read_bytes()) <= (planned == ())


SIDES = st.integers(1, 5000)


@given(source=st.tuples(SIDES, SIDES), size=st.tuples(SIDES, SIDES), focus=st.tuples(PARTS, PARTS))
def test_a_crop_is_the_largest_of_its_proportions_inside_the_picture(
    source: tuple[int, int], size: tuple[int, int], focus: tuple[float, float]
) -> None:
    left, top, right, bottom = crop_box(source, size, Focus(*focus))
    assert 0 <= left < right <= source[0]
    assert 0 <= top < bottom <= source[1]
    assert (right - left) / (bottom - top) == pytest.approx(size[0] / size[1])
    assert right - left == pytest.approx(source[0]) or bottom - top == pytest.approx(source[1])


def test_a_picture_full_of_detail_survives_every_fit(tmp_path: Path) -> None:
    noise = random.Random(7).randbytes(200 * 100 * 3)
    Image.frombytes("RGB", (200, 100), noise).save(tmp_path / "noise.png")
    for fit in RESIZING:
        assert prepare_image(tmp_path / "noise.png", (96, 160), Framing(fit)).height == 160
