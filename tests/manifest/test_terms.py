from decimal import Decimal

import pytest

from batchsora.job import Fit, Focus, Framing, Size
from batchsora.manifest.located import Flaw
from batchsora.manifest.terms import Terms, TermsText, read_terms
from batchsora.models import BUILT_IN, ModelCard

ORDINARY = TermsText("sora-2", "4", "720x1280", "cover", "centre", "blur", "1")
CARD = " or add a model card with --models FILE"


def flaws_of(**said: str) -> tuple[Flaw, ...]:
    terms = read_terms(ORDINARY._replace(**said), BUILT_IN)
    assert not isinstance(terms, Terms)
    return terms


def terms_of(**said: str) -> Terms:
    terms = read_terms(ORDINARY._replace(**said), BUILT_IN)
    assert isinstance(terms, Terms)
    return terms


def test_the_ordinary_terms_have_their_price() -> None:
    assert terms_of() == Terms("sora-2", 4, Size(720, 1280), Framing(), 1, Decimal("0.40"))


@pytest.mark.parametrize("text", ["8", "8.0", "8.00", "08", "8,0", "8,00"])
def test_seconds_are_read_as_spreadsheets_write_them(text: str) -> None:
    assert terms_of(seconds=text).seconds == 8


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("10", 8),
        ("3", 4),
        ("900", 12),
        ("8.5", 4),
        ("8,000", 4),
        ("-4", 4),
        ("four", 4),
        ("٤", 4),
        ("1e1", 4),
    ],
)
def test_seconds_that_the_card_does_not_have_are_refused(text: str, near: int) -> None:
    what = f'seconds must be one of 4, 8, 12 for model sora-2, not "{text}"'
    assert flaws_of(seconds=text) == (Flaw(what, f"write seconds: {near},{CARD}", "seconds"),)


@pytest.mark.parametrize(
    ("text", "near"),
    [
        *(("1024x1792", "720x1280"), ("1792x1024", "1280x720"), ("0x5", "720x1280")),
        *(("1280 x 720", "1280x720"), ("1280X720", "1280x720")),
        *(("1280*720", "1280x720"), ("1280\u00d7720", "1280x720")),
    ],
)
def test_sizes_that_the_card_does_not_have_are_refused(text: str, near: str) -> None:
    what = f'size must be one of 720x1280, 1280x720 for model sora-2, not "{text}"'
    assert flaws_of(size=text) == (Flaw(what, f"write size: {near},{CARD}", "size"),)


@pytest.mark.parametrize("text", ["HD", "M", "one size"])
def test_a_size_without_a_number_may_be_a_tables_own(text: str) -> None:
    (flaw,) = flaws_of(size=text)
    own = "a table's own column of this name wants columns: beside from"
    assert flaw.mend == f"write size: 720x1280; {own}"


def test_the_nearest_size_lies_as_the_wanted_one_does() -> None:
    (flaw,) = flaws_of(model="sora-2-pro", size="1800x1000")
    assert flaw.mend == f"write size: 1792x1024,{CARD}"


@pytest.mark.parametrize(("text", "near"), [("0", 1), ("1001", 1000), ("1.5", 1), ("-1", 1)])
def test_takes_are_from_1_to_1000(text: str, near: int) -> None:
    what = f'takes must be a whole number from 1 to 1000, not "{text}"'
    assert flaws_of(takes=text) == (Flaw(what, f"write takes: {near}", "takes"),)


def test_an_unknown_fit_is_refused_with_the_nearest() -> None:
    what = 'fit must be one of cover, contain, stretch, exact, not "contian"'
    assert flaws_of(fit="contian") == (Flaw(what, "write fit: contain", "fit"),)


def test_an_unknown_model_is_refused_and_the_rest_is_still_looked_at() -> None:
    mend = f"write one of sora-2, sora-2-pro,{CARD}"
    assert flaws_of(model="sora-3", seconds="x", size="y", fit="z", takes="0") == (
        Flaw('unknown model "sora-3"', mend, "model"),
        Flaw('seconds must be a whole number, not "x"', "write seconds: 4", "seconds"),
        Flaw('size must be width x height, not "y"', "write size: 720x1280", "size"),
        Flaw(
            'fit must be one of cover, contain, stretch, exact, not "z"', "write fit: cover", "fit"
        ),
        Flaw('takes must be a whole number from 1 to 1000, not "0"', "write takes: 1", "takes"),
    )


def test_an_unknown_price_is_none_and_never_zero() -> None:
    card = ModelCard("mine", (5,), {Size(640, 480): None})
    terms = read_terms(ORDINARY._replace(model="mine", seconds="5", size="640x480"), {"mine": card})
    assert isinstance(terms, Terms)
    assert terms.price_usd is None


@pytest.mark.parametrize(
    ("text", "focus"),
    [
        ("top", Focus(0.5, 0)),
        ("Bottom", Focus(0.5, 1)),
        ("left", Focus(0, 0.5)),
        ("right", Focus(1, 0.5)),
        ("center", Focus(0.5, 0.5)),
        ("0.3,0.2", Focus(0.3, 0.2)),
        ("30%, 20%", Focus(0.3, 0.2)),
        ("1,0", Focus(1, 0)),
    ],
)
def test_a_focus_is_a_word_or_a_point(text: str, focus: Focus) -> None:
    assert terms_of(focus=text).framing == Framing(Fit.COVER, focus=focus)


@pytest.mark.parametrize(
    "text", ["tpo", "0.3", "0.3,0.2,0.1", "2,0", "-1,0", "300,200", ",", "a,b"]
)
def test_a_focus_that_is_no_point_of_the_image_is_refused(text: str) -> None:
    what = (
        f'focus must be top, centre, center, bottom, left, right or X,Y from 0 to 1, not "{text}"'
    )
    (flaw,) = flaws_of(focus=text)
    assert (flaw.what, flaw.field) == (what, "focus")


@pytest.mark.parametrize(
    ("text", "pad"), [("blur", "blur"), ("White", "#ffffff"), ("#A0b1C2", "#a0b1c2")]
)
def test_a_pad_is_a_blur_or_a_colour(text: str, pad: str) -> None:
    assert terms_of(fit="contain", pad=text).framing == Framing(Fit.CONTAIN, pad=pad)


@pytest.mark.parametrize("text", ["whit", "#fff", "#12345g", "rgb(1,2,3)", "7"])
def test_a_pad_that_is_no_colour_is_refused(text: str) -> None:
    (flaw,) = flaws_of(fit="contain", pad=text)
    assert (flaw.what, flaw.field) == (f'pad must be blur or a colour, not "{text}"', "pad")


def test_what_a_fit_pays_no_attention_to_is_left_away() -> None:
    assert terms_of(fit="contain", focus="top").framing == Framing(Fit.CONTAIN)
    assert terms_of(fit="cover", pad="white").framing == Framing()
