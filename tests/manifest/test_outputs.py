import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsora.manifest.located import Flaw
from batchsora.manifest.outputs import output_path
from batchsora.manifest.paths import part_fault, safe_value
from batchsora.manifest.templates import Scope

from .conftest import Read, Told

OWN = {
    "id": "cat", "name": "autumn", "row": "7", "model": "sora-2", "seconds": "4",
    "size": "720x1280", "stem": "photo",
}  # fmt: skip


def path_of(template: str, takes: int = 1, take: int = 1, **columns: str) -> str | list[Flaw]:
    scope = Scope({**OWN, "take": str(take), **columns}, {}, ())
    return output_path(template, scope, take if takes > 1 else None)


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("{id}.mp4", "videos/cat.mp4"),
        ("{id}", "videos/cat.mp4"),
        ("{id}.MP4", "videos/cat.MP4"),
        ("v1.5", "videos/v1.5.mp4"),
        (
            "{name}/{model}/{size}-{seconds}s/{stem}-{row}-{take}.mp4",
            "videos/autumn/sora-2/720x1280-4s/photo-7-1.mp4",
        ),
        ("{{{id}}}.mp4", "videos/{cat}.mp4"),
        ("{}{ x}.mp4", "videos/{}{ x}.mp4"),
    ],
)
def test_a_template_is_filled(template: str, path: str) -> None:
    assert path_of(template) == path


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("{id}.mp4", "videos/cat-3.mp4"),
        ("clips/{id}", "videos/clips/cat-3.mp4"),
        ("{take}/{id}.mp4", "videos/3/cat.mp4"),
    ],
)
def test_the_take_is_added_where_the_template_does_not_tell_takes_apart(
    template: str, path: str
) -> None:
    assert path_of(template, takes=3, take=3) == path


def test_a_column_named_take_does_not_tell_takes_apart() -> None:
    scope = Scope({**OWN, "take": "final"}, {}, ())
    assert output_path("{take}", scope, 2) == "videos/final-2.mp4"


def test_a_variable_goes_before_a_built_in_name() -> None:
    assert path_of("{name}", name="Red shoe") == "videos/Red shoe.mp4"


@pytest.mark.parametrize(
    ("value", "safe"),
    [
        ("../../etc", "---..-etc"),
        ("a/b\\c", "a-b-c"),
        ("..", ""),
        (" Mr. ", "Mr"),
        ("12:30", "12-30"),
        ("a\nb", "a-b"),
        ("Red shoe", "Red shoe"),
        ("clip.mp4", "clip.mp4"),
    ],
)
def test_values_are_made_safe(value: str, safe: str) -> None:
    assert safe_value(value) == safe


def test_a_file_name_in_a_column_keeps_one_suffix() -> None:
    assert path_of("{file}", file="clip.mp4") == "videos/clip.mp4"


@given(value=st.text(), other=st.text())
def test_no_value_leads_out_of_the_folder(value: str, other: str) -> None:
    path = path_of("{a}/{b}-x.mp4", a=value, b=other)
    if isinstance(path, str):
        folder, middle, name = path.split("/")
        assert folder == "videos"
        assert part_fault(middle) is part_fault(name) is None


@pytest.mark.parametrize(
    ("part", "what"),
    [
        ("", "is empty"),
        ("..", "begins with a dot"),
        (".x", "begins with a dot"),
        ("a\\b", 'has "\\", which not every file system takes'),
        ("C:", 'has ":", which not every file system takes'),
        ("a\x00", 'has "\\x00", which not every file system takes'),
        ("a.", "ends with a dot or a space"),
        ("a ", "ends with a dot or a space"),
        (" a", "begins with a space"),
        ("con", "is a name that Windows keeps for itself"),
        ("COM1.mp4", "is a name that Windows keeps for itself"),
        ("nul .tar.mp4", "is a name that Windows keeps for itself"),
        ("é" * 101, "is longer than 200 bytes"),
    ],
)
def test_names_that_some_file_system_does_not_take_are_refused(part: str, what: str) -> None:
    fault = part_fault(part)
    assert fault is not None
    assert fault[0] == what


