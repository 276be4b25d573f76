"""Rows of other files: found, read, counted on, and over which defaults they lie."""

import json
import shutil
from pathlib import Path

import pytest

from batchsora.manifest import Manifest, Planned, open_manifest

from .conftest import PICTURES, Read, Told, write

FEED = (
    "Handle,Title,Image Src,size,id,Option\n"
    "cup,Morning cup,cup.png,M,101,red\n"
    "hat,Straw hat,,L,102,\n"
    "mug,,cup.png,S,103,blue\n"
)


@pytest.fixture(autouse=True)
def parts(folder: Path) -> Path:
    """Make a folder of parts, with a picture of its own."""
    (folder / "parts").mkdir()
    shutil.copy(PICTURES / "coffee.jpg", folder / "parts" / "cup.png")
    return folder / "parts"


def jobs_of(manifest: Manifest) -> list[Planned]:
    """Read the jobs of a manifest that has no problem."""
    found = list(manifest.jobs())
    jobs = [job for job in found if isinstance(job, Planned)]
    assert jobs == found
    return jobs


def images(jobs: list[Planned]) -> list[str]:
    """Name the images of jobs, in order."""
    return [job.order.image.written if job.order.image else "" for job in jobs]


# ---------------------------------------------------------------- files of every kind

SAME = {
    "p.csv": "image,prompt,seconds,sku\ncup.png,sun,8,7\n,rain,,\n",
    "p.tsv": "image\tprompt\tseconds\tsku\ncup.png\tsun\t8\t7\n\train\t\t\n",
    "p.jsonl": '{"image": "cup.png", "prompt": "sun", "seconds": 8, "sku": 7}\n'
    '{"prompt": "rain"}\n',
    "p.yaml": "rows:\n- {image: cup.png, prompt: sun, seconds: 8, vars: {sku: 7}}\n"
    "- prompt: rain\n",
}


@pytest.mark.parametrize("name", SAME)
def test_rows_of_every_kind_of_file_are_read(read: Read, name: str) -> None:
    write(f"parts/{name}", SAME[name])
    first, second = read("m.yaml", f"rows:\n- from: parts/{name}\n")
    assert (first.order.prompt, first.order.seconds, first.columns["sku"]) == ("sun", 8, "7")
    assert (second.order.prompt, second.order.seconds) == ("rain", 4)
    assert images([first, second]) == ["parts/cup.png", ""]
    assert first.image_path == Path("parts/cup.png")
    assert (first.file, first.row, second.row) == (f"parts/{name}", 1, 2)


def test_rows_are_counted_on_through_all_files(read: Read) -> None:
    write("parts/p.csv", 'prompt\nsun\n"rain\nand wind"\n')
    write("parts/j.jsonl", '\n{"prompt": "lake"}\n')
    jobs = read(
        "m.yaml",
        "rows:\n- prompt: one\n- from: parts/p.csv\n- from: parts/j.jsonl\n- prompt: last\n",
    )
    assert [(job.row, job.file, job.line) for job in jobs] == [
        (1, "", 2),
        (2, "parts/p.csv", 2),
        (3, "parts/p.csv", 3),
        (4, "parts/j.jsonl", 2),
        (5, "", 5),
    ]


def test_problems_are_counted_with_the_rows(told: Told) -> None:
    write("parts/p.csv", "prompt,seconds\nsun,5\nrain,4\n")
    assert [
        line.partition(": ")[0] for line in told("m.yaml", "rows:\n- from: parts/p.csv\n- {}")
    ] == [
        "parts/p.csv:2 (row 1)",
        "m.yaml:3 (row 3)",
    ]


def test_files_include_files_and_each_names_what_is_beside_itself(folder: Path, read: Read) -> None:
    (folder / "parts" / "inner").mkdir()
    shutil.copy(PICTURES / "cat.png", folder / "parts" / "inner" / "cup.png")
    write("parts/inner/p.csv", "image,prompt\ncup.png,sun\n../cup.png,rain\n../../cat.png,lake\n")
    write("parts/p.yaml", "rows:\n- {image: cup.png, prompt: one}\n- from: inner/p.csv\n")
    jobs = read("m.yaml", "rows:\n- from: parts/p.yaml\n")
    assert images(jobs) == [
        "parts/cup.png",
        "parts/inner/cup.png",
        "parts/inner/../cup.png",
        "parts/inner/../../cat.png",
    ]
    assert [job.file for job in jobs] == ["parts/p.yaml", *["parts/inner/p.csv"] * 3]


