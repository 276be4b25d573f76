from pathlib import Path

import pytest

from batchsora.errors import Problem
from batchsora.manifest import Planned, open_manifest

from .conftest import Read, Told, problems_of, said, write


@pytest.mark.parametrize(
    "content",
    [
        "image,prompt,seconds\ncat.png,A hat,8\n",
        "image;prompt;seconds\ncat.png;A hat;8\n",
        "image\tprompt\tseconds\ncat.png\tA hat\t8\n",
        "\ufeffimage,prompt,seconds\r\ncat.png,A hat,8\r\n",
        '\ufeff"image","prompt","seconds"\r\n"cat.png","A hat","8"',
        " Image , PROMPT,Seconds\ncat.png , A hat ,8.0\n",
        "\nimage,prompt,seconds\n\ncat.png,A hat,8\n,,\n\n",
        "image,prompt,seconds,,\ncat.png,A hat,8,,\n",
        "seconds,size,prompt,image,takes\n8,,A hat,cat.png\n",
    ],
)
def test_the_same_row_is_read_from_every_dialect(read: Read, content: str) -> None:
    (job,) = read("t.csv", content)
    (same,) = read("m.yaml", "rows:\n- {image: cat.png, prompt: A hat, seconds: 8}\n")
    assert job.key == same.key


def test_other_columns_are_carried_through_in_their_order() -> None:
    manifest = open_manifest(write("t.csv", "sku,prompt,Title,price\n7,A hat, Hat ,9.90\n8,B,,\n"))
    assert manifest.columns == ("sku", "Title", "price")
    first, second = (dict(job.columns) for job in manifest.jobs() if isinstance(job, Planned))
    assert first == {"sku": "7", "Title": " Hat ", "price": "9.90"}
    assert second == {"sku": "8", "Title": "", "price": ""}


def test_every_field_of_a_table_is_read(read: Read) -> None:
    content = (
        "image,prompt,model,seconds,size,id,takes,fit,tags,output\n"
        'cat.png,"one\r\ntwo ""three""",sora-2-pro,12,1792x1024,cat,1,stretch,a; b;a,{model}/{id}\n'
    )
    (job,) = read("t.csv", content)
    assert job.order.prompt == 'one\ntwo "three"'
    assert (job.order.model, str(job.order.size)) == ("sora-2-pro", "1792x1024")
    assert (job.id, job.tags, job.output) == ("cat", ("a", "b"), "videos/sora-2-pro/cat.mp4")


def test_rows_and_lines_are_counted_through_quoted_line_ends(read: Read) -> None:
    jobs = read("t.csv", 'prompt\n"a\nb"\n\nc\n')
    assert [(job.row, job.line) for job in jobs] == [(1, 2), (2, 5)]


def test_the_name_is_the_files_stem() -> None:
    assert open_manifest(write("spring 2026.csv", "prompt\n")).name == "spring 2026"


HEADERS = {
    "": ["t.csv:1: no header | begin the file with a line of names, such as image,prompt,seconds"],
    "cat.png,a hat\n": [
        (
            't.csv:1: no column "prompt"'
            ' | name it in the first line, which now says: "cat.png", "a hat"'
            "; or: batchsora init --from-csv FILE"
        )
    ],
    "prompt,Prompt,x,x\n": [
        't.csv:1: column "prompt" is there twice, as columns 1 and 2 | rename one of them',
        't.csv:1: column "x" is there twice, as columns 3 and 4 | rename one of them',
    ],
    ",prompt\n": [
        "t.csv:1: column 1 has no name | name it in the first line, or delete the column"
    ],
    "promt,second\n": [
        (
            't.csv:1: column "promt" is a letter or two off the field prompt'
            " | name it prompt; a variable needs another name"
        ),
        (
            't.csv:1: column "second" is a letter or two off the field seconds'
            " | name it seconds; a variable needs another name"
        ),
    ],
    "Image File,Image URL,prompt,Length\n": [
        (
            't.csv:1: column "Image File" is none of ours, but looks like image'
            " | name it image; or say columns: {image: Image File} beside from;"
            " a variable needs another name"
        ),
    ],
    "prompt,a\x07b\n": [
        't.csv:1: control character U+0007 in the column name "a\\x07b" | delete it'
    ],
    "prompt,image\ra,cat.png\r": [
        "t.csv:1: a carriage return without a line feed | save with Unix or Windows line ends"
    ],
    'prompt,"image\n': [
        't.csv:1: a quote (") is opened here and not closed | close it, or write "" for a quote'
    ],
}


@pytest.mark.parametrize("content", HEADERS)
def test_a_wrong_header_is_refused(told: Told, content: str) -> None:
    assert told("t.csv", content) == HEADERS[content]


