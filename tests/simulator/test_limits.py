import asyncio
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from batchsora.simulator import Rate

from .shop import Clock, open_shop, scenario


async def test_refused_creates_do_not_count_against_the_rate(tmp_path: Path) -> None:
    clock = Clock()
    async with open_shop(tmp_path, scenario(rate=Rate(2, 60.0)), clock=clock) as shop:
        statuses = []
        for pause_s in (0, 10, 10, 30, 10, 0):
            clock.now += pause_s
            statuses.append((await shop.order()).status)

    # The first leaves the window at 60, though it was asked for in vain at 20 and at 50.
    assert statuses == [200, 200, 429, 429, 200, 429]


async def test_a_rate_refusal_says_how_long_to_wait_in_each_style(tmp_path: Path) -> None:
    hints = {}
    for style in ("seconds", "http-date", "ms", "reset", "none"):
        story = scenario(rate=Rate(1, 60.0), retry_hint=style)
        clock = Clock()
        async with open_shop(tmp_path / style, story, clock=clock) as shop:
            await shop.order()
            clock.now += 18
            answer = await shop.order()
            assert answer.json["error"]["code"] == "rate_limit_exceeded"
            hints[style] = answer.headers

    assert hints["seconds"]["Retry-After"] == "42"
    assert hints["ms"]["retry-after-ms"] == "42000"
    assert hints["reset"]["x-ratelimit-reset-requests"] == "42s"
    asked = parsedate_to_datetime(hints["http-date"]["Retry-After"])
    answered = parsedate_to_datetime(hints["http-date"]["Date"])
    assert (asked - answered).total_seconds() == 42
    assert not {"Retry-After", "retry-after-ms"} & set(hints["none"])


async def test_too_many_unfinished_videos_are_refused_with_a_null_code(tmp_path: Path) -> None:
    clock = Clock()
    story = scenario(max_running=1, render_s=(9.0, 9.0))
    async with open_shop(tmp_path, story, clock=clock) as shop:
        await shop.order()
        refused = await shop.order()
        clock.now += 9
        after = await shop.order()

    assert refused.status == 429
    assert refused.json["error"]["message"] == "Too many running tasks"
    assert refused.json["error"]["code"] is None
    assert after.status == 200


async def test_a_spent_balance_is_a_403_and_survives_a_restart(tmp_path: Path) -> None:
    story = scenario(balance_usd=Decimal("0.25"))
    async with open_shop(tmp_path, story) as shop:
        assert [(await shop.order()).status for _ in range(2)] == [200, 200]
    async with open_shop(tmp_path, story) as shop:
        refused = await shop.order()
        record = await shop.record()

    assert refused.status == 403
    assert refused.json == {"error": {"message": "Insufficient balance", "type": "403"}}
    assert record["spent_usd"] == "0.2"


@pytest.mark.parametrize("limit", [{"max_running": 3}, {"rate": Rate(3, 60.0)}])
async def test_limits_hold_when_many_come_at_once(tmp_path: Path, limit: dict[str, object]) -> None:
    async with open_shop(tmp_path, scenario(render_s=(99.0, 99.0), **limit)) as shop:
        answers = await asyncio.gather(*(shop.order(f"{number}") for number in range(12)))

    assert sorted(answer.status for answer in answers) == [200] * 3 + [429] * 9
