import hashlib
from pathlib import Path

import pytest

from batchsora.errors import Problem
from batchsora.manifest import Planned, Recalled, open_manifest

from .conftest import Read, Told, write

MISSING = "t.csv:2 (row 1): the image is missing: "
GIVE = "give the path of a JPEG, PNG or WebP file"
HERE = "none of that name is in the manifest's folder"
CASE = "upper and lower case count: the file is called"
IMAGES = {
    "gone.png": f'{MISSING}"gone.png" | {GIVE}; {HERE}',
    "./gone.png": f'{MISSING}"./gone.png" | {GIVE}; {HERE}',
    "parts/gone.png": f'{MISSING}"parts/gone.png" | {GIVE};'
    """ none of that name is in "parts", from the manifest's folder""",
    "photos/gone.png": f'{MISSING}"photos/gone.png" | {GIVE};'
    """ there is no folder "photos", from the manifest's folder""",
    "/nowhere/gone.png": f'{MISSING}"/nowhere/gone.png" | {GIVE}',
    "Cat.PNG": f'{MISSING}"Cat.PNG" | {CASE} "cat.png"',
    "Parts/../CAT.png": f'{MISSING}"Parts/../CAT.png" | {CASE} "parts/../cat.png"',
    "www.shop.example/cat.png": f'{MISSING}"www.shop.example/cat.png" | write https://www.…',
    "pictures\\cat.png": f'{MISSING}"pictures\\cat.png" | write the path with "/"',
    "~/cat.png": f'{MISSING}"~/cat.png" | write the whole path: ~ stands for no folder here',
    ".": f't.csv:2 (row 1): the image is a folder: "." | {GIVE}',
    "*.jpeg": 't.csv:2 (row 1): image "*.jpeg" matches no file'
    " | correct the pattern: it starts from this file's folder, and finds files, not folders",
    "cat[1].png": 't.csv:2 (row 1): image "cat[1].png" matches no file'
    " | correct the pattern: it starts from this file's folder, and finds files, not folders",
    "s3://bucket/cat.png": 't.csv:2 (row 1): image "s3://bucket/cat.png" is an address of a kind'
    " that is not fetched | write https://…, or the path of a file",
    "data:image/png;base64": 't.csv:2 (row 1): image "data:image/png;base64" is an address of a'
    " kind that is not fetched | write https://…, or the path of a file",
    "https://me:secret@a.example/c.png": "t.csv:2 (row 1): the address of the image holds a user"
    " or a password | take it out",
    "https:///cat.png": 't.csv:2 (row 1): image "https:///cat.png" is no web address'
    " | write https://…, or the path of a file",
    "https://a.example/my\tcat.png": "t.csv:2 (row 1): image"
    ' "https://a.example/my\\tcat.png" is no web address | write https://…, or the path of a file',
    "https://a.example/a\u00a0b.png": "t.csv:2 (row 1): image"
    ' "https://a.example/a\\xa0b.png" is no web address | write https://…, or the path of a file',
    "https://a. example/cat.png": "t.csv:2 (row 1): image"
    ' "https://a. example/cat.png" is no web address | write https://…, or the path of a file',
    "a\x1b.png": 't.csv:2 (row 1): control character U+001B in image "a\\x1b.png" | delete it',
}


@pytest.mark.parametrize("written", IMAGES)
def test_an_image_that_is_no_file_is_refused(folder: Path, told: Told, written: str) -> None:
    (folder / "parts").mkdir()
    assert told("t.csv", f"prompt,image\na,{written}\n") == [IMAGES[written]]


def test_what_may_be_meant_is_told_of_an_included_file(folder: Path, told: Told) -> None:
    (folder / "parts").mkdir()
    (folder / "parts" / "cup.png").write_bytes((folder / "cat.png").read_bytes())
    rows = "CUP.png,a\nwww.shop.example/cup.png,b\n~/cup.png,c\n"
    write("parts/p.csv", f"image,prompt\n{rows}")
    assert [line.partition(" | ")[2] for line in told("m.yaml", "rows: [{from: parts/p.csv}]")] == [
        f'{CASE} "parts/cup.png"',
        "write https://www.…",
        "write the whole path: ~ stands for no folder here",
    ]


def test_a_blank_in_an_address_is_taken_as_a_browser_takes_it(read: Read) -> None:
    (job,) = read("t.csv", "prompt,image\n{stem},https://a.example/my pictures/my cat.png?v=1 2\n")
    assert job.order.prompt == "my cat"
    assert job.order.image is not None
    assert job.order.image.written == "https://a.example/my pictures/my cat.png?v=1 2"


@pytest.mark.parametrize("where", ["", "https://a.example/"])
def test_a_name_that_a_mac_writes_in_two_letters_makes_the_same_job(
    folder: Path, read: Read, where: str
) -> None:
    jobs = []
    for name in ("caf\u00e9", "cafe\u0301"):
        (folder / f"{name}.png").write_bytes((folder / "cat.png").read_bytes())
        jobs += read("t.csv", f"prompt,image,output\nAt {{stem}},{where}{name}.png,{{stem}}\n")
    one, other = jobs
    assert one.order.prompt == other.order.prompt == "At caf\u00e9"
    assert one.output == other.output == "videos/caf\u00e9.mp4"
    assert (one.key == other.key) is (where == "")  # an address that is not fetched is its own


def test_an_image_is_named_as_written_and_keyed_by_its_bytes(folder: Path, read: Read) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "same.png").write_bytes((folder / "cat.png").read_bytes())
    rows = "a,cat.png,{stem}\na,./sub/same.png,{stem}\n"
    first, second, third = read("t.csv", f"prompt,image,output\n{rows}a,{folder}/cat.png,x\n")
    assert first.key == second.key == third.key
    assert first.order.image is not None
    assert second.order.image is not None
    assert first.order.image.sha256 == hashlib.sha256((folder / "cat.png").read_bytes()).hexdigest()
    assert second.order.image.written == "./sub/same.png"
    assert (first.output, second.output) == ("videos/cat.mp4", "videos/same.mp4")
    assert third.image_path == folder / "cat.png"


def test_an_image_that_is_gone_is_recalled(folder: Path) -> None:
    path = write("t.csv", "prompt,image\na,cat.png\nb,never.png\n")
    (before,) = (job for job in open_manifest(path).jobs() if isinstance(job, Planned))
    assert before.order.image is not None
    (folder / "cat.png").unlink()
    asked = []
    known = {"cat.png": Recalled(before.order.image.sha256)}

    def recall(written: str) -> Recalled | None:
        asked.append(written)
        return known.get(written)

    job, problem = open_manifest(path).jobs(recall)
    assert isinstance(job, Planned)
    assert isinstance(problem, Problem)
    assert job.key == before.key
    assert (job.image_problem, job.image_mend) == (
        'the image is missing: "cat.png"',
        f"{GIVE}; {HERE}",
    )
    assert asked == ["cat.png", "never.png"]


def test_each_image_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read_paths = []

    def counting(path: Path) -> str:
        read_paths.append(path)
        return "0" * 64

    monkeypatch.setattr("batchsora.manifest.pictures.hash_image", counting)
    path = write("t.csv", "prompt,image\n" + "".join(f"{n},cat.png\n" for n in range(50)))
    assert len(list(open_manifest(path).jobs())) == 50
    assert read_paths == [Path("cat.png")]
