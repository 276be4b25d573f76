"""A ledger that is none, damaged, newer, read-only or removed: nothing is bought without it."""

import shutil
import sqlite3
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from pathlib import Path

import pytest
from door.door import KEY, QUICK, Desk, Said, Service, service

from batchsora.ledger.schema import VERSION

from .ended import Ended, case, ends, left, read_jobs
from .typed import typed

PART = "Here"
SUN, RAIN = "sun rises slowly", "rain on a window"
REFUSED = "refused, and left as it is (9); nothing is bought"


def no_database(ledger: Path) -> None:
    ledger.write_bytes(b"no database at all, only some words " * 40)


def damaged(ledger: Path) -> None:
    content = bytearray(ledger.read_bytes())
    content[4096 : 4096 * 9] = b"\xa5" * (4096 * 8)
    ledger.write_bytes(content)


def cut_off(ledger: Path) -> None:
    ledger.write_bytes(ledger.read_bytes()[:6000])


def newer(ledger: Path) -> None:
    with closing(sqlite3.connect(ledger)) as db:
        db.execute(f"pragma user_version = {VERSION + 1}")


def another_programs(ledger: Path) -> None:
    ledger.unlink()
    with closing(sqlite3.connect(ledger)) as db:
        db.execute("create table films (name text)")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        case(
            no_database,
            "file is not a database",
            fault=(PART, "a ledger that is no database", REFUSED),
        ),
        case(damaged, "malformed", fault=(PART, "a damaged ledger", REFUSED)),
        case(cut_off, "malformed", fault=(PART, "a ledger that is cut off", REFUSED)),
        case(newer, "a newer batchsora", fault=(PART, "a ledger of a newer batchsora", REFUSED)),
        case(
            another_programs,
            "is not a batchsora ledger",
            fault=(PART, "a database of another program", REFUSED),
        ),
    ],
)
def test_a_ledger_that_is_none_is_left_as_it_is_and_nothing_is_bought(
    desk: Desk, state: Path, spoil: Callable[[Path], None], says: str
) -> None:
    ledger = desk.run_folder / "ledger.db"
    desk.writes_rows(SUN)
    with service(state) as shop:
        assert typed(desk, "run", "work.yaml", "--base-url", shop.url).code == 0
        known = read_jobs(desk.run_folder)
        whole = ledger.read_bytes()
        spoil(ledger)
        spoiled = ledger.read_bytes()
        desk.writes_rows(SUN, RAIN)
        said = typed(desk, "run", "work.yaml", "--base-url", shop.url)
        for each in (said, typed(desk, "status"), typed(desk, "report")):
            assert each.code == 9, each.err
            assert says in each.err
            assert "mend:" in each.err
        assert ledger.read_bytes() == spoiled
        ledger.write_bytes(whole)
        ends(left(desk, shop, said), creates=1, jobs=known, code=9)


@pytest.mark.fault(
    PART,
    "a ledger that is read-only",
    "`status`, `plan` and `report` work (0); `run` is refused (9), nothing is bought",
)
def test_a_ledger_that_is_read_only_can_be_looked_at(
    plain_folder: Path, state: Path, without_rights: Callable[[], AbstractContextManager[None]]
) -> None:
    desk = Desk(plain_folder)
    desk.writes_rows(SUN)
    with service(state) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url)
        assert typed(desk, *words).code == 0
        desk.writes_rows(SUN, RAIN)
        for path in (desk.run_folder, *desk.run_folder.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o444)
        with without_rights():
            looks = [typed(desk, it, "work.yaml") for it in ("status", "report")]
            looks.append(typed(desk, "plan", *words[1:]))
            said = typed(desk, *words)
        assert [it.code for it in looks] == [0, 0, 0], [it.err for it in looks]
        assert "1 of 1 are here" in looks[0].out
        ends(left(desk, shop, said), creates=1, jobs={"done": 1}, code=9)


@pytest.mark.fault(
    PART,
    "the ledger is removed under a run",
    "the run stops (9) and says that it must be brought back; run again without, it is refused (2)",
)
def test_a_ledger_that_is_removed_under_a_run_is_missed(desk: Desk, state: Path) -> None:
    desk.writes_rows(SUN, RAIN)
    with service(state, render_s=(1.5, 1.5)) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK)
        process = desk.starts(*words, GPTPROTO_API_KEY=KEY)
        try:
            wait_until(lambda: shop.bought().total() == 2)
            aside = desk.folder / "aside"
            aside.mkdir()
            for file in desk.run_folder.glob("ledger.db*"):
                shutil.move(file, aside)
            out, err = process.communicate()
        finally:
            process.kill()
        ends(missing(desk, shop, Said(process.returncode, out, err)), creates=2, jobs={}, code=9)
        assert "bring it back" in err, err
        ends(missing(desk, shop, typed(desk, *words)), creates=2, jobs={}, code=2)
        for file in aside.iterdir():
            shutil.move(file, desk.run_folder)
        ends(left(desk, shop, typed(desk, *words)), creates=2, jobs={"done": 2}, code=0)


def missing(desk: Desk, shop: Service, said: Said) -> Ended:
    """Say how a command ended that has no ledger, and made none."""
    assert not (desk.run_folder / "ledger.db").exists()
    return left(desk, shop, said)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)  # the other process has no bell that could be heard here
