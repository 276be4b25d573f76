"""Images that are named by a web address. Pure."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import PurePath
from urllib.parse import unquote, urlsplit

from batchsora.manifest.located import Flaw, shown

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|data:", re.IGNORECASE)
_MEND = "write https://…, or the path of a file"


def is_address(written: str) -> bool:
    """Tell whether an image is named by a web address."""
    return _SCHEME.match(written) is not None


def address_flaw(written: str) -> Flaw | None:
    """Say what is wrong with an address, as far as it can be seen without asking there."""
    try:
        parts = urlsplit(written)
        host, has_user = parts.hostname, "@" in parts.netloc
    except ValueError:
        return Flaw(f"image {shown(written)} is no web address", _MEND, "image")
    if parts.scheme not in {"http", "https"}:
        what = f"image {shown(written)} is an address of a kind that is not fetched"
        return Flaw(what, _MEND, "image")
    if has_user:  # not shown: a secret stands there
        return Flaw("the address of the image holds a user or a password", "take it out", "image")
    # a blank in a path is sent as %20; a line end or a tab was never meant
    if not host or " " in parts.netloc or any(map(str.isspace, written.replace(" ", ""))):
        return Flaw(f"image {shown(written)} is no web address", _MEND, "image")
    return None


def address_stem(written: str) -> str:
    """Name what is at an address, without its suffix: its last part, or its host."""
    parts = urlsplit(written)
    stem = PurePath(unquote(parts.path)).stem or parts.hostname or ""
    return unicodedata.normalize("NFC", stem)


def stand_in(written: str) -> str:
    """Make up a hash for bytes that nobody has seen: of two addresses, two."""
    return hashlib.sha256(f"not fetched: {written}".encode("utf-8", "surrogatepass")).hexdigest()
