"""A clip's way into its place: synced before it has its name, and named before it is kept."""

import os
from pathlib import Path

import pytest

from batchsora.job import State
from batchsora.lifecycle import Event
from batchsora.runner.campaign import carry_out
from batchsora.runner.choosing import Choice
from batchsora.runner.progress import Told
from batchsora.simulator import Fault

from .campaigning import opened
from .test_runs import AT_ONCE, ends, jobs, numbered, run, story

pytestmark = pytest.mark.looptime


STEPS = ["sync .part", "download_checked", "rename 0.mp4", "sync videos", "download_kept"]


async def test_a_clip_is_synced_then_named_then_its_name_is_synced_and_only_then_it_is_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened: list[str] = []
    sync, rename = os.fsync, os.rename

    def watched_sync(handle: int) -> None:
        sync(handle)
        file = Path(f"/proc/self/fd/{handle}").readlink()
        happened.append(f"sync {file.suffix or file.name}")

    def watched_rename(source: Path, target: Path) -> None:
        happened.append(f"rename {target.name}")
        rename(source, target)

    def tell(told: Told) -> None:
        happened.append(told.what)

    async with opened(folder, story(), numbered(folder, 1), tell) as session:
        monkeypatch.setattr(os, "fsync", watched_sync)
        monkeypatch.setattr(os, "rename", watched_rename)
        await carry_out(session, Choice())
    seen = [it for it in happened if it in STEPS]
    assert seen[: len(STEPS)] == STEPS  # the reports come after it


async def test_a_clip_on_its_way_has_no_clips_name(folder: Path) -> None:
    found: set[str] = set()

    def look(_: Told) -> None:
        found.update(it.name for it in (folder / "run" / "videos").glob("**/*"))

    tale = story(Fault("content", "slow", match="Wave 0"), slow_s=5.0)
    outcome = await run(folder, tale, numbered(folder, 2), look, **AT_ONCE)
    assert ends(outcome) == {State.DONE: 2}
    assert found == {"0.mp4", "1.mp4"}


async def test_a_strangers_file_that_appears_when_a_clip_is_about_to_be_named_stays(
    folder: Path,
) -> None:
    strange = folder / "run" / "videos" / "0.mp4"

    def appear(told: Told) -> None:
        if told.what == Event.DOWNLOAD_CHECKED and not strange.exists():
            strange.write_bytes(b"not of ours")

    outcome = await run(folder, story(), numbered(folder, 1), appear)
    assert ends(outcome) == {State.DONE: 1}
    assert strange.read_bytes() == b"not of ours"
    assert jobs(folder)["0"]["file"] != "videos/0.mp4"
