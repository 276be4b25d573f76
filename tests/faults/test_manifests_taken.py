"""Manifests and images that look odd and are right: bought as they were meant."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from .ended import case, ends, read_ledger
from .looped import met, prompts, story, written

pytestmark = pytest.mark.looptime

PART = "Manifests"
PHOTOGRAPHS = Path(__file__).parents[2] / "manifests" / "images"
WIDE = (640, 360)
RED, GREEN, BLUE = (220, 30, 30), (30, 200, 30), (30, 30, 220)


@pytest.mark.parametrize(
    "prompt",
    [
        case(
            text,
            fault=(PART, f"`{text}` as a prompt in YAML", "it stays text: bought as written (0)"),
        )
        for text in ("no", "12:30", "010", "1e3", "2026-01-31", "0x1F")
    ],
)
async def test_what_yaml_takes_for_something_else_stays_text(folder: Path, prompt: str) -> None:
    path = folder / "work.yaml"
    path.write_text(f"rows:\n  - prompt: {prompt}\n")
    ended = await met(folder, story(), path)
    ends(ended, creates=1, jobs={"done": 1}, code=0)
    assert prompts(folder) == [prompt]


TABLE = "prompt,sku\nÄpfel fallen,7\nBirnen auch,8\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        case(
            name,
            content,
            fault=(PART, f"CSV with {what}", "read as it is meant; both rows are bought (0)"),
        )
        for what, name, content in (
            ("a BOM", "work.csv", TABLE.encode("utf-8-sig")),
            ("CRLF", "work.csv", TABLE.replace("\n", "\r\n").encode()),
            ("`;` between the cells", "work.csv", TABLE.replace(",", ";").encode()),
            ("tabs between the cells", "work.csv", TABLE.replace(",", "\t").encode()),
            (
                "all that Excel does to it",
                "work.csv",
                TABLE.replace(",", ";").replace("\n", "\r\n").encode("utf-8-sig"),
            ),
        )
    ],
)
async def test_a_table_is_read_as_sheets_write_it(folder: Path, name: str, content: bytes) -> None:
    path = folder / name
    path.write_bytes(content)
    ended = await met(folder, story(), path)
    ends(ended, creates=2, jobs={"done": 2}, code=0)
    assert prompts(folder) == ["Äpfel fallen", "Birnen auch"]
    assert [it["columns"] for it in read_ledger(folder / "run")] == ['{"sku": "7"}', '{"sku": "8"}']


def striped() -> Image.Image:
    """Draw red over green over blue."""
    image = Image.new("RGB", WIDE, GREEN)
    ImageDraw.Draw(image).rectangle((0, 0, WIDE[0], WIDE[1] // 3), RED)
    ImageDraw.Draw(image).rectangle((0, WIDE[1] * 2 // 3, *WIDE), BLUE)
    return image


def turned(path: Path) -> None:
    """Save it lying on its side, with the note that says so, as telephones do."""
    exif = Image.Exif()
    exif[0x0112] = 6
    striped().transpose(Image.Transpose.ROTATE_90).save(path, "JPEG", exif=exif, quality=95)


def in_four_inks(path: Path) -> None:
    striped().convert("CMYK").save(path, "JPEG", quality=95)


def in_sixteen_bits(path: Path) -> None:
    image = Image.new("I;16", WIDE)
    image.putdata([at % WIDE[0] * 100 for at in range(WIDE[0] * WIDE[1])])
    image.save(path, "PNG")


def in_a_palette(path: Path) -> None:
    striped().quantize(16).save(path, "PNG")


def see_through(path: Path) -> None:
    image = striped().convert("RGBA")
    image.putalpha(200)
    image.save(path, "PNG")


@pytest.mark.parametrize(
    ("save", "is_striped"),
    [
        case(
            save,
            is_striped,
            fault=(
                PART,
                f"an image {what}",
                f"{expected}: sent as plain JPEG or PNG of the size ordered (0)",
            ),
        )
        for save, is_striped, what, expected in (
            (turned, True, "with EXIF rotation", "turned upright"),
            (in_four_inks, True, "in CMYK", "converted"),
            (in_sixteen_bits, False, "of 16 bits a channel", "converted"),
            (in_a_palette, True, "with a palette", "converted"),
            (see_through, False, "with alpha", "flattened"),
        )
    ],
)
async def test_an_odd_image_is_sent_as_the_service_wants_it(
    folder: Path, save: Callable[[Path], None], *, is_striped: bool
) -> None:
    save(folder / "odd")
    row = {"id": "odd", "image": "odd", "prompt": "It moves", "size": "1280x720"}
    ended = await met(folder, story(), written(folder / "work.jsonl", [row]))
    ends(ended, creates=1, jobs={"done": 1}, code=0)
    (kept,) = (folder / "simulator" / "images").iterdir()
    with Image.open(io.BytesIO(kept.read_bytes())) as sent:
        assert (sent.size, sent.mode) == ((1280, 720), "RGB")
        assert not sent.getexif()
        if is_striped:
            for y, colour in ((100, RED), (360, GREEN), (620, BLUE)):
                found = sent.getpixel((640, y))
                assert isinstance(found, tuple)
                assert all(abs(it - want) < 40 for it, want in zip(found, colour, strict=True))


@pytest.mark.fault(
    PART,
    "an image that changed between plan and submit",
    "that job fails as image_unreadable, unsent (1)",
)
async def test_an_image_that_changed_since_the_plan_fails_its_own_job_only(folder: Path) -> None:
    for name in ("cat.png", "coffee.jpg"):
        shutil.copy(PHOTOGRAPHS / name, folder)
    rows = [{"id": it[:3], "image": it, "prompt": "It moves"} for it in ("cat.png", "coffee.jpg")]

    def change(_: object) -> None:
        shutil.copy(PHOTOGRAPHS / "rocket.jpg", folder / "cat.png")

    ended = await met(folder, story(), rows, meanwhile=change)
    ends(ended, creates=1, jobs={"done": 1, "failed: image_unreadable": 1}, code=1)
