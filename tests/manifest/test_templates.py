"""What placeholders and their filters make of a row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsora.manifest.located import Flaw
from batchsora.manifest.paths import part_fault
from batchsora.manifest.templates import Scope, fill, slug

from .conftest import Read, Told

NAMES = {
    "id": "cat", "name": "autumn", "row": "7", "take": "2", "model": "sora-2", "seconds": "4",
    "size": "720x1280", "stem": "Photo", "Image Src": "cup.png", "price": "9.90", "n": "12.0",
    "title": "Café Crème, 2 l!", "empty": "",
}  # fmt: skip


def filled(template: str) -> str | list[Flaw]:
    return fill(template, "prompt", Scope(NAMES, {}, ()))


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{id} {name} {row} {take} {model} {seconds} {size} {stem}",
         "cat autumn 7 2 sora-2 4 720x1280 Photo"),
        ("from {Image Src}", "from cup.png"),
        ("{stem:upper}/{stem:lower}", "PHOTO/photo"),
        ("{row:3d} {row:03d} {row:1d}", "007 007 7"),
        ("{n:04d}", "0012"),
        ("{title:slug}", "cafe-creme-2-l"),
        ("{title:slug4}", "cafe"),
        ("{title:slug5}", "cafe"),
        ("{title:slug:upper}", "CAFE-CREME-2-L"),
        ("{title:upper:slug6:upper}", "CAFE-C"),
        ("{Image Src:slug}", "cup-png"),
        ("[{empty:optional}]", "[]"),
        ("[{title:optional:slug4}]", "[cafe]"),
        ("{{id}} {{{id}}}", "{id} {cat}"),
        ("{{}} {} { } {id", "{} {} { } {id"),
        ('{"a": "b"} {a b} {no }', '{"a": "b"} {a b} {no }'),
        ('{"a":{"b":{"c":1}}}', '{"a":{"b":{"c":1}}}'),
        ('{{ {"a":{"b":1}} }} {"c":{"d":{}}}', '{ {"a":{"b":1}} } {"c":{"d":{}}}'),
        ("a }} b {{c}} }}", "a }} b {c} }}"),
        ("{{{{ {{{{id}}}}", "{{ {{id}}"),
        ("{camera: dolly} {camera:dolly, 3} {titled: upper} {a title}",
         "{camera: dolly} {camera:dolly, 3} {titled: upper} {a title}"),
        ("{title}{title}", "Café Crème, 2 l!Café Crème, 2 l!"),
    ],
)  # fmt: skip
def test_placeholders_are_filled(template: str, text: str) -> None:
    assert filled(template) == text


def test_what_a_value_holds_is_not_filled_again(read: Read) -> None:
    jobs = read("t.csv", "prompt,title\na {title},{seconds}\na {title},{id} {seconds}\n")
    assert [job.order.prompt for job in jobs] == ["a {seconds}", "a {id} {seconds}"]


def test_a_column_goes_before_what_a_job_says_of_itself(read: Read) -> None:
    (job,) = read("t.csv", "prompt,name,stem\n{name} {stem},Red shoe,heel\n")
    assert job.order.prompt == "Red shoe heel"


def test_numbers_are_named_as_they_are_ordered(read: Read) -> None:
    (job,) = read("t.csv", "prompt,seconds\n{seconds} s,8.0\n")
    assert job.order.prompt == "8 s"


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("Café Crème!", "cafe-creme"),
        ("Cafe\u0301", "cafe"),  # the accent is a letter of its own
        ("  Öl & Essig / 0,5 l ", "ol-essig-0-5-l"),
        ("Straße", "straße"),
        ("Łódź", "łodz"),
        ("Привет, мир", "привет-мир"),
        ("日本語 テスト", "日本語-テスト"),
        ("हिन्दी फिल्म", "हिन्दी-फिल्म"),
        ("ภาษาไทย กำลัง", "ภาษาไทย-กําลัง"),
        ("가나다", "가나다"),
        ("ﬁne №7", "fine-no7"),
        ("❤\ufe0f love", "love"),
        ("under_score--dash", "under-score-dash"),
        ("../../etc", "etc"),
        ("👩\u200d🚀", ""),
    ],
)
def test_a_slug_keeps_the_letters_of_every_script(text: str, short: str) -> None:
    assert slug(text) == short


def test_a_slug_ends_with_a_letter_where_it_is_cut() -> None:
    assert slug("one two three", 8) == "one-two"
    assert len(slug("x" * 100)) == 60


@given(text=st.text())
def test_a_slug_of_a_slug_is_the_same_and_names_a_file(text: str) -> None:
    short = slug(text, 30)
    assert slug(short, 30) == short
    fault = part_fault(f"x{short}")
    assert fault is None


UNKNOWN = {
    "{Image Scr}": "unknown placeholder {Image Scr} in prompt | write {Image Src}",
    "{IMAGE SRC:slug}": "unknown placeholder {IMAGE SRC} in prompt | write {Image Src}",
    "{Titel}": "unknown placeholder {Titel} in prompt | write {title}",
    "{sky}": "unknown placeholder {sky} in prompt"
    " | add a variable or a column of that name, or write {{sky}} for the braces",
    "{sky:slug40}": "unknown placeholder {sky} in prompt"
    " | add a variable or a column of that name, or write {{sky}} for the braces",
    "{title:slugg}": 'unknown filter ":slugg" in {title:slugg} in prompt'
    " | write :upper, :lower, :slug, :slug40, :04d or :optional",
    "{title:upper:no}": 'unknown filter ":no" in {title:upper:no} in prompt'
    " | write :upper, :lower, :slug, :slug40, :04d or :optional",
    "{title:slug0}": 'unknown filter ":slug0" in {title:slug0} in prompt'
    " | write :upper, :lower, :slug, :slug40, :04d or :optional",
    "{price:03d}": '{price:03d} in prompt wants a whole number, not "9.90"'
    " | take :03d out, or mend the value",
    "{empty:03d}": "{empty} in prompt is empty"
    " | fill it in; or write {empty:optional} where it may be empty",
    "{empty:optional:03d}": '{empty:optional:03d} in prompt wants a whole number, not ""'
    " | take :03d out, or mend the value",
    "{ title }": "{ title } in prompt has blanks in its braces | write {title}",
    "{ TITLE }": "{ TITLE } in prompt has blanks in its braces | write {title}",
    "{image src}": "unknown placeholder {image src} in prompt | write {Image Src}",
    **{
        written: f"{written} in prompt begins as a placeholder, and goes on as none"
        f" | write {meant}; or {{{{…}}}} where braces are meant"
        for written, meant in {
            "{title: upper}": "{title:upper}",
            "{Title|upper}": "{title:upper}",
            "{ title:upper }": "{title:upper}",
            "{title:slug 40}": "{title:slug40}",
            "{title: slug : upper}": "{title:slug:upper}",
            "{title,}": "{title}",
            "{title: at dawn}": "{title}",
            "{IMAGE SRC: Lower}": "{Image Src:lower}",
            "{seconds / 2}": "{seconds}",
        }.items()
    },
    "{title.upper()}": "{title.upper()} in prompt: a placeholder is a plain name"
    " | take out what follows the name",
    "{title!r:slug}": "{title!r} in prompt: a placeholder is a plain name"
    " | take out what follows the name",
}


@pytest.mark.parametrize("template", UNKNOWN)
def test_what_can_not_be_filled_is_told(template: str) -> None:
    flaws = filled(template)
    assert isinstance(flaws, list)
    assert [f"{flaw.what} | {flaw.mend}" for flaw in flaws] == [UNKNOWN[template]]


def test_everything_wrong_with_a_template_is_told_at_once() -> None:
    flaws = filled("{sky} {titel} {row:x} {id}")
    assert isinstance(flaws, list)
    assert len(flaws) == 3


def test_the_longest_name_is_the_one_that_braces_begin_with() -> None:
    scope = Scope({"Image": "a", "Image Src": "b"}, {}, ())
    flaws = fill("{image src: upper}", "prompt", scope)
    assert isinstance(flaws, list)
    assert flaws[0].mend.startswith("write {Image Src:upper};")


def test_braces_may_begin_with_a_name_that_only_other_rows_have(told: Told) -> None:
    rows = "rows:\n- {prompt: a, vars: {mood: x}}\n- {prompt: 'b {mood: upper} {other: upper}'}\n"
    assert told("m.yaml", rows) == [
        (
            "m.yaml:3 (row 2): {mood: upper} in prompt begins as a placeholder, and goes on as none"
            " | write {mood:upper}; or {{…}} where braces are meant"
        )
    ]


def test_what_is_shown_of_braces_is_cut_and_escaped() -> None:
    flaws = filled("{title " + "\x1b" * 50_000 + "}")
    assert isinstance(flaws, list)
    assert len(flaws[0].what) < 400
    assert flaws[0].what.isprintable()


@given(template=st.text("{}:.[]!idsl04 ", max_size=30))
def test_no_template_is_too_strange(template: str) -> None:
    found = filled(template)
    assert isinstance(found, str) or all(flaw.what and flaw.mend for flaw in found)


def test_a_prompt_is_measured_when_it_is_filled(read: Read, told: Told) -> None:
    (job,) = read("t.csv", f"prompt,title\n{{title}}{{title}},{'é' * 16_000}\n")
    assert len(job.order.prompt) == 32_000
    assert told("t.csv", f"prompt,title\n{{title}}{{title}}!,{'é' * 16_000}\n") == [
        "t.csv:2 (row 1): prompt has 32,001 characters, 32,000 are the most | make it shorter"
    ]


def test_an_id_can_be_named_where_the_row_gives_it(read: Read) -> None:
    (job,) = read("t.csv", "prompt,id,output\nA portrait of {id},{row:02d}-cat,{id:upper}\n")
    assert (job.id, job.order.prompt, job.output) == (
        "01-cat",
        "A portrait of 01-cat",
        "videos/01-CAT.mp4",
    )


def test_a_value_can_not_name_a_folder(read: Read) -> None:
    (job,) = read("t.csv", "prompt,title,output\nsun,a/../b,{title}/{title:slug}\n")
    assert job.output == "videos/a-..-b/a-b.mp4"


def test_a_hole_is_refused_in_a_prompt_and_nowhere_else(read: Read, told: Told) -> None:
    (job,) = read("t.csv", "prompt,mood,id,output\na,,x{mood},{mood}y\n")
    assert (job.id, job.output) == ("x", "videos/y.mp4")
    assert told("t.csv", "prompt,mood\nA {mood} cat,\nA {mood} cat,happy\n") == [
        (
            "t.csv:2 (row 1): {mood} in prompt is empty"
            " | fill it in; or write {mood:optional} where it may be empty"
        )
    ]
