"""Which encodings are taken, and which characters text and names may hold."""

import encodings.aliases
import json
from functools import partial
from pathlib import Path

import pytest

from batchsora.manifest.text import TextFile, TextRefusedError, known_encoding

from .conftest import Read, Told, problems_of, said, write

NO_TEXT = ("hex", "base64", "zlib", "bz2", "rot13", "quopri", "uu", "undefined", "nothing", "a\0b")
WRITTEN = "prompt,id,name,tags\nA café… at dawn,a,b,c\n"
ODD = (b"", b"xn--a\xffb.\n\n", b"\xff\xfe\x00", bytes(range(256)), b"..\n" * 3, b"-\xc3\n-x999-")


def _all_lines(file: TextFile) -> list[str]:
    return list(file.lines())


@pytest.mark.parametrize("name", NO_TEXT)
def test_what_encodes_no_text_is_no_encoding(name: str) -> None:
    assert known_encoding(name) is None


@pytest.mark.parametrize(
    ("name", "known"),
    [(" UTF-8 ", "utf-8"), ("latin-1", "iso8859-1"), ("utf_16", "utf-16"), ("cp1252", "cp1252")],
)
def test_an_encoding_is_known_by_any_of_its_names(name: str, known: str) -> None:
    assert known_encoding(name) == known


@pytest.mark.filterwarnings("ignore:.*escape sequence:DeprecationWarning")
@pytest.mark.parametrize("content", ODD)
def test_whatever_a_file_holds_it_is_read_in_any_encoding_or_refused(
    folder: Path, content: bytes
) -> None:
    path = folder / "odd.csv"
    path.write_bytes(content)
    named = map(known_encoding, {*encodings.aliases.aliases.values(), "idna", "punycode"})
    known = {name for name in named if name}
    assert len(known) > 90
    refusals = []
    for file in (TextFile(path, name) for name in known):
        for reading in (file.text, partial(_all_lines, file)):
            try:
                reading()
            except TextRefusedError as refused:
                refusals.append(refused.problem.what)
    assert all(map(str.isprintable, refusals))
    assert refusals or content == b""


@pytest.mark.parametrize("letter", ["\x80", "\x85", "\x97", "\x9f"])
@pytest.mark.parametrize(
    ("name", "content", "where"),
    [
        ("t.csv", "prompt\na{}b\n", "prompt"),
        ("t.csv", "prompt,sku\na,b{}c\n", 'column "sku"'),
        ("t.csv", "prompt,tags\na,b{}c\n", "tags"),
        ("t.csv", "prompt,s{}u\na,b\n", 'the column name "s\\x{:02x}u"'),
        ("t.csv", "prompt,image\na,b{}c.png\n", 'image "b\\x{:02x}c.png"'),
        ("t.csv", "prompt,id\na,b{}c\n", 'id "b\\x{:02x}c"'),
        ("t.jsonl", '{{"prompt": "a{}b"}}\n', "prompt"),
        ("t.yaml", "rows:\n- prompt: a{}b\n", "the file"),
        ("t.yaml", 'rows:\n- prompt: "a\\u{:04x}b"\n', "prompt"),
    ],
)
def test_what_is_left_of_text_read_in_a_wrong_encoding_is_a_control_character(
    told: Told, letter: str, name: str, content: str, where: str
) -> None:
    code = ord(letter)
    written = content.format(code) if ":04x" in content else content.format(letter)
    (line,) = told(name, written)
    what = line.partition(": ")[2]
    assert what == f"control character U+{code:04X} in {where.format(code)} | delete it"
    assert line.isprintable()


def test_cp1252_read_as_latin_1_is_found_out() -> None:
    path = write("t.csv", WRITTEN.encode("cp1252"))
    assert [said(it) for it in problems_of(path, "latin-1")] == [
        "t.csv:2 (row 1): control character U+0085 in prompt | delete it"
    ]
    assert problems_of(path, "cp1252") == []


@pytest.mark.parametrize("prompt", ["a\x85", "\x85a", " \x1fa", "a\x1c "])
@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_a_control_character_at_an_end_is_no_blank(told: Told, name: str, prompt: str) -> None:
    content = {"t.csv": f"prompt\n{prompt}\n", "t.jsonl": json.dumps({"prompt": prompt})}
    (line,) = told(name, content[name])
    assert "control character U+00" in line


UNSEEN = "\u200b\u2028\u2029\u202a\u202e\u2066\u2069\ufeff"


@pytest.mark.parametrize("letter", UNSEEN)
def test_what_nobody_sees_is_neither_in_an_id_nor_in_an_output(told: Told, letter: str) -> None:
    code = ord(letter)
    assert told("t.csv", f"prompt,id\na,b{letter}c\n") == [
        f't.csv:2 (row 1): unseen character U+{code:04X} in id "b\\u{code:04x}c" | delete it'
    ]
    assert told("t.csv", f"prompt,output\na,b{letter}c\n") == [
        (
            f't.csv:2 (row 1): output "b\\u{code:04x}c.mp4": the part "b\\u{code:04x}c.mp4" has'
            f' "\\u{code:04x}", which not every file system takes | leave it out'
        )
    ]


def test_what_nobody_sees_in_a_value_is_a_dash_in_an_output_and_itself_in_a_prompt(
    read: Read,
) -> None:
    (job,) = read("t.csv", "prompt,title,output\n{title},a\u202eb,{title}\n")
    assert (job.output, job.order.prompt) == ("videos/a-b.mp4", "a\u202eb")


@pytest.mark.parametrize("name", ["👩\u200d🚀", "क\u200dष", "❤\ufe0f"])
def test_joiners_are_part_of_words_and_pictures(read: Read, name: str) -> None:
    (job,) = read("t.csv", f"prompt,id\na,{name}\n")
    assert (job.id, job.output) == (name, f"videos/{name}.mp4")
