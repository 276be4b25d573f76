"""One row, several jobs: patterns of images, matrices, takes."""

import shutil
from pathlib import Path

import pytest

from batchsora.manifest import Planned, open_manifest

from .conftest import PICTURES, Read, Told


@pytest.fixture(autouse=True)
def pictures(folder: Path) -> None:
    """Put pictures that differ into folders, and what is none beside them."""
    names = ("b.png", "a.png", "C.png", "a.jpg", "deep/d.png", "deep/er/e.png", "x[1].png")
    for tail, name in enumerate(names):
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PICTURES / "cat.png", folder / "in" / name)
        with (folder / "in" / name).open("ab") as stream:  # another file, the same picture
            stream.write(b"\0" * (tail + 1))
    (folder / "in" / "folder.png").mkdir()


def images(jobs: list[Planned]) -> list[str]:
    """Name the images of jobs, in order."""
    return [job.order.image.written if job.order.image else "" for job in jobs]


def row(said: str) -> str:
    """Write a manifest of one row."""
    return f"rows:\n- {{prompt: gentle wind, {said}}}\n"


# ---------------------------------------------------------------- patterns of images

PATTERNS = {
    "in/*.png": ["in/C.png", "in/a.png", "in/b.png", "in/x[1].png"],
    "in/?.png": ["in/C.png", "in/a.png", "in/b.png"],
    "in/[ab].*": ["in/a.jpg", "in/a.png", "in/b.png"],
    "in/**/*.png": [
        *("in/C.png", "in/a.png", "in/b.png", "in/deep/d.png", "in/deep/er/e.png", "in/x[1].png"),
    ],
    "in/deep/**": ["in/deep/d.png", "in/deep/er/e.png"],
    "./in/a.*": ["./in/a.jpg", "./in/a.png"],
    "in/x[1].png": ["in/x[1].png"],  # a file is called so
    "in/x[[]1].png": ["in/x[1].png"],
}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_is_a_job_for_each_file_sorted(read: Read, pattern: str) -> None:
    assert images(read("m.yaml", row(f"image: '{pattern}'"))) == PATTERNS[pattern]


def test_a_pattern_in_a_cell_is_one_too(read: Read) -> None:
    jobs = read("t.csv", "image,prompt,id\nin/[ab].png,slow push-in on {stem},{stem}-push\n")
    assert [(job.id, job.order.prompt) for job in jobs] == [
        ("a-push", "slow push-in on a"),
        ("b-push", "slow push-in on b"),
    ]
    assert [(job.row, job.line) for job in jobs] == [(1, 2), (1, 2)]


def test_an_absolute_pattern_is_taken(folder: Path, read: Read) -> None:
    found = read("m.yaml", row(f"image: '{folder}/in/[ab].png'"))
    assert images(found) == [f"{folder}/in/a.png", f"{folder}/in/b.png"]


def test_a_pattern_of_the_defaults_holds_for_rows_that_name_no_image(read: Read) -> None:
    rows = "rows:\n- prompt: sun\n- {prompt: rain, image: in/C.png}\n"
    jobs = read("m.yaml", f"defaults: {{image: 'in/[ab].png'}}\n{rows}")
    assert images(jobs) == ["in/a.png", "in/b.png", "in/C.png"]


def test_a_pattern_with_takes_makes_all_takes_of_a_file_before_the_next(read: Read) -> None:
    jobs = read("m.yaml", row("image: 'in/[ab].png', takes: 2, output: '{stem}'"))
    assert [(job.output, job.order.take) for job in jobs] == [
        ("videos/a-1.mp4", 1),
        ("videos/a-2.mp4", 2),
        ("videos/b-1.mp4", 1),
        ("videos/b-2.mp4", 2),
    ]


def test_a_broken_link_is_no_file_of_a_pattern(folder: Path, read: Read) -> None:
    (folder / "in" / "aa.png").symlink_to("nowhere.png")
    assert images(read("m.yaml", row("image: 'in/a*.png'"))) == ["in/a.png"]


def test_one_picture_under_two_names_is_no_two_jobs(folder: Path, told: Told) -> None:
    shutil.copy(folder / "in" / "a.png", folder / "in" / "ab.png")
    assert told("m.yaml", row("image: 'in/a*.png'")) == [
        (
            'm.yaml:2 (row 1): "in/ab.png" is the same picture as "in/a.png", in the same row'
            " | delete one of the files, or name the others"
        )
    ]


