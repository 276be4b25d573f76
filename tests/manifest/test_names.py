import pytest

from batchsora.manifest.fields import COLUMNS
from batchsora.manifest.names import called, edits, meant_by, nearest, slip_of


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ("prompt", "prompt", 0),
        ("promt", "prompt", 1),
        ("propmt", "prompt", 1),
        ("second", "seconds", 1),
        ("scond", "seconds", 2),
        ("size", "fit", 3),
        ("a", "prompt", 6),
    ],
)
def test_edits_are_counted(one: str, other: str, count: int) -> None:
    assert edits(one, other) == edits(other, one) == count


@pytest.mark.parametrize(
    ("column", "field"),
    [
        ("promt", "prompt"),
        ("Prompts", "prompt"),
        ("second", "seconds"),
        ("secnds", "seconds"),
        ("SIZES", "size"),
        ("siez", "size"),
        ("modle", "model"),
        ("imgae", "image"),
        ("images", "image"),
        ("tag", "tags"),
        ("take", "takes"),
        ("ouput", "output"),
    ],
)
def test_a_slip_of_the_finger_is_seen(column: str, field: str) -> None:
    assert slip_of(column, COLUMNS) == field


@pytest.mark.parametrize(
    "column",
    [
        *("name", "title", "sku", "price", "handle", "vendor", "type", "status", "notes", "date"),
        *("Image Src", "image_url", "alt", "colour", "season", "mood", "style", "language", "page"),
        *("weight", "time", "state", "sales", "brand", "promo", "mode", "site", "side", "outlet"),
        *("records", "bags", "taxes", "ids", "line", "user", "lot", "unit", "seconds_max", "input"),
        *("duration", "ratio", "seed", "camera", "scene", "shot", "vars", "from", "matrix"),
    ],
)
def test_an_ordinary_column_is_a_variable(column: str) -> None:
    assert slip_of(column, COLUMNS) is None


@pytest.mark.parametrize(
    ("column", "field"),
    [
        *((name, "image") for name in ("Image URL", "g:image_link", "photo", "Picture_1", "IMG")),
        *((name, "seconds") for name in ("duration", "Duration (s)", "video-length")),
        *((name, "size") for name in ("Resolution", "aspect_ratio", "dimensions")),
        *((name, None) for name in ("length", "time", "file", "url", "text", "title", "format")),
    ],
)
def test_what_others_call_a_field_is_known(column: str, field: str | None) -> None:
    assert called(column) == field


@pytest.mark.parametrize(
    ("name", "field"),
    [("duration", "seconds"), ("length", "seconds"), ("caption", "prompt"), ("mood", None)],
)
def test_more_is_known_where_only_fields_can_be_meant(name: str, field: str | None) -> None:
    assert meant_by(name) == field


def test_the_nearest_name_is_near_or_none() -> None:
    assert nearest("Row", ["rows", "name"]) == "rows"
    assert nearest("max_cost", ["max_doubts", "rate"]) is None
