"""The page as it is written: its data as a stream, so that a large run needs little memory."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from batchsora.job import Job, State
from batchsora.ledger.answers import Entry, Hold
from batchsora.ledger.totals import Totals
from batchsora.lifecycle import FILE_MISSING_HINT
from batchsora.reports.beside import written_beside
from batchsora.reports.columns import Row, usd_text
from batchsora.reports.page.figures import Figures
from batchsora.reports.page.gallery import as_ms, gallery_fields, gallery_job
from batchsora.reports.page.pictures import Pictures
from batchsora.reports.page.shell import Shell, open_shell

VERSION = 1
MOST_JOBS = 20_000  # a browser opens them in seconds; of more, the page is a summary
MOST_BYTES = 64_000_000  # of jobs: prompts may be long
MOST_ASKING = 2_000  # jobs of a summary: those that need a person
ASKING = frozenset({State.FAILED, State.IN_DOUBT})
MOST_CLIP_BYTES = 8_000_000  # of a clip that is put into the page
MOST_CLIPS_BYTES = 128_000_000  # of all of them: half as much again as text, and browsers balk
PIECE = 3 * 65_536  # bytes that are written as text at once: base64 has three of them in four

AddJob = Callable[[Entry, Row], object]
"""What takes the jobs of a page, one after the other, each with its line of the report."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says of a run as a whole, and what of it lies where."""

    folder: Path  # the run folder: clips and small pictures are read from here
    run: Mapping[str, Any]  # name, service, target; began_at, reported_at; budget_usd
    totals: Totals
    reasons: Mapping[str, int]
    holds: Sequence[Hold]
    own: Sequence[str]  # the manifest's columns
    pictures: Pictures
    embed: bool = False  # small clips are put inside


@contextmanager
def page_report(path: Path, page: Page) -> Iterator[AddJob]:
    """Write the page, a job at a time. Raises OSError, the old page being whole."""
    with written_beside(path) as file:
        shell = open_shell(str(page.run["name"]), _plain(page))
        writing = _Writing(file, page)
        file.write(shell.before)
        writing.begin()
        yield writing.add
        writing.end(shell)


class _Writing:
    """A page that is being written."""

    def __init__(self, file: TextIO, page: Page) -> None:
        self._file = file
        self._page = page
        self._figures = Figures()
        self._is_summary = page.totals.jobs > MOST_JOBS
        self._most = MOST_ASKING if self._is_summary else MOST_JOBS
        self._jobs = self._omitted = self._missing = self._bytes = 0
        self._clips: list[Job] = []
        self._clips_bytes = 0

    def begin(self) -> None:
        """Write what is known before the jobs are."""
        page = self._page
        head = {
            "version": VERSION,
            "run": page.run,
            "totals": _totals(page),
            "pauses": [_pause(it) for it in page.holds],
            "columns": list(page.own),
            "fields": gallery_fields(page.own),
            "embedded": page.embed,
            "missing_hint": FILE_MISSING_HINT,
        }
        self._file.write(f'{_json(head)[:-1]},\n"jobs": [')

    def add(self, entry: Entry, row: Row) -> None:
        """Write a job, or leave it out where there are too many; it counts in any case."""
        job = entry.job
        self._figures.add(job, _render_s(row))
        self._missing += _is_missing(job)
        if not self._has_room(job):
            self._omitted += 1
            return
        text = _json(gallery_job(entry, row, self._page.pictures.place(entry)))
        self._file.write(f"{',' if self._jobs else ''}\n{text}")
        self._jobs += 1
        self._bytes += len(text)
        if self._page.embed:
            self._take_clip(job)

    def end(self, shell: Shell) -> None:
        """Write what only all jobs together say."""
        rest = {
            "omitted": self._omitted,
            "missing": self._missing,
            "spend": self._figures.spend(),
            "renders": self._figures.renders(),
        }
        self._file.write(f'],\n{_json(rest)[1:-1]},\n"pictures": [')
        for number, picture in enumerate(self._page.pictures.sources(self._page.folder)):
            self._file.write(f"{',' if number else ''}\n{_json(picture)}")
        self._file.write(f"]}}{shell.between}")
        for job in self._clips:
            self._write_clip(job)
        self._file.write(shell.after)

    def _has_room(self, job: Job) -> bool:
        if self._is_summary and not (job.state in ASKING or _is_missing(job)):
            return False
        return self._jobs < self._most and self._bytes < MOST_BYTES

    def _take_clip(self, job: Job) -> None:
        clip = job.kept_clip
        if clip is None or clip.bytes > MOST_CLIP_BYTES:
            return
        if self._clips_bytes + clip.bytes <= MOST_CLIPS_BYTES:
            self._clips.append(job)
            self._clips_bytes += clip.bytes

    def _write_clip(self, job: Job) -> None:
        if job.kept_clip is None:
            return
        folder = self._page.folder
        path = folder / job.kept_clip.file
        # one that was removed since is not there, and the page says so; nor does a link lead a
        # page to what lies elsewhere
        if not path.is_file() or not path.resolve().is_relative_to(folder.resolve()):
            return
        self._file.write(f'<script type="text/plain" class="clip" data-key="{job.key}">')
        with path.open("rb") as clip:
            while piece := clip.read(PIECE):
                self._file.write(base64.b64encode(piece).decode())
        self._file.write("</script>\n")


def _is_missing(job: Job) -> bool:
    return job.state is State.DONE and job.hint == FILE_MISSING_HINT


def _render_s(row: Row) -> float | None:
    span_s = row["render_s"]
    return span_s if isinstance(span_s, float) else None


def _totals(page: Page) -> dict[str, Any]:
    totals = page.totals
    return {
        "jobs": totals.jobs,
        "states": {state.value: totals.states[state] for state in State},
        "reasons": page.reasons,
        "spent_usd": totals.spent_usd,
        "reserved_usd": totals.reserved_usd,
        "in_doubt_usd": totals.in_doubt_usd,
        "left_usd": totals.left_usd,
        "projected_usd": totals.projected_usd,
        "unpriced": totals.unpriced,
    }


def _pause(hold: Hold) -> dict[str, Any]:
    return {
        "from": as_ms(hold.since),
        "until": as_ms(hold.until),
        "jobs": hold.jobs,
        "code": hold.code,
        "message": hold.message,
    }


def _plain(page: Page) -> str:
    """Say the sums where no code may run."""
    states = page.totals.states
    counts = ", ".join(f"{states[it]} {it.value.replace('_', ' ')}" for it in State if states[it])
    return html.escape(f"{counts or 'no jobs'}; {usd_text(page.totals.spent_usd)} USD spent")


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return usd_text(value)
    raise TypeError(f"a page cannot say {value!r}")


_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_text
).encode
# what could end the element that the data stands in, or a line of code
_ESCAPES = {sign: f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def _json(value: Any) -> str:
    text = _encode(value)
    for sign, escape in _ESCAPES.items():
        text = text.replace(sign, escape)
    return text