def test_a_file_above_the_manifest_may_be_included(read: Read) -> None:
    write("shared.csv", "image,prompt\ncat.png,sun\n")
    jobs = read("parts/m.yaml", "rows:\n- from: ../shared.csv\n")
    assert images(jobs) == ["../cat.png"]
    assert (jobs[0].file, jobs[0].image_path) == ("../shared.csv", Path("parts/../cat.png"))


def test_a_file_may_be_included_twice_with_other_defaults(read: Read) -> None:
    write("p.csv", "prompt\nsun\n")
    jobs = read("m.yaml", "rows:\n- {from: p.csv, seconds: 4}\n- {from: p.csv, seconds: 8}\n")
    assert [job.order.seconds for job in jobs] == [4, 8]


def test_patterns_of_an_included_file_start_from_its_folder(read: Read) -> None:
    write("parts/p.csv", "image,prompt\n*.png,slow push-in on {stem}\n")
    assert images(read("m.yaml", "rows:\n- from: parts/p.csv\n")) == ["parts/cup.png"]


def test_a_folder_may_be_called_as_a_pattern_is(folder: Path, read: Read, told: Told) -> None:
    (folder / "parts").rename(folder / "[a-z]*")
    write("[a-z]*/p.csv", "image,prompt\n*.png,slow push-in on {stem}\ncup.png,sun\n")
    assert images(read("m.yaml", "rows:\n- from: '[a-z]*/p.csv'\n")) == ["[a-z]*/cup.png"] * 2
    write("[a-z]*/p.csv", "image,prompt\ngone.png,sun\n")
    assert told("m.yaml", "rows:\n- from: '[a-z]*/p.csv'\n") == [
        (
            '[a-z]*/p.csv:2 (row 1): the image is missing: "[a-z]*/gone.png"'
            " | give the path of a JPEG, PNG or WebP file;"
            """ none of that name is in "[a-z]*", from the manifest's folder"""
        )
    ]


def test_images_of_every_layer_start_from_the_file_that_names_them(read: Read) -> None:
    write("parts/p.yaml", "defaults: {image: cup.png}\nrows:\n- prompt: sun\n- from: q.csv\n")
    write("parts/q.csv", "prompt,image\nrain,\nlake,../cat.png\n")
    content = "defaults: {matrix: {image: ['c*.png'], seconds: [4, 8]}}\nrows:\n"
    jobs = read("m.yaml", f"{content}- prompt: mist\n- from: parts/p.yaml\n")
    assert [(job.order.prompt, job.order.seconds) for job in jobs[::2]] == [
        *(("mist", 4), ("sun", 4), ("rain", 4), ("lake", 4)),
    ]
    assert images(jobs[::2]) == ["cat.png", "parts/cup.png", "parts/cup.png", "parts/../cat.png"]


def test_an_image_beside_from_starts_from_the_file_that_says_it(read: Read) -> None:
    write("parts/p.csv", "prompt\nsun\nrain\n")
    jobs = read("m.yaml", "rows:\n- {from: parts/p.csv, image: cat.png}\n")
    assert images(jobs) == ["cat.png", "cat.png"]


def test_a_matrix_beside_from_holds_for_each_row(read: Read) -> None:
    write("parts/p.csv", "prompt,style\n{style} sun,\n{style} rain,plain\n")
    axes = "matrix: {style: [noir, pastel], image: ['c*.png']}"
    jobs = read("m.yaml", f"rows:\n- {{from: parts/p.csv, {axes}}}\n")
    assert [job.order.prompt for job in jobs] == ["noir sun", "pastel sun", "plain rain"]
    assert set(images(jobs)) == {"cat.png"}


def test_an_absolute_path_and_an_address_stay_as_they_are(folder: Path, read: Read) -> None:
    address = "https://pictures.example/cup.png"
    write("parts/p.csv", f"image,prompt\n{folder}/cat.png,sun\n{address},rain\n")
    jobs = read("m.yaml", "rows:\n- from: parts/p.csv\n")
    assert images(jobs) == [f"{folder}/cat.png", address]
    assert [job.unfetched for job in jobs] == [False, True]


# ---------------------------------------------------------------- layers of defaults

# Each layer, from the weakest to the strongest, says one thing more.
LAYERS = ("the program", "the head", "beside from", "the included head", "the row")


