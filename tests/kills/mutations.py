"""The promises that are taken out one by one, and by which tests each is missed.

Of the tests that would do, fast ones are named: all of them are run once more for the shipped
source, in the same job.
"""

from __future__ import annotations

from .mutants import Mutant, Patch


def _in(file: str, *tests: str) -> tuple[str, ...]:
    return tuple(f"tests/{file}.py::{test}" for test in tests)


_PLACING = _in(
    "runner/test_placing",
    "test_a_clip_is_synced_then_named_then_its_name_is_synced_and_only_then_it_is_kept",
)
_AT_ONCE = _in(
    "runner/test_submitting",
    "test_an_id_is_in_the_ledger_before_anything_else_is_done_with_its_answer",
)
_NEVER_AGAIN = "test_a_job_whose_answer_says_nothing_for_certain_is_never_sent_again"

_WITHIN = "test_no_clip_is_bought_beyond_the_budget_and_a_higher_one_goes_on"
_UNRESERVED = "self.spent_usd + self.in_doubt_usd"
_UNDOUBTED = "self.spent_usd + self.reserved_usd"

_INTENT = "        job = run.record(job, Event.SUBMIT_STARTED)\n"
_REQUEST = "        video, verdict = await run.service.create(job.order, tries.upload)\n"
_ANSWER = (
    "        job = _settle(job, run, tries, video, verdict)\n    await heed(run, run.gates.submit"
)
_DOUBT = "    doubt = case.verdict(Kind.DOUBT, hints.DOUBT)\n"
_ON = "    if case.status {}:\n        return case.verdict(Kind.{})\n"
_CLOSE = "        self._file.close()\n"
_RENAME = "    partial.rename(target)\n"
_IS_TAKEN = "target.exists() or not _holds(partial, job.clip)"

NO_SYNC = Mutant(
    "the ledger is not synced",
    (Patch("pragma synchronous = full", "pragma synchronous = off"),),
    (
        *_in("ledger/test_opening", "test_an_open_ledger_loses_nothing_to_a_power_cut"),
        *_in("kills/test_kill_traced", "test_an_intent_is_synced_before_its_request_leaves"),
    ),
)
UNSYNCED_CLIP = Mutant(
    "a clip is renamed without a sync",
    (Patch(f"        os.fsync(self._file.fileno())\n{_CLOSE}", _CLOSE),),
    _PLACING,
)
UNSYNCED_NAME = Mutant(
    "a clip's new name is not synced",
    (Patch(f"{_RENAME}    sync_folder(target.parent)\n", _RENAME),),
    _PLACING,
)

