"""What is sent of four odd images looks as it did when a person looked at each of them."""

from itertools import combinations

import pytest
from golden_pictures import FOLDER, FRAMINGS, SIZE, SOURCES, golden, sent
from PIL import ExifTags, Image, ImageChops, ImageFilter, ImageOps, ImageStat

from batchsora.job import Fit, Focus, Framing
from batchsora.media.images import ImageProblem, inspect_image, prepare_image

# Of 255, between pictures slightly softened, so that the noise of two codecs does not count.
MOST_ON_AVERAGE = 1.5
MOST_ANYWHERE = 30
MOST_BYTES = 400_000

EVERY_SOURCE = pytest.mark.parametrize("source", SOURCES)


def differ(one: Image.Image, other: Image.Image) -> bool:
    assert one.size == other.size
    softened = [picture.filter(ImageFilter.GaussianBlur(1)) for picture in (one, other)]
    difference = ImageStat.Stat(ImageChops.difference(*softened))
    most = max(high for _, high in difference.extrema)
    return max(difference.mean) > MOST_ON_AVERAGE or most > MOST_ANYWHERE


@EVERY_SOURCE
@pytest.mark.parametrize("framing", FRAMINGS)
def test_what_is_sent_looks_as_it_did(source: str, framing: str) -> None:
    picture = sent(source, FRAMINGS[framing])
    assert picture.size == SIZE
    assert not differ(picture, golden(source)[framing])


@EVERY_SOURCE
def test_exact_refuses_another_size_and_leaves_its_own_as_it_is(source: str) -> None:
    with pytest.raises(ImageProblem, match="not exactly the 96x160 ordered"):
        prepare_image(FOLDER / source, SIZE, Framing(Fit.EXACT))
    with Image.open(FOLDER / source) as image:
        upright = ImageOps.exif_transpose(image)
        layer = upright.convert("RGBA")
    expected = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    size = inspect_image(FOLDER / source).size
    assert not differ(sent(source, Framing(Fit.EXACT), size), expected)


# That they can tell


@EVERY_SOURCE
def test_each_framing_is_told_from_every_other(source: str) -> None:
    pictures = golden(source)
    for one, other in combinations(FRAMINGS, 2):
        assert differ(pictures[one], pictures[other]), (one, other)


@EVERY_SOURCE
def test_a_picture_turned_or_flipped_is_told(source: str) -> None:
    whole = golden(source)["cover"]
    for turn in (
        Image.Transpose.ROTATE_180,
        Image.Transpose.FLIP_LEFT_RIGHT,
        Image.Transpose.FLIP_TOP_BOTTOM,
    ):
        assert differ(whole, whole.transpose(turn)), turn


@EVERY_SOURCE
@pytest.mark.parametrize(
    ("meant", "wrong"),
    [
        ("cover, low right", Framing(Fit.COVER, Focus(0.6, 0.4))),
        ("cover, top left", Framing(Fit.COVER, Focus(0.25, 0.45))),
        ("contain, on orange", Framing(Fit.CONTAIN, pad="#ff8080")),
        ("contain, on orange", Framing(Fit.CONTAIN, pad="#0088ff")),
    ],
)
def test_a_slightly_wrong_focus_or_colour_is_told(source: str, meant: str, wrong: Framing) -> None:
    assert differ(golden(source)[meant], sent(source, wrong))


def test_the_sources_are_as_odd_as_they_are_said_to_be() -> None:
    facts = {source: inspect_image(FOLDER / source) for source in SOURCES}
    with Image.open(FOLDER / "portrait.jpg") as portrait:
        assert portrait.width > portrait.height
        assert portrait.getexif()[ExifTags.Base.Orientation] == 6
    assert facts["portrait.jpg"].size == (360, 720)
    assert facts["print.jpg"].mode == "CMYK"
    assert facts["clear.png"].has_alpha
    assert facts["panorama.jpg"].size == (1000, 200)


def test_the_golden_pictures_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < MOST_BYTES
