"""The terms of a row: model, seconds, size, fit, takes, and so the price. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from batchsora.job import Fit, Order, Size
from batchsora.manifest.located import Flaw, shown
from batchsora.manifest.names import nearest
from batchsora.models import Cards, ModelCard

MOST_TAKES = 1000  # a slip of the finger should not become a bill

_WHOLE = re.compile(r"([0-9]{1,6})(?:\.0+)?")  # spreadsheets write 4 as 4.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What a row orders, apart from its words and its picture."""

    model: str
    seconds: int
    size: Size
    fit: Fit
    takes: int
    price_usd: Decimal | None  # of one take; None is unknown, never free


def read_terms(
    model: str, seconds: str, size: str, fit: str, takes: str, *, cards: Cards
) -> Terms | tuple[Flaw, ...]:
    """Read the terms, or tell everything that is wrong with them."""
    flaws: list[Flaw] = []
    card = cards.get(model)
    if card is None:
        flaws.append(_unknown_model(model, cards))
    read_seconds = _seconds(seconds, card, flaws)
    read_size = _size(size, card, flaws)
    read_fit = _fit(fit, flaws)
    read_takes = _takes(takes, flaws)
    if flaws or card is None:
        return tuple(flaws)
    order = Order("", model, read_seconds, read_size)
    return Terms(model, read_seconds, read_size, read_fit, read_takes, card.price_usd(order))


def whole(text: str) -> int | None:
    """Read a whole number as people and spreadsheets write it: 4, 4.0."""
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
    try:
        size = Size.parse(text)
    except ValueError:
        size = None
    if size is not None and (card is None or size in card.usd_a_second):
        return size
    if card is None:
        what = f"size must be width x height, not {shown(text)}"
        flaws.append(Flaw(what, "write size: 720x1280", "size"))
    else:
        near = _nearest_size(size, card.sizes)
        flaws.append(_not_on_card("size", text, card, card.sizes, str(near)))
    return Size(0, 0)


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
