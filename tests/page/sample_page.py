"""Pages of made-up runs, of any size: what the browser needs, and no run. Seeded, no clock."""

from __future__ import annotations

import base64
import hashlib
import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import batchsora.reports

PARTS = Path(batchsora.reports.__file__).parent / "page"
BEFORE = ["key", "name", "row", "id", "take", "status", "reason", "file", "image", "prompt", "model", "seconds", "size"]
AFTER = [
    "video_id", "attempts", "submitted_at", "completed_at", "downloaded_at", "queue_s", "render_s", "download_s",
    "cost_usd", "bytes", "sha256", "error_code", "error_message", "hint", "manifest_line", "tags", "picture",
    "recorded_ms", "sent_ms", "accepted_ms", "rendering_ms", "completed_ms", "fetching_ms", "kept_ms", "expires_ms",
]
BEGAN_MS = 1_790_000_000_000


def page_of(content: dict[str, Any]) -> str:
    style = (PARTS / "page.css").read_text()
    script = "\n".join(path.read_text() for path in sorted((PARTS / "js").glob("*.js")))
    data = json.dumps(content).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    sources = "'self' data: blob: file:"
    csp = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src {sources};"
        f" media-src {sources}; base-uri 'none'; form-action 'none'"
    )
    page = (PARTS / "page.html").read_text()
    for name, text in {"title": content["run"]["name"], "csp": csp, "style": style, "data": data, "plain": "", "clips": "", "script": script}.items():
        before, _, after = page.partition(f"${name}")
        page = before + text + after
    return page


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


SCENES = [
    ("cat-wink", "The cat winks at the camera, then yawns as if nothing had happened", "720x1280", 0),
    ("cat-hat", "A tiny straw hat floats down and lands on the cat's head", "720x1280", 0),
    ("rocket-launch", "The rocket lifts off in slow motion, smoke rolling towards the camera", "1280x720", 3),
    ("galaxies-drift", "Slow drift through the star field, the galaxies turning very slightly", "720x1280", 2),
    ("coffee-steam", "Steam curls up from the cup in soft morning light. A spoon stirs once.", "1280x720", 1),
]


def content(count: int, clips: Sequence[str], pictures: Sequence[str], seed: int = 1) -> dict[str, Any]:
    chance = random.Random(seed)
    jobs = [_job(number, chance, clips) for number in range(count)]
    at = {name: place for place, name in enumerate([*BEFORE, "mood", "sku", *AFTER])}
    states = Counter(job[at["status"]] for job in jobs)
    reasons = Counter(job[at["reason"]] for job in jobs if job[at["reason"]])
    return {
        "version": 1,
        "run": {"name": "spring", "service": "simulator", "target": "runs/spring-simulated", "began_at": BEGAN_MS, "reported_at": BEGAN_MS + 900_000, "budget_usd": "25.00"},
        "totals": {"jobs": count, "states": dict(states), "reasons": dict(reasons), "spent_usd": "14.40", "reserved_usd": "0.00", "in_doubt_usd": "0.80", "left_usd": "0.40", "projected_usd": "15.20", "unpriced": 0},
        "spend": [{"model": "sora-2", "size": "720x1280", "jobs": 26, "clips": 22, "usd": "8.80", "unpriced": 0}, {"model": "sora-2", "size": "1280x720", "jobs": 10, "clips": 9, "usd": "3.60", "unpriced": 0}, {"model": "sora-2-pro", "size": "1280x720", "jobs": 4, "clips": 3, "usd": "2.00", "unpriced": 0}],
        "renders": [{"model": "sora-2", "seconds": 4, "clips": 25, "median_s": 61.0, "p90_s": 95.2, "buckets": [[40.0, 50.0, 3], [50.0, 60.0, 9], [60.0, 70.0, 6], [70.0, 80.0, 3], [80.0, 90.0, 1], [90.0, 100.0, 2], [100.0, 110.0, 1]]},
                    {"model": "sora-2", "seconds": 8, "clips": 6, "median_s": 122.0, "p90_s": 155.2, "buckets": [[100.0, 120.0, 2], [120.0, 140.0, 3], [140.0, 160.0, 1]]}],
        "pauses": [{"from": BEGAN_MS + 60_000, "until": BEGAN_MS + 90_000, "jobs": 3, "code": "rate_limit_exceeded", "message": "Too many requests"}],
        "columns": ["mood", "sku"],
        "fields": [*BEFORE, "mood", "sku", *AFTER],
        "jobs": jobs,
        "omitted": 0,
        "pictures": list(pictures),
        "embedded": False,
    }


def _job(number: int, chance: random.Random, clips: Sequence[str]) -> list[Any]:
    name, prompt, size, picture = SCENES[number % len(SCENES)]
    take = 1 + number % 2 if name == "cat-hat" else 1
    job_id = name if number < 5 else f"{name}-{number // 5 if name != 'cat-hat' else number // 10}"
    status = chance.choices(["done", "failed", "in_doubt", "running", "rendered", "pending"], [82, 8, 3, 3, 1, 3])[0]
    if number == 1: status = "done"
    reason = chance.choice(["moderated", "render_failed", "expired"]) if status == "failed" else None
    recorded = BEGAN_MS
    sent = recorded + number % 240 * 1500 + chance.randrange(800)
    accepted = sent + 400
    rendering = accepted + chance.randrange(500, 20_000)
    completed = rendering + int(chance.gauss(61_000, 15_000))
    fetching = completed + chance.randrange(500, 9_000)
    kept = fetching + chance.randrange(400, 3_000)
    if status in ("failed", "running"): fetching = kept = None
    if status == "running": completed = None
    if status == "rendered": fetching = kept = None
    if status == "pending": sent = accepted = rendering = completed = fetching = kept = None
    if status == "in_doubt": accepted = rendering = completed = fetching = kept = None
    wide = size == "1280x720"
    file = clips[number % len(clips)] if status == "done" else None
    message = {"moderated": "Your request was blocked by our moderation system.", "render_failed": "The video could not be generated.", "expired": "The clip was not fetched in time."}.get(reason) if reason else None
    if status == "in_doubt": message = "ServerDisconnectedError: Server disconnected"
    cost = None if status == "pending" else "0.80" if wide else "0.40"
    cells = [
        hashlib.md5(str(number).encode()).hexdigest(), job_id if take == 1 else f"{job_id}#{take}", number + 1, job_id, take, status, reason, file,
        "images/cat.png", f"{prompt}, number {number}" if number > 5 else prompt, "sora-2-pro" if number % 11 == 7 else "sora-2", 8 if wide else 4, size,
        chance.choice(["calm", "bright", "dark"]), f"SKU-{number:05}",
        f"video_{number:032x}" if accepted else None, 1, "2026-09-21T14:13:20Z", None, None,
        1.1, None if completed is None else (completed - rendering) / 1000, None if kept is None else (kept - fetching) / 1000, cost, 360_679, "354b61128e5a1f857dc2fa6b4de59286bc8ee34f2579c0553aa3390584c7dd56" if file else None,
        reason, message, "change the prompt or the image" if reason == "moderated" else None, number + 5,
        ["hero", "animals"] if number % 3 == 0 else ["animals"] if number % 3 == 1 else [], picture,
        recorded, sent, accepted, rendering, completed, fetching, kept, BEGAN_MS + 4_000_000 if status == "rendered" else None,
    ]
    return cells
