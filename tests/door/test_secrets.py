"""The key: in no file, no log, no output, no list of processes, whatever went wrong."""

import base64
from pathlib import Path

import pytest

from batchsora.simulator import Fault

from .canary import has_key, see_no_key
from .door import KEY, QUICK, Desk, service

PROMPTS = ("sun rises slowly", "rain on a window", "snow falls on a roof", "wind in the trees")


def test_what_is_looked_for_would_be_found() -> None:
    assert has_key(f"x{KEY}x".encode())
    for shift in range(3):
        assert has_key(base64.b64encode(b"u" * shift + f"{KEY}:more".encode()))


@pytest.mark.parametrize(
    "faults",
    [
        (),
        (Fault("list", "401"),),
        (Fault("create", "403_html"),),
        (Fault("create", "moderated", match="rain"), Fault("create", "lost_after", match="snow")),
        (Fault("create", "bad_id"), Fault("poll", "500", times=2)),
        (Fault("content", "redirect"), Fault("poll", "html_200", times=1)),
    ],
    ids=lambda it: "+".join(f"{each.at}-{each.name}" for each in it) or "well",
)
def test_the_key_is_nowhere_after_a_run_and_every_look_at_it(
    desk: Desk, tmp_path: Path, faults: tuple[Fault, ...]
) -> None:
    desk.writes_rows(*PROMPTS)
    with service(tmp_path / "state", list_endpoint=False, faults=faults) as shop:
        ran = desk.buys(shop.url, "--verbose", "--log-file", "own.log")
        resolved = desk.types(
            "resolve", "work.yaml", "snow", "--video", "video_none", GPTPROTO_API_KEY=KEY
        )
        again = desk.buys(shop.url, "--progress", "json")
    shown = desk.types("show", "work.yaml", "*", GPTPROTO_API_KEY=KEY)
    status = desk.types("status", "--json", GPTPROTO_API_KEY=KEY)
    see_no_key(desk.folder, ran, resolved, again, shown, status)
    assert not has_key(b"".join(it.read_bytes() for it in (tmp_path / "state").glob("*.db*")))


def test_the_key_is_in_no_list_of_processes(desk: Desk, tmp_path: Path) -> None:
    desk.writes_rows(*PROMPTS)
    with service(tmp_path / "state", render_s=(3.0, 3.0)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        process = desk.starts(*words, GPTPROTO_API_KEY=KEY)
        try:
            assert process.stderr is not None
            process.stderr.readline()
            line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            assert b"work.yaml" in line
            assert not has_key(line)
        finally:
            process.kill()
            process.communicate()


@pytest.mark.parametrize(
    "key", [f"{KEY}\nX-Other: 1", f"{KEY} and more", f"{KEY}\u00e9", f'"{KEY}"']
)
def test_a_key_that_is_none_is_refused_without_showing_it(desk: Desk, key: str) -> None:
    desk.writes_rows(*PROMPTS)
    said = desk.types("run", "work.yaml", GPTPROTO_API_KEY=key)
    assert said.code == 2
    see_no_key(desk.folder, said)


def test_a_manifest_has_no_say_over_where_the_key_goes(desk: Desk) -> None:
    stolen = "settings: {base_url: https://elsewhere.example}\nauth: none\n"
    desk.writes_rows(*PROMPTS, head=stolen)
    said = desk.types("run", "work.yaml", GPTPROTO_API_KEY=KEY)
    assert said.code == 2
    assert "base_url is not for a manifest to say" in said.err
    assert "auth is not for a manifest to say" in said.err
