"""Whatever stands in a file, reading it ends in jobs, problems or a refusal."""

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from batchsora.errors import ManifestRefusedError, Problem, UsageError
from batchsora.manifest import Planned, open_manifest

from .conftest import problems_of, write
from .wrong_manifests import WRONG

SCRAPS = st.sampled_from(
    [
        *(
            "prompt",
            "image",
            "seconds",
            "size",
            "rows:",
            "- ",
            "  ",
            "vars:",
            "tags",
            "output",
            "id",
        ),
        *("defaults:", "settings:", "models:", "cat.png", "a hat", "4", "{id}", "{", "}", "[", "]"),
        *("from: ", "matrix: ", "columns: ", "needs: ", "encoding: ", "cp1252", "any.csv", "*.png"),
        *("{id.", "{stem:slug}", ":04d", "https://", "@", "name: ", "?", "[a-"),
        *(
            ":",
            ",",
            ";",
            "\t",
            "\n",
            "\r\n",
            "\r",
            '"',
            "'",
            "&a",
            "*a",
            "!t",
            "#",
            "---",
            "|",
            "<<",
        ),
        *(
            "\x00",
            "\x1b",
            "\ufeff",
            "\ud800",
            "\x85",
            "\x9b",
            "\u202e",
            "\u2028",
            "\u200d",
            "é",
            "../",
            "null",
            "true",
            "1e9",
            "\\",
            "\\ud800",
            "\\e",
        ),
    ]
)
CONTENTS = st.binary(max_size=200) | st.lists(SCRAPS, max_size=60).map(
    lambda scraps: "".join(scraps).encode("utf-8", "surrogatepass")
)


@pytest.mark.parametrize("name", ["any.yaml", "any.csv", "any.jsonl"])
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=CONTENTS)
@example(content=b"\xd0\xcf\x11\xe0")
def test_no_file_is_too_strange_to_be_told_what_is_wrong(name: str, content: bytes) -> None:
    try:
        found = list(open_manifest(write(name, content)).jobs())
    except ManifestRefusedError as refused:
        found = list(refused.problems)
    except UsageError:
        assert content[:4] in {b"PK\x03\x04", b"\xd0\xcf\x11\xe0"}  # as spreadsheets begin
        return
    for one in found:
        if isinstance(one, Planned):
            assert re.fullmatch(r"videos/(?!.*\.\.)[^\x00-\x1f]+\.mp4", one.output, re.IGNORECASE)
            one.order.prompt.encode()  # no half surrogates
        else:
            assert one.what
            assert one.mend
            assert f"{one.what}{one.mend}".isprintable()


SMALL = [
    path
    for path in sorted(WRONG.glob("*/*"))
    if path.suffix in {".yaml", ".csv", ".jsonl"}
    and path.is_file()
    and b"\0" not in path.read_bytes()
]


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the wrong manifests, with what they name."""
    return shutil.copytree(WRONG, tmp_path_factory.mktemp("laid-out") / "wrong")


@settings(
    max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    path=st.sampled_from(SMALL),
    at=st.integers(0, 2000),
    letter=st.sampled_from("\x85\x9b\u200b\u2028\u202e\u2066\ufeff"),
)
def test_no_message_shows_what_nobody_sees_as_it_is(
    laid_out: Path, path: Path, at: int, letter: str
) -> None:
    text = path.read_text(encoding="utf-8", errors="replace")
    at %= len(text) + 1
    odd = laid_out / path.parent.name / f"odd{path.suffix}"  # what it names is there
    odd.write_text(f"{text[:at]}{letter}{text[at:]}", encoding="utf-8")
    try:
        found = problems_of(odd)
    except UsageError as error:
        found = [Problem(error.what, error.mend, "")]
    for problem in found:
        assert f"{problem.what}{problem.mend}{problem.file}".isprintable()
