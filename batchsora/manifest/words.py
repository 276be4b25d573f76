"""What a row says in words: prompt, id, tags. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from batchsora.manifest.later import later_placeholder
from batchsora.manifest.located import Flaw, shown
from batchsora.manifest.outputs import PLACEHOLDERS, unknown_placeholder
from batchsora.manifest.templates import Meaning, Slot, meaning, tokens
from batchsora.manifest.text import unprintable

MOST_PROMPT_CHARACTERS = 32_000  # the service's own cap
MOST_ID_CHARACTERS = 100

# A row with a flaw in one of these may well have its prompt: nothing is missing yet.
_FOR_A_PROMPT = frozenset({"prompt", "from", "matrix"})

# Ids are named on the command line: ID#TAKE, ID,ID and globs; and they name files.
_NOT_IN_IDS = re.compile("[\x00-\x1f\x7f/\\\\#*?,\\[\\]\ud800-\udfff]")


def read_prompt(text: str, columns: Mapping[str, str], flaws: list[Flaw]) -> str:
    """Read the prompt, braces and line ends made plain."""
    if not text.isprintable():  # most are, and there is nothing to look for
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if word := unprintable(text):
            flaws.append(Flaw(f"{word} in prompt", "delete it", "prompt"))
    if "{" in text or "}" in text:
        text = _unbraced(text, columns, "prompt", flaws)
    if len(text) > MOST_PROMPT_CHARACTERS:
        what = f"prompt has {len(text):,} characters, {MOST_PROMPT_CHARACTERS:,} are the most"
        flaws.append(Flaw(what, "make it shorter", "prompt"))
    elif not text and not any(flaw.field in _FOR_A_PROMPT for flaw in flaws):
        flaws.append(Flaw("prompt is missing", "write what the clip shows", "prompt"))
    return text


def read_id(text: str, columns: Mapping[str, str], flaws: list[Flaw]) -> str:
    """Read an id that the manifest gives."""
    if "{" in text or "}" in text:
        text = _unbraced(text, columns, "id", flaws)
    if len(text) > MOST_ID_CHARACTERS:
        what = f"id has {len(text)} characters, {MOST_ID_CHARACTERS} are the most"
        flaws.append(Flaw(what, "make it shorter", "id"))
    elif _NOT_IN_IDS.search(text) or text[0] in ".-":
        what = f"id {shown(text)} has one of / \\ # * ? [ ] , or begins with . or -"
        plain = re.sub("-+", "-", _NOT_IN_IDS.sub("-", text)).strip(".-")
        flaws.append(Flaw(what, f"write id: {plain}" if plain else "choose another", "id"))
    return text


@lru_cache(maxsize=1024)
def read_tags(text: str) -> tuple[str, ...]:
    """Split tags at semicolons; each counts once."""
    tags = (tag.strip() for tag in text.split(";"))
    return tuple(dict.fromkeys(tag for tag in tags if tag))


def _unbraced(text: str, columns: Mapping[str, str], field: str, flaws: list[Flaw]) -> str:
    """Make ``{{`` a brace, leave braces without a name as they are, refuse placeholders."""
    names = {*PLACEHOLDERS, *columns}
    plain = []
    for token in tokens(text):
        if not isinstance(token, Slot):
            plain.append(token)
            continue
        plain.append("{" + token.inside + "}")
        match meaning(token.inside, names):
            case Meaning.NAME | Meaning.REACH | Meaning.FILTER:
                flaws.append(later_placeholder(token.inside, field))
            case Meaning.UNKNOWN:
                flaws.append(unknown_placeholder(token.inside, (), field))
            case Meaning.TEXT:
                pass
    return "".join(plain)
