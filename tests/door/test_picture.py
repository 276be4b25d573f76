"""The picture of a run: what a person has to know, the most important first, in any width."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsora.cli.columns import columns_of
from batchsora.cli.picture import heartbeat, picture
from batchsora.cli.standing import Keys, Slowed, Standing, Waiting
from batchsora.job import Reason, State
from batchsora.ledger.totals import Totals

TOTALS = Totals(
    Counter(
        {
            State.DONE: 12,
            State.FAILED: 3,
            State.IN_DOUBT: 1,
            State.RUNNING: 9,
            State.RENDERED: 2,
            State.SUBMITTING: 1,
            State.PENDING: 12,
        }
    ),
    spent_usd=Decimal("4.8"),
    reserved_usd=Decimal("0.4"),
    in_doubt_usd=Decimal("0.4"),
    left_usd=Decimal("4.8"),
    reasons=Counter({Reason.MODERATED: 2, Reason.RENDER_FAILED: 1}),
    rendering=5,
)
EVERYTHING = Standing(
    scope=TOTALS,
    totals=TOTALS,
    limit_usd=Decimal(25),
    elapsed_s=252.0,
    clips_a_minute=2.44,
    left_s=548.0,
    slowed=Slowed(12.0, 60.0),
    at_once=6,
    waiting=Waiting(17.0, "Rate limit reached for requests"),
    free_bytes=500 << 20,
    stops=("3 jobs failed, as many as --max-failures 3 allows",),
)


def text_of(standing: Standing, width: int = 100, height: int = 40) -> str:
    return "\n".join("".join(it.text for it in line) for line in picture(standing, width, height))


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_a_glance_tells_how_far_how_fast_how_much_how_long_what_is_wrong_and_what_to_press(
    width: int,
) -> None:
    told = " ".join(text_of(EVERYTHING, width).split())
    for phrase in (
        "30 %",
        "12 of 40 done",
        "about 9:10 left",
        "2.4 clips a minute",
        "4.80 USD spent",
        "0.40 USD in doubt",
        "4.80 USD still to buy",
        "at most 10.40 of 25.00 USD allowed",
        "5 rendering",
        "4 queued there",
        "2 downloading",
        "12 to order",
        "1 in doubt, maybe paid",
        "3 failed: 2 moderated, 1 render",
        "MiB free on the disk",
        "paused for 17 s more",
        "3 jobs failed, as many as",
        "Ctrl-C to stop buying",
    ):
        assert phrase in told, told


def test_the_words_of_a_topic_that_have_no_room_are_seen_to_be_missing() -> None:
    long = replace(EVERYTHING, waiting=Waiting(17.0, "very long " * 40))
    assert any(it.endswith("…") and "very" in it for it in text_of(long, 40).splitlines())


texts = st.text(st.sampled_from("abc 猫🎩\x1b\n\u202e"), max_size=400)
standings = st.builds(
    Standing,
    scope=st.just(TOTALS),
    totals=st.just(TOTALS),
    limit_usd=st.sampled_from([None, Decimal("0.0001"), Decimal(10**9)]),
    elapsed_s=st.one_of(st.none(), st.floats(0, 1e7)),
    clips_a_minute=st.one_of(st.none(), st.floats(0, 1e5)),
    left_s=st.one_of(st.none(), st.floats(0, 1e7)),
    slowed=st.one_of(st.none(), st.just(Slowed(0.123456, 1e5))),
    at_once=st.one_of(st.none(), st.integers(1, 1000)),
    waiting=st.one_of(st.none(), st.builds(Waiting, st.floats(0, 900), texts, st.floats(0, 1e5))),
    free_bytes=st.one_of(st.none(), st.integers(0, 1 << 40)),
    stops=st.lists(texts, max_size=3).map(tuple),
    is_ending=st.booleans(),
    keys=st.sampled_from(Keys),
)


@given(standings, st.integers(20, 240), st.integers(3, 60))
def test_no_line_is_wider_than_the_terminal_and_no_picture_higher(
    standing: Standing, width: int, height: int
) -> None:
    lines = picture(standing, width, height)
    assert 1 <= len(lines) < height
    assert all(sum(columns_of(it.text) for it in line) <= width for line in lines)


def test_what_is_wrong_stands_first_and_what_the_next_key_does_stands_last() -> None:
    first, *lines = text_of(EVERYTHING, 80).splitlines()
    assert "12 of 40 done" in first
    assert lines[0].startswith("wrong   1 in doubt")
    assert lines[-1].startswith("Ctrl-C")


def test_a_low_terminal_shows_what_matters_most() -> None:
    _, *lines = text_of(EVERYTHING, 80, 4).splitlines()
    assert [it.split()[0] for it in lines] == ["wrong", "only"]


def test_a_wide_terminal_has_topics_beside_each_other() -> None:
    assert len(text_of(EVERYTHING, 200).splitlines()) < len(text_of(EVERYTHING, 100).splitlines())


def test_one_failure_of_a_thousand_is_seen_in_the_bar() -> None:
    totals = Totals(Counter({State.DONE: 998, State.FAILED: 1, State.PENDING: 1}))
    line, *_ = picture(Standing(totals, totals), 80)
    assert any(it.style == "bad" and "━" in it.text for it in line)


def test_after_ctrl_c_it_says_what_the_next_one_does() -> None:
    ending = text_of(replace(EVERYTHING, is_ending=True))
    assert "Ctrl-C  again: out at once; what is on the wire is then in doubt" in ending
    assert "left" not in ending.splitlines()[0]


def test_an_outage_tells_since_when_and_when_it_is_tried_again() -> None:
    outage = replace(EVERYTHING, waiting=Waiting(12.0, "Connection refused", outage_s=65.0))
    assert (
        "waits   the service can't be reached since 1:05, tries again in 12 s: Connection refused"
        in text_of(outage)
    )


def test_who_only_looks_on_is_told_that_the_run_goes_on() -> None:
    assert "ends this look; the run goes on" in text_of(replace(EVERYTHING, keys=Keys.WATCH))
    assert "Ctrl-C" not in text_of(replace(EVERYTHING, keys=Keys.NOWHERE))


def test_a_heartbeat_is_one_line() -> None:
    assert heartbeat(replace(EVERYTHING, waiting=None, stops=())) == (
        "12 of 40 done · 3 failed · 1 in doubt · 10 at the service · 2 downloading"
        " · 4.80 USD spent of 25.00 · 0.40 USD in doubt · 0.40 USD reserved · about 9:10 left"
    )
    told = heartbeat(EVERYTHING)
    assert "paused for 17 s more, as the service asks: Rate limit reached for requests" in told
    assert "stopping: 3 jobs failed" in told
