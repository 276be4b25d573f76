"""The wrong manifests beside this file, laid out with what no repository should carry.

Beside each manifest stands, as NAME.expected, what `batchsora validate` says of it. Run this file
when messages changed: it writes all of them anew, and the diff is to be read.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from batchsora.cli import group
from batchsora.cli.exits import leave_with

WRONG = Path(__file__).with_name("wrong")
EXPECTED = ".expected"


def _text(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text, encoding="utf-8")


def _bytes(start: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(start + bytes(200))


def _sparse(path: Path) -> None:
    path.touch()
    os.truncate(path, 60_000_000)


def _folders(path: Path) -> None:
    for number in range(60):
        (path / str(number)).mkdir(parents=True)


def _including(*times: int) -> Callable[[Path], object]:
    """Make a folder of files, each of which includes the next one so many times."""

    def make(folder: Path) -> None:
        folder.mkdir()
        for number, count in enumerate(times):
            rows = f"  - from: {number + 1}.yaml\n" * count
            (folder / f"{number}.yaml").write_text(f"rows:\n{rows}", encoding="utf-8")
        _text("rows:\n  - prompt: The cat winks\n")(folder / f"{len(times)}.yaml")

    return make


# What is large, or no regular file.
MADE: dict[str, Callable[[Path], object]] = {
    "fields/long-prompt.csv": _text(f"prompt\n{'The cat winks. ' * 2200}\n"),
    "files/long-line.csv": _text(f"prompt\nThe cat winks\n{'The cat yawns. ' * 80_000}\n"),
    "files/excel.csv": _bytes(b"PK\x03\x04\x14\x00\x06\x00\x08"),  # .xlsx, renamed
    "files/large.yaml": _text("rows:\n" + "# nothing\n" * 1_600_000),
    f"files/{'n' * 101}.jsonl": _text('{"prompt": "The cat winks"}\n'),
    "files/pipe.csv": os.mkfifo,
    "from/deep": _including(*[1] * 21),
    "from/often": _including(11, 10, 10),
    "images/large.png": _sparse,
    "images/many": _folders,
    "images/pipe.png": os.mkfifo,
    "jsonl/deep.jsonl": _text("[" * 100_000 + '\n{"prompt": "The cat winks"}\n'),
    "tables/long-cell.csv": _text('prompt,sku\n"The cat' + " winks\n" * 200_000 + '",7\n'),
    "yaml/endless.yaml": _text("rows: [" + "a," * 1_000_001),
    "yaml/many-rows.yaml": _text("rows:\n" + "  - prompt: The cat winks\n" * 20_001),
}


def lay_out(folder: Path) -> None:
    """Put all manifests into a new folder, with what they name."""
    shutil.copytree(WRONG, folder, ignore=shutil.ignore_patterns(f"*{EXPECTED}", "*.toml", ".*"))
    for name, make in MADE.items():
        make(folder / name)


def expectations() -> Iterator[Path]:
    """Find what is expected of each manifest, in a fixed order."""
    return (path.relative_to(WRONG) for path in sorted(WRONG.glob(f"*/*{EXPECTED}")))


def validate(manifest: Path) -> tuple[object, str, str]:
    """Validate a manifest in the working folder: the exit code, and what is printed where."""
    words = ["validate", "--", manifest.name]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            leave_with(
                lambda: group.main(words, prog_name="batchsora", standalone_mode=False),
            )
        except SystemExit as left:
            return left.code, out.getvalue(), err.getvalue()
    raise AssertionError("a command leaves with a code")


def main() -> None:
    """Write what is said now."""
    with tempfile.TemporaryDirectory() as there:
        lay_out(Path(there) / "wrong")
        for path in expectations():
            os.chdir(Path(there) / "wrong" / path.parent)
            _, _, err = validate(path.with_suffix(""))
            (WRONG / path).write_text(err, encoding="utf-8")


if __name__ == "__main__":
    main()
