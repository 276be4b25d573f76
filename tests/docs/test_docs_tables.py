"""The tables of the pages say what the code says."""

import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from click import Choice, Context, Option
from commands_page import PAGE as COMMANDS_PAGE
from commands_page import commands_page
from doc_commands import make
from doc_pages import (
    DOCS,
    README,
    ROOT,
    bare,
    blocks,
    listed,
    make_targets,
    table,
)
from jsonschema import Draft202012Validator
from kills.mutations import MUTANTS
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

import batchsora
from batchsora.cli import COMMANDS, group
from batchsora.cli.notifying import surroundings
from batchsora.cli.shapes import RUN_EVENTS, events_schema, status_schema
from batchsora.errors import StopReason
from batchsora.job import Fit, Reason, State
from batchsora.ledger.attempts import FREE, RequestOutcome
from batchsora.ledger.totals import Totals
from batchsora.library.exits import BY_REASON, PRECEDENCE
from batchsora.library.targets import Aim, rescue_file
from batchsora.library.undertaking import Ended
from batchsora.lifecycle import NEXT_STEP, Event, Step
from batchsora.manifest import open_manifest
from batchsora.manifest.fields import DEFAULTS, FIELDS
from batchsora.manifest.head import KEYS
from batchsora.manifest.inclusion import KEYS as INCLUSION_KEYS
from batchsora.manifest.templates import PLACEHOLDERS, Scope, fill
from batchsora.reports import ATTEMPT_COLUMNS, report_columns
from batchsora.reports.schema import report_schema
from batchsora.runner.campaign import Outcome
from batchsora.runner.stopping import COLLECT
from batchsora.settings import SETTINGS, Settings
from batchsora.simulator import Scenario
from batchsora.simulator.fault import ANYWHERE, FAULTS
from batchsora.simulator.scenario_file import FAULT_READERS, READERS

ARCHITECTURE, CONTRIBUTING, MANIFEST, RELIABILITY, REPORTS, RUNNING, SIMULATOR = (
    DOCS / f"{page}.md"
    for page in (
        "architecture", "contributing", "manifest", "reliability", "reports", "running", "simulator"
    )
)  # fmt: skip


HOUSE = Path(batchsora.__file__).parent


def parameters(name: str) -> list[Option]:
    """Read the options of a command, as help shows them."""
    context = Context(group)
    command = group.get_command(context, name)
    assert command is not None
    return [it for it in command.params if isinstance(it, Option)]


def long_name(option: Option) -> str:
    return next(it for it in option.opts if it.startswith("--"))


# -- commands ------------------------------------------------------------------------------------


def test_the_page_of_commands_is_what_help_prints() -> None:
    # stale? python tests/docs/commands_page.py
    assert COMMANDS_PAGE.read_text(encoding="utf-8") == commands_page()


def test_the_readme_names_every_command() -> None:
    assert listed(README, "command") == list(COMMANDS)


def test_every_exit_code_is_listed() -> None:
    assert [int(code) for code in listed(RUNNING, "exit code", "meaning")] == sorted(PRECEDENCE)


def test_the_order_of_exit_codes_is_the_programs() -> None:
    (told,) = re.findall(r"the first of ([\d, ]+) is given", RUNNING.read_text(encoding="utf-8"))
    assert tuple(map(int, told.split(", "))) == PRECEDENCE


def test_the_options_of_run_have_the_variables_and_settings_that_are_listed() -> None:
    told = [
        (bare(it["option"]), re.findall(r"\w+", it["variable"]), bare(it["in `settings:`"]))
        for it in table(RUNNING, "option", "variable")
    ]
    real = [
        (long_name(it), it.envvar, it.name if it.name in SETTINGS else "")
        for it in parameters("run")
    ]
    assert told == real


def test_settings_have_the_defaults_that_are_listed() -> None:
    told = {
        bare(it["in `settings:`"]): it["default"]
        for it in table(RUNNING, "option", "variable")
        if it["in `settings:`"]
    }
    read = {
        name: None if default == "none" else SETTINGS[name][1](default)
        for name, default in told.items()
    }
    assert read == {name: getattr(Settings(), field) for name, (field, _) in SETTINGS.items()}


