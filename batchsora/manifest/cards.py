"""Model cards that a manifest or a file of `--models` adds. Reads that file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path

from batchsora.job import Size
from batchsora.manifest.complaints import Complaints
from batchsora.manifest.located import Located, shown
from batchsora.manifest.names import nearest
from batchsora.manifest.terms import whole
from batchsora.manifest.text import TextFile, TextRefusedError, check_file
from batchsora.manifest.yamltree import yaml_tree
from batchsora.models import BUILT_IN, Cards, ModelCard

_KEYS = ("seconds", "sizes", "priced_on", "source")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,99}")
_PRICE = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
_CARD = "write my-model: {seconds: [5, 10], sizes: {1280x720: 0.12}}"


def read_cards(path: Path, known: Cards = BUILT_IN) -> Cards:
    """Read a file of model cards, in the form of a manifest's `models:`, and add them to `known`.

    Raises UsageError for what is no readable file, ManifestRefusedError with all its problems.
    """
    check_file(path)
    complaints = Complaints(str(path))
    try:
        root, problems = yaml_tree(TextFile(path).text(), str(path))
    except TextRefusedError as refused:
        complaints.take([refused.problem])
        raise complaints.refusal() from None
    complaints.take(problems)
    found = complaints.mapping("a file of model cards", root, _CARD)
    cards = cards_of(found.get("models", root), complaints)
    if complaints:
        raise complaints.refusal()
    return {**known, **cards}


def all_cards(found: Located, cards: Cards, complaints: Complaints) -> Cards:
    """Add a manifest's cards to those known; what the command line gave goes before them."""
    given = {name: card for name, card in cards.items() if card is not BUILT_IN.get(name)}
    return {**cards, **cards_of(found, complaints), **given}


def cards_of(found: Located, complaints: Complaints) -> dict[str, ModelCard]:
    """Read the cards under `models:`."""
    cards = {}
    for name, told in complaints.mapping("models", found, _CARD).items():
        if not _NAME.fullmatch(name):
            what = f"{shown(name)} is no name of a model"
            complaints.add(what, "write letters, digits and . _ - : / only", told.line)
        elif card := complaints.mapping(f"model {name}", told, _CARD):
            cards[name] = _card(name, told.line, card, complaints)
        elif told.value in (None, {}):
            complaints.add(f"model {name} has no card", _CARD, told.line)
    return cards


def _card(name: str, line: int, told: Mapping[str, Located], complaints: Complaints) -> ModelCard:
    for key in told:
        if key in _KEYS:
            continue
        meant = nearest(key, _KEYS)
        mend = f"write {meant}" if meant else f"a card has {', '.join(_KEYS)}"
        complaints.add(f"unknown key {shown(key)} on the card of {name}", mend, told[key].line)
    absent = Located(line, None)
    return ModelCard(
        name=name,
        seconds=_seconds(name, told.get("seconds", absent), complaints),
        usd_a_second=_prices(name, told.get("sizes", absent), complaints),
        priced_on=_day(told.get("priced_on", absent), complaints),
        source=complaints.text("source", told.get("source", absent), "write source: a text"),
    )


def _seconds(name: str, found: Located, complaints: Complaints) -> tuple[int, ...]:
    values = found.value if isinstance(found.value, list) else [found]
    read = [whole(value.value) if isinstance(value.value, str) else None for value in values]
    seconds = tuple(dict.fromkeys(number for number in read if number))
    if not read or not all(read):
        what = f"seconds of model {name} must be whole numbers greater than 0"
        complaints.add(what, "write seconds: [5, 10]", found.line)
    return seconds


def _prices(name: str, found: Located, complaints: Complaints) -> dict[Size, Decimal | None]:
    """Read sizes with the price of a second each, or a mere list of sizes: prices unknown."""
    told = _told_sizes(found, complaints)
    if not (told or found.value):
        complaints.add(f"model {name} has no sizes", _CARD, found.line)
    prices: dict[Size, Decimal | None] = {}
    for text, price in told:
        try:
            prices[Size.parse(text)] = _price(price, complaints)
        except ValueError:
            what = f"sizes of model {name} must be width x height, not {shown(text)}"
            complaints.add(what, "write sizes: {1280x720: 0.12}", price.line)
    return prices


def _told_sizes(found: Located, complaints: Complaints) -> list[tuple[str, Located]]:
    if isinstance(found.value, dict):
        return list(found.value.items())
    listed = found.value if isinstance(found.value, list) else [found]
    texts = [(complaints.text("a size", size, _CARD), size.line) for size in listed]
    return [(text, Located(line, None)) for text, line in texts if text]


def _price(found: Located, complaints: Complaints) -> Decimal | None:
    text = complaints.text("a price", found, "write US dollars a second, such as 0.12")
    if text in {"", "unknown"}:
        return None
    if not _PRICE.fullmatch(text):
        what = f"a price must be US dollars a second, not {shown(text)}"
        complaints.add(what, "write 0.12, or unknown", found.line)
        return None
    return Decimal(text)


def _day(found: Located, complaints: Complaints) -> date | None:
    text = complaints.text("priced_on", found, "write priced_on: 2026-01-31")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        what = f"priced_on must be a day, not {shown(text)}"
        complaints.add(what, "write priced_on: 2026-01-31", found.line)
        return None
