"""Scenario files: YAML or JSON to a `Scenario`, every key checked by a reader of its own."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, get_args

import yaml

from batchsora.simulator.card import CARDS, Card
from batchsora.simulator.fault import check_faults
from batchsora.simulator.scenario import Fault, Place, Rate, RetryHint, Scenario, ScenarioError

if TYPE_CHECKING:
    from pathlib import Path

Reader = Callable[[Any], Any]

RATE = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,5})?([smh])")
UNIT_S = {"s": 1.0, "m": 60.0, "h": 3600.0}
SIZE = re.compile(r"[1-9][0-9]{1,3}x[1-9][0-9]{1,3}")


class _Unfit(ValueError):  # noqa: N818  # a value, not a failure
    """A value is not what its key takes; the text says what that is."""


def load_scenario(path: Path) -> Scenario:
    """Return the scenario that a YAML or JSON file describes; raises ScenarioError."""
    try:
        text = path.read_text(encoding="utf-8")
        content = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ScenarioError(f"{path}: cannot be read: {error}") from error
    try:
        scenario = Scenario(**_read(content or {}, READERS, "the scenario"))
        check_faults(scenario)
    except ScenarioError as error:
        raise ScenarioError(f"{path}: {error}") from error
    return scenario


def _read(content: object, readers: Mapping[str, tuple[str, Reader]], what: str) -> dict[str, Any]:
    """Return the values of a mapping under the names of fields; `readers`: key to field, reader."""
    if not isinstance(content, dict):
        raise ScenarioError(f"{what} must be a mapping, not {type(content).__name__}")
    return dict(_pair(key, value, readers, what) for key, value in content.items())


def _pair(
    key: object, value: object, readers: Mapping[str, tuple[str, Reader]], what: str
) -> tuple[str, Any]:
    if not isinstance(key, str) or key not in readers:
        raise ScenarioError(f"{what}: no key {key!r}; allowed are {', '.join(readers)}")
    field, reader = readers[key]
    try:
        return field, reader(value)
    except _Unfit as error:
        found = "something else" if key == "good_keys" else repr(value)  # keys are never shown
        raise ScenarioError(f"{what}: {key} must be {error}, not {found}") from None


def _yes_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Unfit("true or false")
    return value


def _whole(least: int) -> Reader:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise _Unfit(f"a whole number of at least {least}")
        return value

    return read


def _number(value: object) -> float:
    good = isinstance(value, int | float) and not isinstance(value, bool)
    if not good or not math.isfinite(number := float(str(value))) or number < 0:
        raise _Unfit("a number of at least 0")
    return number


def _share(value: object) -> float:
    try:
        share = _number(value)
    except _Unfit:
        share = math.inf
    if share > 1:
        raise _Unfit("a number from 0 to 1")
    return share


def _span(value: object) -> tuple[float, float]:
    """Read `2` or `[1, 3]`."""
    ends = value if isinstance(value, list) else [value, value]
    try:
        shortest, longest = map(_number, ends)
    except ValueError:  # not two, or not numbers
        shortest, longest = 1.0, 0.0
    if shortest > longest:
        raise _Unfit("a number of seconds, or [shortest, longest]")
    return shortest, longest


def _rate(value: object) -> Rate:
    match = RATE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise _Unfit("like 60/1m: a number, /, a number or nothing, and s, m or h")
    return Rate(int(match[1]), int(match[2] or 1) * UNIT_S[match[3]])


def _usd(value: object) -> Decimal:
    try:
        usd = Decimal(str(value))
    except InvalidOperation:
        usd = Decimal(-1)
    if isinstance(value, bool) or not usd.is_finite() or usd < 0:
        raise _Unfit("an amount in USD")
    return usd


def _one_of(*choices: object) -> Reader:
    def read(value: object) -> object:
        if isinstance(value, bool) or value not in choices:
            raise _Unfit(f"one of {', '.join(map(str, choices))}")
        return value

    return read


def _text(value: object) -> str:
    # Fault names and header values may be numbers to YAML: 500.
    if isinstance(value, bool) or not isinstance(value, str | int) or not str(value):
        raise _Unfit("a text")
    return str(value)


def _keys(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(key, str) and key for key in value):
        raise _Unfit("a list of texts")
    return frozenset(value)


def _counts(value: object) -> tuple[int, ...]:
    """Read `3` or `[1, 3]`."""
    return tuple(map(_whole(1), value if isinstance(value, list) else [value]))


def _prices(value: object) -> dict[str, Decimal]:
    if not isinstance(value, dict) or not value or not all(map(_is_size, value)):
        raise _Unfit("a mapping of sizes (even pixels, like 720x1280) to USD a second")
    return {size: _usd(usd) for size, usd in value.items()}


def _is_size(value: object) -> bool:
    # Even, because H.264 stores colours for squares of four pixels.
    fits = isinstance(value, str) and SIZE.fullmatch(value) is not None
    return fits and all(int(pixels) % 2 == 0 for pixels in str(value).split("x"))


def _seconds(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise _Unfit("a list of whole seconds")
    return tuple(str(_whole(1)(int(one) if str(one).isdecimal() else one)) for one in value)


CARD_READERS: dict[str, tuple[str, Reader]] = {
    "seconds": ("seconds", _seconds),
    "usd_per_s": ("usd_per_s", _prices),
}


def _cards(value: object) -> tuple[Card, ...]:
    if not isinstance(value, dict) or not all(isinstance(model, str) for model in value):
        raise _Unfit("a mapping of model names")
    added = tuple(_card(model, content) for model, content in value.items())
    return added + tuple(card for card in CARDS if card.model not in value)


def _card(model: str, content: object) -> Card:
    fields = _read(content, CARD_READERS, f"models, {model}")
    if len(fields) != len(CARD_READERS):
        raise ScenarioError(f"models, {model}: needs {', '.join(CARD_READERS)}")
    return Card(model=model, **fields)


FAULT_READERS: dict[str, tuple[str, Reader]] = {
    "at": ("at", _one_of(*get_args(Place))),
    "fault": ("name", _text),
    "match": ("match", _text),
    "probability": ("probability", _share),
    "nth": ("nth", _counts),
    "times": ("times", _whole(0)),
    "retry_after": ("retry_after", _text),
}


def _faults(value: object) -> tuple[Fault, ...]:
    if not isinstance(value, list):
        raise _Unfit("a list of faults")
    return tuple(_fault(number, content) for number, content in enumerate(value, 1))


def _fault(number: int, content: object) -> Fault:
    where = f"faults, number {number}"
    fields = _read(content, FAULT_READERS, where)
    if not {"at", "name"} <= fields.keys():
        raise ScenarioError(f"{where}: needs at and fault")
    return Fault(**fields)


READERS: dict[str, tuple[str, Reader]] = {
    "seed": ("seed", _whole(0)),
    "queue_s": ("queue_s", _span),
    "render_s": ("render_s", _span),
    "expires_s": ("expires_s", _number),
    "list": ("list_endpoint", _yes_no),
    "list_lag_s": ("list_lag_s", _number),
    "delete": ("delete_endpoint", _yes_no),
    "models_endpoint": ("models_endpoint", _yes_no),
    "auth_required": ("auth_required", _yes_no),
    "good_keys": ("good_keys", _keys),
    "balance_usd": ("balance_usd", _usd),
    "rate": ("rate", _rate),
    "retry_hint": ("retry_hint", _one_of(*get_args(RetryHint))),
    "max_running": ("max_running", _whole(1)),
    "poll_after_ms": ("poll_after_ms", _whole(0)),
    "id_style": ("id_style", _one_of("plain", "odd")),
    "not_ready_status": ("not_ready_status", _one_of(400, 404, 409)),
    "video_url": ("video_url", _yes_no),
    "clip": ("clip", _one_of("full", "tiny")),
    "slow_s": ("slow_s", _number),
    "models": ("models", _cards),
    "faults": ("faults", _faults),
}
