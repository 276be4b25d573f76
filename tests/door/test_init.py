"""A first manifest: it is in order, it is explained, and no file is ever written over."""

import csv
import os
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from batchsora.cli import group
from batchsora.cli.exits import leave_with
from batchsora.cli.schema import schema_text
from batchsora.manifest import Planned, open_manifest
from batchsora.manifest.feeds import pictures_in

from .answers import answering
from .door import KEY, QUICK, Desk, Said, service

FEEDS = Path(__file__).parent / "feeds"
PICTURES = Path(__file__).parents[2] / "manifests" / "images"
SCHEMA = "manifest.schema.json"

Types = Callable[..., Said]


@pytest.fixture
def types(desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Types:
    """Give a shell within this process, in the desk's folder."""
    monkeypatch.chdir(desk.folder)

    def said(*words: str) -> Said:
        def command() -> object:
            return group.main(list(words), prog_name="batchsora", standalone_mode=False)

        with pytest.raises(SystemExit) as left:
            leave_with(command)
        printed = capsys.readouterr()
        assert isinstance(left.value.code, int)
        return Said(left.value.code, printed.out, printed.err)

    return said


@pytest.fixture
def feed(desk: Desk) -> Callable[[str], Path]:
    """Put a feed on the desk, and the pictures that sheets name."""

    def put(name: str) -> Path:
        shutil.copytree(PICTURES, desk.folder / "images", dirs_exist_ok=True)
        return Path(shutil.copy(FEEDS / name, desk.folder / name))

    return put


Feed = Callable[[str], Path]


def jobs_of(path: Path) -> list[Planned]:
    """Read a manifest that must have no problem."""
    found = list(open_manifest(path).jobs())
    jobs = [job for job in found if isinstance(job, Planned)]
    assert len(jobs) == len(found)
    return jobs


def row_of(path: Path) -> dict[str, object]:
    """Read the one row of a manifest."""
    (row,) = yaml.safe_load(path.read_text(encoding="utf-8"))["rows"]
    assert isinstance(row, dict)
    return row


def names(folder: Path) -> set[str]:
    return {it.relative_to(folder).as_posix() for it in folder.rglob("*") if it.is_file()}


# -- a sample --------------------------------------------------------------------------------------


def test_the_sample_is_whole_and_in_order(types: Types, desk: Desk) -> None:
    said = types("init", "first")
    assert said.code == 0
    assert said.out.splitlines() == [
        "first/campaign.yaml",
        "first/images/LICENSES.md",
        "first/images/cat.jpg",
        "first/images/coffee.jpg",
        "first/.env.example",
        f"first/{SCHEMA}",
    ]
    assert {f"first/{name}" for name in names(desk.folder / "first")} == set(said.out.split())
    checked = types("validate", "first/campaign.yaml")
    assert (checked.code, checked.out.partition(",")[0]) == (
        0, "first/campaign.yaml: 3 jobs of 2 rows"
    )  # fmt: skip
    assert all((desk.folder / name).stat().st_size < 100_000 for name in said.out.split())


def test_what_is_typed_next_is_told_and_does_work(types: Types) -> None:
    said = types("init")
    told = [line.split("  ")[1] for line in said.err.splitlines() if line.startswith("  ")]
    assert [line.split()[1] for line in told] == ["plan", "run", "run"]
    assert types(*told[0].split()[1:]).code == 0
    assert "3 clips, 1.20 USD in all" in said.err


def test_the_schema_is_beside_the_manifest_that_names_it(types: Types, desk: Desk) -> None:
    types("init")
    first = (desk.folder / "campaign.yaml").read_text(encoding="utf-8").partition("\n")[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA}"
    assert (desk.folder / SCHEMA).read_text(encoding="utf-8") == f"{schema_text()}\n"


def test_the_file_of_variables_holds_no_key_and_is_taken_when_it_is_named(
    types: Types, desk: Desk
) -> None:
    types("init")
    example = (desk.folder / ".env.example").read_text(encoding="utf-8")
    assert example.splitlines()[-1] == "GPTPROTO_API_KEY="
    desk.writes(example.replace("API_KEY=", "API_KEY=sk-a-key"), ".env")
    assert (
        "key         GPTPROTO_API_KEY is set"
        in desk.types("doctor", "--base-url", "http://127.0.0.1:9", "--env-file", ".env").out
    )


@pytest.mark.parametrize("name", ["campaign.yaml", "images/cat.jpg", ".env.example", SCHEMA])
def test_a_file_of_somebody_elses_is_not_written_over_and_nothing_is(
    types: Types, desk: Desk, name: str
) -> None:
    desk.writes("mine\n", f"first/{name}")
    said = types("init", "first")
    assert said.code == 2
    assert f"first/{name} is there already" in said.err
    assert names(desk.folder) == {f"first/{name}"}
    assert (desk.folder / "first" / name).read_text(encoding="utf-8") == "mine\n"


def test_all_files_that_are_in_the_way_are_named(types: Types, desk: Desk) -> None:
    desk.writes("mine\n", "campaign.yaml")
    desk.writes("mine\n", ".env.example")
    assert "campaign.yaml, .env.example are there already" in types("init").err


def test_a_link_that_leads_nowhere_is_in_the_way_too(types: Types, desk: Desk) -> None:
    (desk.folder / "campaign.yaml").symlink_to("elsewhere.yaml")
    assert types("init").code == 2
    assert names(desk.folder) == set()


def test_what_another_init_left_is_not_in_the_way_of_the_next(types: Types, desk: Desk) -> None:
    shutil.copy(FEEDS / "sheet.csv", desk.folder)
    assert types("init").code == 0
    said = types("init", "--from-csv", "sheet.csv")
    assert (said.code, said.out) == (0, "sheet.yaml\n")
    assert types("init").code == 2  # the manifest may have been written on


def test_nothing_is_left_where_the_disk_takes_only_some(types: Types, desk: Desk) -> None:
    (desk.folder / "first").mkdir()
    (desk.folder / "first" / "images").symlink_to("/proc/self/nothing")
    said = types("init", "first")
    assert said.code == 9
    assert names(desk.folder) == set()
    assert os.listdir(desk.folder / "first") == ["images"]  # noqa: PTH208 - the link is no file


def test_a_file_is_no_folder_to_write_into(types: Types, desk: Desk) -> None:
    desk.writes("mine\n", "first")
    assert types("init", "first").code == 2
    assert types("init", "--from-folder", ".", "--from-csv", "a.csv").code == 2


# -- a folder of pictures --------------------------------------------------------------------------


def test_a_folder_has_a_row_for_each_kind_of_picture_that_is_in_it(
    types: Types, desk: Desk
) -> None:
    shutil.copytree(PICTURES, desk.folder / "photos")
    (desk.folder / "photos" / "rocket.jpg").rename(desk.folder / "photos" / "Rocket 2.JPG")
    desk.writes("not a picture", "photos/.hidden.png")
    said = types("init", "--from-folder", "photos")
    assert (said.code, said.out) == (0, f"photos.yaml\n{SCHEMA}\n")
    path = desk.folder / "photos.yaml"
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))["rows"]
    assert [row["image"] for row in rows] == ["photos/*.JPG", "photos/*.jpg", "photos/*.png"]
    jobs = jobs_of(path)
    assert [job.id for job in jobs] == ["Rocket 2", "coffee", "galaxies", "cat"]
    assert all(job.id in job.order.prompt for job in jobs)


