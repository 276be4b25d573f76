"""The words of the house: what names a job, what it looks like, how sizes are read."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from walks import pending

from batchsora.job import BLUR, CENTRE, Fit, Focus, Framing, Image, Order, Size, fold_path

CAT = Image("images/cat.png", "c" * 64)
DOG = Image("images/dog.png", "d" * 64)
ORDER = Order("a cat", "sora-2", 4, Size(720, 1280), image=CAT)

words = st.text(max_size=20)
sizes = st.builds(Size, st.integers(1, 99_999), st.integers(1, 99_999))
orders = st.builds(
    Order,
    prompt=words,
    model=words,
    seconds=st.integers(1, 60),
    size=sizes,
    take=st.integers(1, 9),
    image=st.none()
    | st.builds(Image, words, st.text("0123456789abcdef", min_size=64, max_size=64)),
    framing=st.builds(
        Framing,
        st.sampled_from(Fit),
        st.sampled_from([CENTRE, Focus(0.5, 0), Focus(0.25, 0.75)]),
        st.sampled_from([BLUR, "#ffffff", "#000000"]),
    ),
)


def test_the_key_of_a_job_does_not_change_from_one_version_to_the_next() -> None:
    # a key that changes buys every clip of every ledger once more
    assert ORDER.key() == "b0143bba1eee51b3e50721971583a80c"
    assert replace(ORDER, image=None).key() == "132fb0bcee9e75f3a2b951a129ef4373"


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "a dog"},
        {"model": "sora-2-pro"},
        {"seconds": 8},
        {"size": Size(1280, 720)},
        {"take": 2},
        {"image": DOG},
        {"image": None},
        {"framing": Framing(Fit.CONTAIN)},
        {"framing": Framing(Fit.COVER, focus=Focus(0.5, 0))},
    ],
)
def test_another_content_is_another_job(change: dict[str, Any]) -> None:
    assert replace(ORDER, **change).key() != ORDER.key()


def test_an_image_is_known_by_its_bytes_and_not_by_its_name() -> None:
    moved = replace(ORDER, image=replace(CAT, written="/elsewhere/tom.png"))
    assert moved.key() == ORDER.key()


def test_a_fit_counts_only_where_there_is_an_image() -> None:
    plain = replace(ORDER, image=None)
    assert {replace(plain, framing=Framing(fit)).key() for fit in Fit} == {plain.key()}
    assert len({replace(ORDER, framing=Framing(fit)).key() for fit in Fit}) == len(Fit)


def test_what_a_fit_pays_no_attention_to_does_not_count() -> None:
    framings = [Framing(Fit.CONTAIN), Framing(Fit.CONTAIN, focus=Focus(0, 0))]
    assert len({replace(ORDER, framing=framing).key() for framing in framings}) == 1


@given(orders)
def test_a_framing_is_read_as_it_is_written(order: Order) -> None:
    assert Framing.parse(str(order.framing)) == order.framing.plain


@given(orders, orders)
def test_two_orders_have_one_key_only_where_their_content_is_one(one: Order, two: Order) -> None:
    def content(order: Order) -> Any:
        plain = replace(order, image=None, framing=Framing())
        return plain, order.image and (order.image.sha256, order.framing.plain)

    assert (one.key() == two.key()) == (content(one) == content(two))
    assert len(one.key()) == 32


def test_half_a_surrogate_pair_in_a_prompt_has_a_key_and_a_likeness() -> None:
    torn = replace(ORDER, prompt="a \ud83d cat")
    assert torn.key() != ORDER.key()
    assert torn.likeness() != ORDER.likeness()


def test_jobs_look_alike_in_a_list_that_differ_in_image_take_or_fit_only() -> None:
    twins = (
        replace(ORDER, image=DOG),
        replace(ORDER, image=None),
        replace(ORDER, take=2),
        replace(ORDER, framing=Framing(Fit.EXACT)),
    )
    assert {it.likeness() for it in twins} == {ORDER.likeness()}


@pytest.mark.parametrize(
    "change",
    [{"prompt": "a dog"}, {"model": "sora-2-pro"}, {"seconds": 8}, {"size": Size(1280, 720)}],
)
def test_jobs_that_a_list_tells_apart_do_not_look_alike(change: dict[str, Any]) -> None:
    assert replace(ORDER, **change).likeness() != ORDER.likeness()


@given(sizes)
def test_a_size_reads_what_it_writes(size: Size) -> None:
    assert Size.parse(str(size)) == size


NO_SIZES = [
    "720",
    "720x",
    "x1280",
    "0x1280",
    "720x0",
    "0720x1280",
    "720X1280",
    "720x1280x1",
    "-1x1",
    "7.2x1",
    "100000x1",
    "1x100000",
]
NOT_OURS = "7\N{ARABIC-INDIC DIGIT TWO}0x1280"  # a digit, but none that a service would understand


@pytest.mark.parametrize("text", ["", "720 x 1280", " 720x1280", "720x1280\n", NOT_OURS, *NO_SIZES])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        Size.parse(text)


def test_the_first_take_of_a_job_is_named_by_its_id_alone() -> None:
    job = pending()
    assert job.name == "cat"
    assert replace(job, order=replace(job.order, take=2)).name == "cat#2"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("videos/Cat.mp4", "videos/cat.MP4"),
        ("straße.mp4", "STRASSE.mp4"),
        ("caf\N{LATIN SMALL LETTER E WITH ACUTE}.mp4", "cafe\N{COMBINING ACUTE ACCENT}.mp4"),
        ("\N{ANGSTROM SIGN}.mp4", "\N{LATIN SMALL LETTER A WITH RING ABOVE}.mp4"),
    ],
)
def test_paths_that_some_file_system_takes_for_one_fold_alike(one: str, other: str) -> None:
    assert fold_path(one) == fold_path(other)


@given(st.text(max_size=30))
def test_a_folded_path_stays_as_it_is_in_every_spelling(path: str) -> None:
    folded = fold_path(path)
    assert fold_path(folded) == folded
    assert fold_path(unicodedata.normalize("NFD", path)) == folded
    assert fold_path(unicodedata.normalize("NFC", path)) == folded