def test_every_kind_of_progress_is_listed() -> None:
    (kinds,) = (it.type for it in parameters("run") if it.name == "progress")
    assert isinstance(kinds, Choice)
    assert listed(RUNNING, "`--progress`") == list(kinds.choices)


def test_an_event_for_programs_has_the_keys_that_are_listed() -> None:
    assert listed(RUNNING, "key", "what it says", "which events have it") == list(
        events_schema()["properties"]
    )


def test_every_event_of_a_run_is_listed() -> None:
    told = {bare(it["of a run"]): it["what happened"] for it in table(RUNNING, "of a run")}
    assert told == RUN_EVENTS


def test_the_variables_that_a_command_finds_are_listed(tmp_path: Path) -> None:
    (tmp_path / "name.csv").write_text("prompt\n", encoding="utf-8")
    aim = Aim(open_manifest(tmp_path / "name.csv"), tmp_path, simulate=True)
    ended = Ended(Outcome(Totals(), Totals(), 0, {}), [], datetime.now(UTC), 0.0, is_idle=True)
    ours = {name for name in surroundings(aim, ended, 0) if name not in os.environ}
    assert set(listed(RUNNING, "variable of the command")) == ours
    assert not ours & {name for it in parameters("run") for name in it.envvar or ()}


@pytest.mark.parametrize(
    ("page", "kind", "schema"),
    [
        (RUNNING, "json event", events_schema),
        (RUNNING, "json event of a run", events_schema),
        (RUNNING, "json event of a failure", events_schema),
        (RUNNING, "json status", status_schema),
        (REPORTS, "json report", report_schema),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_what_programs_read_is_shown_as_its_schema_says(
    page: Path, kind: str, schema: Callable[[], dict[str, Any]]
) -> None:
    (shown,) = (json.loads(block.text) for block in blocks(page) if block.info == kind)
    Draft202012Validator(schema()).validate(shown)


# -- why things end --------------------------------------------------------------------------------


def test_every_reason_to_stop_has_its_exit_code_and_says_what_is_still_fetched() -> None:
    told = {
        StopReason[bare(it["stop"])]: (int(it["exit code"]), it["still fetches"] == "yes")
        for it in table(RUNNING, "stop")
    }
    assert told == {reason: (code, reason in COLLECT) for reason, code in BY_REASON.items()}


def test_what_a_newcomer_is_told_to_look_for_is_what_the_program_says() -> None:
    sources = [it.read_text(encoding="utf-8") for it in HOUSE.rglob("*.py")]
    for row in table(DOCS / "getting-started.md", "it says"):
        for said in re.findall(r"\*(.+?)\*", row["it says"]):
            for part in said.split("…"):
                assert any(part.strip() in source for source in sources), said


def test_every_reason_to_fail_is_listed() -> None:
    assert listed(RUNNING, "reason") == list(Reason)


# -- a job's life ----------------------------------------------------------------------------------


def test_every_state_is_listed_with_its_next_step() -> None:
    words = {"submit": Step.SUBMIT, "look up": Step.LOOK_UP, "poll": Step.POLL}
    words |= {"download": Step.DOWNLOAD}
    rows = table(ARCHITECTURE, "state", "the promise it makes", "next step")
    assert {State(bare(it["state"])): words.get(it["next step"]) for it in rows} == NEXT_STEP


def test_every_event_is_listed() -> None:
    assert listed(ARCHITECTURE, "event") == list(Event)


def test_every_room_is_listed() -> None:
    rooms = {it.name for it in HOUSE.glob("*.py")} | {
        f"{it.parent.name}/" for it in HOUSE.glob("*/*.py")
    }
    assert set(listed(ARCHITECTURE, "room")) == rooms - {"__init__.py"}


# -- reports ---------------------------------------------------------------------------------------


def test_the_reports_columns_are_listed_in_their_order() -> None:
    assert listed(REPORTS, "column") == report_columns(["yours"])


def test_what_is_told_of_a_request_is_listed() -> None:
    assert listed(REPORTS, "of a request") == list(ATTEMPT_COLUMNS)
    told = {bare(it["outcome"]): it["billed"] for it in table(REPORTS, "outcome")}
    assert told == {it.value: "no" if it in FREE else "yes" for it in RequestOutcome}


def test_every_status_is_listed() -> None:
    assert listed(REPORTS, "status") == list(State)


# -- the manifest ----------------------------------------------------------------------------------


def test_every_key_and_field_of_a_manifest_is_listed() -> None:
    assert listed(MANIFEST, "key") == list(KEYS)
    assert set(listed(MANIFEST, "field")) == FIELDS


def test_fields_have_the_defaults_that_are_listed() -> None:
    told = {bare(it["field"]): it["default"] for it in table(MANIFEST, "field")}
    assert {name: bare(cell) for name, cell in told.items() if cell.startswith("`")} == DEFAULTS


def test_every_placeholder_and_every_fit_is_listed() -> None:
    assert listed(MANIFEST, "placeholder") == [f"{{{name}}}" for name in PLACEHOLDERS]
    assert listed(MANIFEST, "`fit`") == list(Fit)


def test_every_filter_that_is_listed_does_what_is_said() -> None:
    head = "of *Café Crème no. 7*"
    for row in table(MANIFEST, "filter"):
        word, told = bare(row["filter"]), row[head]
        filled = fill(f"{{title{word}}}", "prompt", Scope({"title": "Café Crème no. 7"}, {}, ()))
        assert filled == bare(told) or (isinstance(filled, list) and told == "refused: no number")


def test_every_key_beside_from_is_listed() -> None:
    assert listed(MANIFEST, "beside `from`") == list(INCLUSION_KEYS[1:])


# -- the simulator ---------------------------------------------------------------------------------


def test_every_key_of_a_scenario_is_listed_with_its_default() -> None:
    rows = table(SIMULATOR, "key", "takes", "default")
    assert [bare(it["key"]) for it in rows] == list(READERS)
    for row in rows:
        field, reader = READERS[bare(row["key"])]
        default = getattr(Scenario(), field)
        if row["default"].startswith("`"):
            assert reader(yaml.safe_load(bare(row["default"]))) == default, row
        elif field == "models":
            assert row["default"].split(", ") == [card.model for card in default]
        else:
            assert default is None, row


def test_every_key_of_a_fault_is_listed() -> None:
    assert listed(SIMULATOR, "key", "what it says") == list(FAULT_READERS)


def test_every_fault_is_listed_with_its_places() -> None:
    told = {
        bare(it["fault"]): ANYWHERE if it["at"] == "anywhere" else frozenset(it["at"].split(", "))
        for it in table(SIMULATOR, "fault")
    }
    assert told == {name: wrong.places for name, wrong in FAULTS.items()}


# -- promises taken out ----------------------------------------------------------------------------


def test_every_promise_that_is_taken_out_is_listed_with_the_tests_that_miss_it() -> None:
    told = {
        it["taken out"]: tuple(re.findall(r"`(.+?)`", it["missed by"]))
        for it in table(RELIABILITY, "taken out")
    }
    assert told == {mutant.name: mutant.caught_by for mutant in MUTANTS}


# -- the checkout, the disk, the pages themselves --------------------------------------------------


def test_the_targets_that_are_listed_are_those_of_the_makefile() -> None:
    assert listed(CONTRIBUTING, "target") == [f"make {it}" for it in make_targets() if it != "help"]


def test_every_part_that_make_docs_writes_is_listed() -> None:
    told = [bare(row["written by"]) for row in table(CONTRIBUTING, "part", "written by")]
    real = [line.replace(".venv/bin/", "") for line in make("docs") if "tests/docs/" in line]
    assert told == [*real, "batchsora schema"]


def test_the_folders_of_tests_that_are_listed_are_there() -> None:
    assert [it for it in listed(CONTRIBUTING, "folder") if not (ROOT / it).is_dir()] == []


def test_the_rescue_file_is_where_it_is_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    rows = table(RELIABILITY, "system")
    told = {it["system"]: Path(bare(it["file"].partition(" (")[0])) for it in rows}
    folders = {"Linux": Unix("batchsora"), "macOS": MacOS("batchsora")}
    assert {system: path.expanduser() for system, path in told.items()} == {
        system: folder.user_state_path / rescue_file().name for system, folder in folders.items()
    }