@pytest.mark.parametrize("strongest", range(len(LAYERS)), ids=LAYERS)
def test_what_is_nearer_to_a_row_goes_before(read: Read, strongest: int) -> None:
    said = [
        {"seconds": seconds, "vars": {"mood": mood}} if layer <= strongest else {}
        for layer, seconds, mood in zip(
            range(5), (4, 8, 12, 8, 4), ("", "head", "beside", "included", "row"), strict=True
        )
    ]
    inner = {"defaults": said[3], "rows": [{"prompt": "sun", **said[4]}]}
    write("parts/p.yaml", json.dumps(inner))
    outer = {"defaults": said[1], "rows": [{"from": "parts/p.yaml", **said[2]}]}
    (job,) = read("m.yaml", json.dumps(outer))
    assert job.order.seconds == (4, 8, 12, 8, 4)[strongest]
    assert job.columns.get("mood", "") == ("", "head", "beside", "included", "row")[strongest]


def test_every_field_has_its_layers(read: Read) -> None:
    write("parts/p.yaml", "output: 'inner/{id}'\ndefaults: {tags: inner}\nrows:\n- prompt: sun\n")
    content = (
        "output: 'outer/{id}'\n"
        "defaults: {fit: contain, pad: white, tags: outer, size: 1280x720, model: sora-2-pro}\n"
        "rows:\n"
        "- {from: parts/p.yaml, image: cat.png, size: 1792x1024, id: '{name}-{row}', takes: 2}\n"
        "- {prompt: rain}\n"
    )
    first, _, last = read("m.yaml", content)
    assert (first.id, first.output) == ("m-1", "videos/inner/m-1-1.mp4")
    assert (first.tags, str(first.order.size), first.order.model) == (
        ("inner",),
        "1792x1024",
        "sora-2-pro",
    )
    assert str(first.order.framing) == "contain #ffffff"
    assert (last.tags, str(last.order.size)) == (("outer",), "1280x720")
    assert last.output == f"videos/outer/{last.id}.mp4"


def test_an_axis_gives_way_to_what_is_said_nearer(read: Read) -> None:
    write("p.csv", "prompt\nsun\n")
    content = "defaults: {matrix: {seconds: [4, 8], style: [noir, pastel]}}\nrows:\n"
    jobs = read(
        "m.yaml",
        f"{content}- {{from: p.csv, seconds: 12, prompt: '{{style}}', vars: {{style: x}}}}\n",
    )
    assert [(job.order.seconds, job.columns["style"]) for job in jobs] == [(12, "x")]


def test_what_is_said_farther_away_gives_way_to_an_axis(read: Read) -> None:
    write("p.csv", "prompt\nsun\n")
    content = "defaults: {seconds: 12}\nrows:\n- {from: p.csv, matrix: {seconds: [4, 8]}}\n"
    assert [job.order.seconds for job in read("m.yaml", content)] == [4, 8]


def test_a_wrong_default_is_told_once_and_where_it_is_written(told: Told) -> None:
    write("p.csv", "prompt\nsun\nrain\n")
    lines = told("m.yaml", "rows:\n- from: p.csv\n  seconds: 5\n  output: '{sky}'\n")
    assert [line.partition(" | ")[0] for line in lines] == [
        'm.yaml:3: seconds must be one of 4, 8, 12 for model sora-2, not "5"',
        "m.yaml:4: unknown placeholder {sky} in output",
    ]


def test_the_name_of_an_included_file_is_not_asked_for(read: Read) -> None:
    write("p.yaml", "name: inner\noutput: '{name}/{id}'\nrows:\n- {prompt: sun, id: sun}\n")
    (job,) = read("m.yaml", "name: outer\nrows:\n- from: p.yaml\n")
    assert job.output == "videos/outer/sun.mp4"


def test_cards_of_an_included_file_hold_there(read: Read, told: Told) -> None:
    card = "models: {mine: {seconds: 5, sizes: [1280x720]}}\n"
    write("p.yaml", f"{card}rows:\n- {{prompt: sun, model: mine, seconds: 5, size: 1280x720}}\n")
    (job,) = read("m.yaml", "rows:\n- from: p.yaml\n")
    assert job.order.seconds == 5
    (line,) = told("m.yaml", "rows:\n- from: p.yaml\n- {prompt: rain, model: mine}\n")
    assert line.startswith('m.yaml:3 (row 2): unknown model "mine"')


