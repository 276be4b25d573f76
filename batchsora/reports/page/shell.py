"""The page without its data: markup, style and code, as one file under a strict policy."""

from __future__ import annotations

import base64
import hashlib
import html
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

HERE = files(__package__)
_DATA, _CLIPS = "\0data\0", "\0clips\0"  # where the page is cut apart; no text has a NUL


@dataclass(frozen=True, slots=True)
class Shell:
    """What stands before the data, between it and the clips, and behind them."""

    before: str
    between: str
    after: str


def open_shell(title: str, plain: str) -> Shell:
    """Put the page together; `plain` is what is read where no code may run, as HTML."""
    style, code = _style(), _code()
    page = Template(_read("page.html")).substitute(
        title=html.escape(title),
        csp=_policy(style, code),
        style=style,
        script=code,
        plain=plain,
        data=_DATA,
        clips=_CLIPS,
    )
    before, _, rest = page.partition(_DATA)
    between, _, after = rest.partition(_CLIPS)
    return Shell(before, between, after)


def _policy(style: str, code: str) -> str:
    """Write a policy: nothing is loaded but what lies beside the page, nothing runs but its code.

    ``file:`` is for a page that is opened from a disk, where ``'self'`` means nothing.
    """
    shown = "'self' file: data: blob:"
    rules = {
        "default-src": "'none'",
        "style-src": f"'sha256-{_hash(style)}'",
        "script-src": f"'sha256-{_hash(code)}'",
        "img-src": shown,
        "media-src": shown,
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{what} {whence}" for what, whence in rules.items())


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _style() -> str:
    return _read("page.css")


@cache
def _code() -> str:
    """Join the files of code in the order of their names: they share one scope."""
    names = sorted(it.name for it in (HERE / "js").iterdir() if it.name.endswith(".js"))
    return "\n".join(_read(f"js/{name}") for name in names)


def _read(name: str) -> str:
    return HERE.joinpath(name).read_text("utf-8")