def test_what_else_is_wrong_with_a_row_is_told_beside_its_pattern(told: Told) -> None:
    assert [
        line.partition(" | ")[0] for line in told("m.yaml", row("image: '*.gif', fit: no"))
    ] == [
        'm.yaml:2 (row 1): fit must be one of cover, contain, stretch, exact, not "no"',
        'm.yaml:2 (row 1): image "*.gif" matches no file',
    ]


def test_what_is_wrong_with_all_files_of_a_pattern_is_told_once(told: Told) -> None:
    assert len(told("m.yaml", row("image: 'in/*.png', seconds: 5"))) == 1


# ---------------------------------------------------------------- matrix


def test_a_matrix_is_combined_in_the_order_written_the_last_axis_fastest(read: Read) -> None:
    jobs = read(
        "m.yaml",
        row("matrix: {size: [720x1280, 1280x720], style: [b, a], seconds: [8, 4]}").replace(
            "gentle wind", "'{style} look'"
        ),
    )
    assert [
        (str(job.order.size), job.order.prompt, job.columns["style"], job.order.seconds)
        for job in jobs
    ] == [
        ("720x1280", "b look", "b", 8),
        ("720x1280", "b look", "b", 4),
        ("720x1280", "a look", "a", 8),
        ("720x1280", "a look", "a", 4),
        ("1280x720", "b look", "b", 8),
        ("1280x720", "b look", "b", 4),
        ("1280x720", "a look", "a", 8),
        ("1280x720", "a look", "a", 4),
    ]
    assert len({job.id for job in jobs}) == 8


def test_every_field_that_may_be_an_axis_is_one(read: Read) -> None:
    axes = (
        "image: [in/a.png, in/b.png], prompt: [sun, rain], size: [720x1280, 1280x720],"
        " seconds: [4, 8.0], model: [sora-2, sora-2-pro], fit: [contain],"
        " focus: [top], pad: [black, blur]"
    )
    jobs = read("m.yaml", f"rows:\n- matrix: {{{axes}}}\n")
    assert len({job.key for job in jobs}) == len(jobs) == 64
    first, second = jobs[:2]
    assert (str(first.order.framing), str(second.order.framing)) == ("contain #000000", "contain")


def test_an_axis_of_images_may_have_patterns(read: Read) -> None:
    jobs = read("m.yaml", row("matrix: {image: ['in/[ab].png', in/C.png], seconds: [4, 8]}"))
    assert [(image, job.order.seconds) for image, job in zip(images(jobs), jobs, strict=True)] == [
        ("in/a.png", 4),
        ("in/a.png", 8),
        ("in/b.png", 4),
        ("in/b.png", 8),
        ("in/C.png", 4),
        ("in/C.png", 8),
    ]


def test_a_matrix_beside_an_image_pattern_combines_both(read: Read) -> None:
    jobs = read("m.yaml", row("image: 'in/[ab].png', matrix: {seconds: [4, 8]}"))
    assert images(jobs) == ["in/a.png", "in/a.png", "in/b.png", "in/b.png"]


def test_takes_beside_a_matrix_are_so_many_of_each_combination(read: Read) -> None:
    jobs = read("m.yaml", row("takes: 2, id: 'wind-{seconds}', matrix: {seconds: [4, 8]}"))
    assert [(job.id, job.order.take, job.output) for job in jobs] == [
        ("wind-4", 1, "videos/wind-4-1.mp4"),
        ("wind-4", 2, "videos/wind-4-2.mp4"),
        ("wind-8", 1, "videos/wind-8-1.mp4"),
        ("wind-8", 2, "videos/wind-8-2.mp4"),
    ]


def test_a_default_gives_way_to_an_axis(read: Read) -> None:
    content = "defaults: {seconds: 12, vars: {style: plain}}\nrows:\n"
    axes = "matrix: {seconds: [4, 8], style: [noir]}"
    jobs = read("m.yaml", f"{content}- {{prompt: '{{style}} look', {axes}}}\n")
    assert [(job.order.seconds, job.order.prompt) for job in jobs] == [
        (4, "noir look"),
        (8, "noir look"),
    ]


