import pytest

from .conftest import Read, Told


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("{}", "{}"),
        ("{ }", "{ }"),
        ("{a b}", "{a b}"),
        ("{0.__class__}", "{0.__class__}"),
        ('{"shot": "wide"}', '{"shot": "wide"}'),
        ("{camera: dolly}", "{camera: dolly}"),
        ("{{id}}", "{id}"),
        ("{{{{", "{{"),
        ("a } b {", "a } b {"),
    ],
)
def test_braces_without_a_name_stay_as_they_are(read: Read, written: str, sent: str) -> None:
    (job,) = read("m.yaml", f"rows:\n- prompt: '{written}'\n")
    assert job.order.prompt == sent


def test_placeholders_in_a_prompt_are_filled(read: Read) -> None:
    content = "rows:\n- prompt: '{id} in {season:upper}, {seconds} s'\n"
    (job,) = read("m.yaml", f"{content}  id: cat\n  vars: {{season: autumn}}\n")
    assert job.order.prompt == "cat in AUTUMN, 4 s"


NOT_FILLED = {
    "id": "{id} in prompt, but the row has no id of its own | add it, or take the placeholder out",
    "stem": "{stem} in prompt, but the row has no image | add it, or take the placeholder out",
    "id.upper": "{id.upper} in prompt: a placeholder is a plain name"
    " | take out what follows the name",
    "season[0]": "{season[0]} in prompt: a placeholder is a plain name"
    " | take out what follows the name",
}


@pytest.mark.parametrize("inside", NOT_FILLED)
def test_what_can_not_be_filled_in_a_prompt_is_refused_and_never_sent(
    told: Told, inside: str
) -> None:
    content = f"rows:\n- prompt: 'a {{{inside}}}'\n  vars: {{season: autumn}}\n"
    assert told("m.yaml", content) == [f"m.yaml:2 (row 1): {NOT_FILLED[inside]}"]


def test_an_unknown_placeholder_in_a_prompt_is_refused(told: Told) -> None:
    assert told("m.yaml", "rows:\n- prompt: 'a {season}'\n") == [
        (
            "m.yaml:2 (row 1): unknown placeholder {season} in prompt"
            " | add a variable or a column of that name, or write {{season}} for the braces"
        )
    ]


def test_placeholders_in_an_id_are_filled(read: Read) -> None:
    (job,) = read("m.yaml", "rows:\n- prompt: a\n  id: 'x{row:03d}'\n")
    assert (job.id, job.explicit_id, job.output) == ("x001", True, "videos/x001.mp4")


@pytest.mark.parametrize("prompt", ["a\tb", "a\nb", "日本語 👩‍🚀", "\u00a0a\u2028b"])
def test_a_prompt_may_hold_anything_printable(read: Read, prompt: str) -> None:
    (job,) = read("t.csv", f'prompt,x\n"{prompt}",\n')
    assert job.order.prompt == prompt.strip()


def test_a_prompt_of_32_000_characters_is_the_longest(read: Read, told: Told) -> None:
    (job,) = read("t.csv", "prompt\n" + "é" * 32_000 + "\n")
    assert len(job.order.prompt) == 32_000
    assert told("t.csv", "prompt\n" + "é" * 32_001 + "\n") == [
        "t.csv:2 (row 1): prompt has 32,001 characters, 32,000 are the most | make it shorter"
    ]


@pytest.mark.parametrize("job_id", ["cat-hat", "Cat hat 7", "007", "a:b", "ü", "x" * 100])
def test_plain_ids_are_taken(read: Read, job_id: str) -> None:
    (job,) = read("m.yaml", f"rows:\n- prompt: a\n  id: '{job_id}'\n")
    assert (job.id, job.explicit_id) == (job_id, True)


@pytest.mark.parametrize(
    ("job_id", "mend"),
    [
        ("a/b", "write id: a-b"),
        ("a\\b", "write id: a-b"),
        ("cat#2", "write id: cat-2"),
        ("cat*", "write id: cat"),
        ("a,b", "write id: a-b"),
        ("a[1]", "write id: a-1"),
        ("-x", "write id: x"),
        (".hidden", "write id: hidden"),
        ("..", "choose another"),
    ],
)
def test_ids_that_a_command_line_or_a_folder_could_misread_are_refused(
    told: Told, job_id: str, mend: str
) -> None:
    assert told("m.yaml", f"rows:\n- prompt: a\n  id: '{job_id}'\n") == [
        (
            f'm.yaml:3 (row 1): id "{job_id}" has one of / \\ # * ? [ ] , or begins with . or -'
            f" | {mend}"
        )
    ]


def test_an_id_of_more_than_100_characters_is_refused(told: Told) -> None:
    assert told("t.csv", f"prompt,id\na,{'x' * 101}\n") == [
        "t.csv:2 (row 1): id has 101 characters, 100 are the most | make it shorter"
    ]
