"""Mutants: the shipped package with one promise taken out, and the tests that see it.

A patch names no file: its text must stand exactly once in the whole package, wherever that is.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from .outside import SHIPPED


@dataclass(frozen=True, slots=True)
class Mutant:
    """A promise that is taken out, by patches, and the tests of which each must fail then."""

    name: str
    patches: tuple[tuple[str, str], ...]  # a pattern, and what stands in its place
    caught_by: tuple[str, ...]


NO_SYNC = Mutant(
    "the ledger is not synced",
    ((r"pragma synchronous = full", "pragma synchronous = off"),),
    (
        "tests/ledger/test_opening.py::test_an_open_ledger_loses_nothing_to_a_power_cut",
        "tests/kills/test_kill_traced.py::test_an_intent_is_synced_before_its_request_leaves",
        "tests/kills/test_power_cut.py::test_power_cuts_lose_nothing_that_was_acknowledged",
    ),
)
UNSYNCED_CLIP = Mutant(
    "a clip is renamed without a sync",
    ((r"( +self\._file\.flush\(\)\n) +os\.fsync\(self\._file\.fileno\(\)\)\n", r"\1"),),
    (
        "tests/runner/test_placing.py::"
        "test_a_clip_is_synced_then_named_then_its_name_is_synced_and_only_then_it_is_kept",
        "tests/kills/test_power_cut.py::test_power_cuts_lose_nothing_that_was_acknowledged",
    ),
)
UNSYNCED_NAME = Mutant(
    "a clip's new name is not synced",
    ((r"( +partial\.rename\(target\)\n) +sync_folder\(target\.parent\)\n", r"\1"),),
    (
        "tests/runner/test_placing.py::"
        "test_a_clip_is_synced_then_named_then_its_name_is_synced_and_only_then_it_is_kept",
    ),
)

MUTANTS = (
    NO_SYNC,
    Mutant(
        "no intent before the request",  # written down when the answer is there
        (
            (
                r"( +job = run\.record\(job, Event\.SUBMIT_STARTED\)\n)"
                r"( +video, verdict = await run\.service\.create\(.*\)\n)",
                r"\2\1",
            ),
        ),
        (
            "tests/runner/test_submitting.py::"
            "test_an_intent_is_in_the_ledger_when_its_request_arrives",
            "tests/kills/test_kill_boundaries.py::test_a_kill_at_the_boundary_is_made_good"
            "[request received, without a list]",
            "tests/kills/test_kill_traced.py::test_an_intent_is_synced_before_its_request_leaves",
        ),
    ),
    Mutant(
        "no compare-and-swap",
        ((r" and state = :state_was and revision = :revision_was", ""),),
        (
            "tests/ledger/test_recording.py::"
            "test_a_second_driver_of_a_job_is_found_out_and_writes_nothing",
            "tests/ledger/test_recording.py::"
            "test_a_job_that_came_back_to_the_same_state_is_another_for_a_driver_that_slept",
            "tests/ledger/test_rescue.py::"
            "test_an_id_is_put_aside_when_somebody_else_drove_its_job",
        ),
    ),
    Mutant(
        "no lock on the run folder",
        ((r" +fcntl\.flock\(self\._file, fcntl\.LOCK_EX \| fcntl\.LOCK_NB\)\n", "                pass\n"),),
        (
            "tests/ledger/test_run_lock.py::"
            "test_a_second_writer_is_refused_and_told_who_the_first_one_is",
        ),
    ),
    Mutant(
        "keep-alive on POST",
        ((r"open_session\(self\._user_agent, force_close=True\)", "open_session(self._user_agent)"),),
        (
            "tests/service/test_client.py::"
            "test_each_order_has_a_connection_of_its_own_and_polls_share_one",
            "tests/service/test_client.py::"
            "test_an_order_is_one_multipart_form_with_a_true_file_part",
        ),
    ),
    Mutant(
        "retry on 502",
        (
            (
                r"( +)doubt = case\.verdict\(Kind\.DOUBT, hints\.DOUBT\)\n",
                r"\1if case.status == 502:\n\1    return case.verdict(Kind.RETRY, hints.LATER)\n\g<0>",
            ),
        ),
        (
            "tests/service/test_verdicts.py::test_each_answer_means_what_the_table_says",
            "tests/runner/test_submitting.py::"
            "test_a_job_whose_answer_says_nothing_for_certain_is_never_sent_again[502]",
        ),
    ),
    Mutant(
        "a pause on 5xx",
        (
            (
                r"( +)doubt = case\.verdict\(Kind\.DOUBT, hints\.DOUBT\)\n",
                r"\1if case.status >= 500:\n\1    return case.verdict(Kind.PAUSE)\n\g<0>",
            ),
        ),
        (
            "tests/service/test_verdicts.py::"
            "test_a_5xx_submit_is_only_let_go_where_it_was_put_off_or_refused",
            "tests/runner/test_submitting.py::"
            "test_a_job_whose_answer_says_nothing_for_certain_is_never_sent_again[500]",
        ),
    ),
    Mutant(
        "a lost answer taken for a request that never left",
        ((r"    return NoAnswer\(why\)\n", "    return NeverSent(why)\n"),),
        (
            "tests/service/test_wire.py::test_so_is_every_other_error_of_the_wire",
            "tests/runner/test_submitting.py::"
            "test_a_job_whose_answer_says_nothing_for_certain_is_never_sent_again[lost_after]",
        ),
    ),
    Mutant(
        "recovery that sends again",
        (
            (
                r"Happening\(Event\.SUBMIT_LOST, self\.now\(\), fault=fault\)",
                "Happening(Event.SUBMIT_DEFERRED, self.now(), fault=fault)",
            ),
        ),
        (
            "tests/ledger/test_run_lock.py::"
            "test_what_was_on_the_wire_when_its_process_died_is_in_doubt_at_the_next_start",
            "tests/kills/test_kill_boundaries.py::test_a_kill_at_the_boundary_is_made_good"
            "[request received, without a list]",
        ),
    ),
    Mutant(
        "a breaker per process",
        (
            (r"( +)_rejections: int = 0\n", r"\g<0>\1doubts: int = 0\n"),
            (
                r"( +)self\.take_note\(after\)\n",
                r"\g<0>\1self.doubts += event is Event.SUBMIT_LOST\n",
            ),
            (r"run\.ledger\.count_in_doubt\(\) >=", "run.doubts >="),
        ),
        (
            "tests/door/test_exit_codes.py::"
            "test_so_many_doubts_hold_up_what_was_not_bought_yet",
        ),
    ),
    Mutant(
        "the answer is recorded after an await",
        (
            (
                r"( +)job = _settle\(job, run, tries, video, verdict\)\n(?=    await run\.heed\(run\.gates\.submit)",
                r"\1await asyncio.sleep(0)\n\g<0>",
            ),
        ),
        (
            "tests/runner/test_submitting.py::"
            "test_an_id_is_in_the_ledger_before_anything_else_is_done_with_its_answer",
        ),
    ),
    Mutant(
        "the id is recorded after the first look at the job",
        (
            (
                r"( +)job = _settle\(job, run, tries, video, verdict\)\n(?=    await run\.heed\(run\.gates\.submit)",
                r"\1if video is not None:\n\1    await run.service.poll(video.id or '', age_s=0)\n\g<0>",
            ),
        ),
        (
            "tests/runner/test_submitting.py::"
            "test_an_id_is_in_the_ledger_before_anything_else_is_done_with_its_answer",
            "tests/kills/test_kill_boundaries.py::test_a_kill_at_the_boundary_is_made_good"
            "[id written, without a list]",
        ),
    ),
    Mutant(
        "an id that can't be stored is dropped",
        ((r"( +)rescue\.put_aside\(self\._rescue_file, found\)\n", r"\1del found\n"),),
        (
            "tests/ledger/test_rescue.py::"
            "test_an_id_is_put_aside_when_the_ledger_was_deleted_under_the_run",
        ),
    ),
    Mutant(
        "adoption without a look at owners",
        ((r" and run\.ledger\.records\.owner_of\(video\.id\) is None", ""),),
        (
            "tests/runner/test_runs.py::"
            "test_takes_of_one_row_need_no_turn_and_each_finds_a_clip_of_its_own",
        ),
    ),
    Mutant(
        "jobs that look alike are sent at once",
        ((r"self\._alike\.turn\(job\) if self\.has_list else nullcontext\(\)", "nullcontext()"),),
        (
            "tests/runner/test_runs.py::"
            "test_jobs_that_a_list_cannot_tell_apart_are_sent_one_at_a_time_where_there_is_one",
        ),
    ),
    UNSYNCED_CLIP,
    UNSYNCED_NAME,
    Mutant(
        "a download straight among the clips",
        ((r'PARTIALS = Path\("work"\) / "partial"', 'PARTIALS = Path("videos")'),),
        (
            "tests/runner/test_placing.py::test_a_clip_on_its_way_has_no_clips_name",
            "tests/kills/test_kill_boundaries.py::test_a_kill_at_the_boundary_is_made_good"
            "[download half way, without a list]",
        ),
    ),
    Mutant(
        "a stranger's file is written over",
        ((r"if target\.exists\(\) or not _holds\(partial, job\.clip\)", "if not _holds(partial, job.clip)"),),
        (
            "tests/runner/test_runs.py::"
            "test_a_strangers_file_that_appears_in_a_clips_place_stays_and_the_clip_steps_aside",
        ),
    ),
)


def patched(mutant: Mutant, folder: Path) -> Path:
    """Copy the shipped package into a folder and patch it there; returns the folder."""
    copy = folder / "batchsora"
    shutil.copytree(SHIPPED / "batchsora", copy, ignore=shutil.ignore_patterns("__pycache__"))
    for pattern, instead in mutant.patches:
        _patch(mutant, copy, pattern, instead)
    _check_taken(folder)
    return folder


def _patch(mutant: Mutant, package: Path, pattern: str, instead: str) -> None:
    found = {it: it.read_text("utf-8") for it in package.rglob("*.py")}
    places = [it for it, text in found.items() for _ in re.finditer(pattern, text)]
    assert len(places) == 1, f"{mutant.name}: adapt the patch, its text stands at {places}"
    (place,) = places
    place.write_text(re.sub(pattern, instead, found[place]), "utf-8")


def _check_taken(folder: Path) -> None:
    """See that a process which is told to take the copy does so."""
    script = "import batchsora; print(batchsora.__file__)"
    taken = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(folder)},
        cwd=folder.parent,
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(taken.stdout.strip()).is_relative_to(folder), taken.stdout