MUTANTS = (
    NO_SYNC,
    Mutant(
        "no intent",  # it is written down when the answer is there
        (Patch(_INTENT + _REQUEST, _REQUEST + _INTENT),),
        _in("runner/test_submitting", "test_an_intent_is_in_the_ledger_when_its_request_arrives"),
    ),
    Mutant(
        "no compare-and-swap",
        (Patch(" and state = :state_was and revision = :revision_was", ""),),
        (
            *_in(
                "ledger/test_recording",
                "test_a_second_driver_of_a_job_is_found_out_and_writes_nothing",
                "test_a_job_that_came_back_to_the_same_state_is_another_for_a_driver_that_slept",
            ),
            *_in(
                "ledger/test_rescue",
                "test_an_id_is_put_aside_when_somebody_else_drove_its_job",
            ),
        ),
    ),
    Mutant(
        "two runners in one folder",
        (Patch("fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)", "pass"),),
        _in(
            "ledger/test_run_lock",
            "test_a_second_writer_is_refused_and_told_who_the_first_one_is",
        ),
    ),
    Mutant(
        "keep-alive on POST",
        (Patch("self._user_agent, force_close=True", "self._user_agent"),),
        _in(
            "service/test_client",
            "test_each_order_has_a_connection_of_its_own_and_polls_share_one",
        ),
    ),
    Mutant(
        "retry on 502",
        (Patch(_DOUBT, f"{_ON.format('== 502', 'RETRY')}{_DOUBT}"),),
        (
            *_in("service/test_verdicts", "test_each_answer_means_what_the_table_says"),
            *_in("runner/test_submitting", f"{_NEVER_AGAIN}[502]"),
        ),
    ),
    Mutant(
        "a pause on 5xx",
        (Patch(_DOUBT, f"{_ON.format('>= 500', 'PAUSE')}{_DOUBT}"),),
        (
            *_in("service/test_verdicts", "test_each_answer_means_what_the_table_says"),
            *_in("runner/test_submitting", f"{_NEVER_AGAIN}[500]"),
        ),
    ),
    Mutant(
        "a lost answer is taken for a request that never left",
        (Patch("    return NoAnswer(why)\n", "    return NeverSent(why)\n"),),
        (
            *_in("service/test_wire", "test_so_is_every_other_error_of_the_wire"),
            *_in("runner/test_submitting", f"{_NEVER_AGAIN}[lost_after]"),
        ),
    ),
    Mutant(
        "recovery sends again",
        (
            Patch(
                "Happening(Event.SUBMIT_LOST, self.now(), fault=fault)",
                "Happening(Event.SUBMIT_DEFERRED, self.now(), fault=fault)",
            ),
        ),
        (
            *_in(
                "ledger/test_run_lock",
                "test_what_was_on_the_wire_when_its_process_died_is_in_doubt_at_the_next_start",
            ),
            *_in(
                "kills/test_kill_boundaries",
                "test_a_kill_at_the_boundary_is_made_good[request received, without a list]",
            ),
        ),
    ),
    Mutant(
        "a breaker per process",
        (
            Patch("    is_ordering: bool", "    doubts: int = 0\n    is_ordering: bool"),
            Patch(
                "        self.roster.moved(job, after, has_list=self.has_list)\n",
                "        self.roster.moved(job, after, has_list=self.has_list)\n"
                "        self.doubts += event is Event.SUBMIT_LOST\n",
            ),
            Patch("doubts = run.ledger.agenda.count_in_doubt()", "doubts = run.doubts"),
        ),
        _in("door/test_exit_codes", "test_so_many_doubts_hold_up_what_was_not_bought_yet"),
    ),
    Mutant(
        "an answer is recorded after an await",
        (Patch(_ANSWER, f"        await asyncio.sleep(0)\n{_ANSWER}"),),
        _AT_ONCE,
    ),
    Mutant(
        "an id is recorded after the next step",
        (Patch(_ANSWER, f"        await run.service.poll(video.id, age_s=0)\n{_ANSWER}"),),
        _AT_ONCE,
    ),
    Mutant(
        "an id that can't be stored is dropped",
        (Patch("rescue.put_aside(self._rescue_file, found)", "del found"),),
        _in("ledger/test_rescue", "test_an_id_is_put_aside_when_somebody_else_drove_its_job"),
    ),
    Mutant(
        "adoption without a look at owners",
        (
            Patch(" and run.ledger.records.owner_of(video.id) is None", ""),
            Patch(" and run.ledger.records.owner_of(found) is None", ""),
        ),
        _in(
            "runner/test_runs",
            "test_takes_of_one_row_need_no_turn_and_each_finds_a_clip_of_its_own",
        ),
    ),
    Mutant(
        "jobs that look alike are sent at once",
        (Patch("self._alike.turn(job) if self.has_list else nullcontext()", "nullcontext()"),),
        _in(
            "runner/test_runs",
            "test_jobs_that_a_list_cannot_tell_apart_are_sent_one_at_a_time_where_there_is_one",
        ),
    ),
    Mutant(
        "a clip of another run folder is adopted",
        (Patch("if not neighbours.may_have(it, order)", ""),),
        _in("runner/test_troubles", "test_a_clip_that_another_run_folder_bought_is_not_adopted"),
    ),
    Mutant(
        "a budget that is not looked at",
        (Patch("self.totals.bill_usd + job.price_usd <= self._limit_usd", "True"),),
        _in("runner/test_budget", _WITHIN, "test_what_is_in_doubt_counts_as_billed"),
    ),
    Mutant(
        "a price that is not reserved",
        (Patch("self.spent_usd + self.reserved_usd + self.in_doubt_usd", _UNRESERVED),),
        _in("runner/test_budget", _WITHIN),
    ),
    Mutant(
        "a doubt that is not billed",
        (Patch("self.spent_usd + self.reserved_usd + self.in_doubt_usd", _UNDOUBTED),),
        _in("runner/test_budget", "test_what_is_in_doubt_counts_as_billed"),
    ),
    UNSYNCED_CLIP,
    UNSYNCED_NAME,
    Mutant(
        "a download straight among the clips",
        (Patch('PARTIALS = Path("work") / "partial"', 'PARTIALS = Path("videos")'),),
        _in("runner/test_placing", "test_a_clip_on_its_way_has_no_clips_name"),
    ),
    Mutant(
        "a stranger's file is written over",
        (Patch(_IS_TAKEN, "not _holds(partial, job.clip)"),),
        _in(
            "runner/test_placing",
            "test_a_strangers_file_that_appears_when_a_clip_is_about_to_be_named_stays",
        ),
    ),
)
