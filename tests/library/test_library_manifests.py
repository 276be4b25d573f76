"""Rows of a program are a manifest like any other: the same jobs, problems, and run folder."""

import json
from decimal import Decimal
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from door.door import Desk, service
from PIL import Image

from batchsora import Event, Manifest, ManifestRefusedError, Run, UsageError, plan, run_sync

from .programmed import RAIN, SNOW, SUN, at, rows_of, statuses


def drawn(folder: Path, name: str = "cat.png", colour: str = "red") -> Path:
    """Draw a picture."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (720, 1280), colour).save(path)
    return path


def keys(manifest: Manifest | str) -> list[str | None]:
    """Name the jobs by what they order."""
    return [job.key for job in plan(manifest, simulate=True)]


def test_rows_are_the_jobs_that_they_would_be_in_a_file(desk: Desk) -> None:
    drawn(desk.folder / "images")
    rows: list[dict[str, Any]] = [
        {"id": "cat", "prompt": "A {mood} cat", "image": "images/cat.png", "mood": "happy"},
        {"prompt": "Rain", "seconds": 8, "takes": 2, "tags": ["hero"]},
        {"prompt": "{style}", "matrix": {"style": ["noir", "pastel"], "image": ["images/cat.png"]}},
        {"prompt": "All of {stem}", "image": "images/*.png"},
    ]
    desk.writes("".join(json.dumps(row) + "\n" for row in rows), "work.jsonl")
    assert keys(Manifest.from_rows("work", rows)) == keys("work.jsonl")
    assert len(keys("work.jsonl")) == 6


def test_values_may_be_what_a_table_of_a_program_has() -> None:
    class Text:
        """As numpy's and pandas' values are: no type of JSON, but written as text."""

        def __str__(self) -> str:
            return "8"

    nan = float("nan")
    rows: list[dict[str, Any]] = [
        {"id": "whole", "prompt": "Sun", "seconds": 4.0, "price": 9.5, "shelf": nan},
        {"id": "empty", "prompt": "Rain", "seconds": nan, "takes": None, "price": Decimal("7.50")},
        {"id": "text", "prompt": "Snow", "seconds": Text(), "shelf": PurePosixPath("a/b")},
    ]
    result = run_sync(Manifest.from_rows("work", rows), simulate=True, rate="10/1s")
    found = {job.id: (job.seconds, dict(job.columns)) for job in result.jobs()}
    assert found == {
        "whole": (4, {"price": "9.5", "shelf": ""}),
        "empty": (4, {"price": "7.50"}),
        "text": (8, {"shelf": "a/b"}),
    }


def test_images_are_found_from_the_folder_that_is_named_wherever_it_runs(desk: Desk) -> None:
    drawn(desk.folder / "shop" / "images")
    rows = [{"id": "cat", "prompt": "A cat", "image": "images/cat.png"}]
    manifest = Manifest.from_rows("work", rows, folder="shop")
    result = run_sync(manifest, simulate=True, out_dir=desk.folder / "elsewhere" / "run")
    assert result.code == 0
    assert (desk.folder / "elsewhere" / "run" / "videos" / "cat.mp4").is_file()
    # and once more from what was written down there
    assert run_sync(result.folder).code == 0


def test_problems_are_told_all_at_once_with_the_numbers_of_their_rows() -> None:
    rows: list[dict[str, Any]] = [
        {"prompt": "Sun", "seconds": 5},
        {"prompt": "Rain"},
        {"prompt": ""},
    ]
    with pytest.raises(ManifestRefusedError) as refused:
        run_sync(Manifest.from_rows("work", rows), simulate=True)
    assert [problem.row for problem in refused.value.problems] == [1, 3]
    assert "seconds must be one of 4, 8, 12" in refused.value.problems[0].what


def test_a_refused_manifest_leaves_no_trace(desk: Desk) -> None:
    with pytest.raises(ManifestRefusedError):
        run_sync(Manifest.from_rows("work", [{"prompt": ""}]))
    assert not desk.run_folder.exists()


@pytest.mark.parametrize("name", ["", "a/b", "..", "-x", "a" * 200])
def test_a_name_that_is_no_folder_is_refused_at_once(name: str) -> None:
    with pytest.raises(ManifestRefusedError):
        Manifest.from_rows(name, [])


def test_what_is_no_row_is_refused_at_once() -> None:
    table: Any = {"prompt": ["Sun"], "seconds": [4]}  # iterated, a table names its columns
    with pytest.raises(UsageError, match="row 1 is no mapping"):
        Manifest.from_rows("work", table)


def test_a_row_that_is_changed_afterwards_is_what_it_was() -> None:
    rows = [{"prompt": "Sun", "tags": ["a"]}]
    manifest = Manifest.from_rows("work", rows)
    before = keys(manifest)
    rows[0]["prompt"] = "Rain"
    assert keys(manifest) == before


def test_new_rows_are_bought_and_the_old_ones_are_not_bought_again(tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        assert run_sync(rows_of(SUN), **at(shop)).code == 0
        result = run_sync(rows_of(RAIN, SUN), **at(shop))
        assert shop.bought() == {SUN: 1, RAIN: 1}
        again = run_sync(result.folder, **at(shop))
        assert shop.creates == 2
    assert statuses(again.jobs()) == {"rain": "done", "sun": "done"}


def test_a_strangers_file_is_not_written_over(desk: Desk) -> None:
    desk.writes("mine", "runs/work-simulated/work.jsonl")
    with pytest.raises(UsageError, match=r"holds work\.jsonl"):
        run_sync(rows_of(SUN), simulate=True)
    assert (desk.folder / "runs/work-simulated/work.jsonl").read_text() == "mine"


def test_a_run_folder_with_its_rows_goes_on_where_it_was_moved(desk: Desk, tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        result = run_sync(rows_of(SUN, RAIN), **at(shop, limit=1))
        moved = result.folder.rename(desk.folder / "moved")
        assert run_sync(moved, **at(shop)).code == 0
        assert shop.bought() == {SUN: 1, RAIN: 1}
    assert {job.file for job in Run(moved).jobs()} == {
        moved / "videos" / "sun.mp4",
        moved / "videos" / "rain.mp4",
    }


def test_a_file_is_read_anew_by_each_run(desk: Desk) -> None:
    path = desk.writes_rows(SUN)
    manifest = Manifest(path)
    assert len(plan(manifest)) == 1
    desk.writes_rows(SUN, SNOW)
    assert len(plan(manifest)) == 2


def test_a_manifest_that_cannot_be_opened_is_refused_at_once(desk: Desk) -> None:
    with pytest.raises(UsageError, match="is missing"):
        Manifest("nowhere.yaml")
    with pytest.raises(ManifestRefusedError):
        Manifest(desk.writes("rows: 7\n"))


def test_cards_and_an_encoding_can_be_given(desk: Desk) -> None:
    cards = desk.writes("my-model: {seconds: [5], sizes: {720x1280: 0.10}}", "cards.yaml")
    path = desk.folder / "cafe.csv"
    path.write_bytes("prompt,model,seconds\nCafé,my-model,5\n".encode("cp1252"))
    (job,) = plan(Manifest(path, models=cards, encoding="cp1252"))
    assert (job.prompt, job.price_usd) == ("Café", Decimal("0.50"))
    rows = [{"prompt": "Café", "model": "my-model", "seconds": 5}]
    assert plan(Manifest.from_rows("work", rows, models=cards)).cost_usd == Decimal("0.50")


def test_a_manifest_shows_itself_in_a_line(desk: Desk) -> None:
    assert repr(rows_of(SUN, RAIN)) == "Manifest('work', 2 rows)"
    assert repr(Manifest(desk.writes_rows(SUN).relative_to(desk.folder))) == "Manifest('work.yaml')"


class _Unsaid:
    """What a table of another program has where it has nothing: no value equals it."""

    def __ne__(self, _: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


class _Undecided(_Unsaid):
    """The same, of one that does not even say that."""

    def __ne__(self, _: object) -> bool:
        raise TypeError("boolean value of NA is ambiguous")


@pytest.mark.parametrize("none", [Decimal("NaN"), _Unsaid(), _Undecided(), float("nan"), None])
def test_what_is_no_value_in_a_table_is_never_bought_as_a_prompt(none: object) -> None:
    manifest = Manifest.from_rows("shop", [{"id": "a", "prompt": none}])
    with pytest.raises(ManifestRefusedError):
        plan(manifest, simulate=True)


def test_a_filter_that_found_nothing_is_not_the_whole_manifest() -> None:
    manifest = Manifest.from_rows("shop", [{"id": "a", "prompt": "a cat", "tags": ["hero"]}])
    with pytest.raises(UsageError, match="tags names none"):
        plan(manifest, simulate=True, tags=[])


def test_a_callback_that_nobody_would_wait_for_is_refused() -> None:
    async def hear(_: Event) -> None:
        pass

    manifest = Manifest.from_rows("shop", [{"id": "a", "prompt": "a cat"}])
    with pytest.raises(UsageError, match="coroutine"):
        run_sync(manifest, simulate=True, on_event=hear)
