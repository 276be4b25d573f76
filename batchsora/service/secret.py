"""The key, and the ways in which it is sent and kept out of everything else."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from enum import StrEnum

from batchsora.errors import UsageError

MASK = b"***"
_QUOTES = ("'", '"', "`")  # what a shell takes off, and a file of variables may not
SHORTEST_SCRUBBED = 8  # masking every "test" would spoil ids, and a lost id is a lost clip


class Auth(StrEnum):
    """How the key is sent."""

    BEARER = "bearer"
    RAW = "raw"
    API_KEY = "api-key"
    NONE = "none"


class Secret:
    """A key that shows itself only when it is asked to."""

    __slots__ = ("_masks", "_text")

    def __init__(self, text: str) -> None:
        text = re.sub(r"(?i)^bearer(\s+|$)", "", text.strip())
        if text[:1] in _QUOTES or text[-1:] in _QUOTES:
            raise UsageError("the key has quotes round it, or half of them", "set it without them")
        if not text or not all("!" <= character <= "~" for character in text):
            # what is wrong with it is not shown: the message would carry the key
            raise UsageError("the key is empty, or has blanks or other odd characters in it")
        self._text = text
        self._masks = _masks(text) if len(text) >= SHORTEST_SCRUBBED else []

    def reveal(self) -> str:
        """Give the key itself."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")

    def scrub(self, raw: bytes) -> bytes:
        """Mask the key wherever it stands in bytes: plain, percent-encoded or in base64."""
        # JSON can say any character in two ways; a reader of it would put the key together again
        return self._mask(_JSON_ESCAPE.sub(_unescaped, raw))

    def scrub_text(self, text: str) -> str:
        """Mask the key in a text."""
        return self._mask(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def _mask(self, raw: bytes) -> bytes:
        for mask in self._masks:
            raw = mask.sub(MASK, raw)
        return raw


def _masks(text: str) -> list[re.Pattern[bytes]]:
    """Make the patterns of a key: as it is, and in base64 at each of three offsets."""
    shapes = [text]
    for shift in range(3):  # base64 looks different at each of three offsets in a longer text
        coded = base64.b64encode(bytes(shift) + text.encode()).decode()
        shapes.append(coded[(0, 2, 3)[shift] : (shift + len(text)) * 8 // 6])
    return [pattern for shape in shapes for pattern in _patterns(shape)]


def _patterns(shape: str) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Make the pattern of a text in all its spellings, and that of its first part at the end."""
    units = [_unit(character) for character in shape]
    first, rest = units[:SHORTEST_SCRUBBED], units[SHORTEST_SCRUBBED:]
    # an answer may break off in the middle of it
    part = "".join(first) + "".join(f"(?:{unit}" for unit in rest) + ")?" * len(rest)
    return re.compile("".join(units).encode()), re.compile(f"{part}\\Z".encode())


def _unit(character: str) -> str:
    """Match a character as it is, percent-encoded, escaped, or as base64 for URLs has it."""
    if character.isalnum():
        return character  # nobody writes those in another way
    also = {"+": "-", "/": "_"}.get(character, character)
    plain = f"{re.escape(character)}|{re.escape(also)}"
    return f"(?:\\\\?(?:{plain})|%(?i:{ord(character):02x}))"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A key and the way it is sent. The header is made when it is sent: it is kept nowhere."""

    secret: Secret | None
    auth: Auth = Auth.BEARER

    def headers(self) -> dict[str, str]:
        """Give the header that carries the key; none without one."""
        if self.secret is None:
            return {}
        key = self.secret.reveal()
        match self.auth:
            case Auth.BEARER:
                return {"Authorization": f"Bearer {key}"}
            case Auth.RAW:
                return {"Authorization": key}
            case Auth.API_KEY:
                return {"api-key": key}
            case Auth.NONE:
                return {}


_JSON_ESCAPE = re.compile(rb"\\(?:u00([2-7][0-9A-Fa-f])|(.))", re.DOTALL)


def _unescaped(found: re.Match[bytes]) -> bytes:
    """Write an escaped ASCII character of JSON in its shortest way; any other escape stays."""
    if found[1] is None:
        return b"/" if found[2] == b"/" else found[0]
    character = bytes.fromhex(found[1].decode())
    return b"\\" + character if character in {b'"', b"\\"} else character
