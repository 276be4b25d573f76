"""A manifest that uses everything at once comes to the same jobs, keys and paths, always."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from batchsora.clock import system_now
from batchsora.ledger.opening import empty
from batchsora.ledger.records import Records
from batchsora.manifest import Planned, open_manifest
from batchsora.manifest.fields import FIELDS
from batchsora.manifest.head import KEYS
from batchsora.manifest.inclusion import KEYS as BESIDE_FROM
from batchsora.manifest.templates import PLACEHOLDERS
from batchsora.runner.choosing import Choice
from batchsora.runner.planning import Met, meet

EVERYTHING = Path(__file__).with_name("everything")
EXPECTED = EVERYTHING / "expected.json"


def expanded(path: Path) -> dict[str, object]:
    """Say what a manifest comes to, in what JSON can hold; no path of this machine is in it."""
    manifest = open_manifest(path)
    with closing(empty()) as ledger:
        found = meet(manifest, Records(ledger), Path(os.devnull), Choice(), system_now())
        jobs = [met.planned if isinstance(met, Met) else met for met in found]
    assert [job for job in jobs if not isinstance(job, Planned)] == []
    return {
        "name": manifest.name,
        "settings": {name: str(value) for name, value in manifest.settings.items()},
        "columns": list(manifest.columns),
        "notes": [note.replace(f"{path.parent}/", "") for note in manifest.notes],
        "jobs": [told(job, path.parent) for job in jobs if isinstance(job, Planned)],
    }


def told(job: Planned, folder: Path) -> dict[str, object]:
    """Say everything of one job."""
    order = job.order
    image = {} if order.image is None else {"image": order.image.written}
    if job.image_path is not None:
        image["file"] = job.image_path.relative_to(folder).as_posix()
    return {
        "row": job.row,
        "place": f"{job.file}:{job.line}",
        "id": job.id,
        "is_named": job.explicit_id,
        "key": job.key,
        "output": job.output,
        "prompt": order.prompt,
        "order": f"{order.model} {order.seconds} s {order.size} take {order.take}",
        "price_usd": None if job.price_usd is None else str(job.price_usd),
        **image,
        "framing": str(order.framing),
        "unfetched": job.unfetched,
        "tags": list(job.tags),
        "columns": dict(job.columns),
    }


def expectation() -> dict[str, object]:
    """Read what was looked at once, and must not change."""
    found = json.loads(EXPECTED.read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def test_everything_expands_to_what_was_looked_at_once() -> None:
    assert expanded(EVERYTHING / "campaign.yaml") == expectation()


def test_everything_expands_to_the_same_in_another_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(EVERYTHING, folder / "moved here" / "too")
    monkeypatch.chdir(folder / "moved here")
    assert expanded(Path("too") / "campaign.yaml") == expectation()


def test_everything_expands_to_the_same_in_another_process() -> None:
    # sets and dicts of texts are in another order there, wherever the order is left to them
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, __file__],
            check=True,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": seed, "LC_ALL": "C"},
        )
        assert json.loads(done.stdout) == expectation()


def test_nothing_that_can_be_said_is_left_out() -> None:
    written = "\n".join(
        path.read_text(encoding="utf-8", errors="replace").casefold()
        for path in EVERYTHING.rglob("*.*")
        if path.suffix in {".yaml", ".csv", ".tsv", ".jsonl"}
    )
    names = {*FIELDS, *KEYS, *BESIDE_FROM}
    assert {name for name in names if name not in written} == set()
    slots = {name for name in PLACEHOLDERS if f"{{{name}" not in written}
    assert slots == set()


def main() -> None:
    """Print what the manifest comes to, a job a line: how expected.json is made, and looked at."""
    found = expanded(EVERYTHING / "campaign.yaml")
    jobs = found.pop("jobs")
    assert isinstance(jobs, list)
    head = json.dumps(found, indent=2).removesuffix("\n}")
    lines = ",\n    ".join(map(json.dumps, jobs))
    print(f'{head},\n  "jobs": [\n    {lines}\n  ]\n}}')  # noqa: T201


if __name__ == "__main__":
    main()
