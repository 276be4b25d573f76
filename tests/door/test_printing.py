"""What leaves the program: colours that were set here, and nothing else that a terminal obeys."""

import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from batchsora.cli.columns import columns_of, folded, folded_command, one_line
from batchsora.cli.printing import (
    LONGEST,
    STYLES,
    Span,
    harmless,
    is_coloured,
    is_terminal,
    painted,
)

WILD = st.text(
    st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from(
            "\x1b\x9b\x07\x00\r\n\t\x7f\u202e\u2066\u200f\u2028\ufeff\u200b 猫🎩\u0301"
        ),
    )
)


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "␛[31mred␛[0m"),
        ("one\ntwo\r\tthree", "one␊two␍␉three"),
        ("\x7f\x00\x07", "␡␀␇"),
        ("\x9b31m", "�31m"),
        ("\u202egnp.exe\u202c", "�gnp.exe�"),
        ("\u2066a\u2069\u200f\u2028\ufeff", "�a����"),
        ("👨\u200d👩\u200d👧 naïve 猫 ❤\ufe0f", "👨\u200d👩\u200d👧 naïve 猫 ❤\ufe0f"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_as_a_sign(text: str, shown: str) -> None:
    assert harmless(text) == shown


@given(WILD)
def test_nothing_that_a_terminal_obeys_gets_out_and_no_column_is_lost(text: str) -> None:
    shown = harmless(text)
    assert not {unicodedata.category(letter) for letter in shown} & {"Cc", "Zl", "Zp"}
    assert not any("\u202a" <= it <= "\u202e" or "\u2066" <= it <= "\u2069" for it in shown)
    assert len(shown) == len(text)
    assert columns_of(shown) == columns_of(text)


def test_a_text_without_an_end_is_cut() -> None:
    assert painted("long " * 30_000, coloured=False).endswith("…")
    assert columns_of(painted("猫" * 30_000, coloured=True)) <= LONGEST


def test_only_what_is_coloured_here_has_colours_and_a_quoted_escape_has_none() -> None:
    line = [Span("\x1b[32mfine\x1b[0m", "bad"), Span(" rest")]
    assert painted(line, coloured=False) == "␛[32mfine␛[0m rest"
    assert painted(line, coloured=True) == "\x1b[31m␛[32mfine␛[0m\x1b[0m rest"
    assert all(painted([Span("x", style)], coloured=True) != "x" for style in STYLES)


@pytest.mark.parametrize(
    ("variables", "at_terminal", "in_pipe"),
    [
        ({}, True, False),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, True, False),
        ({"FORCE_COLOR": "1"}, True, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ({"TERM": "dumb"}, False, False),
    ],
)
def test_colours_go_where_they_are_wanted(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], *, at_terminal: bool, in_pipe: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm", **variables}.items():
        monkeypatch.setenv(name, value)
    assert (is_coloured(Terminal()), is_coloured(io.StringIO())) == (at_terminal, in_pipe)


def test_a_stream_that_is_closed_or_missing_is_no_terminal() -> None:
    closed = io.StringIO()
    closed.close()
    assert not is_terminal(closed)
    assert not is_terminal(None)


@given(WILD, st.integers(10, 90))
def test_a_line_is_folded_to_a_width_and_keeps_its_words(text: str, width: int) -> None:
    lines = [*folded(text, width)]
    assert all(columns_of(line) <= width for line in lines)
    words = text.split()
    if all(columns_of(word) < width - 4 for word in words):
        assert " ".join(lines).split() == words


def test_columns_are_counted_as_an_independent_measure_counts_them() -> None:
    for text in ("cat", "猫 wears", "🎩", "cafe\u0301", "한글"):
        assert columns_of(text) == cell_len(text)


def test_a_command_is_folded_so_that_a_shell_takes_it_as_one() -> None:
    command = "batchsora run 'my manifest.yaml' --base-url http://127.0.0.1:8080 --max-cost 25"
    lines = [*folded_command(command, 36)]
    assert all(columns_of(line) <= 36 for line in lines)
    assert lines[0] == "batchsora run 'my manifest.yaml' \\"
    assert " ".join(line.removesuffix(" \\") for line in lines) == command


def test_a_prompt_of_many_lines_becomes_one() -> None:
    assert one_line("a cat\n  in\ta hat " * 9000, 20) == "a cat in a hat a ca…"
