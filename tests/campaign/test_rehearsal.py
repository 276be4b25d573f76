"""The whole program, from outside: a process, a manifest, real HTTP, real clips."""

import csv
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

PHOTOGRAPHS = Path(__file__).parents[2] / "manifests" / "images"
MANIFEST = """
rows:
  - {id: cat, image: cat.png, prompt: The cat blinks}
  - {id: rocket, image: rocket.jpg, prompt: The rocket lifts off, size: 1280x720}
  - {id: plain, prompt: Rain on a window}
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    for name in ("cat.png", "rocket.jpg"):
        (tmp_path / name).write_bytes((PHOTOGRAPHS / name).read_bytes())
    (tmp_path / "small.yaml").write_text(MANIFEST)
    return tmp_path / "small.yaml"


def start(manifest: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "batchsora", "run", str(manifest), *options]
    environment = {"PATH": os.environ["PATH"], "HOME": str(manifest.parent)}
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


def run(manifest: Path, *options: str) -> tuple[int, str]:
    process = start(manifest, *options)
    _, told = process.communicate(timeout=100)
    return process.returncode, told


def creates(folder: Path) -> int:
    with sqlite3.connect(folder / "ledger.db") as ledger:
        (count,) = ledger.execute("select coalesce(sum(purchases), 0) from jobs").fetchone()
    ledger.close()
    return int(count)


def test_a_rehearsal_makes_a_clip_and_a_report_line_for_every_row(manifest: Path) -> None:
    code, told = run(manifest, "--simulate")
    assert code == 0, told
    folder = manifest.parent / "runs" / "small-simulated"
    with (folder / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["status"] for row in rows] == ["done", "done", "done"]
    assert all((folder / row["file"]).stat().st_size == int(row["bytes"]) for row in rows)


def test_a_second_run_buys_nothing(manifest: Path) -> None:
    folder = manifest.parent / "runs" / "small-simulated"
    assert run(manifest, "--simulate")[0] == 0
    bought = creates(folder)
    assert run(manifest, "--simulate")[0] == 0
    assert (bought, creates(folder)) == (3, 3)


@pytest.mark.parametrize("seed", range(3))
def test_a_killed_rehearsal_resumes_and_buys_nothing_twice(manifest: Path, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(3):
        process = start(manifest, "--simulate")
        time.sleep(chance.uniform(0.4, 2.5))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    code, told = run(manifest, "--simulate", "--settle", "1")
    folder = manifest.parent / "runs" / "small-simulated"
    ledger = sqlite3.connect(folder / "ledger.db")
    (integrity,) = ledger.execute("pragma integrity_check").fetchone()
    states = dict(ledger.execute("select id, state from jobs").fetchall())
    ledger.close()
    assert integrity == "ok"
    assert code in {0, 6}, told  # 6: one may be in doubt, and is then left to a person
    assert set(states.values()) <= {"done", "in_doubt", "pending"}, states
    assert creates(folder) <= 3


def test_a_wrong_manifest_is_refused_with_its_place_and_a_mend(manifest: Path) -> None:
    manifest.write_text(MANIFEST.replace("1280x720", "1024x1792"))
    code, told = run(manifest, "--simulate")
    assert code == 2
    assert "small.yaml:4 (row 2)" in told
    assert "mend:" in told
    assert not (manifest.parent / "runs" / "small-simulated" / "videos").exists()


def test_without_a_key_the_person_is_told_what_to_set(manifest: Path) -> None:
    code, told = run(manifest)
    assert code == 2
    assert "GPTPROTO_API_KEY" in told
    assert "--simulate" in told


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys\nfrom batchsora.cli import group\n"
        "try: group.main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'aiohttp', 'sqlite_utils', 'pydantic', 'PIL', 'av'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_a_doubt_is_settled_by_a_person_and_the_run_goes_on(manifest: Path) -> None:
    assert run(manifest, "--simulate")[0] == 0
    folder = manifest.parent / "runs" / "small-simulated"
    ledger = sqlite3.connect(folder / "ledger.db")
    (video,) = ledger.execute("select video_id from jobs where id = 'cat'").fetchone()
    ledger.execute(
        "update jobs set state = 'in_doubt', video_id = null, purchases = 0 where id = 'cat'"
    )
    ledger.commit()
    ledger.close()
    command = [sys.executable, "-m", "batchsora", "resolve", str(folder), "cat", "--video"]
    wrong = subprocess.run([*command, "video_nobodys"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "video_nobodys" in wrong.stderr
    subprocess.run([*command, video], check=True, capture_output=True)
    assert run(manifest, "--simulate")[0] == 0
    assert creates(folder) == 3
