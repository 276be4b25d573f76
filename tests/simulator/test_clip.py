from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageOps, ImageStat

from batchsora.simulator.clip import Abandoned, Film, make_clip, make_thumbnail

PHOTOGRAPHS = Path(__file__).parents[2] / "manifests" / "images"


def film(picture: Path | None, size: tuple[int, int], seconds: int, seed: str = "") -> Film:
    return Film(picture, seed, *size, seconds, zooms=True)


def fitted(name: str, size: tuple[int, int], folder: Path) -> Path:
    path = folder / f"{name}.png"
    with Image.open(PHOTOGRAPHS / name) as photograph:
        ImageOps.fit(photograph.convert("RGB"), size).save(path)
    return path


def picture_of(frame: av.VideoFrame) -> Image.Image:
    picture: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    return picture


def decoded(path: Path) -> list[Image.Image]:
    with av.open(str(path)) as file:
        assert file.streams.video[0].codec.name == "h264"
        return [picture_of(frame) for frame in file.decode(video=0)]


def duration_s(path: Path) -> float:
    with av.open(str(path)) as file:
        stream = file.streams.video[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        return float(stream.duration * stream.time_base)


def difference(one: Image.Image, other: Image.Image) -> float:
    """Return how far two pictures are apart, on average, of 255."""
    apart = ImageChops.difference(one.convert("RGB"), other.convert("RGB"))
    return sum(ImageStat.Stat(apart).mean) / 3


@pytest.mark.parametrize(
    ("size", "seconds"), [((720, 1280), 4), ((1280, 720), 4), ((64, 96), 1), ((64, 96), 12)]
)
def test_a_clip_has_the_size_and_the_length_that_were_ordered(
    tmp_path: Path, size: tuple[int, int], seconds: int
) -> None:
    target = tmp_path / "clip.mp4"

    make_clip(film(fitted("cat.png", size, tmp_path), size, seconds), target, lambda: False)

    frames = decoded(target)
    assert len(frames) == seconds * 24
    assert {frame.size for frame in frames} == {size}
    assert duration_s(target) == seconds


def test_the_first_frame_is_the_picture_and_the_last_is_nearer(tmp_path: Path) -> None:
    picture = fitted("rocket.jpg", (360, 640), tmp_path)
    target = tmp_path / "clip.mp4"

    make_clip(film(picture, (360, 640), 4), target, lambda: False)

    frames = decoded(target)
    with Image.open(picture) as still:
        assert difference(frames[0], still) < 4
        zoomed = ImageOps.fit(still.crop((13, 24, 347, 616)), still.size)
        assert difference(frames[-1], zoomed) < difference(frames[-1], still)


def test_the_clip_says_that_it_is_simulated(tmp_path: Path) -> None:
    make_clip(film(None, (360, 640), 1, "sea"), tmp_path / "clip.mp4", lambda: False)

    first = decoded(tmp_path / "clip.mp4")[0]
    plain = film(None, (360, 640), 1, "sea").still()
    foot = (120, 560, 240, 600)
    head = (120, 40, 240, 80)
    assert difference(first.crop(foot), plain.crop(foot)) > 10
    assert difference(first.crop(head), plain.crop(head)) < 4


def test_the_mark_is_still_in_the_last_frame_of_the_longest_clip(tmp_path: Path) -> None:
    make_clip(film(None, (180, 320), 12, "sea"), tmp_path / "clip.mp4", lambda: False)

    last = decoded(tmp_path / "clip.mp4")[-1]
    plain = film(None, (180, 320), 12, "sea").still()
    foot = (60, 295, 120, 307)
    assert difference(last.crop(foot), plain.crop(foot)) > 10


def test_different_pictures_and_different_prompts_make_different_clips(tmp_path: Path) -> None:
    size = (64, 96)
    films = [
        film(fitted("cat.png", size, tmp_path), size, 1),
        film(fitted("coffee.jpg", size, tmp_path), size, 1),
        film(None, size, 1, "a boat"),
        film(None, size, 1, "a storm"),
    ]
    for number, one in enumerate(films):
        make_clip(one, tmp_path / f"{number}.mp4", lambda: False)

    assert len({(tmp_path / f"{number}.mp4").read_bytes() for number in range(4)}) == 4


def test_the_index_is_in_front_so_that_a_player_can_start_at_once(tmp_path: Path) -> None:
    make_clip(film(None, (64, 96), 1), tmp_path / "clip.mp4", lambda: False)

    content = (tmp_path / "clip.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


def test_a_clip_that_is_abandoned_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(Abandoned):
        make_clip(film(None, (64, 96), 1), tmp_path / "clip.mp4", lambda: True)

    assert list(tmp_path.iterdir()) == []


def test_a_thumbnail_is_a_small_webp(tmp_path: Path) -> None:
    make_thumbnail(film(None, (720, 1280), 4), tmp_path / "clip.webp")

    with Image.open(tmp_path / "clip.webp") as image:
        assert (image.format, image.size) == ("WEBP", (270, 480))
