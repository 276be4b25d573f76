"""Lists in which a lost order's video is there, but hard to know: it is never ordered again."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from batchsora.simulator import Fault

from .ended import CREATE, LIST
from .front import Ask, fronted
from .looped import met, story

pytestmark = pytest.mark.looptime

JOBS = 3
Row = dict[str, Any]
Disguise = Callable[[Row], Row]


def without(*keys: str) -> Disguise:
    return lambda row: {key: it for key, it in row.items() if key not in keys}


def told(**changes: Callable[[Row], object]) -> Disguise:
    return lambda row: {**row, **{key: change(row) for key, change in changes.items()}}


DISGUISES: dict[str, Disguise] = {
    "no prompt": without("prompt"),
    "no time": without("created_at"),
    "no id": without("id"),
    "id, status and time only": without("prompt", "model", "size", "seconds"),
    "a prompt written anew": told(prompt=lambda it: f"Cinematic, 35 mm: {it['prompt']}"),
    "a prompt in quotes": told(prompt=lambda it: f'"{it["prompt"]}"'),
    "a prompt cut short": told(prompt=lambda it: f"{it['prompt'][:3]}…"),
    "another name of the model": told(model=lambda it: f"{it['model']}-2025-10-06"),
    "a time five hours behind": told(created_at=lambda it: int(it["created_at"]) - 5 * 3600),
}


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=DISGUISES)
async def test_a_video_that_a_list_shows_in_disguise_is_not_taken_for_absent(
    folder: Path, disguise: Disguise
) -> None:
    async def spoil(ask: Ask) -> web.StreamResponse:
        answer = await ask.passed_on()
        if ask.route != LIST or answer.text is None:
            return answer
        body = json.loads(answer.text)
        return web.json_response({**body, "data": [disguise(row) for row in body["data"]]})

    tale = story(Fault("create", "lost_after", nth=(2,)))
    async with fronted(folder, tale, spoil) as front:
        ended = await met(folder, tale, JOBS, front=front, resend_absent=True, settle_s=30.0)
    assert ended.asked[LIST] > 1
    assert ended.asked[CREATE] == JOBS
    assert ended.code in {0, 6}  # adopted, where it can be known; else a person has to look
