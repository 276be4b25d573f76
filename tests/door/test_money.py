"""Money at the door: budgets, questions, and what a command promises to buy."""

import json
from pathlib import Path

from batchsora.simulator import Fault

from .door import KEY, Desk, service

SUN, RAIN, SNOW = "sun rises slowly", "rain on a window", "snow falls on a roof"


def test_8_when_the_budget_is_reached_and_plan_status_and_report_agree(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN, RAIN, SNOW, head="settings: {max_cost: 0.9}")
    with service(tmp_path / "state") as shop:
        base = ("--base-url", shop.url)
        planned = desk.types("plan", "work.yaml", *base, "--json").out.splitlines()
        actions = [json.loads(line)["action"] for line in planned]
        assert actions == ["submit", "submit", "over budget"]
        said = desk.buys(shop.url)
        assert (said.code, shop.creates) == (8, 2)
        assert "0.80 USD are billed or in doubt, and the next clip costs 0.40 USD" in said.err
        assert "go on with" not in said.err  # the same command would buy nothing
        told = json.loads(desk.types("status", "work.yaml", "--json").out)
        assert (told["spent_usd"], told["projected_usd"]) == ("0.80", "1.20")
        assert told["max_cost_usd"] == "0.90"
        page = desk.types("plan", "work.yaml", *base).out
        assert "the budget of 0.90 USD is reached: 0.80 USD billed or in doubt before" in page
        assert "to do it" not in page
        assert desk.buys(shop.url, "--max-cost", "1.20").code == 0
        assert shop.creates == 3
    cost = sum(float(line["cost_usd"]) for line in desk.report_lines())
    assert round(cost, 2) == 1.20


def test_a_flag_goes_before_the_manifests_budget_and_the_way_on_names_it(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN, RAIN, SNOW, head="settings: {max_cost: 100}")
    failing = Fault("create", "render_failed", match="sun")
    with service(tmp_path / "state", faults=(failing,)) as shop:
        assert desk.buys(shop.url, "--max-cost", "0.4").code == 8
        assert shop.creates == 1
        put_back = desk.types("retry", "work.yaml", "--yes")
    assert "go on with: batchsora run runs/work --max-cost 0.4" in put_back.out


def test_a_budget_with_a_price_that_is_not_known_buys_nothing_and_says_whose(
    desk: Desk, tmp_path: Path
) -> None:
    head = "models: {open-video: {seconds: [4], sizes: [720x1280]}}"
    desk.writes(f"{head}\nrows:\n  - {{id: known, prompt: Sun}}\n"
                "  - {id: free, prompt: Rain, model: open-video}\n")  # fmt: skip
    with service(tmp_path / "state") as shop:
        said = desk.buys(shop.url, "--max-cost", "5")
        assert (said.code, shop.creates) == (2, 0)
        assert "the price of free (open-video) is not known" in said.err
        page = desk.types("plan", "work.yaml", "--base-url", shop.url, "--max-cost", "5").out
    assert "to be spent: nothing, for a budget can't be kept" in page


def test_failed_rows_are_not_put_back_by_a_run_that_buys_nothing(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN, RAIN)
    failing = Fault("create", "render_failed", match="sun", times=1)
    with service(tmp_path / "state", faults=(failing,)) as shop:
        assert desk.buys(shop.url).code == 1
        assert desk.buys(shop.url, "--no-submit", "--retry-failed").code == 1
        assert desk.statuses() == {"sun": "failed", "rain": "done"}
        assert desk.buys(shop.url).code == 1
        assert shop.creates == 2


def test_a_video_of_another_run_folder_settles_no_doubt(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    lost = Fault("create", "lost_before", nth=(2,))
    with service(tmp_path / "state", list_endpoint=False, faults=(lost,)) as shop:
        assert desk.buys(shop.url, "--out-dir", "first").code == 0
        assert desk.buys(shop.url, "--out-dir", "second").code == 6
        (bought,) = (it["id"] for it in shop.record()["creates"])
        words = ("resolve", "second", "sun", "--video", bought, "--base-url", shop.url)
        said = desk.types(*words, GPTPROTO_API_KEY=KEY)
    assert said.code == 2
    assert "belongs to a job of first" in said.err


def test_a_service_that_cannot_be_reached_is_not_said_to_lack_a_video(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN)
    lost = Fault("create", "lost_before")
    with service(tmp_path / "state", list_endpoint=False, faults=(lost,)) as shop:
        assert desk.buys(shop.url).code == 6
    words = ("resolve", "work.yaml", "sun", "--video", "video_1", "--base-url", shop.url)
    said = desk.types(*words, GPTPROTO_API_KEY=KEY)
    assert said.code == 2
    assert "can't be reached" in said.err
    assert "does not show" not in said.err
