"""The terms of a row: model, seconds, size, fit, takes, and so the price. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from PIL import ImageColor

from batchsora.job import BLUR, CENTRE, Fit, Focus, Framing, Order, Size
from batchsora.manifest.located import Flaw, shown
from batchsora.manifest.names import nearest
from batchsora.models import Cards, ModelCard

MOST_TAKES = 1000  # a slip of the finger should not become a bill

# The words for the points that people name.
_SPOTS: Mapping[str, Focus] = {
    "top": Focus(0.5, 0.0),
    "centre": CENTRE,
    "center": CENTRE,
    "bottom": Focus(0.5, 1.0),
    "left": Focus(0.0, 0.5),
    "right": Focus(1.0, 0.5),
}
_PART = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)(%?)")
_OWN_COLUMN = "a table's own column of this name wants columns: beside from"
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_WHOLE = re.compile(r"([0-9]{1,6})(?:\.0+|,00?)?")  # spreadsheets write 4 as 4.0, or as 4,0
_BETWEEN = re.compile(r"\s*[xX\u00d7*]\s*")  # what people put between width and height


class TermsText(NamedTuple):
    """The terms as a row says them, or its defaults do."""

    model: str
    seconds: str
    size: str
    fit: str
    focus: str
    pad: str
    takes: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What a row orders, apart from its words and its picture."""

    model: str
    seconds: int
    size: Size
    framing: Framing
    takes: int
    price_usd: Decimal | None  # of one take; None is unknown, never free


def read_terms(text: TermsText, cards: Cards) -> Terms | tuple[Flaw, ...]:
    """Read the terms, or tell everything that is wrong with them."""
    flaws: list[Flaw] = []
    card = cards.get(text.model)
    if card is None:
        flaws.append(_unknown_model(text.model, cards))
    seconds = _seconds(text.seconds, card, flaws)
    size = _size(text.size, card, flaws)
    framing = Framing(_fit(text.fit, flaws), _focus(text.focus, flaws), _pad(text.pad, flaws))
    takes = _takes(text.takes, flaws)
    if flaws or card is None:
        return tuple(flaws)
    price_usd = card.price_usd(Order("", text.model, seconds, size))
    return Terms(text.model, seconds, size, framing.plain, takes, price_usd)


def whole(text: str) -> int | None:
    """Read a whole number as people and spreadsheets write it: 4, 4.0 and, in Germany, 4,0."""
    found = _WHOLE.fullmatch(text)
    return int(found[1]) if found else None


def _unknown_model(model: str, cards: Cards) -> Flaw:
    known = _listed(cards)
    mend = f"write one of {known}, or add a model card with --models FILE"
    return Flaw(f"unknown model {shown(model)}", mend, "model")


def _seconds(text: str, card: ModelCard | None, flaws: list[Flaw]) -> int:
    seconds = whole(text)
    if seconds is not None and (card is None or seconds in card.seconds):
        return seconds
    if card is None:
        what = f"seconds must be a whole number, not {shown(text)}"
        flaws.append(Flaw(what, "write seconds: 4", "seconds"))
    else:
        like = seconds if seconds is not None else card.seconds[0]
        near = min(card.seconds, key=lambda one: abs(one - like))
        flaws.append(_not_on_card("seconds", text, card, card.seconds, str(near)))
    return 0


def _size(text: str, card: ModelCard | None, flaws: list[Flaw]) -> Size:
    size = _parsed(text)
    if size is not None and (card is None or size in card.usd_a_second):
        return size
    if card is None:
        what = f"size must be width x height, not {shown(text)}"
        flaws.append(Flaw(what, "write size: 720x1280", "size"))
    else:
        near = _nearest_size(size or _parsed(_BETWEEN.sub("x", text.strip())), card.sizes)
        flaw = _not_on_card("size", text, card, card.sizes, str(near))
        if not any(map(str.isdigit, text)):  # of a shirt: a feed's own column, taken for ours
            flaw = flaw._replace(mend=f"write size: {near}; {_OWN_COLUMN}")
        flaws.append(flaw)
    return Size(0, 0)


def _parsed(text: str) -> Size | None:
    try:
        return Size.parse(text)
    except ValueError:
        return None


def _nearest_size(size: Size | None, sizes: tuple[Size, ...]) -> Size:
    """Choose the size that is most like the one wanted: upright or lying first, then as large."""
    if size is None:
        return sizes[0]
    upright, pixels = size.height > size.width, size.width * size.height
    return min(
        sizes,
        key=lambda one: (
            (one.height > one.width) != upright,
            abs(one.width * one.height - pixels),
        ),
    )


def _fit(text: str, flaws: list[Flaw]) -> Fit:
    try:
        return Fit(text)
    except ValueError:
        what = f"fit must be one of {_listed(Fit)}, not {shown(text)}"
        flaws.append(Flaw(what, f"write fit: {nearest(text, Fit) or Fit.COVER}", "fit"))
        return Fit.COVER


def _focus(text: str, flaws: list[Flaw]) -> Focus:
    word = text.casefold()
    if word in _SPOTS:
        return _SPOTS[word]
    parts = [_part(part) for part in text.split(",")]
    match parts:
        case [float(x), float(y)]:
            return Focus(x, y)
        case _:
            what = f"focus must be {_listed(_SPOTS)} or X,Y from 0 to 1, not {shown(text)}"
            meant = nearest(text, _SPOTS) or "top"
            flaws.append(Flaw(what, f"write focus: {meant}, or focus: 0.5,0.3", "focus"))
            return CENTRE


def _part(text: str) -> float | None:
    """Read a part of a width or height: ``0.3``, ``30%``."""
    found = _PART.fullmatch(text.strip())
    if found is None:
        return None
    part = round(float(found[1]) / (100 if found[2] else 1), 4)
    return part if part <= 1 else None


def _pad(text: str, flaws: list[Flaw]) -> str:
    """Read what to pad with: ``blur``, ``#rrggbb``, or a colour by its name in CSS."""
    word = text.casefold()
    if word == BLUR or _COLOUR.fullmatch(word):
        return word
    if word in ImageColor.colormap:
        red, green, blue = ImageColor.getrgb(word)[:3]
        return f"#{red:02x}{green:02x}{blue:02x}"
    what = f"pad must be blur or a colour, not {shown(text)}"
    meant = nearest(text, (BLUR, *ImageColor.colormap)) or "blur"
    flaws.append(Flaw(what, f'write pad: {meant}, or pad: "#ffffff"', "pad"))
    return BLUR


def _takes(text: str, flaws: list[Flaw]) -> int:
    takes = whole(text)
    if takes is not None and 1 <= takes <= MOST_TAKES:
        return takes
    what = f"takes must be a whole number from 1 to {MOST_TAKES}, not {shown(text)}"
    near = MOST_TAKES if takes else 1
    flaws.append(Flaw(what, f"write takes: {near}", "takes"))
    return 1


def _not_on_card(
    field: str, text: str, card: ModelCard, allowed: Iterable[object], near: str
) -> Flaw:
    what = f"{field} must be one of {_listed(allowed)} for model {card.name}, not {shown(text)}"
    return Flaw(what, f"write {field}: {near}, or add a model card with --models FILE", field)


def _listed(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)