def test_pictures_with_one_name_are_named_after_their_content(types: Types, desk: Desk) -> None:
    for name, picture in {"a.png": "cat.png", "A.jpg": "coffee.jpg"}.items():
        (desk.folder / "photos").mkdir(exist_ok=True)
        shutil.copy(PICTURES / picture, desk.folder / "photos" / name)
    types("init", "--from-folder", "photos")
    jobs = jobs_of(desk.folder / "photos.yaml")
    assert all(job.id == job.key[:10] for job in jobs)
    assert len({job.output for job in jobs}) == 2


def test_a_manifest_may_lie_elsewhere_than_the_pictures(types: Types, desk: Desk) -> None:
    shutil.copytree(PICTURES, desk.folder / "odd [1] *" / "in a folder")
    assert types("init", "plans", "--from-folder", "odd [1] *").code == 0
    (path,) = (desk.folder / "plans").glob("*.yaml")
    assert path.name == "odd-1.yaml"  # a name that is one folder's everywhere
    assert len(jobs_of(path)) == 4


def test_what_is_hidden_from_a_pattern_is_not_counted(types: Types, desk: Desk) -> None:
    for name in ("deep/cat.png", "deep/.cat.png", ".cache/cat.png", "deep/.old/cat.jpg"):
        (desk.folder / "photos" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PICTURES / "cat.png", desk.folder / "photos" / name)
    said = types("init", "--from-folder", "photos")
    assert said.code == 0
    text = (desk.folder / "photos.yaml").read_text(encoding="utf-8")
    assert '- image: "photos/**/*.png" # 1 picture\n' in text
    assert "*.jpg" not in text
    assert len(jobs_of(desk.folder / "photos.yaml")) == 1


