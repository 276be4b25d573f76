"""Manifests that change between runs: what was bought stays, and nothing is bought twice."""

from __future__ import annotations

import itertools
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from PIL import Image

from .door import Desk, Service, service

Url = str


@contextmanager
def host(folder: Path) -> Iterator[Url]:
    """Serve a picture that is encoded anew each time that it is asked for."""
    qualities = itertools.cycle(range(40, 95))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = folder / "served.jpg"
            Image.effect_noise((72, 128), 90).convert("RGB").save(path, quality=next(qualities))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(path.read_bytes())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def open_service(tmp_path: Path) -> Iterator[Service]:
    with service(tmp_path / "service") as found:
        yield found


def bought(desk: Desk, svc: Service, text: str, *words: str, name: str = "work.csv") -> int:
    """Run a manifest, and say how many clips were bought in all."""
    desk.writes(text, name)
    said = desk.types(
        "run", name, "--base-url", svc.url, "--rate", "100/1s", "--burst", "20", *words,
        GPTPROTO_API_KEY="sk-canary-0123456789",
    )  # fmt: skip
    assert said.code in {0, 4}, said.err
    return svc.creates


def files(desk: Desk) -> dict[str, str]:
    """Say where the clip of each id went."""
    return {name: line["file"] for name, line in desk.report().items()}


def test_an_image_whose_cache_was_lost_buys_nothing_anew(desk: Desk, open_service: Service) -> None:
    rows = "id,image,prompt,takes\n"
    with host(desk.folder) as url:
        assert bought(desk, open_service, f"{rows}one,{url}/a,The cat winks,2\n") == 2
        shutil.rmtree(desk.run_folder / "work" / "images")
        again = f"{rows}one,{url}/a,The cat winks,3\ntwo,{url}/a,The cat yawns,1\n"
        assert bought(desk, open_service, again) == 4
        assert bought(desk, open_service, again) == 4


def test_rows_that_were_not_chosen_get_their_names_when_they_are(
    desk: Desk, open_service: Service
) -> None:
    with host(desk.folder) as url:
        feed = f"id,image,prompt\na,{url}/1,One\nb,{url}/2,Two\n"
        assert bought(desk, open_service, feed, "--limit", "1") == 1
        assert list(desk.report()) == ["a"]
        assert bought(desk, open_service, feed) == 2
    assert files(desk) == {"a": "videos/a.mp4", "b": "videos/b.mp4"}


def test_what_was_only_recorded_takes_the_names_of_today(desk: Desk, open_service: Service) -> None:
    bought(desk, open_service, "id,prompt\nemu,E\ncat,A dog\ndog,A cat\n", "--only", "emu")
    bought(desk, open_service, "id,prompt\nemu,E\ndog,A dog\ncat,A cat\n")
    assert files(desk) == {
        "emu": "videos/emu.mp4", "dog": "videos/dog.mp4", "cat": "videos/cat.mp4",
    }  # fmt: skip
    assert {name: line["prompt"] for name, line in desk.report().items()} == {
        "emu": "E", "dog": "A dog", "cat": "A cat",
    }  # fmt: skip


def test_an_edited_row_that_was_never_bought_needs_no_other_name(
    desk: Desk, open_service: Service
) -> None:
    bought(desk, open_service, "id,prompt\na,A\nb,B\n", "--limit", "1")
    bought(desk, open_service, "id,prompt\na,A\nb,Better\n")
    assert files(desk) == {"a": "videos/a.mp4", "b": "videos/b.mp4"}


def test_an_id_may_go_to_another_row_and_the_old_clip_stays(
    desk: Desk, open_service: Service
) -> None:
    bought(desk, open_service, "id,prompt\na,A\n")
    assert bought(desk, open_service, "id,prompt\nold-a,A\na,New\n") == 2
    found = files(desk)
    assert found["old-a"] == "videos/a.mp4"
    assert found["a"].startswith("videos/a-")