@pytest.mark.parametrize("part", ["a", "Company.mp4", "COM.mp4", "a b", "日本", "x" * 200, "-a"])
def test_plain_names_are_taken(part: str) -> None:
    assert part_fault(part) is None


LONG = "/".join(["x" * 99] * 6)  # 599 bytes
TEMPLATES = {
    f"{LONG}/{'y' * 97}": f'output "{"x" * 60}…" has 701 bytes, 700 are the most'
    " | make it shorter, such as {title:slug40}",
    f"{LONG}/{'é' * 49}": f'output "{"x" * 60}…" has 702 bytes, 700 are the most'
    " | make it shorter, such as {title:slug40}",
    "a/" * 21 + "x": f'output "{"a/" * 21}x.mp4" has 21 folders, 20 are the most | leave some out',
    "../x": 'output "../x.mp4": the part ".." begins with a dot'
    " | begin it with a letter or a digit",
    "/etc/x": 'output "/etc/x.mp4": the part "" is empty'
    " | write a name between the slashes, and none in front",
    "{id}/": 'output "cat/.mp4": nothing stands before .mp4 | put {id} into the output',
    ".cat": 'output ".cat.mp4": the part ".cat.mp4" begins with a dot'
    " | begin it with a letter or a digit",
    "CON": 'output "CON.mp4": the part "CON.mp4" is a name that Windows keeps for itself'
    " | choose another name",
    "x.mov": 'output must end in .mp4, not ".mov" | write x.mp4',
    "{seasn}": "unknown placeholder {seasn} in output | write {season}",
    "{colour}": "unknown placeholder {colour} in output"
    " | add a variable or a column of that name, or write {{colour}} for the braces",
    "{row:04x}": 'unknown filter ":04x" in {row:04x} in output'
    " | write :upper, :lower, :slug, :slug40, :04d or :optional",
    "{id:04d}": '{id:04d} in output wants a whole number, not "cat"'
    " | take :04d out, or mend the value",
    "{id.upper}": "{id.upper} in output: a placeholder is a plain name"
    " | take out what follows the name",
    "{id[0]}": "{id[0]} in output: a placeholder is a plain name | take out what follows the name",
    "{id!r}": "{id!r} in output: a placeholder is a plain name | take out what follows the name",
    "{stem}": "{stem} in output, but the row has no image | add it, or take the placeholder out",
}


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_wrong_output_is_refused(told: Told, template: str) -> None:
    content = f"rows:\n- {{prompt: a, id: cat, output: '{template}', vars: {{season: autumn}}}}\n"
    assert told("m.yaml", content) == [f"m.yaml:2 (row 1): {TEMPLATES[template]}"]


@pytest.mark.parametrize("template", [f"{LONG}/{'y' * 96}", "a/" * 20 + "x"])
def test_an_output_may_be_as_long_and_as_deep_as_every_file_system_takes(template: str) -> None:
    assert path_of(template) == f"videos/{template}.mp4"


def test_a_wrong_output_of_the_head_is_told_once_and_there(told: Told) -> None:
    content = "output: '{idd}'\nrows:\n- prompt: a\n- prompt: b\n"
    assert told("m.yaml", content) == ["m.yaml:1: unknown placeholder {idd} in output | write {id}"]


def test_a_variable_that_one_row_lacks_is_told_in_that_row(told: Told) -> None:
    content = "output: '{mood}'\nrows:\n- {prompt: a, vars: {mood: x}}\n- prompt: b\n"
    assert told("m.yaml", content) == [
        (
            "m.yaml:4 (row 2): {mood} in output, but the row has no such variable"
            " | write vars: {mood: …}, there or under defaults:"
        )
    ]


def test_an_empty_value_makes_no_empty_name(told: Told) -> None:
    assert told("t.csv", "prompt,title,output\na,,{title}\n") == [
        't.csv:2 (row 1): output ".mp4": nothing stands before .mp4 | put {id} into the output'
    ]


def test_the_rows_output_goes_before_the_heads(read: Read) -> None:
    content = "output: '{row}'\nrows:\n- prompt: a\n- {prompt: b, output: 'x/{row}'}\n"
    assert [job.output for job in read("m.yaml", content)] == ["videos/1.mp4", "videos/x/2.mp4"]