def test_a_folder_with_hidden_pictures_only_is_refused(types: Types, desk: Desk) -> None:
    (desk.folder / "photos" / ".cache").mkdir(parents=True)
    shutil.copy(PICTURES / "cat.png", desk.folder / "photos" / ".cache")
    said = types("init", "--from-folder", "photos")
    assert said.code == 2
    assert "no pictures are in photos, but hidden ones" in said.err
    assert not (desk.folder / "photos.yaml").exists()


def test_a_folder_whose_own_name_begins_with_a_dot_may_be_named(types: Types, desk: Desk) -> None:
    shutil.copytree(PICTURES, desk.folder / ".photos")
    assert types("init", "--from-folder", ".photos").code == 0
    (path,) = desk.folder.glob("*.yaml")
    assert len(jobs_of(path)) == 4


def test_a_folder_whose_name_is_no_utf_8_is_refused(types: Types, desk: Desk) -> None:
    odd = os.fsdecode(b"r\xe9")
    shutil.copytree(PICTURES, desk.folder / odd)
    said = types("init", "--from-folder", odd)
    assert said.code == 2
    assert "r\\xe9 is no UTF-8" in said.err
    assert not list(desk.folder.glob("*.yaml"))


@pytest.mark.parametrize("name", ["nowhere", "a.txt", "texts"])
def test_a_folder_without_pictures_is_refused(types: Types, desk: Desk, name: str) -> None:
    desk.writes("text", "a.txt")
    desk.writes("text", "texts/a.txt")
    said = types("init", "--from-folder", name)
    assert said.code == 2
    assert "mend: " in said.err
    assert names(desk.folder) == {"a.txt", "texts/a.txt"}


# -- a feed ----------------------------------------------------------------------------------------


def test_a_product_of_several_pictures_and_variants_makes_one_clip(
    types: Types, feed: Feed
) -> None:
    path = feed("shopify.csv").with_suffix(".yaml")
    said = types("init", "--from-csv", "shopify.csv")
    assert said.code == 0
    assert "4 clips, 1.60 USD in all" in said.err
    row = row_of(path)
    assert row["columns"] == {"image": "Image Src"}
    assert row["needs"] == ["Title", "Image Src"]
    assert [job.id for job in jobs_of(path)] == [
        "morning-cup", "tin-rocket", "galaxy-print", "coffee-house-blend"
    ]  # fmt: skip
    assert types("validate", "shopify.yaml").code == 0


def test_each_picture_makes_a_clip_when_the_manifest_is_changed_as_it_says(
    types: Types, feed: Feed
) -> None:
    path = feed("shopify.csv").with_suffix(".yaml")
    types("init", "--from-csv", "shopify.csv")
    text = path.read_text(encoding="utf-8")
    said = [line.strip("# ") for line in text.splitlines() if line.startswith("    #   ")]
    assert said == ["needs: [Image Src]", 'id: "{Handle}-{Image Position}"']
    text = text.replace("    needs: [Title, Image Src]", f"    {said[0]}")
    text = text.replace('    id: "{Handle}"', f"    {said[1]}")
    path.write_text(text.replace("push-in on {Title}", "push-in on {Handle}"), encoding="utf-8")
    jobs = jobs_of(path)
    assert len(jobs) == len({job.id for job in jobs}) == 8


