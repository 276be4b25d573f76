"""A run of forty jobs, rehearsed: some fail, two are in doubt, the service asks for a pause."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from door.door import Desk, service

from batchsora.simulator import Fault

PHOTOGRAPHS = Path(__file__).parents[2] / "manifests" / "images"
IMAGES = ("cat.png", "coffee.jpg", "galaxies.jpg", "rocket.jpg")
MOODS = ("calm", "bright", "dark")
JOBS, DONE, FAILED, DOUBTS = 40, 34, 4, 2
HOSTILE = "<script>alert(1)</script>"
FAULTS = (
    Fault("create", "429", nth=(6,), retry_after="1"),
    Fault("create", "moderated", match="storm"),
    Fault("create", "render_failed", match="smoke"),
    Fault("create", "lost_before", match="fog"),
)
# what else a scene says decides what becomes of it
WEATHER = {3: "a storm", 9: "smoke", 12: "fog", 17: "a storm", 23: "smoke", 30: "fog"}


def rows() -> list[dict[str, Any]]:
    """Write the rows: one with three takes, then scenes over four photographs."""
    hat = {
        "id": "cat-hat",
        "image": "images/cat.png",
        "prompt": "A tiny straw hat floats down and lands on the cat's head",
        "takes": 3,
        "tags": ["hero", "animals"],
        "vars": {"mood": "calm", "remark": HOSTILE},
    }
    return [hat, *map(_scene, range(1, JOBS - 2))]


def _scene(number: int) -> dict[str, Any]:
    weather = WEATHER.get(number, "rain on glass")
    return {
        "id": f"scene-{number:02}",
        "image": f"images/{IMAGES[number % len(IMAGES)]}",
        "prompt": f"Slow push-in, number {number}, with {weather}",
        "size": "1280x720" if number % 3 == 0 else "720x1280",
        "seconds": 8 if number % 5 == 0 else 4,
        "tags": ["hero"] if number % 10 == 0 else [],
        "vars": {"mood": MOODS[number % len(MOODS)], "remark": ""},
    }


def rehearse(folder: Path, clip: str = "tiny") -> Path:
    """Run them in a folder; where the run folder is."""
    desk = Desk(folder)
    shutil.copytree(PHOTOGRAPHS, folder / "images")
    desk.writes(json.dumps({"name": "work", "defaults": {"model": "sora-2"}, "rows": rows()}))
    # without a list, an answer that was lost can't be looked for
    story = {"list_endpoint": False, "faults": FAULTS, "clip": clip, "queue_s": (0.1, 0.4)}
    with service(folder / "state", **story) as shop:
        said = desk.buys(shop.url)
    assert said.code == 6, said.err  # two are in doubt
    return desk.run_folder
