"""What stands on the screen of a person who knows nothing: how far, spent, wrong, what to type."""

import re
import shutil
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

from batchsora.cli.columns import columns_of

from .door import Desk, service
from .recording import ROWS, WIDTHS, Recording, Screen, record_all, screen

pytestmark = pytest.mark.skipif(
    not (shutil.which("tmux") and shutil.which("bash")),
    reason="not shown: there is no tmux here to see a terminal with",
)
LABELS = ("wrong", "waits", "stops", "money", "clips", "pace", "Ctrl-C")
RUNNING = {"paused", "going", "resumed", "watched"}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Recording]:
    """Record the session once, in all widths at the same time."""
    return record_all(tmp_path_factory.mktemp("recording"))


def words_of(shown: str) -> str:
    """Read a screen as its words, wherever lines were broken."""
    return " ".join(shown.replace("\\\n", "\n").split())


def pictures(shown: str) -> list[list[str]]:
    """Read the pictures of a run that stand on a screen: one, or something is torn."""
    found: list[list[str]] = []
    for line in shown.splitlines():
        if re.match(r"[━─]{12}", line):
            found.append([])
        if found:
            found[-1].append(line)
    return found


def test_nothing_is_wider_than_the_screen_and_nothing_is_torn(recordings: list[Recording]) -> None:
    for recording in recordings:
        for scene, shown in recording.scenes.items():
            lines = shown.splitlines()
            assert all(columns_of(line) <= recording.columns for line in lines)
            assert not any("\x1b" in line for line in lines)
            drawn = pictures(shown)
            assert len(drawn) == (scene in RUNNING), (recording.columns, scene, shown)
            labels = [word for line in chain(*drawn) for word in LABELS if line.startswith(word)]
            assert labels == sorted(labels, key=LABELS.index)


def test_every_screen_of_a_run_tells_how_far_it_is_what_was_spent_what_is_wrong_and_what_to_press(
    recordings: list[Recording],
) -> None:
    assert [it.columns for it in recordings] == list(WIDTHS)
    for recording in recordings:
        for scene in RUNNING:
            told = words_of(recording.scenes[scene])
            for phrase in (r"\d+ %", r"\d+ of 14 done", r"\d\.\d\d USD spent"):
                assert re.search(phrase, told), (scene, told)
            for phrase in (
                "at most 5.20 of 6.00 USD allowed",
                "1 in doubt, maybe paid (hat)",
                "1 failed: moderated (rocket)",
            ):
                assert phrase in told, (scene, told)
            assert "Ctrl-C " in told
        assert re.search("paused for [1-9]", words_of(recording.scenes["paused"]))
        for scene in ("going", "watched", "resumed"):
            assert re.search(r"about \d+ s left", words_of(recording.scenes[scene]))


def test_the_end_tells_what_came_of_it_and_what_to_type(recordings: list[Recording]) -> None:
    run = "batchsora run work.yaml --rate 120/1m --max-cost 6"
    for recording in recordings:
        stopped, ended = (words_of(recording.scenes[it]) for it in ("stopped", "ended"))
        for told in (stopped, ended):
            assert re.search(r"money: \d\.\d\d USD spent", told)
            assert "failed: 1 moderated (rocket) change the prompt or the image" in told
            assert "in doubt: 1 (hat): ordered, and no answer came; maybe paid" in told
            assert "batchsora resolve runs/spring hat --video VIDEO_ID" in told
        assert f"go on with: {run}" in stopped
        assert "clips: 12 of 14 are here, in runs/spring/videos" in ended
        assert "spring: finished, 2 need you" in ended
        assert f"after that: {run}" in ended
        assert "go on with" not in ended
        watched = words_of(recording.scenes["watched-to-its-end"])
        assert "go on with: batchsora run runs/spring --max-cost 6" in watched


def test_the_summary_has_no_colours(recordings: list[Recording]) -> None:
    for recording in recordings:
        *_, summary = recording.coloured["ended"].rpartition("spring: ")
        assert "\x1b" not in summary
        assert "\x1b[" in recording.coloured["going"]


@pytest.fixture
def running(desk: Desk, tmp_path: Path) -> Iterator[Screen]:
    """Open a terminal in which a run goes on that nobody waits for."""
    desk.writes_rows("sun rises slowly", "rain on a window")
    story = {"queue_s": (0.0, 0.0), "render_s": (60.0, 60.0)}
    with (
        service(tmp_path / "state", **story) as shop,
        screen(desk.folder, 100, BATCHSORA_BASE_URL=shop.url) as shell,
    ):
        shell.types("batchsora run work.yaml --rate 100/1s --burst 9")
        shell.awaits(lambda it: "2 rendering" in it)
        yield shell


def is_whole(shown: str, width: int) -> bool:
    """Tell whether one picture stands there, at the end, no wider than it may be."""
    drawn = pictures(shown)
    fits = all(columns_of(line) < width for line in chain(*drawn))
    return len(drawn) == 1 and fits and shown.endswith(("goes on later", "goes on"))


@pytest.mark.parametrize("columns", [40, 60, 200])
def test_another_size_in_mid_run_leaves_one_whole_picture(running: Screen, columns: int) -> None:
    running.resizes(columns)
    running.awaits(lambda it: is_whole(it, columns))
    running.resizes(100)
    running.awaits(lambda it: is_whole(it, 100))


def test_a_run_that_is_suspended_leaves_a_clean_terminal_and_comes_back(running: Screen) -> None:
    running.presses("C-z")
    shown = running.awaits(running.has_prompt)
    assert "Stopped" in shown
    assert not pictures(shown)
    assert running.shows_cursor()
    running.types("echo so; sleep 6")
    running.awaits(lambda it: running.has_prompt(it) and "\nso" in it)
    running.types("fg")
    shown = running.awaits(lambda it: is_whole(it, 100))
    (elapsed,) = re.findall(r"running (\d+) s", shown)
    assert int(elapsed) < 6 + 5  # what it slept does not count
    running.presses("C-c")
    assert "go on with" in running.awaits(running.has_prompt)


def test_a_run_in_the_background_does_not_draw_over_what_is_typed(running: Screen) -> None:
    running.presses("C-z")
    running.awaits(running.has_prompt)
    running.types("bg; clear")
    running.awaits(running.has_prompt)
    time.sleep(1)  # some times as long as it takes to draw
    assert not pictures(running.shown())
    running.types("fg")
    running.awaits(lambda it: is_whole(it, 100))


def test_a_second_ctrl_c_leaves_a_clean_terminal_with_its_cursor(running: Screen) -> None:
    running.presses("C-c")
    running.presses("C-c")
    shown = running.awaits(running.has_prompt)
    assert not pictures(shown)
    assert running.shows_cursor()
    assert len(shown.splitlines()) < ROWS


def test_keys_that_are_pressed_meanwhile_tear_nothing_for_long(running: Screen) -> None:
    running.presses("x")
    running.presses("C-s")
    time.sleep(1)  # the terminal takes nothing; the run does not wait for it
    running.presses("C-q")
    running.awaits(lambda it: is_whole(it, 100))
