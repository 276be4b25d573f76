"""Small pictures of what was sent, for the page; and what of them it shows."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image as Pillow

from batchsora.job import BLUR, Fit, Framing, Image, Job, Order, Size
from batchsora.runner.thumbs import keep_thumb, thumb_of

IMAGE = Image("cat.png", "ab" * 32)
ORDER = Order("a cat", "sora-2", 4, Size(720, 1280), image=IMAGE)


def picture(kind: str, size: tuple[int, int] = (720, 1280)) -> bytes:
    target = io.BytesIO()
    Pillow.new("RGB", size, "teal").save(target, kind)
    return target.getvalue()


def job(order: Order = ORDER) -> Job:
    return Job(order.key(), "cat", order, "videos/cat.mp4")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work" / "partial").mkdir(parents=True)
    return tmp_path


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_what_was_sent_is_kept_small(folder: Path, kind: str) -> None:
    keep_thumb(folder, job(), picture(kind))
    thumb = thumb_of(ORDER)
    assert thumb is not None
    with Pillow.open(folder / thumb) as small:
        assert (small.format, small.size) == ("JPEG", (225, 400))
        red, green, blue = small.convert("RGB").getpixel((60, 60))  # type: ignore[misc]  # Pillow's stub allows None
        assert red < 20 < green
        assert abs(green - blue) < 10
    assert not list((folder / "work" / "partial").iterdir())


def test_takes_share_a_picture_and_other_sizes_and_framings_do_not() -> None:
    others = [
        replace(ORDER, size=Size(1280, 720)),
        replace(ORDER, framing=Framing(Fit.CONTAIN, pad=BLUR)),
        replace(ORDER, image=Image("cat.png", "cd" * 32)),
    ]
    assert thumb_of(replace(ORDER, take=2, prompt="a dog")) == thumb_of(ORDER)
    assert len({thumb_of(it) for it in (ORDER, *others)}) == 4


def test_without_an_image_there_is_none(folder: Path) -> None:
    order = replace(ORDER, image=None)
    assert thumb_of(order) is None
    keep_thumb(folder, job(order), b"")
    assert not (folder / "work" / "thumbs").exists()


def test_a_picture_that_is_there_is_not_made_again(folder: Path) -> None:
    thumb = thumb_of(ORDER)
    assert thumb is not None
    (folder / thumb).parent.mkdir()
    (folder / thumb).write_bytes(b"mine")
    keep_thumb(folder, job(), picture("PNG"))
    assert (folder / thumb).read_bytes() == b"mine"


def test_no_job_fails_for_want_of_a_small_picture(folder: Path) -> None:
    (folder / "work" / "thumbs").write_text("a file in its place")
    keep_thumb(folder, job(), picture("PNG"))
    assert (folder / "work" / "thumbs").read_text() == "a file in its place"
