"""What `import batchsora` gives: names that are looked up when they are asked for."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from click import Context
from door.door import SURROUNDINGS

import batchsora
from batchsora.cli import group
from batchsora.library.keywords import PlanOptions, RunOptions
from batchsora.library.planned_jobs import PlannedJob

HEAVY = ("aiohttp", "PIL", "sqlite3", "sqlite_utils", "yaml", "click", "rich", "asyncio")
OF_THE_TERMINAL = {"dry_run", "progress", "quiet", "verbose", "env_file"}
OF_THE_SHELL = {"on_done", "junit"}  # a program goes on by itself when a run has ended
OF_THE_MANIFEST = {"models", "encoding"}
OF_PROGRAMS = {"key", "on_event"}


def options(command: str) -> set[str]:
    """Name the options of a command as its function has them."""
    found = group.get_command(Context(group), command)
    assert found is not None
    return {it.name for it in found.params if it.param_type_name == "option" and it.name}


def test_the_package_is_imported_without_anything_heavy() -> None:
    script = f"import sys, batchsora; print([it for it in {HEAVY!r} if it in sys.modules])"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, env=SURROUNDINGS, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", batchsora.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(batchsora, name) is not None
    assert name in dir(batchsora)


def test_type_checkers_see_the_names_where_they_are() -> None:
    (checked,) = (
        it for it in ast.parse(Path(batchsora.__file__).read_text()).body if isinstance(it, ast.If)
    )
    seen = {
        name.name: it.module
        for it in checked.body
        if isinstance(it, ast.ImportFrom)
        for name in it.names
    }
    assert set(seen) | {"__version__"} == set(batchsora.__all__)
    for name, module in seen.items():
        assert getattr(batchsora, name) is getattr(importlib.import_module(str(module)), name)


def test_a_name_that_is_not_there_is_missing_as_in_any_module() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = batchsora.nothing


def test_the_keywords_of_run_are_the_options_of_the_command() -> None:
    told = set(RunOptions.__annotations__) | OF_THE_TERMINAL | OF_THE_SHELL | OF_THE_MANIFEST
    assert told == options("run") | OF_PROGRAMS | {"env_file"}


def test_the_keywords_of_plan_are_those_of_its_command_that_it_depends_on() -> None:
    assert set(PlanOptions.__annotations__) <= options("plan")


def test_a_planned_job_has_the_columns_of_the_plan_for_spreadsheets() -> None:
    from batchsora.cli.plan_rows import COLUMNS  # noqa: PLC0415

    assert tuple(PlannedJob.__dataclass_fields__) == COLUMNS
