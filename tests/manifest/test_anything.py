"""Whatever stands in a file, reading it ends in jobs, problems or a refusal."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchsora.errors import ManifestRefusedError
from batchsora.manifest import Planned, open_manifest

from .conftest import write

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
def test_no_file_is_too_strange_to_be_told_what_is_wrong(name: str, content: bytes) -> None:
    try:
        found = list(open_manifest(write(name, content)).jobs())
    except ManifestRefusedError as refused:
        found = list(refused.problems)
    for one in found:
        if isinstance(one, Planned):
            assert re.fullmatch(r"videos/(?!.*\.\.)[^\x00-\x1f]+\.mp4", one.output, re.IGNORECASE)
            one.order.prompt.encode()  # no half surrogates
        else:
            assert one.what
            assert one.mend
            assert f"{one.what}{one.mend}".isprintable()
