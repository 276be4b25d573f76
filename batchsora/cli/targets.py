"""Manifests and run folders: each leads to the other."""

from __future__ import annotations

from pathlib import Path

from batchsora.errors import UsageError


def run_folder(manifest: Path, name: str, out_dir: Path | None, *, simulated: bool) -> Path:
    """Say where a manifest runs: the same folder, from wherever the command is called."""
    if out_dir is not None:
        return out_dir
    folder = f"{name}-simulated" if simulated else name
    here = manifest.absolute().parent
    for above in (here, *here.parents):
        if (above / "runs").is_dir():
            return above / "runs" / folder
    return here / "runs" / folder


def find_run(target: Path | None) -> Path:
    """Find the run folder that a target means: itself, its manifest's, or the last written to."""
    if target is None:
        found = list(Path.cwd().glob("runs/*/ledger.db")) + list(Path.cwd().glob("*/ledger.db"))
    elif target.is_dir():
        found = [target / "ledger.db"]
    else:
        found = _runs_of(target)
    found = [it for it in found if it.is_file()]
    if not found:
        raise UsageError(
            f"no run found for {target or 'this folder'}",
            "run it first: batchsora run MANIFEST",
        )
    return max(found, key=lambda it: it.stat().st_mtime).parent


def _runs_of(manifest: Path) -> list[Path]:
    from batchsora.manifest import open_manifest  # noqa: PLC0415 - heavy

    name = open_manifest(manifest).name
    return [
        run_folder(manifest, name, None, simulated=simulated) / "ledger.db"
        for simulated in (False, True)
    ]
