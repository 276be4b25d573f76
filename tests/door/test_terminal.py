"""At a terminal: what is seen while a run goes on, and the question before much is spent."""

import os
import pty
import re
import select
import struct
import termios
import time
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path

import pytest

from .door import KEY, PATIENCE_S, QUICK, Desk, service

SUN, RAIN, SNOW = "sun rises slowly", "rain on a window", "snow falls on a roof"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def at_a_terminal(
    desk: Desk,
    *words: str,
    columns: int = 80,
    answer: str = "",
    reply: Callable[[str], str] | None = None,
    **variables: str,
) -> tuple[int, str]:
    """Run a command at a terminal so many columns wide; returns its code and all that it showed."""
    person, terminal = pty.openpty()
    ioctl(person, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    known = {"TERM": "xterm-256color", "GPTPROTO_API_KEY": KEY, **variables}
    process = desk.starts(*words, at=terminal, **known)
    os.close(terminal)
    try:
        once = reply or (lambda text: answer if text.rstrip().endswith("[y/N]:") else "")
        shown = _listen(person, once)
        return process.wait(timeout=PATIENCE_S), shown
    finally:
        process.kill()
        os.close(person)


def _listen(terminal: int, reply: Callable[[str], str]) -> str:
    shown, deadline = b"", time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            new = os.read(terminal, 65536)
        except OSError:  # Linux says it so when the other side has closed
            break
        if not new:
            break
        shown += new
        if answer := reply(shown.decode(errors="replace")):
            os.write(terminal, f"{answer}\n".encode())
    return shown.decode(errors="replace")


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_a_run_shows_how_far_it_is_and_what_it_spent(
    desk: Desk, tmp_path: Path, columns: int
) -> None:
    desk.writes_rows(SUN, RAIN, SNOW)
    with service(tmp_path / "state", render_s=(0.8, 1.2)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        code, shown = at_a_terminal(desk, *words, columns=columns)
    plain = ESCAPES.sub("", shown)
    assert code == 0
    assert "0 of 3 done" in plain
    assert "3 queued there" in plain or "3 rendering" in plain
    assert "USD spent" in plain
    assert "done: videos/" in plain
    assert "everything is done: 3 done; 1.20 USD spent" in " ".join(plain.split())


def test_a_run_shows_what_it_comes_to_and_what_is_allowed(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN, RAIN, SNOW)
    with service(tmp_path / "state", render_s=(0.8, 1.2)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK, "--max-cost", "1.20")
        code, shown = at_a_terminal(desk, *words, columns=120)
    assert code == 0
    assert "at most 1.20 of 1.20 USD allowed" in ESCAPES.sub("", shown)


def test_no_colour_and_dumb_terminals_get_what_suits_them(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state") as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        _, grey = at_a_terminal(desk, *words, NO_COLOR="1")
        assert not COLOURS.search(grey)
        (desk.run_folder / "videos" / "sun.mp4").unlink()
        code, dumb = at_a_terminal(desk, *words, TERM="dumb")
    assert code == 0
    assert "\x1b" not in dumb
    assert "done: videos/sun.mp4" in dumb


def test_nothing_is_left_to_be_put_back_at_a_terminal(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state") as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        _, shown = at_a_terminal(desk, *words)
    assert COLOURS.search(shown)
    # up, and erase: no hidden cursor, no other screen, no mode that would have to be left again
    assert set(ESCAPES.findall(COLOURS.sub("", shown))) <= {
        "\x1b[J",
        *map("\x1b[{}A".format, range(9)),
    }


def test_a_terminal_that_speaks_little_gets_a_bar_of_plain_signs(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state", render_s=(0.8, 1.2)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        code, shown = at_a_terminal(desk, *words, PYTHONIOENCODING="ascii")
    assert (code, shown.isascii()) == (0, True)
    assert "----" in shown
    assert "\\u" not in shown.partition("took")[0]


def test_colours_that_are_asked_for_go_into_a_pipe_too_and_nothing_else_does(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state") as shop:
        said = desk.buys(shop.url, FORCE_COLOR="1")
    assert COLOURS.search(said.err)
    assert "\x1b" not in COLOURS.sub("", said.err)
    assert "\x1b" not in said.out


def test_status_watches_at_a_terminal_until_the_run_ends_and_sums_it_up(
    desk: Desk, tmp_path: Path
) -> None:
    desk.writes_rows(SUN)
    with service(tmp_path / "state", render_s=(3.0, 3.0)) as shop:
        process = desk.starts("run", "work.yaml", "--base-url", shop.url, GPTPROTO_API_KEY=KEY)
        try:
            assert process.stderr is not None
            process.stderr.readline()
            code, shown = at_a_terminal(desk, "status", "work.yaml", "--watch")
            assert process.wait(timeout=PATIENCE_S) == 0
        finally:
            process.kill()
            process.communicate()
    plain = ESCAPES.sub("", shown)
    assert code == 0
    assert "runs/work (running)" in plain
    assert "0 of 1 done" in plain
    assert "done:       1 of 1 clip" in plain.rpartition("begun")[2]


@pytest.mark.parametrize(("answer", "code", "creates"), [("n", 2, 0), ("y", 0, 9)])
def test_a_person_is_asked_before_more_than_ten_dollars_are_spent(
    desk: Desk, tmp_path: Path, answer: str, code: int, creates: int
) -> None:
    prompts = (f"row{number} costs" for number in range(9))
    desk.writes_rows(*prompts, head="defaults: {model: sora-2-pro}")
    with service(tmp_path / "state") as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        ended, shown = at_a_terminal(desk, *words, answer=answer)
        assert (ended, shop.creates) == (code, creates)
    assert f"9 new purchases, 10.80 USD, at {shop.url}: go on?" in shown
    assert desk.run_folder.exists() == (creates > 0)


@pytest.mark.fault("Here", "no terminal", "goes on without a question, and says what it spends (0)")
def test_nobody_is_asked_about_little_or_after_yes_or_without_a_terminal(
    desk: Desk, tmp_path: Path
) -> None:
    prompts = [f"row{number} costs" for number in range(9)]
    desk.writes_rows(*prompts, head="defaults: {model: sora-2-pro}")
    with service(tmp_path / "state") as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        code, shown = at_a_terminal(desk, *words, "--limit", "8")
        assert (code, shop.creates) == (0, 8)
        assert "go on?" not in shown
        desk.writes_rows(*(f"{it} more" for it in prompts), head="defaults: {model: sora-2-pro}")
        code, shown = at_a_terminal(desk, *words, "--yes")
        assert (code, shop.creates) == (0, 17)
        assert "buying: 9 new purchases, 10.80 USD" in shown
        desk.writes_rows(*(f"{it} yet" for it in prompts), head="defaults: {model: sora-2-pro}")
        said = desk.buys(shop.url)
        assert (said.code, shop.creates) == (0, 26)
        assert desk.states() == {"done": 26, "pending": 1}  # the one that --limit left out
        assert "buying: 9 new purchases, 10.80 USD" in said.err


SMALL_BUDGET = "settings: {max_cost: 9}"


def test_a_manifest_with_prices_of_its_own_does_not_say_yes_for_its_reader(
    desk: Desk, tmp_path: Path
) -> None:
    cheap = "models: {sora-2: {seconds: [12], sizes: {720x1280: 0.0001}}}\n"
    head = f"{cheap}defaults: {{seconds: 12}}"
    desk.writes_rows(*(f"{number} clouds" for number in range(9)), head=head)
    with service(tmp_path / "state") as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        code, shown = at_a_terminal(desk, *words, columns=200, answer="n")
        assert (code, shop.creates) == (2, 0)
        told = "9 new purchases, 0.0108 USD by prices of its own; 10.80 USD by the built-in ones"
        assert told in shown
        # nor does a budget that it keeps by those prices
        desk.writes_rows(*(f"{it} clouds" for it in range(9)), head=f"{head}\n{SMALL_BUDGET}")
        code, shown = at_a_terminal(desk, *words, columns=200, answer="n")
        assert (code, shop.creates) == (2, 0)
        assert told in shown


def test_what_has_become_more_while_it_was_asked_is_asked_again(desk: Desk, tmp_path: Path) -> None:
    def write(rows: int) -> None:
        lines = "".join(f"{number} clouds,12\n" for number in range(rows))
        desk.writes(f"prompt,seconds\n{lines}", "work.csv")

    asked: list[str] = []

    def answer(shown: str) -> str:
        if not shown.rstrip().endswith("[y/N]:"):
            return ""
        asked.append(shown)
        if len(asked) > 1:
            return "n"
        write(12)
        return "y"

    write(9)
    with service(tmp_path / "state") as shop:
        words = ("run", "work.csv", "--base-url", shop.url, *QUICK)
        code, shown = at_a_terminal(desk, *words, columns=200, reply=answer)
        assert (code, shop.creates) == (2, 0)
    assert "12 new purchases, 14.40 USD, at" in shown
