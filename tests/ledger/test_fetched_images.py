"""Images of the open internet: which one came from which address, and older ledgers without any."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from batchsora.errors import LedgerError
from batchsora.ledger.answers import FetchedImage
from batchsora.ledger.ledger import Ledger
from batchsora.ledger.opening import open_for_reading
from batchsora.ledger.records import Records
from batchsora.ledger.schema import VERSION, migrations

from .stories import AT, connected, opened, rescue_file

CAT, DOG = "https://cdn.test/cat.jpg?v=1&sig=%2B", "https://cdn.test/dog.jpg"
ONE, OTHER = "ab" * 32, "cd" * 32


def kept(ledger: Ledger) -> list[tuple[str, str, int, str]]:
    with connected(ledger.path) as other:
        rows = other.execute("select url, file, bytes, fetched_at from images").fetchall()
    return sorted(rows)


def older(folder: Path) -> Path:
    """Make the ledger that a batchsora made which fetched no images."""
    path = folder / "run" / "ledger.db"
    path.parent.mkdir()
    with closing(Database(sqlite3.connect(path, isolation_level=None))) as db:
        migrations.apply(db, stop_before="the_fetched_images")
    return path


def test_a_fetched_image_is_in_the_file_before_the_next_statement(ledger: Ledger) -> None:
    assert ledger.records.fetched_image(CAT) is None
    ledger.keep_image(CAT, ONE, 1000)
    assert kept(ledger) == [(CAT, ONE, 1000, "2026-01-31T09:30:00.250000Z")]
    assert ledger.records.fetched_image(CAT) == FetchedImage(ONE, ONE)
    assert ledger.records.fetched_image(DOG) is None
    assert ledger.records.fetched_image(CAT.upper()) is None


def test_two_addresses_may_lead_to_one_image_and_the_newest_of_an_address_counts(
    ledger: Ledger,
) -> None:
    ledger.keep_image(CAT, ONE, 1000)
    ledger.keep_image(CAT, ONE, 1000)
    ledger.keep_image(DOG, ONE, 1000)
    ledger.now = lambda: AT + timedelta(days=1)
    ledger.keep_image(DOG, OTHER, 2000)
    assert kept(ledger) == [
        (CAT, ONE, 1000, "2026-01-31T09:30:00.250000Z"),
        (DOG, OTHER, 2000, "2026-02-01T09:30:00.250000Z"),
    ]


def test_other_bytes_of_an_address_make_no_other_jobs(ledger: Ledger) -> None:
    ledger.keep_image(DOG, ONE, 1000)
    ledger.keep_image(DOG, OTHER, 2000)
    assert ledger.records.fetched_image(DOG) == FetchedImage(sha256=ONE, file=OTHER)


@pytest.mark.parametrize(
    ("url", "sha256", "byte_count"), [("", ONE, 1), (CAT, ONE[:-1], 1), (CAT, ONE, 0)]
)
def test_what_is_no_image_is_not_taken(
    ledger: Ledger, url: str, sha256: str, byte_count: int
) -> None:
    with pytest.raises(LedgerError, match="CHECK constraint"):
        ledger.keep_image(url, sha256, byte_count)
    assert kept(ledger) == []


def test_fetched_images_are_remembered_by_the_next_run_and_by_readers(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        ledger.keep_image(CAT, ONE, 1000)
    with opened(tmp_path) as ledger:
        assert ledger.records.fetched_image(CAT) == FetchedImage(ONE, ONE)
        with closing(open_for_reading(ledger.path)) as db:
            assert Records(db).fetched_image(CAT) == FetchedImage(ONE, ONE)


def test_an_older_ledger_is_brought_up_to_date_by_the_next_run(tmp_path: Path) -> None:
    path = older(tmp_path)
    with Ledger(path.parent, rescue_file=rescue_file(tmp_path)) as ledger:
        ledger.claim("cats", "simulator", "../cats.yaml", [])
        ledger.keep_image(CAT, ONE, 1000)
    with connected(path) as other:
        assert other.execute("pragma user_version").fetchone() == (VERSION,)


def test_an_older_ledger_can_be_looked_at_and_stays_as_it_is(tmp_path: Path) -> None:
    path = older(tmp_path)
    before = path.read_bytes()
    with closing(open_for_reading(path)) as db:
        assert Records(db).fetched_image(CAT) is None
        assert list(Records(db).entries()) == []
    assert path.read_bytes() == before