# ---------------------------------------------------------------- columns, needs, encoding


def test_only_the_columns_that_are_named_are_fields(read: Read) -> None:
    write("feed.csv", FEED.replace("cup.png", "parts/cup.png"))
    content = (
        "rows:\n- from: feed.csv\n  prompt: '{Title} in {Option} light, size {size}'\n"
        "  columns: {image: Image Src, id: Handle}\n  needs: [Title, Image Src]\n"
    )
    (job,) = read("m.yaml", content)
    assert (job.id, job.order.prompt) == ("cup", "Morning cup in red light, size M")
    assert str(job.order.size) == "720x1280"
    assert dict(job.columns) == {
        "Handle": "cup",
        "Title": "Morning cup",
        "Image Src": "parts/cup.png",
        "size": "M",
        "id": "101",
        "Option": "red",
    }
    assert open_manifest(Path("m.yaml")).columns == tuple(job.columns)


def test_keys_of_json_lines_are_named_as_columns_are(read: Read) -> None:
    write("feed.jsonl", '{"Title": "Cup", "size": "M", "Body": ["x"], "Length": 8}\n')
    content = "rows:\n- {from: feed.jsonl, columns: {prompt: Title, seconds: Length}}\n"
    (job,) = read("m.yaml", content)
    assert (job.order.prompt, job.order.seconds) == ("Cup", 8)
    assert dict(job.columns) == {"Title": "Cup", "size": "M", "Length": "8"}


def test_rows_that_lack_what_they_need_are_left_out_and_counted(read: Read) -> None:
    write("feed.csv", FEED)
    content = (
        "rows:\n- from: feed.csv\n  prompt: '{Handle}'\n  columns: {tags: Option}\n"
        "  needs: [Title, Image Src]\n- prompt: last\n"
    )
    jobs = read("m.yaml", content)
    assert [(job.order.prompt, job.row) for job in jobs] == [("cup", 1), ("last", 4)]
    manifest = open_manifest(Path("m.yaml"))
    jobs_of(manifest)
    assert manifest.notes == (
        "1 row of feed.csv left out, for want of Image Src",
        "1 row of feed.csv left out, for want of Title",
    )
    jobs_of(manifest)  # counted anew, not on
    assert len(manifest.notes) == 2


def test_a_row_that_is_left_out_may_be_wrong(read: Read) -> None:
    write("feed.csv", "prompt,image,seconds\nsun,,5\nrain,parts/cup.png,8\n")
    (job,) = read("m.yaml", "rows:\n- {from: feed.csv, needs: image}\n")
    assert job.order.prompt == "rain"


SHOP = (
    "Handle,Status,Type,Color\n"
    "cup,active,Cup,red\n"
    "mug, active ,Mug,red\n"
    "hat,draft,Hat,\n"
    "cap,Active,Hat,red\n"
    "tin,,Tin,blue\n"
    "cup,active,Cup,blue\n"
)


@pytest.mark.parametrize(
    ("beside", "rows", "notes"),
    [
        ("where: {Status: active}", [1, 2, 6], ["3 rows of shop.csv left out, by where: Status"]),
        (
            "where: {Status: [active, draft], Type: [Cup, Hat]}",
            [1, 3, 6],
            [
                "1 row of shop.csv left out, by where: Type",
                "2 rows of shop.csv left out, by where: Status",
            ],
        ),
        ("once: Handle", [1, 2, 3, 4, 5], ["1 row of shop.csv left out, by once: Handle"]),
        (
            "once: [Type, Status]",
            [1, 2, 3, 4, 5],
            ["1 row of shop.csv left out, by once: Type, Status"],
        ),
        ("once: [Handle, Color]", [1, 2, 3, 4, 5, 6], []),
        ("once: Status", [1, 3, 4, 5], ["2 rows of shop.csv left out, by once: Status"]),
        (
            "where: {Type: [Hat, Cup]}, needs: Color, once: Type",  # in this order
            [1, 4],
            [
                "2 rows of shop.csv left out, by where: Type",
                "1 row of shop.csv left out, for want of Color",
                "1 row of shop.csv left out, by once: Type",
            ],
        ),
    ],
)
def test_rows_are_chosen_by_what_they_say(
    read: Read, beside: str, rows: list[int], notes: list[str]
) -> None:
    write("shop.csv", SHOP)
    jobs = read("m.yaml", f"rows:\n- {{from: shop.csv, prompt: '{{row}}', {beside}}}\n")
    assert [job.row for job in jobs] == rows
    manifest = open_manifest(Path("m.yaml"))
    for _ in range(2):  # what one reading saw is not known to the next
        jobs_of(manifest)
        assert sorted(manifest.notes) == sorted(notes)


