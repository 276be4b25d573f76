"""The sample manifest, rehearsed: photographs in, real clips out, a line for each in the report."""

import csv
import io
import json
import shutil
import sqlite3
from itertools import combinations
from pathlib import Path

import av
import pytest
from PIL import Image, ImageChops, ImageStat

from batchsora.job import Size
from batchsora.manifest import Planned, open_manifest
from batchsora.media.images import prepare_image

from .door import Desk

SAMPLES = Path(__file__).parents[2] / "manifests"
ALIKE = 12.0  # of 255, the mean difference: encoding and the mark cost 2 to 5, another picture 40


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Run the sample manifest once, for all of these tests."""
    desk = Desk(tmp_path_factory.mktemp("rehearsal"))
    shutil.copytree(SAMPLES, desk.folder / "manifests")
    (desk.folder / "runs").mkdir()
    said = desk.types("run", "manifests/campaign.yaml", "--simulate", "--rate", "10/1s")
    assert said.code == 0, said.err
    return desk


def folder(desk: Desk) -> Path:
    return desk.folder / "runs" / "campaign-simulated"


def orders(desk: Desk) -> list[Planned]:
    manifest = open_manifest(desk.folder / "manifests" / "campaign.yaml")
    return [job for job in manifest.jobs() if isinstance(job, Planned)]


def lines(desk: Desk) -> list[dict[str, str]]:
    with (folder(desk) / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def frames(path: Path) -> tuple[int, float, Image.Image]:
    """Decode a clip whole: its frames, its seconds, and its first picture."""
    with av.open(path) as clip:
        pictures = list(clip.decode(video=0))
        rate = clip.streams.video[0].average_rate
    assert rate is not None
    return len(pictures), len(pictures) / float(rate), pictures[0].to_image()  # type: ignore[no-untyped-call]


def difference(one: Image.Image, other: Image.Image) -> float:
    small = (it.convert("L").resize((90, 160)) for it in (one, other))
    return float(ImageStat.Stat(ImageChops.difference(*small)).mean[0])


def test_the_report_has_a_line_for_every_job_in_the_manifests_order(rehearsed: Desk) -> None:
    told, asked = lines(rehearsed), orders(rehearsed)
    assert [(it["id"], it["take"]) for it in told] == [
        (job.id, str(job.order.take)) for job in asked
    ]
    assert {it["status"] for it in told} == {"done"}
    assert all((folder(rehearsed) / it["file"]).stat().st_size == int(it["bytes"]) for it in told)


def test_every_clip_is_whole_and_of_the_size_and_length_ordered(rehearsed: Desk) -> None:
    for line, job in zip(lines(rehearsed), orders(rehearsed), strict=True):
        _, seconds, first = frames(folder(rehearsed) / line["file"])
        assert seconds == pytest.approx(job.order.seconds, abs=0.1)
        assert Size(*first.size) == job.order.size


def test_every_clip_begins_with_its_own_photograph_as_it_was_fitted(rehearsed: Desk) -> None:
    firsts = {}
    for line, job in zip(lines(rehearsed), orders(rehearsed), strict=True):
        assert job.image_path is not None
        first = frames(folder(rehearsed) / line["file"])[2]
        fitted = prepare_image(job.image_path, job.order.size, job.order.framing)
        sent = Image.open(io.BytesIO(fitted.content))
        assert difference(first, sent) < ALIKE
        firsts[job.image_path] = first
    assert len(firsts) == 4
    for one, other in combinations(firsts.values(), 2):
        assert difference(one, other) > 2 * ALIKE


def test_jobs_were_submitted_in_the_manifests_order(rehearsed: Desk) -> None:
    ledger = sqlite3.connect(folder(rehearsed) / "ledger.db")
    rows = ledger.execute("select position from jobs order by submit_started_at").fetchall()
    ledger.close()
    assert [position for (position,) in rows] == sorted(position for (position,) in rows)


def test_a_second_run_sends_nothing_and_says_that_everything_is_done(rehearsed: Desk) -> None:
    record = sqlite3.connect(folder(rehearsed) / "work" / "simulator" / "simulator.db")
    count = "select count(*) from requests"
    before = record.execute(count).fetchone()
    said = rehearsed.types("run", "manifests/campaign.yaml", "--simulate")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("everything is done: 8 done; 3.60 USD spent")
    assert record.execute(count).fetchone() == before
    record.close()


def test_a_rehearsal_and_the_real_run_have_folders_of_their_own(rehearsed: Desk) -> None:
    told = json.loads((folder(rehearsed) / "report.json").read_text())
    assert (told["run"]["name"], told["run"]["service"]) == ("campaign", "simulator")
    plan = rehearsed.types("plan", "manifests/campaign.yaml")
    assert "8 jobs: 8 submit" in plan.out
