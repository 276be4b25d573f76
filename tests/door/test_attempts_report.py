"""attempts.csv: every create request, what was answered, and what came of it."""

import csv
from pathlib import Path

from batchsora.simulator import Fault

from .door import Desk, service

SUN, RAIN, SNOW, WIND = "sun rises", "rain falls", "snow falls", "wind blows"


def attempts(desk: Desk) -> list[dict[str, str]]:
    with (desk.run_folder / "attempts.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_every_request_has_a_line_with_its_answer_its_cost_and_its_end(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN, RAIN, SNOW, WIND)
    faults = (
        Fault("create", "429", match="sun", times=1, retry_after="1"),
        Fault("create", "moderated", match="rain"),
        Fault("create", "render_failed", match="snow", times=1),
        Fault("create", "lost_after", match="wind"),
    )
    with service(tmp_path / "state", list_endpoint=False, faults=faults) as shop:
        assert desk.buys(shop.url).code == 6
        assert desk.types("retry", "work.yaml", "snow").code == 0
        assert desk.types("resolve", "work.yaml", "wind", "--lost").code == 0
        assert desk.buys(shop.url).code == 1
        creates = shop.creates
    told = [(it["id"], it["attempt"], it["outcome"], it["ended"]) for it in attempts(desk)]
    assert told == [
        ("sun", "1", "put_off", ""),
        ("sun", "2", "accepted", "done"),
        ("rain", "1", "moderated", ""),
        ("snow", "1", "accepted", "render_failed"),
        ("snow", "2", "accepted", "done"),
        ("wind", "1", "lost", "lost"),
    ]
    assert len(told) == creates
    put_off, sun, rain, failed, snow, wind = attempts(desk)
    assert (put_off["wait_s"], put_off["error_code"]) == ("1.0", "rate_limit_exceeded")
    assert [it["cost_usd"] for it in (put_off, sun, rain, failed, snow, wind)] == [
        "0.00", "0.40", "0.00", "0.40", "0.40", "0.40",
    ]  # fmt: skip
    assert (rain["video_id"], bool(rain["error_message"])) == ("", True)
    assert len({sun["video_id"], failed["video_id"], snow["video_id"]} - {""}) == 3
    assert all(it["started_at"] <= it["answered_at"] for it in attempts(desk))
    for name, line in desk.report().items():
        own = [it for it in attempts(desk) if it["id"] == name]
        assert sum(round(100 * float(it["cost_usd"])) for it in own) == round(
            100 * float(line["cost_usd"])
        )
        assert len(own) == int(line["attempts"])


def test_a_refused_request_is_told_also_when_its_row_is_gone(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    with service(tmp_path / "state", faults=(Fault("create", "moderated", match="rain"),)) as shop:
        assert desk.buys(shop.url).code == 1
        desk.writes_rows(SUN)
        assert desk.buys(shop.url).code == 0
    assert set(desk.report()) == {"sun"}
    assert [(it["row"], it["id"], it["outcome"]) for it in attempts(desk)] == [
        ("1", "sun", "accepted"),
        ("", "rain", "moderated"),
    ]
