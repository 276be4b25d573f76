"""What is sent can be kept: byte for byte, before it is paid for, and over nobody's file."""

import hashlib
import io
import json
import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from batchsora.errors import StopReason
from batchsora.job import State
from batchsora.runner.campaign import Outcome, carry_out
from batchsora.runner.choosing import Choice
from batchsora.runner.progress import Told
from batchsora.settings import Rate
from batchsora.simulator import Fault, Scenario

from .campaigning import opened

pytestmark = pytest.mark.looptime

PHOTOGRAPHS = Path(__file__).parents[2] / "manifests" / "images"
AT_ONCE: dict[str, Any] = {"rate": Rate(1000, 1.0), "burst": 100}
MUG = {"id": "mug", "image": "coffee.jpg", "prompt": "Steam rises", "output": "drinks/mug.mp4"}
CAT = {"id": "cat", "image": "cat.png", "prompt": "It purrs"}
SEA = {"id": "sea", "prompt": "Waves, no picture"}


def story(*faults: Fault) -> Scenario:
    return Scenario(clip="tiny", render_s=(2.0, 2.0), faults=faults)


def manifest(folder: Path, *rows: dict[str, Any]) -> Path:
    for name in ("cat.png", "coffee.jpg"):
        shutil.copy(PHOTOGRAPHS / name, folder)
    path = folder / "work.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


async def run(
    folder: Path,
    path: Path,
    tale: Scenario | None = None,
    tell: Callable[[Told], None] = lambda _: None,
    *,
    save: bool = True,
    **settings: Any,
) -> tuple[Outcome, list[StopReason]]:
    async with opened(folder, tale or story(), path, tell, **{**AT_ONCE, **settings}) as session:
        session.save_inputs = save
        outcome = await carry_out(session, Choice())
        return outcome, [stop.reason for stop in session.stopping.stops]


def states(outcome: Outcome) -> dict[State, int]:
    return dict(+outcome.totals.states)


def kept(folder: Path) -> dict[str, str]:
    """Return the hash of each file below inputs/, by its path there."""
    inputs = folder / "run" / "inputs"
    files = sorted(path for path in inputs.rglob("*") if path.is_file())
    found = {path.relative_to(inputs).as_posix(): path.read_bytes() for path in files}
    return {name: hashlib.sha256(content).hexdigest() for name, content in found.items()}


def received(folder: Path) -> dict[str, str | None]:
    """Return the hash of the image that the service took, by its prompt."""
    record = sqlite3.connect(folder / "simulator" / "simulator.db")
    found = dict(record.execute("select prompt, image_sha256 from jobs").fetchall())
    record.close()
    return found


