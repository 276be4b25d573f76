"""Templates: text with {placeholders} in it, filled by names that are only ever looked up. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from batchsora.manifest.located import Flaw, short, shown, visible
from batchsora.manifest.names import nearest

# What a job says of itself. A variable of the same name goes first: it is what its writer means.
PLACEHOLDERS = ("id", "name", "row", "take", "model", "seconds", "size", "stem")

_BRACES = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_WORD = re.compile(r"[^\W\d]\w*")
_FILTERS = re.compile(r"\w+(:\w+)*")
_IN_WORD = re.compile(r"\w")
_BETWEEN_FILTERS = re.compile(r"[\W_]+")
_REACHING = re.compile(r"([^\W\d]\w*)[.\[!]")
_WHOLE = re.compile(r"([+-]?)([0-9]+)(?:\.0+)?")  # spreadsheets write 4 as 4.0
_ADD = "add a variable or a column of that name"
_FILTER_WORDS = ":upper, :lower, :slug, :slug40, :04d or :optional"
OPTIONAL = "optional"
_PLAIN_FILTERS: Mapping[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    OPTIONAL: lambda value: value,
}


class Slot(NamedTuple):
    """A pair of braces and what is between them."""

    inside: str


class Scope(NamedTuple):
    """What the placeholders of one job can name."""

    names: Mapping[str, str]
    absent: Mapping[str, str]  # names that say nothing here: why
    elsewhere: Collection[str]  # variables that other rows have


@lru_cache(maxsize=1024)
def tokens(template: str) -> tuple[str | Slot, ...]:
    """Split a template into text and slots; ``{{`` and the ``}}`` to it are braces already.

    A ``}}`` that closes no ``{{`` stays as it is: nested JSON ends so.
    """
    found: list[str | Slot] = []
    end = doubled = 0
    for braces in _BRACES.finditer(template):
        found.append(template[end : braces.start()])
        end = braces.end()
        if braces[1] is not None:
            found.append(Slot(braces[1]))
        elif braces[0] == "{{":
            doubled += 1
            found.append("{")
        else:
            found.append("}" if doubled else "}}")
            doubled = max(0, doubled - 1)
    found.append(template[end:])
    return tuple(token for token in found if token != "")


def has_slot(template: str, name: str = "") -> bool:
    """Tell whether a template has a placeholder, or this one, filtered or not."""
    slots = (it.inside for it in tokens(template) if isinstance(it, Slot))
    return any(not name or inside.partition(":")[0] == name for inside in slots)


def fill(
    template: str, field: str, scope: Scope, safe: Callable[[str], str] = str
) -> str | list[Flaw]:
    """Fill the template of a field, each value made `safe`; or tell all that is wrong with it."""
    if "{" not in template and "}" not in template:
        return template
    told: list[str] = []
    flaws: list[Flaw] = []
    for token in tokens(template):
        if not isinstance(token, Slot):
            told.append(token)
            continue
        value = _value(token.inside, field, scope)
        if isinstance(value, Flaw):
            flaws.append(value)
        else:
            told.append(f"{{{token.inside}}}" if value is None else safe(value))
    return flaws or "".join(told)


def slug(text: str, most: int = 60) -> str:
    """Make words fit for a file's name: ``Café Crème!`` is ``cafe-creme``; other scripts stay."""
    plain = "".join(_bare(letter) for letter in unicodedata.normalize("NFKC", text))
    told = ""
    for letter in plain.lower():
        begins_a_word = not told or told[-1] == "-"
        if letter.isalnum() or (_is_mark(letter) and not begins_a_word):
            told += letter
        elif not begins_a_word:
            told += "-"
        if len(told) == most:
            break
    return told.rstrip("-")


def _bare(letter: str) -> str:
    """Take a Latin letter's accents off; in other scripts marks are half of the letter."""
    base = unicodedata.normalize("NFD", letter)
    return base[0] if base[0].isascii() else letter


def _is_mark(letter: str) -> bool:
    """Tell a mark that belongs to the letter before it: half of Hindi is written so."""
    return unicodedata.category(letter)[0] == "M"


def _value(inside: str, field: str, scope: Scope) -> str | Flaw | None:
    """Say what a slot stands for; None where it is no placeholder, and stays as it is."""
    if inside in scope.names:
        return _said(scope.names[inside], inside, field)
    name, colon, filters = inside.partition(":")
    if colon and name in scope.names and _FILTERS.fullmatch(filters):
        words = filters.split(":")
        value = scope.names[name] if OPTIONAL in words else _said(scope.names[name], name, field)
        return value if isinstance(value, Flaw) else _filtered(value, words, inside, field)
    if colon and all(map(_filter, filters.split(":"))):
        return _nothing_for(name, field, scope)
    return _nothing_for(inside, field, scope)


def _said(value: str, name: str, field: str) -> str | Flaw:
    """Take a value; one that is empty leaves a hole in a prompt, which is bought all the same."""
    if value.strip() or field != "prompt":
        return value
    mend = f"fill it in; or write {braced(f'{name}:{OPTIONAL}')} where it may be empty"
    return Flaw(f"{braced(name)} in {field} is empty", mend)


def _nothing_for(name: str, field: str, scope: Scope) -> Flaw | None:
    """Say why there is no value for a name; None where it is no name at all."""
    if name in scope.absent:
        what = f"{braced(name)} in {field}, but {scope.absent[name]}"
        return Flaw(what, "add it, or take the placeholder out")
    if name in scope.elsewhere:
        what = f"{braced(name)} in {field}, but the row has no such variable"
        return Flaw(what, f"write vars: {{{visible(name)}: …}}, there or under defaults:")
    if _WORD.fullmatch(name):
        return _unknown(name, scope.names, field)
    reaching = _REACHING.match(name)
    if reaching and (reaching[1] in scope.names or reaching[1] in scope.absent):
        what = f"{braced(name)} in {field}: a placeholder is a plain name"
        return Flaw(what, "take out what follows the name", field)
    if begun := _begun_with(name, scope):
        return _goes_on(name, begun, field)
    # the columns of feeds are called `Image Src`
    spaced = [it for it in scope.names if not _WORD.fullmatch(it)]
    return _unknown(name, spaced, field) if nearest(name, spaced) else None


def _begun_with(inside: str, scope: Scope) -> str:
    """Find the name that braces begin with, however it is capitalised; "" where there is none."""
    text = inside.strip()
    known = chain(scope.names, scope.absent, scope.elsewhere)
    begun = (it for it in known if it and text[: len(it)].casefold() == it.casefold())
    return max((it for it in begun if not _IN_WORD.match(text, len(it))), key=len, default="")


def _goes_on(inside: str, name: str, field: str) -> Flaw:
    """Refuse a placeholder with more in its braces than one has: it would be sent as it stands."""
    rest = inside.strip()[len(name) :]
    if inside.casefold() == name.casefold():
        return _unknown(inside, (name,), field)
    if not rest:
        what = f"{braced(inside)} in {field} has blanks in its braces"
        return Flaw(what, f"write {braced(name)}", field)
    what = f"{{{short(inside)}}} in {field} begins as a placeholder, and goes on as none"
    words = [word for word in _BETWEEN_FILTERS.split(rest.casefold()) if word]
    run_together = ["".join(words)]  # slug 40
    filters = next((it for it in (words, run_together) if all(map(_filter, it))), [])
    meant = braced(":".join((name, *filters)))
    return Flaw(what, f"write {meant}; or {{{{…}}}} where braces are meant", field)


def braced(inside: str) -> str:
    """Show a placeholder, with nothing in it that a terminal obeys."""
    return f"{{{visible(inside)}}}"


def _unknown(inside: str, names: Iterable[str], field: str) -> Flaw:
    """Refuse a name that nothing has, with the one of `names` that was probably meant."""
    meant = nearest(inside, sorted(names))
    what = f"unknown placeholder {braced(inside)} in {field}"
    mend = f"{_ADD}, or write {{{{{inside}}}}} for the braces"
    if meant:
        mend = f"write {braced(meant)}"
    return Flaw(what, mend, field)


def _filtered(value: str, filters: list[str], inside: str, field: str) -> str | Flaw:
    for word in filters:
        apply = _filter(word)
        if apply is None:
            what = f'unknown filter ":{word}" in {braced(inside)} in {field}'
            return Flaw(what, f"write {_FILTER_WORDS}", field)
        filtered = apply(value)
        if filtered is None:
            what = f"{braced(inside)} in {field} wants a whole number, not {shown(value)}"
            return Flaw(what, f"take :{word} out, or mend the value")
        value = filtered
    return value


@lru_cache(maxsize=256)
def _filter(word: str) -> Callable[[str], str | None] | None:
    """Find the filter of that name; None where there is none."""
    if found := re.fullmatch(r"slug([1-9][0-9]{0,2})?", word):
        most = int(found[1] or 60)
        return lambda value: slug(value, most)
    if found := re.fullmatch(r"0?([1-9][0-9]?)d", word):
        width = int(found[1])
        return lambda value: _padded(value, width)
    return _PLAIN_FILTERS.get(word)


def _padded(value: str, width: int) -> str | None:
    """Write a whole number with zeros in front; None for what is none."""
    found = _WHOLE.fullmatch(value.strip())
    return None if found is None else f"{found[1]}{found[2]}".zfill(width)
