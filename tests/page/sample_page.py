"""Pages of made-up runs, of any size: what a browser needs, and no run. Seeded, no clock."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from batchsora.lifecycle import FILE_MISSING_HINT
from batchsora.reports.page.gallery import gallery_fields
from batchsora.reports.page.shell import open_shell

BEGAN_MS = 1_790_000_000_000
SIZES = ("720x1280", "1280x720")
STATUSES = ("done",) * 17 + ("failed", "in_doubt", "running", "rendered", "pending")
REASONS = ("moderated", "render_failed", "expired")
OWN = ("mood", "sku")
SPENT = ("sora-2", "720x1280", 9, 8, "3.20", 1)
Cells = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """What a made-up page shows: `jobs` by the names of their fields."""

    jobs: list[Cells]
    own: tuple[str, ...] = OWN
    name: str = "made-up"
    clips: str = ""
    more: dict[str, Any] = field(default_factory=dict)


def sample(count: int, seed: int = 1) -> Sample:
    """Make up so many jobs, most of them done."""
    chance = random.Random(seed)
    return Sample([made_up(number, chance) for number in range(count)])


def made_up(number: int, chance: random.Random, /, **cells: Any) -> Cells:
    """Make up a job; `cells` are said of it instead."""
    status = chance.choice(STATUSES)
    size = SIZES[number % 5 == 2]
    told = {
        "key": f"{number:032x}",
        "name": f"sku-{number:05}",
        "row": number + 1,
        "id": f"sku-{number:05}",
        "take": 1,
        "status": status,
        "reason": chance.choice(REASONS) if status == "failed" else None,
        "file": f"videos/sku-{number:05}.mp4" if status == "done" else None,
        "image": f"images/{number % 1000}.jpg",
        "prompt": f"Slow push-in on product number {number}, golden hour, dust in the light",
        "model": "sora-2-pro" if number % 11 == 7 else "sora-2",
        "seconds": 8 if number % 5 == 2 else 4,
        "size": size,
        "mood": chance.choice(("calm", "bright", "dark")),
        "sku": f"SKU-{number:05}",
        "video_id": None if status in {"pending", "in_doubt"} else f"video_{number:032x}",
        "attempts": 1,
        "render_s": round(chance.gauss(61, 14), 1) if status == "done" else None,
        "cost_usd": "0.00" if status == "pending" else "0.80" if size == SIZES[1] else "0.40",
        "error_code": "moderation_blocked" if status == "failed" else None,
        "error_message": "Your request was blocked." if status == "failed" else None,
        "tags": [("hero", "animals", "spring")[number % 3]] if number % 4 else [],
        "picture": 0,
        **_times(number, status, chance),
    }
    return {**told, **cells}


def _times(number: int, status: str, chance: random.Random) -> Cells:
    """Make up how far a job came, and when."""
    sent = BEGAN_MS + number * 500
    steps = {
        "recorded_ms": BEGAN_MS,
        "sent_ms": sent,
        "accepted_ms": sent + 400,
        "rendering_ms": sent + 400 + chance.randrange(20_000),
        "completed_ms": sent + 70_000,
        "fetching_ms": sent + 74_000,
        "kept_ms": sent + 76_000,
    }
    known = {"pending": 1, "in_doubt": 2, "running": 4, "failed": 5, "rendered": 5}.get(status, 7)
    return dict(list(steps.items())[:known])


def page_of(made: Sample) -> str:
    """Write the page, as a run's is written."""
    shell = open_shell(made.name, "made up")
    data = json.dumps(_data(made)).translate({ord(it): f"\\u{ord(it):04x}" for it in "<>&"})
    return f"{shell.before}{data}{shell.between}{made.clips}{shell.after}"


def _data(made: Sample) -> dict[str, Any]:
    fields = gallery_fields(made.own)
    states = Counter(job["status"] for job in made.jobs)
    reasons = Counter(job["reason"] for job in made.jobs if job["reason"])
    return {
        "version": 1,
        "run": {
            "name": made.name,
            "service": "simulator",
            "target": "runs/made-up",
            "began_at": BEGAN_MS,
            "reported_at": BEGAN_MS + 900_000 + 500 * len(made.jobs),
            "budget_usd": None,
        },
        "totals": {
            "jobs": len(made.jobs),
            "states": dict(states),
            "reasons": dict(reasons),
            "spent_usd": "14.40",
            "reserved_usd": "0.00",
            "in_doubt_usd": "0.80",
            "left_usd": "0.40",
            "projected_usd": "15.20",
            "unpriced": 0,
        },
        "spend": [
            dict(zip(("model", "size", "jobs", "clips", "usd", "unpriced"), SPENT, strict=True)),
        ],
        "renders": [
            {
                "model": "sora-2", "seconds": 4, "clips": 12, "median_s": 51.0, "p90_s": 65.2,
                "buckets": [[40.0, 50.0, 3], [50.0, 60.0, 7], [60.0, 70.0, 2]],
            }
        ],
        "pauses": [],
        "columns": list(made.own),
        "fields": fields,
        "jobs": [[job.get(name) for name in fields] for job in made.jobs],
        "omitted": 0,
        "missing": sum(job.get("hint") == FILE_MISSING_HINT for job in made.jobs),
        "missing_hint": FILE_MISSING_HINT,
        "pictures": [PIXEL],
        "embedded": False,
        **made.more,
    }  # fmt: skip


PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8A"
    "AAAASUVORK5CYII="
)
