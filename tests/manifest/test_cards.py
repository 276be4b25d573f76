from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from batchsora.errors import ManifestRefusedError, UsageError
from batchsora.job import Size
from batchsora.manifest import Planned, open_manifest, read_cards
from batchsora.models import BUILT_IN, ModelCard

from .conftest import Read, Told, said, write

MINE = """\
my-model:
  seconds: [5, 10.0]
  sizes: {1280x720: 0.12, 720x1280: unknown, 640x480: }
  priced_on: 2026-01-31
  source: a price list
"""
CARD = ModelCard(
    "my-model",
    (5, 10),
    {Size(1280, 720): Decimal("0.12"), Size(720, 1280): None, Size(640, 480): None},
    date(2026, 1, 31),
    "a price list",
)


@pytest.mark.parametrize("top", ["", "models:\n"])
def test_a_file_of_cards_adds_to_the_known_ones(top: str) -> None:
    indented = "".join(f"  {line}\n" for line in MINE.splitlines())
    cards = read_cards(write("cards.yaml", top + indented))
    assert dict(cards) == {**BUILT_IN, "my-model": CARD}


def test_a_manifest_may_bring_its_cards(read: Read) -> None:
    indented = "".join(f"  {line}\n" for line in MINE.splitlines())
    rows = "rows:\n- {prompt: a, model: my-model, seconds: 10, size: 1280x720}\n"
    (job,) = read("m.yaml", f"models:\n{indented}{rows}")
    assert job.price_usd == Decimal("1.20")


def test_a_list_of_sizes_leaves_the_prices_unknown() -> None:
    path = write("cards.yaml", "m: {seconds: 5, sizes: [640x480, 480x640]}")
    assert read_cards(path)["m"].usd_a_second == {Size(640, 480): None, Size(480, 640): None}


def test_a_card_of_the_command_line_goes_before_the_manifests() -> None:
    path = write(
        "m.yaml",
        "models: {my-model: {seconds: 5, sizes: {1280x720: 0.01}}}\n"
        "rows:\n- {prompt: a, model: my-model, seconds: 5, size: 1280x720}\n",
    )
    (job,) = open_manifest(path, cards={**BUILT_IN, "my-model": CARD}).jobs()
    assert isinstance(job, Planned)
    assert job.price_usd == Decimal("0.60")


def test_the_default_that_a_card_does_not_have_is_called_so(told: Told) -> None:
    content = "models: {m: {seconds: 5, sizes: [720x1280]}}\nrows:\n- {prompt: a, model: m}\n"
    assert told("m.yaml", content) == [
        (
            'm.yaml:3 (row 1): seconds must be one of 5 for model m, not "4" (the default)'
            " | write seconds: 5, or add a model card with --models FILE"
        )
    ]


def test_everything_wrong_with_cards_is_told() -> None:
    path = write(
        "cards.yaml",
        "a b: {}\n"
        "none:\n"
        "text: x\n"
        "bad:\n"
        "  seconds: [5, x, 0]\n"
        "  sizes: {1280x: 0.12, 720x1280: cheap}\n"
        "  priced_on: soon\n"
        "  sorce: x\n"
        "  colour: x\n"
        "bare: {source: x}\n",
    )
    with pytest.raises(ManifestRefusedError) as refused:
        read_cards(path)
    example = "write my-model: {seconds: [5, 10], sizes: {1280x720: 0.12}}"
    assert [said(problem) for problem in refused.value.problems] == [
        'cards.yaml:1: "a b" is no name of a model | write letters, digits and . _ - : / only',
        f"cards.yaml:2: model none has no card | {example}",
        f"cards.yaml:3: model text must be a mapping, not text | {example}",
        (
            "cards.yaml:5: seconds of model bad must be whole numbers greater than 0"
            " | write seconds: [5, 10]"
        ),
        (
            'cards.yaml:6: sizes of model bad must be width x height, not "1280x"'
            " | write sizes: {1280x720: 0.12}"
        ),
        'cards.yaml:6: a price must be US dollars a second, not "cheap" | write 0.12, or unknown',
        'cards.yaml:7: priced_on must be a day, not "soon" | write priced_on: 2026-01-31',
        'cards.yaml:8: unknown key "sorce" on the card of bad | write source',
        (
            'cards.yaml:9: unknown key "colour" on the card of bad'
            " | a card has seconds, sizes, priced_on, source"
        ),
        (
            "cards.yaml:10: seconds of model bare must be whole numbers greater than 0"
            " | write seconds: [5, 10]"
        ),
        f"cards.yaml:10: model bare has no sizes | {example}",
    ]


def test_a_file_of_cards_that_is_not_there_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"gone\.yaml is missing"):
        read_cards(Path("gone.yaml"))


def test_a_broken_file_of_cards_is_refused() -> None:
    with pytest.raises(ManifestRefusedError) as refused:
        read_cards(write("cards.yaml", "a: ["))
    assert refused.value.problems[0].place == "cards.yaml:1"
