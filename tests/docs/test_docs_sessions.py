"""What the pages have typed is real: each command runs, prints and ends as it is shown."""

from pathlib import Path

import pytest
from doc_kinds import BEFORE, pages_with
from doc_pages import README, named
from doc_sessions import Step, differences
from doc_shell import shell


@pytest.mark.parametrize("page", pages_with("console", "sh"), ids=named)
def test_what_a_page_has_typed_goes_as_it_is_shown(page: Path, tmp_path: Path) -> None:
    # stale? python tests/docs/sessions_pages.py
    with shell(tmp_path) as opened:
        for command in BEFORE.get(page.name, ()):
            assert opened.play(Step(command)).code == 0
        played = opened.reads(page)
    assert differences(played) == []
    if page == README:  # what it is there to show
        rehearsed = [it for it in played if "--simulate" in it.step.command]
        assert [it.code for it in rehearsed] == [130, 0]
        assert sum("ordered" in line for it in rehearsed for line in it.lines) == 3
