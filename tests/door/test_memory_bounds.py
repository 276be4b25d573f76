"""A run takes little memory, whatever the service sends; measured from outside, with a peak each.

The 2 GiB after which a clip without an end is given up are not waited for here: it breaks off
before; `tests/service/test_bounds.py` has the cap.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image

from batchsora.simulator.clip import Film, make_clip

from .door import Desk
from .hostile import MIB, Answer, bomb, floods, hostile, pours, says

MOST_MIB = 150
# a process of its own, so that no bigger one before it is measured in its place
WEIGH = """
import resource, subprocess, sys
from pathlib import Path
code = subprocess.run(sys.argv[2:]).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
Path(sys.argv[1]).write_text(str(peak))
sys.exit(code)
"""
STATUS_LINE = b"HTTP/1.1 200 OK\r\n"
JSON = b'{"id": "video_1", "object": "video", "error": "'
LOST = says(b"", status=502)

Makes = Callable[[bytes], Answer]
"""Makes an answer, given a whole clip."""


def endless(_: bytes) -> Answer:
    return pours(b"x" * MIB, first=JSON)


def packed(_: bytes) -> Answer:
    return bomb()


def long_json(_: bytes) -> Answer:
    return says(JSON + b"x" * (100 * MIB) + b'"}')


def long_error(_: bytes) -> Answer:
    return says(b"it broke " * (11 * MIB), status=500)


def dense(_: bytes) -> Answer:
    return says(b'{"object": "list", "data": [' + b"{}," * (3 * MIB) + b"{}]}")


def wide(_: bytes) -> Answer:
    """Answer with a text of which one letter makes each take four bytes."""
    text = "\N{GRINNING FACE}".encode() + b"x" * (9 * MIB)
    return says(b'{"object": "list", "data": [{"id": "video_9", "prompt": "' + text + b'"}]}')


def many_headers(_: bytes) -> Answer:
    return floods(b"X-More: and more\r\n", before=STATUS_LINE)


def long_header(_: bytes) -> Answer:
    return floods(b"x", before=STATUS_LINE + b"X-Long: ")


def long_clip(clip: bytes) -> Answer:
    free = 100 * MIB
    return says(clip + (free + 8).to_bytes(4, "big") + b"free" + bytes(free))


def endless_clip(clip: bytes) -> Answer:
    return pours(bytes(MIB), first=clip)


def announced_clip(clip: bytes) -> Answer:
    return pours(bytes(MIB), first=clip, length=3 << 30)


@dataclass(frozen=True)
class Case:
    """What comes at which route, and what becomes of the job."""

    place: str
    makes: Makes | None = None
    times: int = 1
    ends: tuple[int, str] = (0, "done")
    others: dict[str, list[Answer]] = field(default_factory=dict)
    bytes_more: int = 0  # of the clip, beyond the usual one

    def __str__(self) -> str:
        """Name it."""
        called = self.makes.__name__.replace("_", " ") if self.makes else "nothing"
        return f"{called} at {self.place}" + " after a lost create" * bool(self.others)


DOUBT = (6, "in_doubt")
CASES = [
    Case("no route"),
    *(Case("create", it, ends=DOUBT) for it in (endless, packed, long_error)),
    *(Case("create", it, ends=DOUBT) for it in (many_headers, long_header)),
    *(Case("poll", it) for it in (endless, packed, long_json)),
    *(Case("list", it) for it in (endless, packed, dense, wide)),
    Case("list", packed, times=99, ends=DOUBT, others={"create": [LOST]}),
    *(Case("content", it) for it in (packed, endless_clip, announced_clip)),
    Case("content", long_clip, bytes_more=100 * MIB + 8),
]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Make a whole clip."""
    path: Path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    make_clip(Film(None, "a boat", 64, 96, 1, zooms=False), path, lambda: False)
    return path.read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere peaks are told in other units")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_run_stays_small_and_true_whatever_the_service_sends(
    desk: Desk, clip: bytes, case: Case
) -> None:
    Image.new("RGB", (72, 128), "navy").save(desk.folder / "boat.png")
    desk.writes("rows:\n  - {id: boat, prompt: A boat, image: boat.png}\n")
    answers = {case.place: [case.makes(clip)] * case.times} if case.makes else {}
    peak = desk.folder / "peak"
    patience = ("--poll-interval", "0.2", "--job-timeout", "2" if case.others else "30")
    with hostile(clip, **answers, **case.others) as service:
        said = desk.buys(service.url, *patience, under=(sys.executable, "-c", WEIGH, str(peak)))
    [line] = desk.report_lines()
    assert (said.code, line["status"]) == case.ends, said.err
    assert service.asked.count("create") == 1
    if case.ends[1] == "done":
        assert int(line["bytes"]) == len(clip) + case.bytes_more
    peak_mib = int(peak.read_text()) / 1024
    print(f"{peak_mib:.1f} MiB: {case}")  # noqa: T201 - shown by pytest -rP
    assert peak_mib < MOST_MIB
