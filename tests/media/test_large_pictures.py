"""A large picture takes the memory of its pixels once, and looks as it would by any other way."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from batchsora.job import Framing
from batchsora.media.images import prepare_image

SIZE = (360, 640)
SIDE = 6000  # 36 million pixels, 144 MB decoded where a pixel has four bytes
LEAST_MB, MOST_MB = 60, 270  # five pictures of that size once stood beside each other

# A process of its own, by what it says itself: a peak of before `exec` is not counted in VmHWM.
MEASURED = """
import re, sys
from pathlib import Path
from batchsora.job import Framing
from batchsora.media.images import prepare_image
prepared = prepare_image(Path(sys.argv[1]), (360, 640), Framing())
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(int(peak[1]) // 1000, prepared.width, prepared.height)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is told by Linux only")
@pytest.mark.parametrize("mode", ["RGBA", "LA", "I;16"])
def test_a_large_picture_is_prepared_in_little_more_than_its_pixels(
    tmp_path: Path, mode: str
) -> None:
    path = tmp_path / "large.png"
    Image.new(mode, (SIDE, SIDE)).save(path, compress_level=1)
    told = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, check=True
    )
    peak_mb, *size = map(int, told.stdout.split())
    assert tuple(size) == SIZE
    assert LEAST_MB < peak_mb < MOST_MB


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_a_picture_brought_down_by_tiles_looks_as_one_resized_at_once(
    tmp_path: Path, orientation: int
) -> None:
    lying = orientation == 6
    size = (5443, 3067) if lying else (3067, 5443)  # no whole factor, more than one tile
    rings = Image.radial_gradient("L").resize(size)
    picture = Image.merge("RGB", (rings, rings.transpose(Image.Transpose.FLIP_LEFT_RIGHT), rings))
    picture.paste((255, 0, 0), (0, 0, 900, 700))
    picture.putalpha(rings.point(lambda value: 255 - value // 2))
    exif = Image.Exif()
    exif[274] = orientation
    path = tmp_path / "large.png"
    picture.save(path, compress_level=1, exif=exif)
    turned = {1: 0, 3: 180, 6: 270}[orientation]
    white = Image.new("RGBA", size, "white")
    flat = Image.alpha_composite(white, picture).convert("RGB").rotate(turned, expand=True)
    small = 180, 320
    prepared = prepare_image(path, small, Framing())
    (tmp_path / "sent.png").write_bytes(prepared.content)
    with Image.open(tmp_path / "sent.png") as sent:
        difference = ImageChops.difference(sent, flat.resize(small, Image.Resampling.LANCZOS))
    assert max(ImageStat.Stat(difference).mean) < 1