def test_rows_may_be_inserted_where_outputs_are_numbered(desk: Desk, open_service: Service) -> None:
    head = "output: '{row:02d}'\nrows:\n"
    bought(desk, open_service, f"{head}- prompt: A\n- prompt: B\n", name="work.yaml")
    more = f"{head}- prompt: New\n- prompt: A\n- prompt: B\n"
    assert bought(desk, open_service, more, name="work.yaml") == 3
    by_prompt = {line["prompt"]: line["file"] for line in desk.report_lines()}
    assert (by_prompt["A"], by_prompt["B"]) == ("videos/01.mp4", "videos/02.mp4")
    assert by_prompt["New"].startswith("videos/01-")


def test_where_a_clip_steps_aside_to_is_nobodys(desk: Desk, open_service: Service) -> None:
    bought(desk, open_service, "id,prompt\na,A\n")
    rows = "id,prompt\na,New\n"
    desk.writes(rows, "work.csv")
    said = desk.types("plan", "work.csv", "--json", "--base-url", open_service.url)
    aside = said.out.split('"output": "videos/')[1].split(".mp4")[0]
    bought(desk, open_service, f"id,prompt\n{aside},Other\na,New\n")
    assert len({line["file"] for line in desk.report_lines()}) == 3
    assert files(desk)[aside] == f"videos/{aside}.mp4"


@pytest.mark.parametrize("is_link", [True, False])
def test_an_output_that_can_not_be_kept_is_told_before_it_is_paid(
    desk: Desk, open_service: Service, *, is_link: bool
) -> None:
    bought(desk, open_service, "id,prompt\na,A\n")
    way = desk.run_folder / "videos" / "sub"
    if is_link:
        way.symlink_to(desk.folder)
    else:
        way.write_text("somebody's")
    desk.writes("id,prompt,output\na,A,\nb,B,sub/b\n", "work.csv")
    said = desk.types("validate", "work.csv")
    assert said.code == 0  # by itself it is right
    said = desk.types("plan", "work.csv", "--base-url", open_service.url)
    assert said.code == 2
    what = "is a link: the clip would go where it leads" if is_link else "is a file, where"
    assert f"error: videos/sub {what}" in said.err


def test_a_place_that_asks_for_an_image_is_believed_before_one_that_did(
    desk: Desk, open_service: Service
) -> None:
    picture = desk.folder / "x.png"

    def paint(colour: str) -> None:
        Image.new("RGB", (72, 128), colour).save(picture)

    rows = "id,image,prompt\na,x.png,A\nb,x.png,B\n"
    paint("red")
    bought(desk, open_service, rows)
    paint("blue")
    bought(desk, open_service, rows, "--only", "b")
    paint("red")
    assert bought(desk, open_service, rows) == 3
    picture.unlink()
    assert bought(desk, open_service, rows) == 3


def test_a_fetched_image_that_was_changed_here_is_never_sent_and_is_fetched_anew(
    desk: Desk, open_service: Service
) -> None:
    with host(desk.folder) as url:
        feed = f"id,image,prompt\na,{url}/1,One\nb,{url}/1,Two\n"
        assert bought(desk, open_service, feed, "--only", "a") == 1
        (kept,) = (desk.run_folder / "work" / "images").iterdir()
        Image.new("RGB", (72, 128), "red").save(kept, "PNG")
        words = ("run", "work.csv", "--base-url", open_service.url, "--rate", "100/1s")
        said = desk.types(*words, GPTPROTO_API_KEY="sk-canary-0123456789")
        assert (said.code, open_service.creates) == (1, 1)
        assert "what was fetched is not what is kept" in said.err
        assert bought(desk, open_service, feed, "--retry-failed") == 2
        assert bought(desk, open_service, feed, "--retry-failed") == 2
    assert desk.statuses() == {"a": "done", "b": "done"}