def test_an_axis_of_the_defaults_gives_way_to_what_a_row_says(read: Read) -> None:
    jobs = read(
        "m.yaml",
        "defaults: {matrix: {seconds: [4, 8], style: [noir, pastel]}}\n"
        "rows:\n"
        "- prompt: '{style} sun'\n"
        "- {prompt: '{style} rain', seconds: 12}\n"
        "- {prompt: '{style} lake', vars: {style: plain}}\n"
        "- {prompt: 'mist', matrix: {size: [1280x720]}}\n",
    )
    assert [(job.order.prompt, job.order.seconds) for job in jobs] == [
        *(("noir sun", 4), ("pastel sun", 4), ("noir sun", 8), ("pastel sun", 8)),
        *(("noir rain", 12), ("pastel rain", 12)),
        *(("plain lake", 4), ("plain lake", 8)),
        ("mist", 4),
    ]


def test_a_matrix_in_json_lines_is_one_too(read: Read) -> None:
    jobs = read("j.jsonl", '{"prompt": "{style} sun", "matrix": {"style": ["noir", "pastel"]}}\n')
    assert [job.order.prompt for job in jobs] == ["noir sun", "pastel sun"]


def test_the_rows_of_a_matrix_are_one_row(read: Read) -> None:
    jobs = read("m.yaml", "rows:\n- {prompt: sun, matrix: {seconds: [4, 8]}}\n- prompt: rain\n")
    assert [(job.row, job.line) for job in jobs] == [(1, 2), (1, 2), (2, 3)]


def test_free_axes_are_columns_of_the_manifest(read: Read) -> None:
    read("m.yaml", row("vars: {mood: calm}, matrix: {seconds: [4, 8], style: [noir]}"))
    assert open_manifest(Path("m.yaml")).columns == ("mood", "style")


# ---------------------------------------------------------------- takes


def test_takes_have_one_id_and_each_its_key_and_its_output(read: Read) -> None:
    first, second = read("m.yaml", row("takes: 2"))
    assert first.id == second.id == first.key[:10]
    assert first.key != second.key
    assert (first.output, second.output) == (
        f"videos/{first.id}-1.mp4",
        f"videos/{first.id}-2.mp4",
    )


def test_a_take_can_be_named_in_a_prompt(read: Read) -> None:
    jobs = read("m.yaml", row("takes: 2").replace("gentle wind", "'wind, version {take}'"))
    assert [job.order.prompt for job in jobs] == ["wind, version 1", "wind, version 2"]


def test_raising_takes_changes_no_key_of_those_before(read: Read) -> None:
    one = read("m.yaml", row("takes: 1"))
    three = read("m.yaml", row("takes: 3"))
    assert one[0].key == three[0].key


# ---------------------------------------------------------------- how many


def test_a_row_stands_for_so_many_jobs_and_no_more(told: Told) -> None:
    axes = f"a: {list(range(10))}, b: {list(range(11))}"
    (line,) = told(
        "m.yaml", f"rows: [{{prompt: '{{a}} {{b}}', takes: 1000, matrix: {{{axes}}}}}]\n"
    )
    assert line == (
        "m.yaml:1 (row 1): the row stands for 110,000 jobs, 100,000 are the most"
        " | take fewer files, takes or values; or make several rows of it"
    )


def test_the_files_of_a_pattern_count_in(told: Told) -> None:
    axes = f"a: {list(range(30))}"
    (line,) = told(
        "m.yaml",
        f"rows: [{{prompt: '{{a}}', image: 'in/**/*.*', takes: 600, matrix: {{{axes}}}}}]\n",
    )
    assert "the row stands for 126,000 jobs" in line


def test_two_ids_are_the_same_and_two_outputs_whatever_their_case(told: Told) -> None:
    axes = "matrix: {style: [Noir, noir], size: [720x1280, 1280x720]}"
    lines = told(
        "m.yaml", row(f"output: '{{style}}-{{size}}', {axes}").replace("gentle wind", "'{style}'")
    )
    assert [line.partition(": ")[2].partition(" | ")[0] for line in lines] == [
        'output "videos/noir-720x1280.mp4" does not tell the jobs of this row apart'
    ]
