"""The text of a first manifest: of a folder of pictures, or of somebody's feed. Pure."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from batchsora.manifest.census import Census
from batchsora.manifest.text import UTF_8

MODELINE = "# yaml-language-server: $schema=manifest.schema.json"
WIDTH = 100

_PLAIN = re.compile(r"[A-Za-z_./][A-Za-z0-9_ ./-]*[A-Za-z0-9_]|[A-Za-z_]")
_BRACES = re.compile(r"\{[^{}]*\}")
_DEFAULTS = "defaults: {model: sora-2, seconds: 4, size: 720x1280, fit: cover}"
_ASK = "Write here what the clips are to show."


@dataclass(frozen=True, slots=True)
class FeedDraft:
    """What is said of a feed in the manifest that includes it."""

    path: str  # from the manifest's folder
    columns: tuple[str, ...]
    census: Census
    id_template: str  # "" where no column tells the rows apart
    encoding: str

    def text(self) -> str:
        """Write the manifest."""
        layout = self.census.layout
        mapped = {"image": layout.image, **layout.fields}
        lines = [f"  - from: {scalar(self.path)}"]
        if self.encoding != UTF_8:
            lines.append(f"    encoding: {scalar(self.encoding)}")
        lines += [
            "    # Which columns are fields; all others are variables, whatever they are called.",
            f"    columns: {_flow(mapped)}",
            *self._sieve(),
            *self._all_pictures(),
            *self._id(),
            *self._prompt(),
        ]
        return _text([*self._head(), "", _DEFAULTS, "", "rows:", *lines])

    def _head(self) -> list[str]:
        layout, census = self.census.layout, self.census
        kind = f", {layout.kind}" if layout.kind else ""
        rows = f"{census.rows:,} row{'s' if census.rows != 1 else ''}"
        each = " a clip each" if census.kept != 1 else "s a clip"
        kept = f"{rows}, of which {census.kept:,} make{each}"
        if census.kept == census.rows:
            kept = f"{rows}, a clip of each"
        return [MODELINE, *_comment(f"The rows of {self.path}{kind}: {kept}.")]

    def _sieve(self) -> list[str]:
        """Say which rows make a clip, and of which picture."""
        layout = self.census.layout
        lines = []
        if layout.first:
            lines += [
                "    # Of several pictures in a cell, the first is taken.",
                f"    first: {_list(layout.first)}",
            ]
        if layout.where:
            lines += ["    # Only what is on sale.", f"    where: {_flow(layout.where)}"]
        lines += [
            "    # Rows in which one of these is empty are left out.",
            f"    needs: {_list(layout.needs)}",
        ]
        if layout.once:
            lines += [
                "    # Of rows that are alike in all of this, the first is taken.",
                f"    once: {_list(layout.once)}",
            ]
        return lines

    def _all_pictures(self) -> list[str]:
        """Say how each picture gets its clip, where a product has several."""
        layout, census = self.census.layout, self.census
        if census.pictured == census.kept or layout.once or not (layout.ids and layout.beside):
            return []
        named = json.dumps(f"{{{layout.ids[0]}}}-{{{layout.beside[0]}}}", ensure_ascii=False)
        return [
            f"    # {census.pictured:,} rows have a picture. For a clip of each of them:",
            f"    #   needs: [{scalar(layout.image)}]",
            f"    #   id: {named}",
            f"    # and a prompt without {{{layout.title}}}, which they do not all have."
            + (f" Nor has each its {layout.status}: no where." if layout.where else ""),
        ]

    def _id(self) -> list[str]:
        if self.id_template:
            return [f"    id: {json.dumps(self.id_template, ensure_ascii=False)}"]
        return ["    # No column tells all rows apart: each is named after its content."]

    def _prompt(self) -> list[str]:
        layout = self.census.layout
        names = [f"{{{name}}}" for name in self.columns if "{" not in name and "}" not in name]
        told = " ".join(["Placeholders:", *names])
        if "prompt" in layout.fields:
            return _comment(told, "    ")
        subject = f"{{{layout.title}}}" if layout.title else "the product"
        prompt = f"Slow push-in on {subject}, soft studio light, nothing else moves"
        return [
            *_comment(f"{_ASK} {told}", "    "),
            f"    prompt: {json.dumps(prompt, ensure_ascii=False)}",
        ]


def folder_draft(path: str, patterns: Mapping[str, int], id_template: str) -> str:
    """Write a manifest for a folder of pictures; `patterns` counts the files of each."""
    prompt = "Slow push-in on {stem}, soft daylight, gentle wind"
    named = [f"  id: {json.dumps(id_template)}"] if id_template else []
    return _text(
        [
            MODELINE,
            *_comment(f"The pictures in {path}: a clip of each."),
            "",
            "defaults:",
            "  model: sora-2",
            "  seconds: 4",
            "  size: 720x1280",
            "  fit: cover",
            *named,
            *_comment(f"{_ASK} {{stem}} is the picture's file name, without its suffix.", "  "),
            f"  prompt: {json.dumps(prompt)}",
            "",
            "rows:",
            *(
                f"  - image: {json.dumps(pattern, ensure_ascii=False)} # {count:,} "
                f"picture{'s' if count != 1 else ''}"
                for pattern, count in patterns.items()
            ),
        ]
    )


def scalar(text: str) -> str:
    """Write a text so that YAML takes it for that, also inside of braces and brackets."""
    if _PLAIN.fullmatch(text) and text.casefold() not in {"null", "true", "false", "yes", "no"}:
        return text
    return json.dumps(text, ensure_ascii=not text.isprintable())


def _flow(mapping: Mapping[str, str | tuple[str, ...]]) -> str:
    told = (f"{scalar(key)}: {_one_or_list(value)}" for key, value in mapping.items())
    return "{" + ", ".join(told) + "}"


def _one_or_list(value: str | tuple[str, ...]) -> str:
    if isinstance(value, str):
        return scalar(value)
    return scalar(value[0]) if len(value) == 1 else _list(value)


def _list(texts: Iterable[str]) -> str:
    return "[" + ", ".join(map(scalar, texts)) + "]"


def _comment(text: str, indent: str = "") -> list[str]:
    """Write a comment in lines; what is in braces stays together."""
    glued = _BRACES.sub(lambda found: found[0].replace(" ", "\0"), text)
    width = WIDTH - len(indent) - 2
    lines = textwrap.wrap(glued, width, break_long_words=False, break_on_hyphens=False)
    return [f"{indent}# {line}".replace("\0", " ") for line in lines]


def _text(lines: Iterable[str]) -> str:
    return "\n".join([*lines, ""])