def test_a_shops_feed_runs_as_it_is_from_its_addresses_to_its_clips(
    desk: Desk, feed: Feed, tmp_path: Path
) -> None:
    path = feed("shopify.csv")
    picture = (PICTURES / "coffee.jpg").read_bytes()
    with (
        answering(200, picture, Content_Type="image/jpeg") as pictures,
        service(tmp_path / "state") as shop,
    ):
        text = path.read_text(encoding="utf-8").replace("https://cdn.shopify.com", pictures)
        path.write_text(text, encoding="utf-8")
        assert desk.types("init", "--from-csv", "shopify.csv").code == 0
        words = ("run", "shopify.yaml", "--base-url", shop.url, *QUICK)
        said = desk.types(*words, GPTPROTO_API_KEY=KEY)
        assert said.code == 0, said.err
        assert desk.types(*words, GPTPROTO_API_KEY=KEY).code == 0
        assert set(shop.bought().values()) == {1}
    clips = {it.name for it in (desk.folder / "runs" / "shopify" / "videos").iterdir()}
    assert clips == {
        f"{handle}.mp4"
        for handle in ("morning-cup", "tin-rocket", "galaxy-print", "coffee-house-blend")
    }


def test_all_columns_of_a_feed_are_told_as_placeholders(types: Types, feed: Feed) -> None:
    path = feed("shopify.csv")
    types("init", "--from-csv", "shopify.csv")
    text = path.with_suffix(".yaml").read_text(encoding="utf-8")
    with path.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert [name for name in header if f"{{{name}}}" not in text] == []
    assert max(map(len, text.splitlines())) <= 100


def test_a_repeated_title_gives_each_row_an_id_of_two_columns(types: Types, feed: Feed) -> None:
    path = feed("shopify.csv")
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    for before, row in pairwise(rows):
        row[1] = row[1] or before[1]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    types("init", "--from-csv", "shopify.csv")
    assert row_of(path.with_suffix(".yaml"))["id"] == "{Handle}-{Image Position}"
    assert len(jobs_of(path.with_suffix(".yaml"))) == 8


def test_the_sizes_of_clothes_are_no_sizes_of_clips(types: Types, feed: Feed) -> None:
    path = feed("merchant.tsv").with_suffix(".yaml")
    assert types("init", "--from-csv", "merchant.tsv").code == 0
    row = row_of(path)
    assert (row["columns"], row["id"]) == ({"image": "image_link"}, "{id}")
    jobs = jobs_of(path)
    assert {str(job.order.size) for job in jobs} == {"720x1280"}
    assert [job.columns["size"] for job in jobs] == ["M", "one size", "XL"]


def test_the_variants_of_a_product_make_one_clip(types: Types, feed: Feed) -> None:
    path = feed("merchant.tsv")
    said = types("init", "--from-csv", "merchant.tsv")
    assert "1 row of merchant.tsv left out, by once: item_group_id" in said.err
    assert row_of(path.with_suffix(".yaml"))["once"] == ["item_group_id"]
    jobs = jobs_of(path.with_suffix(".yaml"))
    assert [job.id for job in jobs] == ["SKU001", "SKU003", "SKU004"]


def test_a_feed_without_variants_leaves_nothing_out(types: Types, feed: Feed) -> None:
    path = feed("merchant.tsv")
    path.write_text(path.read_text(encoding="utf-8").replace("\tSHIRT", "\t"), encoding="utf-8")
    assert types("init", "--from-csv", "merchant.tsv").code == 0
    assert "once" not in row_of(path.with_suffix(".yaml"))
    assert len(jobs_of(path.with_suffix(".yaml"))) == 4


@pytest.mark.parametrize(
    ("status", "where", "clips"),
    [
        ("draft", {"Status": "active"}, 3),
        ("Archived", {"Status": "active"}, 3),
        ("active", None, 4),
        ("sold out", None, 4),  # no word of Shopify's: who knows what the others mean
    ],
)
def test_only_products_on_sale_make_a_clip(
    types: Types, feed: Feed, status: str, where: object, clips: int
) -> None:
    path = feed("shopify.csv")
    with path.open(encoding="utf-8", newline="") as file:
        header, first, *rows = csv.reader(file)
    first[header.index("Status")] = status
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, first, *rows])
    said = types("init", "--from-csv", "shopify.csv")
    assert said.code == 0
    assert row_of(path.with_suffix(".yaml")).get("where") == where
    assert len(jobs_of(path.with_suffix(".yaml"))) == clips
    assert ("left out, by where: Status" in said.err) == (where is not None)