def test_a_column_near_a_field_that_is_there_is_a_variable(read: Read) -> None:
    (job,) = read("t.csv", "prompt,prompts,size,sizes\na,b,,S;M\n")
    assert dict(job.columns) == {"prompts": "b", "sizes": "S;M"}


CLOSE = 'a quote (") is opened here and not closed | close it, or write "" for a quote'
ROWS = {
    "prompt,image\na,cat.png,c,d\n": [
        (
            "t.csv:2 (row 1): 4 cells, but the header names 2 columns"
            " | put quotes round a cell that contains a comma"
        )
    ],
    "prompt;image\na;cat.png;c\n": [
        (
            "t.csv:2 (row 1): 3 cells, but the header names 2 columns"
            " | put quotes round a cell that contains a semicolon"
        )
    ],
    'prompt,x\nok,\n"a,b\nc,d\ne,f\n': [f"t.csv:3 (row 2): {CLOSE}"],
    'prompt,x\n"a,b\nc,d\n"e",f\n': [f"t.csv:2 (row 1): {CLOSE}"],
    'prompt,x\n"a\nb","c\nd,e\n': [f"t.csv:3 (row 1): {CLOSE}"],
    'prompt,x\n"a"b,c\nd,e\n"f"g,h\n': [
        (
            "t.csv:2 (row 1): text between a closing quote and the end of its cell"
            ' | write "" for a quote inside a quoted cell'
        ),
        (
            "t.csv:4 (row 3): text between a closing quote and the end of its cell"
            ' | write "" for a quote inside a quoted cell'
        ),
    ],
    "prompt,x\na\x00b,c\nd,e\x1bf\n": [
        "t.csv:2 (row 1): control character U+0000 in prompt | delete it",
        't.csv:3 (row 2): control character U+001B in column "x" | delete it',
    ],
    "prompt,seconds\n ,4\n": ["t.csv:2 (row 1): prompt is missing | write what the clip shows"],
}


@pytest.mark.parametrize("content", ROWS)
def test_a_wrong_row_is_told_by_line_and_row(told: Told, content: str) -> None:
    assert told("t.csv", content) == ROWS[content]


def test_rows_before_and_after_a_broken_one_are_read() -> None:
    found = open_manifest(write("t.csv", 'prompt,x\na,\n"b"b,\nc,\n')).jobs()
    assert [type(one) for one in found] == [Planned, Problem, Planned]


def test_latin_1_is_told_by_byte_and_line(told: Told) -> None:
    assert told("t.csv", b"prompt\nok\ncaf\xe9\nmore\xe9\n") == [
        (
            "t.csv:3 (row 2): not UTF-8: byte 0xe9 at offset 13"
            ' | save the file as UTF-8 (in Excel: "CSV UTF-8"), or give'
            " --encoding cp1252"
        )
    ]


def test_utf_16_is_not_taken_for_a_header(told: Told) -> None:
    assert told("t.csv", "prompt\na\n".encode("utf-16-le").join([b"\xff\xfe", b""])) == [
        (
            "t.csv:1: not UTF-8: byte 0xff at offset 0, where UTF-16 begins"
            ' | save the file as UTF-8 (in Excel: "CSV UTF-8"), or give'
            " --encoding utf-16"
        )
    ]


def test_a_huge_line_ends_the_reading(told: Told) -> None:
    (line,) = told("t.csv", "prompt\na\n" + "b" * 2_000_000)
    assert line.startswith("t.csv:3 (row 2): a line of more than 1,048,576 bytes | ")


def test_a_huge_cell_ends_the_reading(told: Told) -> None:
    (line,) = told("t.csv", 'prompt\na\n"' + "b\n" * 600_000)
    assert line.startswith("t.csv:3 (row 2): a cell of more than 1,048,576 characters | ")


def test_a_web_page_in_another_column_is_carried_through(read: Read) -> None:
    page = "<p>" * 100_000
    (job,) = read("t.csv", f"prompt,body\na,{page}\n")
    assert job.columns["body"] == page


def test_a_file_that_is_gone_when_its_rows_are_read_is_told(folder: Path) -> None:
    manifest = open_manifest(write("t.csv", "prompt\na\n"))
    (folder / "t.csv").unlink()
    with pytest.raises(Exception, match=r"t\.csv can't be read"):
        list(manifest.jobs())


