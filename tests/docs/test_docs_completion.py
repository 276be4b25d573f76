"""The Tab key completes as the page of commands says, in each shell that it names."""

import shutil
from pathlib import Path

import pytest
from commands_page import PAGE
from doc_pages import bare, table
from doc_sessions import Step
from doc_shell import shell

# what each shell is asked, once its line was read, for what may follow `batchsora pl`
ASKS = {
    "bash": """
        COMP_WORDS=(batchsora pl) COMP_CWORD=1
        _batchsora_completion batchsora
        complete -p batchsora
        printf '%s\\n' "${COMPREPLY[@]}"
    """,
    "zsh": """
        print $_comps[batchsora]
        COMP_WORDS="batchsora pl" COMP_CWORD=1 _BATCHSORA_COMPLETE=zsh_complete batchsora
    """,
    "fish": 'complete -C "batchsora pl"',
}
ANSWERS = {
    "bash": ["complete -o nosort -F _batchsora_completion batchsora", "plan"],
    "zsh": [
        "_batchsora_completion", "plain", "plan",
        "Say for each job what a run would do, why,...",
    ],
    "fish": ["plan\tSay for each job what a run would do"],
}  # fmt: skip
QUIETLY = {"bash": ["--norc"], "zsh": ["-f"], "fish": ["--no-config"]}


def lines() -> dict[str, str]:
    """Read the line that the page has put into each shell's file."""
    rows = table(PAGE, "shell", "line", "file")
    return {it["shell"].partition(",")[0]: bare(it["line"]) for it in rows}


def test_each_shell_that_is_named_is_tried() -> None:
    assert list(lines()) == list(ASKS)


@pytest.mark.parametrize("name", ASKS)
def test_the_tab_key_completes_a_command(name: str, tmp_path: Path) -> None:
    if not shutil.which(name):
        pytest.skip(f"not shown: {name} is not installed")
    script = tmp_path / "script"
    script.write_text(f"{lines()[name]}\n{ASKS[name]}", encoding="utf-8")
    with shell(tmp_path / "home") as opened:
        typed = " ".join([name, *QUIETLY[name], str(script)])
        assert opened.play(Step(typed)).lines == ANSWERS[name]
