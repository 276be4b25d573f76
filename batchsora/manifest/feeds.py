"""Feeds: which columns of somebody else's table mean what, told by their names and cells. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from urllib.parse import unquote, urlsplit

from batchsora.job import Fit, Size
from batchsora.manifest.addresses import is_address
from batchsora.manifest.names import in_words, other_names
from batchsora.manifest.terms import whole
from batchsora.models import BUILT_IN

Row = Mapping[str, str]

PICTURES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".heic", ".heif"}
)
MOST = 0.8  # of the filled cells must look like pictures: feeds have a few odd ones

# A comma may be part of an address. Looked for where blanks begin only: a long row of them that
# leads to no address would be gone through from each of its places.
_SEVERAL = re.compile(r"(?<![,;|\s])[,;|\s]+(?=https?://)", re.IGNORECASE)
_APART = re.compile(r"[,;|]")


@dataclass(frozen=True, slots=True)
class Layout:
    """What the columns of a feed mean."""

    image: str
    title: str = ""  # "" where none says what a picture shows
    kind: str = ""  # whose feed it is, in words; "" for a plain table
    ids: tuple[str, ...] = ()  # columns that may tell the rows apart, the best one first
    beside: tuple[str, ...] = ()  # columns that may do so together with one of those
    fields: Mapping[str, str] = field(default_factory=dict)  # columns that say further fields
    status: str = ""  # the column that says whether a product is on sale
    first: tuple[
        str, ...
    ] = ()  # this and the next two as beside from: which rows and pictures are meant
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    once: tuple[str, ...] = ()

    @property
    def needs(self) -> tuple[str, ...]:
        """The columns without which a row is not meant to become a clip."""
        return tuple(filter(None, (self.fields.get("prompt", self.title), self.image)))


@dataclass(frozen=True, slots=True)
class _Kind:
    """A feed that is known by its columns: their names as `in_words` writes them."""

    name: str
    image: str
    title: str
    ids: tuple[str, ...]
    beside: tuple[str, ...] = ()
    status: str = ""
    group: str = ""  # what the variants of one product share

    @property
    def signs(self) -> frozenset[str]:
        return frozenset({self.image, self.title, self.ids[0]})


_KINDS = (
    _Kind(
        "Shopify's product export",
        image="image src",
        title="title",
        ids=("handle", "variant sku"),
        status="status",
        beside=("image position", "variant sku"),
    ),
    _Kind(
        "Shopify's product export",  # as its columns are called since 2025
        image="product image url",
        title="title",
        ids=("url handle", "sku"),
        status="status",
        beside=("image position", "sku"),
    ),
    _Kind(
        "a Google Merchant feed",
        image="image link",
        title="title",
        ids=("id",),
        group="item group id",
    ),
    _Kind("WooCommerce's product export", image="images", title="name", ids=("sku", "id")),
)
# Names of columns in plain tables, the likeliest first.
_FILES = ("file", "filename", "file name", "file path", "path", "url", "link", "src", "thumbnail")
_TITLES = (
    *("title", "name", "product title", "product name", "product", "item name", "item"),
    *("caption", "headline", "label", "titel", "bezeichnung", "artikel", "nom", "nombre"),
)
_IDS = (
    *("id", "sku", "handle", "url handle", "slug", "product id", "item id", "variant sku"),
    *("code", "product code", "article", "article number", "item number", "item no"),
    *("artikelnr", "artikelnummer", "artikel"),
    *("reference", "ref", "ean", "gtin", "upc", "mpn", "asin", "number", "nr", "no", "key"),
)
_BESIDE = (
    *("image position", "position", "view", "angle", "variant", "variant sku"),
    *("color", "colour", "size"),
)
_SECONDS = {seconds for card in BUILT_IN.values() for seconds in card.seconds}
_SIZES = {size for card in BUILT_IN.values() for size in card.sizes}
# What the further fields of a table may hold: a `size` of "M" is none of ours.
_PLAUSIBLE: Mapping[str, Callable[[str], object]] = {
    "model": BUILT_IN.__contains__,
    "seconds": lambda text: whole(text) in _SECONDS,
    "size": lambda text: Size.parse(text) in _SIZES,
    "takes": whole,
    "fit": Fit,
    "tags": str,
}


def read_layout(names: Sequence[str], sample: Sequence[Row]) -> Layout | tuple[str, ...]:
    """Tell what the columns mean by their names and the first rows.

    Where the column of the images can't be told: those that may be it.
    """
    plain: dict[str, str] = {}
    for name in filter(_can_be_named, names):
        plain.setdefault(in_words(name), name)
    for kind in _KINDS:
        if kind.signs <= plain.keys():
            return _of_kind(kind, plain)
    image = _image_column(plain, sample)
    if not isinstance(image, str):
        return image
    filled = {at: it for at, it in plain.items() if any(row[it].strip() for row in sample)}
    title = next((filled[it] for it in _TITLES if it in filled and filled[it] != image), "")
    prompt = filled.get("prompt", "")
    return Layout(
        image,
        title,
        ids=_present((*_IDS, *([in_words(title)] if title else [])), filled, image),
        beside=_present(_BESIDE, filled, image),
        fields={"prompt": prompt, **_further(filled, sample)} if prompt else {},
    )


def pictures_in(cell: str) -> list[str]:
    """Take a cell apart into the pictures that it names; one that names none is one."""
    cell = cell.strip()
    if len(parts := _SEVERAL.split(cell)) > 1:
        return parts
    parts = [part for it in _APART.split(cell) if (part := it.strip())]
    return parts if len(parts) > 1 and all(map(looks_like_picture, parts)) else [cell]


def looks_like_picture(cell: str) -> bool:
    """Tell whether a cell names an image file, here or at an address."""
    try:
        path = unquote(urlsplit(cell).path) if is_address(cell) else cell
    except ValueError:
        return False
    return PurePath(path.strip()).suffix.casefold() in PICTURES


def _can_be_named(name: str) -> bool:
    """Tell whether a placeholder can name a column."""
    return bool(name) and "{" not in name and "}" not in name


def _of_kind(kind: _Kind, plain: Mapping[str, str]) -> Layout:
    return Layout(
        image=plain[kind.image],
        title=plain[kind.title],
        kind=kind.name,
        ids=_present(kind.ids, plain),
        beside=_present(kind.beside, plain),
        status=plain.get(kind.status, ""),
        once=_present([kind.group], plain),
    )


def _present(wanted: Iterable[str], plain: Mapping[str, str], but: str = "") -> tuple[str, ...]:
    return tuple(plain[it] for it in wanted if it in plain and plain[it] != but)


def _image_column(plain: Mapping[str, str], sample: Sequence[Row]) -> str | tuple[str, ...]:
    """Find the column of the images: likely by its name and by its cells, or by these alone."""
    cells = {name: [it for row in sample if (it := row[name].strip())] for name in plain.values()}
    named = [plain[it] for it in other_names("image") if it in plain]
    for name in named:
        if _mostly(_may_be_picture, cells[name]):
            return name
    pictures = [name for name, found in cells.items() if _mostly(looks_like_picture, found)]
    for name in (plain[it] for it in _FILES if it in plain):
        if name in pictures:
            return name
    if len(pictures) == 1:
        return pictures[0]
    empty = [name for name in named if not cells[name]]  # the first rows are not all there is
    return empty[0] if len(empty) == 1 and not pictures else tuple(pictures)


def _may_be_picture(cell: str) -> bool:
    """Tell whether a cell fits into a column that is called after images."""
    return is_address(cell) or looks_like_picture(cell) or len(pictures_in(cell)) > 1


def _mostly(looks_so: Callable[[str], bool], cells: Sequence[str]) -> bool:
    return bool(cells) and sum(map(looks_so, cells)) >= MOST * len(cells)


def _further(filled: Mapping[str, str], sample: Sequence[Row]) -> dict[str, str]:
    """Find the columns that say further fields, by their names and by what they hold."""
    found = {}
    for one, is_one in _PLAUSIBLE.items():
        for name in (filled[it] for it in (one, *other_names(one)) if it in filled):
            if all(_holds(is_one, row[name].strip()) for row in sample):
                found[one] = name
                break
    return found


def _holds(is_one: Callable[[str], object], cell: str) -> bool:
    try:
        return not cell or bool(is_one(cell))
    except ValueError:
        return False
