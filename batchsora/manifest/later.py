"""What this version does not take yet: the one place where it is refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from batchsora.manifest.located import Flaw, shown

# Fields of a row that are understood, but not expanded yet.
_FIELDS: Mapping[str, str] = {
    "matrix": "write its rows out, each with its own values",
    "from": "run that file by itself",
}
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|data:", re.IGNORECASE)
_GLOB = re.compile(r"[*?\[\]]")


def later_field(name: str, line: int) -> Flaw | None:
    """Refuse a field of a row that a later version expands."""
    if name not in _FIELDS:
        return None
    return Flaw(f"{name} is not taken yet by this version", _FIELDS[name], name, line)


def later_image(written: str) -> Flaw | None:
    """Refuse an address or a glob where this version wants one file."""
    if _ADDRESS.match(written):
        what = f"image {shown(written)} is an address, which this version does not take yet"
        return Flaw(what, "download it, and write the path of the file", "image")
    if _GLOB.search(written):
        what = f"image {shown(written)} is a pattern, which this version does not take yet"
        return Flaw(what, "write a row for each file (without * ? [ ] in its name)", "image")
    return None


def later_placeholder(inside: str, field: str) -> Flaw:
    """Refuse a placeholder outside `output`."""
    what = f"placeholder {{{inside}}} in {field}: this version fills placeholders in output only"
    return Flaw(what, f"write the {field} out, or {{{{{inside}}}}} for the braces", field)


def later_filter(inside: str, field: str) -> Flaw:
    """Refuse a filter behind a placeholder's name."""
    name, _, wanted = inside.partition(":")
    what = f'filter ":{wanted}" in {field}: this version takes no filters yet'
    return Flaw(what, f"write {{{name}}}", field)
