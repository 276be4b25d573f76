"""Every way in which a run can end has its code, its words, and jobs that can go on."""

import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from batchsora.simulator import Fault

from .door import KEY, QUICK, Desk, Service, interrupt, service

SUN, RAIN, SNOW = "sun rises slowly", "rain on a window", "snow falls on a roof"
DRAINED = "nothing more is bought, what was on the wire is recorded, and how to go on is told (130)"


def mended(desk: Desk, state: Path, *words: str) -> Service:
    """Run again, with nothing wrong at the service, and see that every job was bought once."""
    with service(state) as good:
        # the ledger belongs to one address: it is told of the new one, as after a proxy's move
        with sqlite3.connect(desk.run_folder / "ledger.db") as ledger:
            ledger.execute("update campaign set service = ?", (good.url,))
        ledger.close()
        said = desk.buys(good.url, "--retry-failed", *words)
        assert said.code == 0, said.err
        assert set(good.bought().values()) == {1}
        return good


def test_0_when_every_row_has_its_clip_and_again_when_all_is_done_already(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN, RAIN)
    with service(tmp_path / "state") as shop:
        assert desk.buys(shop.url).code == 0
        again = desk.buys(shop.url)
        assert (again.code, shop.creates) == (0, 2)
    assert again.out.startswith("everything is done: 2 done; 0.80 USD spent")
    assert set(desk.statuses().values()) == {"done"}


def test_1_when_a_row_was_refused_and_only_that_row(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN, SNOW)
    with service(tmp_path / "state", faults=(Fault("create", "moderated", match="rain"),)) as shop:
        said = desk.buys(shop.url)
        assert (said.code, shop.creates) == (1, 3)
        assert desk.buys(shop.url).code == 1  # not bought again unasked
        assert shop.creates == 3
    rain = desk.report()["rain"]
    assert (rain["status"], rain["reason"], rain["cost_usd"]) == ("failed", "moderated", "0.00")
    assert rain["hint"]
    assert desk.states()["done"] == 2
    assert "rain" in said.err


@pytest.mark.parametrize(
    ("fault", "code", "word"),
    [
        (Fault("list", "401"), 3, "key"),
        (Fault("create", "401"), 3, "key"),
        (Fault("create", "403_permission"), 3, "key"),
        (Fault("create", "403_html"), 5, "network"),
        (Fault("create", "404"), 5, "base URL"),
        (Fault("create", "moved"), 5, "base URL"),
        (Fault("create", "model_gone"), 5, "model"),
        (Fault("create", "429", retry_after="1000"), 5, "20"),
        (Fault("create", "403_balance"), 7, "top up"),
        (Fault("create", "429_quota"), 7, "top up"),
    ],
    ids=lambda it: f"{it.at}-{it.name}" if isinstance(it, Fault) else "",
)
def test_a_run_that_cannot_go_on_says_why_and_its_jobs_can_go_on_later(
    desk: Desk, tmp_path: Path, fault: Fault, code: int, word: str
) -> None:
    desk.writes_rows(SUN, RAIN, SNOW, "one more", "two more", "three more", "four more")
    with service(tmp_path / "state", faults=(fault,)) as shop:
        said = desk.buys(shop.url)
        assert said.code == code, said.err
        assert shop.creates <= 4  # no more than were on the wire
        assert not shop.bought()
    assert word in said.err
    assert "mend:" in said.err
    assert "Traceback" not in said.err
    assert set(desk.statuses().values()) == {"pending"}
    mended(desk, tmp_path / "good")


def test_5_when_nobody_listens_at_the_address(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN, SNOW)
    with service(tmp_path / "state") as shop:
        nowhere = shop.url
    said = desk.buys(nowhere, "--max-attempts", "9")
    assert said.code == 5
    assert "can't be reached" in said.err
    mended(desk, tmp_path / "good")