@contextmanager
def no_file_longer_than(most_bytes: int) -> Iterator[None]:
    """Let the system refuse longer files, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_what_the_service_got_is_kept_under_the_names_of_the_clips(folder: Path) -> None:
    outcome, _ = await run(folder, manifest(folder, MUG, CAT, SEA))
    assert states(outcome) == {State.DONE: 3}
    sent = received(folder)
    assert sent["Waves, no picture"] is None
    assert kept(folder) == {
        "cat.png": sent["It purrs"],
        "drinks/mug.jpg": sent["Steam rises"],
    }
    with Image.open(folder / "run" / "inputs" / "cat.png") as picture:
        assert picture.size == (720, 1280)
    assert list((folder / "run" / "work" / "partial").iterdir()) == []


async def test_an_image_that_goes_as_it_is_is_kept_so(folder: Path) -> None:
    target = io.BytesIO()
    Image.new("RGB", (720, 1280), "teal").save(target, "WEBP")
    (folder / "ready.webp").write_bytes(target.getvalue())
    await run(folder, manifest(folder, {"id": "it", "image": "ready.webp", "prompt": "Glow"}))
    assert (folder / "run" / "inputs" / "it.webp").read_bytes() == target.getvalue()


async def test_nothing_is_kept_unasked(folder: Path) -> None:
    await run(folder, manifest(folder, CAT), save=False)
    assert not (folder / "run" / "inputs").exists()


async def test_it_is_on_disk_before_the_request_leaves(folder: Path) -> None:
    seen: list[bool] = []

    def tell(told: Told) -> None:
        if told.what == "submit_started":
            seen.append((folder / "run" / "inputs" / "cat.png").exists())

    await run(folder, manifest(folder, CAT), tell=tell)
    assert seen == [True]


async def test_a_request_that_is_repeated_keeps_one_file(folder: Path) -> None:
    tale = story(Fault("create", "429", times=2))
    outcome, _ = await run(folder, manifest(folder, CAT), tale)
    assert states(outcome) == {State.DONE: 1}
    assert list(kept(folder)) == ["cat.png"]


@pytest.mark.parametrize("kind", ["file", "folder", "link", "dead link"])
async def test_a_file_of_somebody_is_left_as_it_is(folder: Path, kind: str) -> None:
    theirs = folder / "run" / "inputs" / "cat.png"
    theirs.parent.mkdir(parents=True)
    (folder / "precious").write_text("theirs")
    match kind:
        case "file":
            theirs.write_text("theirs")
        case "folder":
            theirs.mkdir()
        case "link":
            theirs.symlink_to(folder / "precious")
        case _:
            theirs.symlink_to(folder / "nowhere")
    outcome, _ = await run(folder, manifest(folder, CAT))
    assert states(outcome) == {State.DONE: 1}
    assert (folder / "precious").read_text() == "theirs"
    assert not (folder / "nowhere").exists()
    assert kind != "file" or theirs.read_text() == "theirs"
    aside = [path for path in theirs.parent.iterdir() if path != theirs]
    assert [path.name[:4] + path.suffix for path in aside] == ["cat-.png"]
    assert hashlib.sha256(aside[0].read_bytes()).hexdigest() == received(folder)["It purrs"]


async def test_a_file_of_the_same_length_is_somebodys_all_the_same(folder: Path) -> None:
    Image.new("RGB", (720, 1280), "teal").save(folder / "ready.png")
    ready = (folder / "ready.png").read_bytes()
    theirs = folder / "run" / "inputs" / "it.png"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(ready[::-1])
    await run(folder, manifest(folder, {"id": "it", "image": "ready.png", "prompt": "Glow"}))
    assert theirs.read_bytes() == ready[::-1]
    assert list(kept(folder).values()).count(received(folder)["Glow"] or "") == 1


async def test_a_disk_that_refuses_it_stops_before_the_purchase(folder: Path) -> None:
    outcome, _ = await run(folder, manifest(folder, SEA), job_timeout_s=0.1)
    assert states(outcome) == {State.RUNNING: 1}
    path = manifest(folder, SEA, CAT)
    with no_file_longer_than(400_000):
        outcome, stops = await run(folder, path)
    assert stops == [StopReason.DISK_LOW]
    assert states(outcome) == {State.DONE: 1, State.PENDING: 1}  # what was bought is fetched
    assert "It purrs" not in received(folder)
    assert kept(folder) == {}
    assert list((folder / "run" / "work" / "partial").iterdir()) == []
    outcome, stops = await run(folder, path)
    assert (states(outcome), stops) == ({State.DONE: 2}, [])
    assert list(kept(folder)) == ["cat.png"]


async def test_a_file_in_the_place_of_the_folder_stops_before_the_purchase(folder: Path) -> None:
    (folder / "run").mkdir()
    (folder / "run" / "inputs").write_text("theirs")
    said: list[str] = []
    outcome, stops = await run(
        folder, manifest(folder, CAT), tell=lambda told: said.append(told.message)
    )
    assert stops == [StopReason.DISK_LOW]
    assert states(outcome) == {State.PENDING: 1}
    assert received(folder) == {}
    assert any("--save-inputs" in message for message in said)
    assert (folder / "run" / "inputs").read_text() == "theirs"


async def test_what_a_killed_run_left_half_written_is_swept(folder: Path) -> None:
    path = manifest(folder, CAT)
    await run(folder, path)
    left = folder / "run" / "work" / "partial" / f"{'0' * 32}.input.part"
    left.write_text("half")
    await run(folder, manifest(folder, CAT, MUG))
    assert not left.exists()