def test_rows_without_any_of_the_columns_of_once_are_all_taken(read: Read) -> None:
    write("p.csv", "prompt,group,kind\na,,\nb, ,\nc,g,\nd,g,\ne,,k\nf,,k\n")
    jobs = read("m.yaml", "rows:\n- {from: p.csv, once: [group, kind]}\n")
    assert [job.order.prompt for job in jobs] == ["a", "b", "c", "e"]


def test_once_holds_for_all_files_below_and_for_no_other(read: Read) -> None:
    write("parts/p.csv", "prompt,sku\na,1\nb,1\nc,2\n")
    write("parts/q.jsonl", '{"prompt": "d", "sku": 2}\n{"prompt": "e", "sku": 3}\n')
    write("parts/p.yaml", "rows:\n- {from: p.csv, where: {prompt: [b, c]}}\n- from: q.jsonl\n")
    content = "rows:\n- {from: parts/p.yaml, once: sku}\n- {from: parts/q.jsonl, prompt: f}\n"
    jobs = read("m.yaml", content)
    assert [job.order.prompt for job in jobs] == ["b", "c", "e", "d", "e"]


@pytest.mark.parametrize(
    ("cell", "picture"),
    [
        ('"https://a.example/1,2.jpg, https://a.example/3.jpg"', "https://a.example/1,2.jpg"),
        ("parts/cup.png|gone.png", "parts/cup.png"),
        ("parts/cup.png", "parts/cup.png"),
        ("", ""),
    ],
)
@pytest.mark.parametrize(
    ("header", "beside"),
    [("Images", "columns: {image: Images}, first: Images"), ("image", "first: [image]")],
)
def test_the_first_of_several_pictures_is_taken(
    read: Read, header: str, beside: str, cell: str, picture: str
) -> None:
    write("p.csv", f"sku,{header}\n7,{cell}\n")
    (job,) = read("m.yaml", f"rows:\n- {{from: p.csv, prompt: sun, {beside}}}\n")
    assert images([job]) == [picture]
    assert job.columns.get("Images", picture) == picture


def test_an_id_is_made_of_placeholders_beside_from(read: Read) -> None:
    write("feed.csv", "Handle,Title\nCup One,sun\nHat,rain\n")
    content = "rows:\n- {from: feed.csv, prompt: '{Title}', id: '{Handle:slug}-{row:02d}'}\n"
    jobs = read("m.yaml", content)
    assert [(job.id, job.explicit_id, job.output) for job in jobs] == [
        ("cup-one-01", True, "videos/cup-one-01.mp4"),
        ("hat-02", True, "videos/hat-02.mp4"),
    ]


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "UTF-16", "utf_8"])
def test_a_file_in_another_encoding_is_read_where_that_is_said(read: Read, encoding: str) -> None:
    write("p.csv", "prompt\nA café at dawn\n".encode(encoding))
    (job,) = read("m.yaml", f"rows:\n- {{from: p.csv, encoding: {encoding}}}\n")
    assert job.order.prompt == "A café at dawn"


def test_the_manifests_own_encoding_is_not_that_of_its_files() -> None:
    write("p.csv", "prompt\nA café at dawn\n")
    path = write("m.yaml", "rows:\n- from: p.csv\n- prompt: Le thé\n".encode("latin-1"))
    jobs = jobs_of(open_manifest(path, encoding="latin-1"))
    assert [job.order.prompt for job in jobs] == ["A café at dawn", "Le thé"]


def test_how_files_were_read_is_told_once(read: Read) -> None:
    write("p.csv", "prompt;id\nsun;a\n")
    write("q.tsv", "prompt\tid\nrain\tb\n")
    read("m.yaml", "rows:\n- from: p.csv\n- from: q.tsv\n- {from: p.csv, seconds: 8}\n")
    assert open_manifest(Path("m.yaml")).notes == (
        "p.csv is read with a semicolon between the cells",
        "q.tsv is read with a tab between the cells",
    )


