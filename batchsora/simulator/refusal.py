"""Refusals: the error answers of the service, in every shape that is known of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

EDGE_PAGE = (
    "<!DOCTYPE html><html><head><title>{title}</title></head>"
    "<body><h1>{title}</h1><hr><center>edge</center></body></html>"
)


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818  # a refusal is an answer, not a failure of the simulator
    """An answer that says no: an HTTP status, a body (JSON, or HTML as text), more headers."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        """Return the refusal as it goes over the wire."""
        html = isinstance(self.body, str)
        return web.Response(
            status=self.status,
            text=self.body if html else json.dumps(self.body),
            content_type="text/html" if html else "application/json",
            headers=self.headers,
        )


def openai_error(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    param: str | None = None,
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Refusal:
    """Return a refusal in OpenAI's shape."""
    error = {"message": message, "type": kind, "param": param, "code": code}
    return Refusal(status, {"error": error}, headers or {})


def invalid(message: str, param: str | None = None, code: str | None = None) -> Refusal:
    """Return the 400 for a request that cannot be read or has a bad value."""
    return openai_error(400, message, param=param, code=code)


def gateway_error(status: int, message: str) -> Refusal:
    """Return a refusal in the gateway's own shape: the status as a number in a string."""
    return Refusal(status, {"error": {"message": message, "type": str(status)}})


def edge_page(status: int, title: str) -> Refusal:
    """Return the HTML page of an edge or a proxy in front of the service."""
    return Refusal(status, EDGE_PAGE.format(title=title))


def not_found(video_id: str) -> Refusal:
    """Return the 404 for a video that does not exist."""
    return openai_error(404, f"Video with id '{video_id[:200]}' not found.", param="video_id")


def model_not_found(model: str) -> Refusal:
    """Return the 404 for a model that is not on offer."""
    message = f"The model '{model[:200]}' does not exist or you do not have access to it."
    return openai_error(404, message, param="model", code="model_not_found")