def test_problems_name_the_file_as_it_was_typed(folder: Path) -> None:
    (folder / "deep").mkdir()
    manifest = open_manifest(write("deep/t.csv", "prompt,image\na,gone.png\nb,../cat.png\n"))
    found = list(manifest.jobs())
    assert isinstance(found[0], Problem)
    assert said(found[0]) == (
        'deep/t.csv:2 (row 1): the image is missing: "gone.png"'
        " | give the path of a JPEG, PNG or WebP file;"
        " none of that name is in the manifest's folder"
    )
    assert isinstance(found[1], Planned)
    assert found[1].image_path == Path("deep/../cat.png")


# ---------------------------------------------------------------- delimiters and encodings

NOTES = {
    "prompt,sku\nsun,7\n": (),
    "prompt\nsun\n": (),
    "prompt;sku\nsun;7\n": ("t.csv is read with a semicolon between the cells",),
    "prompt\tsku\nsun\t7\n": ("t.csv is read with a tab between the cells",),
    "sep=;\nprompt;sku\nsun;7\n": ("t.csv is read with a semicolon between the cells",),
    "SEP=\t\r\nprompt\tsku\r\nsun\t7\r\n": ("t.csv is read with a tab between the cells",),
    "sep=,\nprompt,sku\nsun,7\n": (),
    'prompt;"a,b,c";sku\nsun;x;7\n': ("t.csv is read with a semicolon between the cells",),
}


@pytest.mark.parametrize("content", NOTES)
def test_what_is_between_the_cells_is_found_out_and_told(content: str) -> None:
    manifest = open_manifest(write("t.csv", content))
    (job,) = manifest.jobs()
    assert isinstance(job, Planned)
    assert job.order.prompt == "sun"
    assert manifest.notes == NOTES[content]


def test_rows_are_counted_below_a_line_that_names_the_delimiter(read: Read) -> None:
    (job,) = read("t.csv", "sep=;\n\nprompt;sku\nsun;7\n")
    assert (job.row, job.line, dict(job.columns)) == (1, 4, {"sku": "7"})


ENCODED = "prompt,image\nA café at dawn,cat.png\nÀ la carte,\n"


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "utf-16", "utf-16-le", "utf-8-sig"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_table_in_another_encoding_is_the_same_table(
    read: Read, encoding: str, ends: str
) -> None:
    as_utf8 = read("t.csv", ENCODED)
    path = write("other.csv", ENCODED.replace("\n", ends).encode(encoding))
    found = open_manifest(path, encoding=encoding).jobs()
    jobs = [job for job in found if isinstance(job, Planned)]
    assert [(job.key, job.line) for job in jobs] == [(job.key, job.line) for job in as_utf8]


@pytest.mark.parametrize("name", ["m.yaml", "m.jsonl"])
def test_other_files_in_another_encoding_are_read_too(name: str) -> None:
    row = {"m.yaml": "rows:\n- prompt: Le thé\n", "m.jsonl": '{"prompt": "Le thé"}\n'}[name]
    (job,) = open_manifest(write(name, row.encode("utf-16")), encoding="utf-16").jobs()
    assert isinstance(job, Planned)
    assert job.order.prompt == "Le thé"


NOT_SO = {
    "ascii": "t.csv:3: not ascii: byte 0xc3 at offset 14",
    "utf-16": "t.csv:1: not utf-16: it does not begin with a byte order mark",
    "cp1253": "t.csv:4: not cp1253: byte 0xff at offset 30",
}


@pytest.mark.parametrize("encoding", NOT_SO)
def test_a_table_that_is_not_in_the_encoding_named_is_told_by_byte_and_line(
    encoding: str,
) -> None:
    path = write("t.csv", b"prompt\nsun\ncaf\xc3\xa9 Lumi\xc3\xa8re\nmist\xff\n")
    assert [said(it).partition(" | ")[0] for it in problems_of(path, encoding)] == [
        NOT_SO[encoding]
    ]


def test_a_fault_far_down_is_told_by_its_line() -> None:
    path = write("t.csv", b"prompt\n" + b"sun\n" * 50_000 + b"caf\xe9\n")
    (problem,) = problems_of(path, "ascii")
    assert (problem.line, problem.what) == (50_002, "not ascii: byte 0xe9 at offset 200010")


def test_a_table_that_ends_within_a_letter_is_told() -> None:
    path = write("t.csv", "prompt\nsun\n".encode("utf-16") + b"x")
    (problem,) = problems_of(path, "utf-16")
    assert (problem.line, problem.what) == (3, "not utf-16: truncated data")


def test_old_line_ends_are_told_in_every_encoding() -> None:
    path = write("t.csv", "prompt,sku\rsun,7\r".encode("utf-16"))
    (problem,) = problems_of(path, "utf-16")
    assert problem.what == "a carriage return without a line feed"
