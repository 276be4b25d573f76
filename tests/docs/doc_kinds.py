"""Which kinds of block the pages may have, and the test that runs each of them. Pure.

A block is of a kind by the words behind its fence. One that is of none of these kinds is shown to
readers and run by nobody: `test_docs_blocks.py` refuses it. Whoever adds a kind writes its test,
and has that test take every block of the kind, on whichever page it stands.
"""

from __future__ import annotations

from pathlib import Path

from doc_pages import DOCS, PAGES, Block, blocks

# these are written by the program, and compared with it as a whole
GENERATED = (DOCS / "commands.md", DOCS / "errors.md")
WRITTEN = tuple(page for page in PAGES if page not in GENERATED)

_PLAYED = "test_docs_sessions.py::test_what_a_page_has_typed_goes_as_it_is_shown"
_TAKEN = "test_docs_manifests.py::test_a_manifest_is_taken_and_planned_or_refused_as_it_is_shown"
_SCHEMED = "test_docs_tables.py::test_what_programs_read_is_shown_as_its_schema_says"
_RUN = "test_docs_library.py::test_an_example_prints_what_is_shown_below_it"
_PLANNED = "test_docs_outputs.py::test_the_plan_after_some_edits_is_as_it_is_shown"

KINDS = {
    "console": _PLAYED,
    "sh": _PLAYED,
    "yaml": _TAKEN,
    "csv": _TAKEN,
    "json": _TAKEN,
    "a file": "test_docs_manifests.py::test_a_file_that_is_saved_is_used_below",
    "yaml refused": _TAKEN,
    "csv refused": _TAKEN,
    "text refusal": _TAKEN,
    "yaml cards": "test_docs_manifests.py::test_a_file_of_model_cards_is_taken_as_it_is_shown",
    "yaml scenario": "test_docs_manifests.py::test_a_scenario_is_taken_as_it_is_shown",
    "text picture": "test_docs_screens.py::test_the_picture_of_a_run_is_drawn_as_it_is_shown",
    "text heartbeat": (
        "test_docs_screens.py::test_the_line_that_a_log_has_every_minute_is_as_it_is_shown"
    ),
    "text summary": "test_docs_screens.py::test_the_end_of_a_run_is_summed_up_as_it_is_shown",
    "text plan": _PLANNED,
    "json plan": _PLANNED,
    "json event": "test_docs_outputs.py::test_an_event_has_the_keys_that_are_documented",
    "json event of a run": _SCHEMED,
    "json event of a failure": _SCHEMED,
    "json status": "test_docs_outputs.py::test_status_as_json_has_the_keys_that_are_documented",
    "json report": (
        "test_docs_outputs.py::test_the_report_for_programs_has_the_keys_that_are_documented"
    ),
    "python backup": (
        "test_docs_outputs.py::test_a_ledger_that_is_copied_as_documented_knows_the_same"
    ),
    "python salvage": (
        "test_docs_outputs.py"
        "::test_a_damaged_ledger_is_saved_as_documented_and_knows_every_purchase"
    ),
    "python": _RUN,
    "python notebook": _RUN,
    "text printed": _RUN,
    "mermaid": "test_docs_states.py::test_the_diagrams_are_as_their_maker_draws_them",
}

# what a page takes for granted that somebody has done who comes to it
BEFORE = {
    "reliability.md": (
        "export GPTPROTO_API_KEY=sk-…",
        "batchsora run manifests/campaign.yaml --limit 1",
    ),
    "running.md": ("export GPTPROTO_API_KEY=sk-…",),
}


def kind_of(block: Block) -> str:
    """Say of which kind a block is: what its fence says; where that names a file, a file."""
    return "a file" if block.file and block.file in block.info else block.info


def pages_with(*kinds: str) -> list[Path]:
    """Find the pages that have blocks of these kinds."""
    return [page for page in WRITTEN if any(kind_of(it) in kinds for it in blocks(page))]
