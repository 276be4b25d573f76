"""The key, and the ways in which it is sent and kept out of everything else."""

from __future__ import annotations

import base64
from enum import StrEnum
from urllib.parse import quote

from batchsora.errors import UsageError

MASK = b"***"
SHORTEST_SCRUBBED = 8  # masking every "test" would spoil ids, and a lost id is a lost clip


class Auth(StrEnum):
    """How the key is sent."""

    BEARER = "bearer"
    RAW = "raw"
    API_KEY = "api-key"
    NONE = "none"


class Secret:
    """A key that shows itself only when it is asked to."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        text = text.strip()
        if text.lower().startswith("bearer "):
            text = text[len("bearer ") :].strip()
        if not text or not all("!" <= character <= "~" for character in text):
            # what is wrong with it is not shown: the message would carry the key
            raise UsageError("the key is empty, or has blanks or other odd characters in it")
        self._text = text

    def reveal(self) -> str:
        """Give the key itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")

    def headers(self, auth: Auth) -> dict[str, str]:
        """Give the header that carries it."""
        match auth:
            case Auth.BEARER:
                return {"Authorization": f"Bearer {self._text}"}
            case Auth.RAW:
                return {"Authorization": self._text}
            case Auth.API_KEY:
                return {"api-key": self._text}
            case Auth.NONE:
                return {}

    def scrub(self, raw: bytes) -> bytes:
        """Mask the key wherever it stands in bytes: plain, percent-encoded or in base64."""
        for shape in self._shapes():
            raw = raw.replace(shape, MASK)
        return raw

    def scrub_text(self, text: str) -> str:
        """Mask the key in a text."""
        return self.scrub(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def _shapes(self) -> list[bytes]:
        plain = self._text.encode()
        if len(plain) < SHORTEST_SCRUBBED:
            return []
        shapes = [plain, quote(self._text, safe="").encode()]
        for shift in range(3):  # base64 looks different at each of three offsets in a longer text
            coded = base64.b64encode(bytes(shift) + plain)
            first, last = (0, 2, 3)[shift], (shift + len(plain)) * 8 // 6
            shapes += [coded[first:last], coded.translate(_URLSAFE)[first:last]]
        return shapes


_URLSAFE = bytes.maketrans(b"+/", b"-_")
