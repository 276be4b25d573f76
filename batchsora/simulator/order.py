"""An order: a create request, read from the wire and checked against the model's card."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from batchsora.simulator.card import Card
from batchsora.simulator.multipart import Malformed, Part, boundary_of, parse_multipart
from batchsora.simulator.refusal import invalid, model_not_found
from batchsora.simulator.scenario import Scenario

MAX_BODY_BYTES = 24 * 1024 * 1024  # OpenAI takes images of up to 20 MiB; the rest is room for text
MAX_PROMPT_CHARS = 32_000
FIELDS = ("prompt", "model", "seconds", "size", "input_reference")


@dataclass(frozen=True, slots=True)
class Order:
    """A valid create request; the picture is not looked at yet."""

    prompt: str
    card: Card
    seconds: str
    size: str
    picture: Part | None


async def read_order(request: web.Request, scenario: Scenario) -> Order:
    """Return the order that a request carries; raises Refusal with a 4xx for any other body."""
    try:
        return check_order(await _fields(request), scenario)
    except Malformed as error:
        raise invalid(f"Could not parse the body: {error}.") from error


async def _fields(request: web.Request) -> dict[str, Any]:
    body = await _body(request)
    match request.content_type:
        case "multipart/form-data":
            parts = parse_multipart(body, boundary_of(request.headers["Content-Type"]))
            return _once([(part.name, _value(part)) for part in parts])
        case "application/json":
            return _json_object(body)
        case "application/x-www-form-urlencoded":
            return _once(_urlencoded(body))
        case other:
            raise Malformed(f"content type '{other[:80]}' is not multipart/form-data")


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except (web.RequestPayloadError, HttpProcessingError, ValueError) as error:
        raise Malformed("transfer or content encoding is broken") from error


def _value(part: Part) -> str | Part:
    if part.filename is not None or part.name == "input_reference":
        return part
    try:
        return part.content.decode()
    except UnicodeDecodeError as error:
        raise Malformed(f"field {part.name[:80]!r} is not UTF-8") from error


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed("not JSON") from error
    if not isinstance(fields, dict):
        raise Malformed("JSON, but not an object")
    return fields


def _urlencoded(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError as error:
        raise Malformed("not a urlencoded form") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Malformed("a field is given twice")
    return fields


def check_order(fields: dict[str, Any], scenario: Scenario) -> Order:
    """Return the fields as an order; raises Refusal for a bad value, naming its field."""
    unknown = [name for name in fields if name not in FIELDS]
    if unknown:
        name = unknown[0][:80]
        raise invalid(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    model = _text(fields, "model", "sora-2")
    card = scenario.card(model)
    if card is None:
        raise model_not_found(model)
    return Order(
        prompt=_prompt(fields),
        card=card,
        seconds=_choice(fields, "seconds", "4", card.seconds, model),
        size=_choice(fields, "size", "720x1280", tuple(card.usd_per_s), model),
        picture=_picture(fields),
    )


def _text(fields: dict[str, Any], name: str, default: str) -> str:
    value = fields.get(name, default)
    if not isinstance(value, str):
        kind = "file" if isinstance(value, Part) else type(value).__name__
        message = f"Invalid type for '{name}': expected a string, but got {kind} instead."
        raise invalid(message, name, "invalid_type")
    return value


def _prompt(fields: dict[str, Any]) -> str:
    if "prompt" not in fields:
        message = "Missing required parameter: 'prompt'."
        raise invalid(message, "prompt", "missing_required_parameter")
    prompt = _text(fields, "prompt", "")
    if not prompt.strip():
        raise invalid("Invalid 'prompt': it is empty.", "prompt", "empty_string")
    if len(prompt) > MAX_PROMPT_CHARS:
        message = f"Invalid 'prompt': longer than {MAX_PROMPT_CHARS} characters."
        raise invalid(message, "prompt", "string_above_max_length")
    if not prompt.isascii() and any("\ud800" <= char <= "\udfff" for char in prompt):
        raise invalid("Invalid 'prompt': not Unicode text.", "prompt", "invalid_value")
    return prompt


def _choice(
    fields: dict[str, Any], name: str, default: str, allowed: tuple[str, ...], model: str
) -> str:
    value = _text(fields, name, default if default in allowed else allowed[0])
    if value not in allowed:
        known = ", ".join(f"'{one}'" for one in allowed)
        message = f"Invalid value: '{value[:80]}'. Supported values for {model} are: {known}."
        raise invalid(message, name, "invalid_value")
    return value


def _picture(fields: dict[str, Any]) -> Part | None:
    picture = fields.get("input_reference")
    if "input_reference" not in fields:
        return None
    if not isinstance(picture, Part) or not picture.filename:
        message = "Invalid type for 'input_reference': expected a file with a file name."
        raise invalid(message, "input_reference", "invalid_type")
    return picture