def test_a_cell_of_many_blanks_is_taken_apart_in_one_go() -> None:
    """Half a million blanks took more than an hour, when each was a place to begin at."""
    gap = " " * 500_000
    cell = f"https://a.example/x.png{gap}and{gap}, https://a.example/y.png{gap}z"
    assert pictures_in(cell) == [
        f"https://a.example/x.png{gap}and",
        f"https://a.example/y.png{gap}z",
    ]
    assert pictures_in(f"a.png{gap};{gap}b.png,{gap}|") == ["a.png", "b.png"]
    assert pictures_in(f"a{gap}b") == [f"a{gap}b"]


def test_rows_that_say_the_same_make_one_clip(types: Types, desk: Desk) -> None:
    text = "title,photo\nCup,https://a.example/x.png\nCat,https://a.example/x.png\n"
    desk.writes(f"{text}Cup,https://a.example/x.png\n", "feed.csv")
    said = types("init", "--from-csv", "feed.csv")
    assert said.code == 0
    assert "1 row of feed.csv left out, by once: title, photo" in said.err
    assert [job.columns["title"] for job in jobs_of(desk.folder / "feed.yaml")] == ["Cup", "Cat"]


def test_an_export_with_one_picture_a_product_is_taken(types: Types, feed: Feed) -> None:
    path = feed("woocommerce.csv").with_suffix(".yaml")
    said = types("init", "--from-csv", "woocommerce.csv")
    assert said.code == 0
    assert "WooCommerce" in path.read_text(encoding="utf-8")
    assert row_of(path)["id"] == "{ID}"  # one product has no SKU
    assert [job.id for job in jobs_of(path)] == ["11", "12", "15"]


def test_the_first_of_several_pictures_in_a_cell_is_taken(types: Types, feed: Feed) -> None:
    path = feed("woocommerce-galleries.csv").with_suffix(".yaml")
    assert types("init", "--from-csv", "woocommerce-galleries.csv").code == 0
    assert row_of(path)["first"] == ["Images"]
    pictures = [job.order.image.written for job in jobs_of(path) if job.order.image]
    assert [picture.rpartition("/")[2] for picture in pictures] == [
        "mug.jpg", "tee.jpg", "book-scaled.jpeg"
    ]  # fmt: skip
    assert types("validate", path.name).code == 0


def test_a_sheet_with_semicolons_is_told_by_names_and_cells(types: Types, feed: Feed) -> None:
    path = feed("sheet.csv").with_suffix(".yaml")
    said = types("init", "--from-csv", "sheet.csv")
    assert said.code == 0
    assert "a semicolon" in said.err
    row = row_of(path)
    assert (row["columns"], row["id"]) == ({"image": "Foto"}, "{Artikel}")
    assert [job.order.prompt for job in jobs_of(path)] == [
        "Slow push-in on Tasse „Morgen“, soft studio light, nothing else moves",
        "Slow push-in on Katzenkorb, soft studio light, nothing else moves",
    ]
    assert types("validate", "sheet.yaml").code == 0


def test_another_encoding_is_asked_for_and_written_down(types: Types, feed: Feed) -> None:
    path = feed("sheet-latin1.csv").with_suffix(".yaml")
    refused = types("init", "--from-csv", "sheet-latin1.csv")
    assert refused.code == 2
    assert "--encoding cp1252" in refused.err
    assert types("init", "--from-csv", "sheet-latin1.csv", "--encoding", "cp1252").code == 0
    assert row_of(path)["encoding"] == "cp1252"
    assert "Größe" in jobs_of(path)[0].columns


def test_a_table_that_is_a_manifest_runs_as_it_is(types: Types, desk: Desk) -> None:
    shutil.copytree(PICTURES, desk.folder / "images")
    shutil.copy(PICTURES.parent / "products.csv", desk.folder)
    before = names(desk.folder)
    said = types("init", "--from-csv", "products.csv")
    assert said.code == 0
    assert "it runs as it is" in said.err
    assert names(desk.folder) == before


