"""What is remembered of a million things is exact, however little memory it takes."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsora.runner.firsts import MOST_SCANS, Firsts, Thing, hash_of

BATCHES = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=8), max_size=6)


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect("", isolation_level=None)
    yield connection
    connection.close()


def things(names: list[str], start: int = 0) -> list[Thing]:
    return [Thing(hash_of(name), 0, 10 + at, at) for at, name in enumerate(names, start)]


@given(BATCHES)
def test_what_is_not_new_is_told_with_the_first_like_it(batches: list[list[str]]) -> None:
    db = sqlite3.connect("", isolation_level=None)
    firsts, first_at, position = Firsts(db, "names"), dict[str, int](), 0
    for names in batches:
        told = firsts.add(things(names, position))
        expected = {}
        for at, name in enumerate(names, position):
            if first_at.setdefault(name, at) != at:
                expected[at] = first_at[name]
        assert {at: first.position for at, first in told.items()} == expected
        assert all(first.line == 10 + first.position for first in told.values())
        position += len(names)
    assert firsts.has(map(hash_of, "abcxyz")) == {hash_of(it) for it in first_at if it in "abcxyz"}
    db.close()


def test_very_many_that_are_not_new_are_told_as_the_first_few_are(db: sqlite3.Connection) -> None:
    firsts = Firsts(db, "names")
    names = [f"name {number}" for number in range(3 * MOST_SCANS)]
    assert firsts.add(things(names)) == {}
    again = firsts.add(things(names, len(names)))
    assert [it.position for it in again.values()] == list(range(len(names)))


def test_what_the_filter_suspects_wrongly_is_new_all_the_same(db: sqlite3.Connection) -> None:
    # the filter looks at these bits of a hash, and at no others
    one, other = bytes(16), bytes([0, 0, 0, 0x80] * 4)
    firsts = Firsts(db, "names")
    assert firsts.add([Thing(one, 0, 1, 0), Thing(other, 0, 2, 1)]) == {}
    assert firsts.has([one, other, bytes([1] * 16)]) == {one, other}