def test_a_manifest_that_includes_json_lines_does_not_know_its_columns() -> None:
    write("p.jsonl", '{"prompt": "sun", "sku": 7}\n')
    manifest = open_manifest(write("m.yaml", "rows:\n- from: p.jsonl\n"))
    assert manifest.columns == ()
    assert dict(jobs_of(manifest)[0].columns) == {"sku": "7"}


def test_a_variable_of_another_file_is_no_typing_error(told: Told) -> None:
    write("p.csv", "prompt,mood\nsun,calm\n")
    content = "output: '{mood}/{id}'\nrows:\n- from: p.csv\n- prompt: rain\n"
    assert told("m.yaml", content) == [
        (
            "m.yaml:4 (row 2): {mood} in output, but the row has no such variable"
            " | write vars: {mood: …}, there or under defaults:"
        )
    ]


def test_a_column_may_be_called_after_a_field_that_is_said_otherwise(read: Read) -> None:
    write("p.csv", "prompt,Image URL,duration\nsun,cat.png,9\n")
    write("j.jsonl", '{"prompt": "rain", "photo": "cat.png", "duration": 9}\n')
    for beside in (
        "image: cat.png, seconds: 8",
        "matrix: {image: [cat.png], seconds: [8]}",
    ):
        jobs = read(
            "m.yaml", f"rows:\n- {{from: p.csv, {beside}}}\n- {{from: j.jsonl, {beside}}}\n"
        )
        assert [(job.order.seconds, job.columns["duration"]) for job in jobs] == [
            (8, "9"),
            (8, "9"),
        ]
    mapped = "columns: {prompt: prompt, image: Image URL}"
    (job,) = read("m.yaml", f"rows:\n- {{from: p.csv, {mapped}}}\n")
    assert (images([job]), job.order.seconds) == (["cat.png"], 4)


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"])
def test_a_spreadsheet_is_known_whatever_it_is_called(told: Told, start: bytes) -> None:
    write("p.csv", start + bytes(100))
    assert told("m.yaml", "rows:\n- from: p.csv\n") == [
        (
            "m.yaml:2: from: p.csv is a spreadsheet, not a text file"
            " | export the sheet as CSV (UTF-8), and run that"
        )
    ]


# ---------------------------------------------------------------- how often, how deep


def chain(*times: int) -> str:
    """Write files of which each includes the next one so many times; the last one has a row."""
    for number, count in enumerate(times):
        write(f"{number}.yaml", "rows:\n" + f"- from: {number + 1}.yaml\n" * count)
    write(f"{len(times)}.yaml", "rows:\n- prompt: '{row}'\n")
    return "rows: [{from: 0.yaml}]\n"


def test_a_bomb_of_inclusions_is_told_once_and_comes_to_an_end(told: Told) -> None:
    (line,) = told("m.yaml", chain(10, 10, 10, 10, 10, 10))
    assert line.partition(": ")[2] == (
        "more than 1,000 files are included, counted each time"
        " | include each once, or put the rows together"
    )


def test_as_many_files_are_included_as_anybody_needs(read: Read) -> None:
    assert len(read("m.yaml", chain(9, 100))) == 900


def test_files_are_included_twenty_deep_and_no_deeper(read: Read, told: Told) -> None:
    assert len(read("m.yaml", chain(*[1] * 19))) == 1
    assert told("m.yaml", chain(*[1] * 1500)) == [
        '19.yaml:2: from "20.yaml" is more than 20 files deep | include it further up'
    ]


# ---------------------------------------------------------------- ids and outputs


def test_a_clip_is_called_after_the_rows_own_id_where_nobody_says_otherwise(read: Read) -> None:
    write("f.csv", FEED)
    beside = "{from: f.csv, columns: {prompt: Title}, where: {Title: Straw hat}"
    (named,) = read("m.yaml", f"rows:\n- {beside}, id: '{{Handle}}'}}\n")
    assert (named.id, named.output) == ("hat", "videos/hat.mp4")
    (unnamed,) = read("m.yaml", f"rows:\n- {beside}}}\n")
    assert unnamed.output == f"videos/{unnamed.key[:10]}.mp4"
    (written,) = read("m.yaml", f"output: '{{id}}'\nrows:\n- {beside}, id: '{{Handle}}'}}\n")
    assert (written.id, written.output) == ("hat", "videos/102.mp4")
    (said,) = read("m.yaml", "rows: [{prompt: a, id: hat, vars: {id: 7}}]\n")
    assert said.output == "videos/hat.mp4"
