"""What a row says in words: prompt, id, tags. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from batchsora.manifest.located import Flaw, shown
from batchsora.manifest.templates import Scope, Slot, fill, tokens
from batchsora.manifest.text import unnameable, unprintable

MOST_PROMPT_CHARACTERS = 32_000  # the service's own cap
MOST_ID_CHARACTERS = 100

# A row with a flaw in one of these may well have its prompt: nothing is missing yet.
_FOR_A_PROMPT = frozenset({"prompt", "matrix"})

# Ids are named on the command line: ID#TAKE, ID,ID and globs; and they name files.
_NOT_IN_IDS = re.compile(r"[/\\#*?,\[\]\n\r\t]")


def read_prompt(text: str, scope: Scope, flaws: list[Flaw]) -> str:
    """Read the prompt: its placeholders filled, its line ends made plain."""
    filled = fill(text, "prompt", scope)
    if isinstance(filled, list):
        flaws += filled
        return ""
    if not filled.isprintable():  # most are, and there is nothing to look for
        filled = filled.replace("\r\n", "\n").replace("\r", "\n")
        if word := unprintable(filled):
            flaws.append(Flaw(f"{word} in prompt", "delete it", "prompt"))
    filled = filled.strip()
    if len(filled) > MOST_PROMPT_CHARACTERS:
        what = f"prompt has {len(filled):,} characters, {MOST_PROMPT_CHARACTERS:,} are the most"
        flaws.append(Flaw(what, "make it shorter", "" if filled != text else "prompt"))
    elif not filled and not any(flaw.field in _FOR_A_PROMPT for flaw in flaws):
        what = "the placeholders of prompt leave nothing" if text else "prompt is missing"
        flaws.append(Flaw(what, "write what the clip shows", "" if text else "prompt"))
    return filled


def read_id(text: str, scope: Scope, flaws: list[Flaw]) -> str:
    """Read an id that the manifest gives, its placeholders filled."""
    if "{" in text:
        scope = scope._replace(absent={**scope.absent, "id": "an id can't name itself"})
    filled = fill(text, "id", scope)
    if isinstance(filled, list):
        flaws += filled
        return ""
    filled = filled.strip()
    flaw = _id_flaw(filled)
    if flaw is None:
        return filled
    if filled != text:  # what a value brings about is told of its row
        flaw = Flaw(flaw.what, _plainer(text, scope, flaw.mend) if filled else flaw.mend)
    flaws.append(flaw)
    return ""


def _plainer(template: str, scope: Scope, mend: str) -> str:
    """Show how the value of a template's first placeholder is made fit for an id."""
    slots = (it.inside.partition(":")[0] for it in tokens(template) if isinstance(it, Slot))
    name = next((it for it in slots if it in scope.names), None)
    return mend if name is None else f"make it plain and short: {{{name}:slug40}}"


def _id_flaw(text: str) -> Flaw | None:
    if not text:
        return Flaw("the placeholders of id leave nothing", "write another id", "id")
    if len(text) > MOST_ID_CHARACTERS:
        what = f"id has {len(text)} characters, {MOST_ID_CHARACTERS} are the most"
        return Flaw(what, "make it shorter", "id")
    if word := unnameable(text):
        return Flaw(f"{word} in id {shown(text)}", "delete it", "id")
    if _NOT_IN_IDS.search(text) or text[0] in ".-":
        what = f"id {shown(text)} has one of / \\ # * ? [ ] , or begins with . or -"
        plain = re.sub("-+", "-", _NOT_IN_IDS.sub("-", text)).strip(".-")
        return Flaw(what, f"write id: {plain}" if plain else "choose another", "id")
    return None


@lru_cache(maxsize=1024)
def read_tags(text: str) -> tuple[str, ...]:
    """Split tags at semicolons; each counts once."""
    tags = (tag.strip() for tag in text.split(";"))
    return tuple(dict.fromkeys(tag for tag in tags if tag))
