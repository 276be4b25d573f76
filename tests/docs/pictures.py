"""Writes docs/pictures/report-*.png, the page of a rehearsed campaign: run it when that changed.

PYTHONPATH=.:tests python tests/docs/pictures.py
"""

from __future__ import annotations

import io
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from door.door import Desk, service
from page.browsing import Visit, chromium, visiting
from PIL import Image

from batchsora.simulator import Fault

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
MOST_BYTES = 250_000
DESKTOP, PHONE = (1180, 810), (360, 720)
SCENES = (
    ("cat-wink", "cat.png", "The cat winks at the camera, then yawns as if nothing had happened"),
    ("rocket-launch", "rocket.jpg", "The rocket lifts off in slow motion, smoke rolling closer"),
    ("coffee-steam", "coffee.jpg", "Steam curls up from the cup, a spoon stirs once"),
    ("galaxies-drift", "galaxies.jpg", "Slow drift through the star field, galaxies turning"),
)
LIGHTS = (
    "morning", "noon", "dusk", "night", "studio", "neon", "candle", "moonlit", "noir", "pastel",
)  # fmt: skip
FAULTS = (
    Fault("create", "moderated", match="neon"),
    Fault("create", "lost_before", match="cup, a spoon stirs once, noir"),
)


def main() -> None:
    """Rehearse the campaign, and photograph its page three times."""
    with tempfile.TemporaryDirectory(prefix="batchsora-pictures-") as name:
        page = rehearsed(Path(name))
        with chromium() as browser:
            for look, how in {
                "light": {"size": DESKTOP},
                "dark": {"size": DESKTOP, "scheme": "dark"},
                "phone": {"size": PHONE},
            }.items():
                with visiting(browser, page, **how) as visit:  # type: ignore[arg-type]
                    write(photographed(visit), PICTURES / f"report-{look}.png")


def rehearsed(folder: Path) -> Path:
    """Run the campaign against a simulated service; its page."""
    desk = Desk(folder)
    shutil.copytree(ROOT / "manifests" / "images", folder / "images")
    manifest = {"name": "spring", "defaults": {"model": "sora-2"}, "rows": list(rows())}
    desk.writes(json.dumps(manifest))
    story = {"list_endpoint": False, "clip": "full", "render_s": (1, 6), "faults": FAULTS}
    with service(folder / "state", **story) as shop:
        desk.buys(shop.url)
    page = folder / "runs" / "spring" / "report.html"
    # the port that it happened to listen at tells nobody anything
    page.write_text(re.sub(r'"http://127[^"]*"', '"simulator"', page.read_text("utf-8")), "utf-8")
    return page


def rows() -> Iterator[dict[str, Any]]:
    """Write forty rows: each scene in each light."""
    for light in LIGHTS:
        for scene, image, prompt in SCENES:
            wide = scene == "rocket-launch"
            yield {
                "id": f"{scene}-{light}",
                "image": f"images/{image}",
                "prompt": f"{prompt}, {light} light",
                "size": "1280x720" if wide else "720x1280",
                "tags": ["hero", scene.partition("-")[0]] if wide else [scene.partition("-")[0]],
                "vars": {"light": light},
            }


def photographed(visit: Visit) -> bytes:
    """Take a picture once first frames are there, some clips being marked."""
    visit.card("cat-wink-morning").get_by_role("button", name="Keep").click()
    visit.page.locator("canvas.frame").nth(2).wait_for()
    visit.page.evaluate("scrollTo(0, 0)")
    visit.page.mouse.move(2, 2)
    visit.page.wait_for_timeout(5000)  # until what was told is gone
    return visit.page.screenshot()


def write(picture: bytes, path: Path) -> None:
    """Write a picture with a palette, which halves it."""
    small = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as image:
        whole = image.convert("RGB")
        dithered = whole.quantize(palette=whole.quantize(256), dither=Image.Dither.FLOYDSTEINBERG)
        dithered.save(small, "PNG", optimize=True)
    if small.tell() > MOST_BYTES:
        raise SystemExit(f"{path.name} has {small.tell():,} bytes")
    path.write_bytes(small.getvalue())


if __name__ == "__main__":
    main()