def test_a_sheet_with_prompts_says_the_fields_that_it_can(types: Types, desk: Desk) -> None:
    shutil.copytree(PICTURES, desk.folder / "images")
    desk.writes(
        "image,prompt,seconds,size,note\n"
        "images/cat.png,The cat winks,8,M,\n"
        "images/cat.png,The cat yawns,4,L,x\n"
        "images/cat.png,,4,S,no prompt yet\n",
        "sheet.csv",
    )
    assert types("init", "--from-csv", "sheet.csv").code == 0
    row = row_of(desk.folder / "sheet.yaml")
    assert row["columns"] == {"image": "image", "prompt": "prompt", "seconds": "seconds"}
    assert "prompt" not in row
    jobs = jobs_of(desk.folder / "sheet.yaml")
    assert [(job.order.prompt, job.order.seconds) for job in jobs] == [
        ("The cat winks", 8), ("The cat yawns", 4)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "image", "template"),
    [
        ("A,B\n1,images/cat.png\n2,images/coffee.jpg\n", "B", None),
        ("link,file\nhttps://a.example/1,images/cat.png\n", "file", None),
        ("name,img_url\nCup,https://a.example/?id=1\n", "img_url", "{name:slug}"),
        ("IMAGE1,IMAGE2\nhttps://a.example/1.jpg,https://a.example/2.jpg\n", "IMAGE1", None),
        ("code,photo alt,photo\nA/1,a cup,images/cat.png\n", "photo", "{code:slug}"),
        ("code,view,photo\nA,1,images/cat.png\nA,2,images/coffee.jpg\n", "photo", "{code}-{view}"),
        ("code,photo,name\nA,images/cat.png,B\na,images/coffee.jpg,C\n", "photo", "{name:slug}"),
        ("nr;bild\n1;images/cat.png\n1;images/coffee.jpg\n", "bild", None),
        ('"no, really";"{odd}";photo\n1;2;images/cat.png\n', "photo", None),
        ("null;photo: small\n1;images/cat.png\n", "photo: small", None),
    ],
)
def test_columns_are_told_by_likely_names_and_by_what_stands_in_them(
    types: Types, desk: Desk, text: str, image: str, template: str | None
) -> None:
    shutil.copytree(PICTURES, desk.folder / "images")
    desk.writes(text, "sheet.csv")
    said = types("init", "--from-csv", "sheet.csv")
    assert said.code == 0, said.err
    row = row_of(desk.folder / "sheet.yaml")
    assert (row["columns"], row.get("id")) == ({"image": image}, template)
    jobs_of(desk.folder / "sheet.yaml")
    assert types("validate", "sheet.yaml").code == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sku,title\nA,Cup\n", "no column looks like one of images; it has sku, title"),
        ("sku,a,b\nA,x.png,y.png\n", "several columns may be the one of the images: a, b"),
        ("title,photo\nCup,\n,x.png\n", 'no row has its "title" and "photo"'),
        (
            "id,title,image link,item group id\n1,A,x.png,g\n2,B,x.png,g\n3,C,y.png,\n4,C,y.png,\n",
            "line 5 says the same as line 4",
        ),
        ("title,photo,title\nCup,x.png,Cup\n", 'column "title" is there twice'),
        ('title,photo\n"Cup,x.png\n', "is opened here and not closed"),
        ("title,photo\nCup, red,x.png\n", "3 cells, but the header names 2 columns"),
        ("", "no header"),
    ],
)
def test_a_feed_that_cannot_be_told_is_refused_with_a_mend_and_nothing_is_written(
    types: Types, desk: Desk, text: str, words: str
) -> None:
    desk.writes(text, "feed.csv")
    said = types("init", "--from-csv", "feed.csv")
    assert said.code == 2
    assert words in said.err
    assert "mend: " in said.err
    assert names(desk.folder) == {"feed.csv"}


@pytest.mark.parametrize("name", ["feed.xlsx", "feed.yaml", "feed.txt", "nowhere.csv"])
def test_what_is_no_table_is_refused(types: Types, desk: Desk, name: str) -> None:
    for other in ("feed.xlsx", "feed.yaml", "feed.txt"):
        desk.writes("rows: []\n", other)
    said = types("init", "--from-csv", name)
    assert said.code == 2
    assert "mend: " in said.err


def test_a_picture_that_is_missing_is_told_when_the_manifest_is_written(
    types: Types, desk: Desk
) -> None:
    desk.writes("title,photo\nCup,nowhere.png\n", "sheet.csv")
    said = types("init", "--from-csv", "sheet.csv")
    assert said.code == 0
    assert "1 problem: batchsora validate sheet.yaml" in said.err
