"""Answers made by hand, for the tests of what they mean."""

import json
from datetime import UTC, datetime

from batchsora.service.answers import Response

NOON = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
PAGE = b"<!DOCTYPE html><html><head><title>Attention Required!</title></head></html>"


def response(status: int, body: object = b"", **headers: str) -> Response:
    """Make an answer; header names are written with underscores, a body is JSON unless bytes."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if raw == PAGE:
        named.setdefault("content-type", "text/html")
    return Response(status, named, raw, NOON)


def openai_error(message: str, code: str | None = None) -> object:
    """Write an error as OpenAI does."""
    kind = "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}