def test_5_when_every_row_is_refused_for_the_same_reason(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(*(f"row{number} is refused" for number in range(30)))
    fault = Fault("create", "moderated")
    with service(tmp_path / "state", list_endpoint=False, faults=(fault,)) as shop:
        assert desk.buys(shop.url).code == 5
        assert shop.creates <= 10 + 4


@pytest.mark.parametrize(
    "story",
    [
        {"faults": (Fault("create", "lost_after", match="rain"),)},
        {"faults": (Fault("create", "502_after", match="rain"),)},
        {"faults": (Fault("create", "no_id", match="rain"),)},
        {"faults": (Fault("create", "bad_id", match="rain"),)},
        {"faults": (Fault("create", "html_200", match="rain"),)},
        {"faults": (Fault("create", "error_in_200", match="rain"),)},
    ],
    ids=lambda story: story["faults"][0].name,
)
def test_6_when_an_answer_was_lost_and_it_is_never_sent_again(
    desk: Desk, tmp_path: Path, story: dict[str, Any]
) -> None:
    desk.writes_rows(SUN, RAIN, SNOW)
    with service(tmp_path / "state", list_endpoint=False, **story) as shop:
        said = desk.buys(shop.url)
        assert said.code == 6, said.err
        assert "batchsora resolve" in said.err
        assert desk.buys(shop.url).code == 6
        assert shop.bought() == {SUN: 1, RAIN: 1, SNOW: 1}
    rain = desk.report()["rain"]
    assert (rain["status"], rain["cost_usd"]) == ("in_doubt", "0.40")
    assert "batchsora resolve" in rain["hint"]
    assert desk.states()["done"] == 2


def test_where_there_is_a_list_a_lost_answer_is_found_there(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN, SNOW)
    fault = Fault("create", "lost_after", match="rain")
    with service(tmp_path / "state", faults=(fault,)) as shop:
        assert desk.buys(shop.url).code == 0
        assert shop.bought() == {SUN: 1, RAIN: 1, SNOW: 1}
    assert set(desk.statuses().values()) == {"done"}


def test_so_many_doubts_hold_up_what_was_not_bought_yet(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(*(f"row{number} is lost" for number in range(12)))
    fault = Fault("create", "lost_after")
    with service(tmp_path / "state", list_endpoint=False, faults=(fault,)) as shop:
        assert desk.buys(shop.url, "--max-doubts", "2").code == 6
        assert 2 <= shop.creates <= 2 + 3  # the breaker, and what was on the wire beside it
        bought = shop.creates
        assert desk.buys(shop.url, "--max-doubts", "2").code == 6
        assert shop.creates == bought  # a restart does not forget


def test_4_when_a_job_is_left_at_the_service_and_it_is_not_bought_again(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN, RAIN)
    stuck = Fault("create", "stuck", match="rain")
    with service(tmp_path / "state", faults=(stuck,)) as shop:
        said = desk.buys(shop.url, "--job-timeout", "1", "--poll-interval", "0.3")
        assert said.code == 4
        assert desk.buys(shop.url, "--job-timeout", "1", "--poll-interval", "0.3").code == 4
        assert shop.bought() == {SUN: 1, RAIN: 1}
    assert desk.statuses() == {"sun": "done", "rain": "running"}
    assert "at the service" in said.err


@pytest.mark.fault("Here", "two runners at once", "the second is refused (9), and buys nothing")
def test_9_for_a_second_runner_at_once_and_it_buys_nothing(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state", render_s=(3.0, 3.0)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        first = desk.starts(*words, GPTPROTO_API_KEY=KEY)
        try:
            _until(lambda: shop.bought().total() == 1)
            second = desk.types(*words, GPTPROTO_API_KEY=KEY)
            assert (second.code, shop.creates) == (9, 1)
            assert str(first.pid) in second.err
            first.communicate()
            assert first.returncode == 0
            assert (desk.states(), shop.creates) == ({"done": 1}, 1)
        finally:
            first.kill()


@pytest.mark.parametrize(
    "content", [b"no database at all, only some words " * 40, b"SQLite format 3\0" + b"x" * 4096]
)
def test_9_for_a_ledger_that_is_none_and_the_file_stays(desk: Desk, content: bytes) -> None:
    desk.writes_rows(SUN)
    desk.run_folder.mkdir(parents=True)
    (desk.run_folder / "ledger.db").write_bytes(content)
    for command in (("run", "work.yaml"), ("status", "work.yaml"), ("report", "work.yaml")):
        said = desk.types(*command, GPTPROTO_API_KEY=KEY)
        assert said.code == 9, said.err
        assert "mend:" in said.err
    assert (desk.run_folder / "ledger.db").read_bytes() == content


@pytest.mark.parametrize(
    "number",
    [
        pytest.param(number, marks=pytest.mark.fault("Here", what, DRAINED), id=number.name)
        for number, what in (
            (signal.SIGINT, "Ctrl-C, once"),
            (signal.SIGTERM, "SIGTERM"),
            (signal.SIGHUP, "SIGHUP, the terminal hangs up"),
        )
    ],
)
def test_130_after_a_signal_with_the_way_to_go_on(
    desk: Desk, tmp_path: Path, number: signal.Signals
) -> None:
    desk.writes_rows(SUN, RAIN, SNOW)
    with service(tmp_path / "state", render_s=(30.0, 30.0), poll_after_ms=60_000) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, "--rate", "100/1s", "--burst", "1")
        before = signal.signal(number, signal.SIG_DFL)  # under nohup it is ignored, here and there
        try:
            process = desk.starts(*words, GPTPROTO_API_KEY=KEY)
        finally:
            signal.signal(number, before)
        try:
            _until(lambda: shop.bought().total() >= 1)
            said = interrupt(process, number)
        finally:
            process.kill()
        bought = shop.bought()
        assert said.code == 130
        assert set(bought.values()) == {1}
        assert shop.creates == bought.total()
        assert desk.states()["running"] == bought.total()  # what was on the wire was recorded
    assert "go on with: batchsora run work.yaml" in said.err
    assert "left" in said.err


@pytest.mark.fault(
    "Here", "Ctrl-C, twice", "out at once (130), as after a crash: then in doubt (6)"
)
def test_a_second_signal_leaves_at_once_and_the_ledger_is_true(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    silent = Fault("create", "silent")
    with service(tmp_path / "state", list_endpoint=False, faults=(silent,)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        process = desk.starts(*words, GPTPROTO_API_KEY=KEY)
        try:
            _until(lambda: shop.bought().total() == 1)
            process.send_signal(signal.SIGINT)
            assert process.stderr is not None
            _until(lambda: "stopping" in process.stderr.readline())
            assert process.poll() is None  # it waits for the answer that is on the wire
            assert interrupt(process).code == 130
        finally:
            process.kill()
        assert desk.states() == {"submitting": 1}
        assert desk.buys(shop.url).code == 6
        assert shop.creates == 1


def _until(holds: Any) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)  # the other process has no bell that could be heard here
