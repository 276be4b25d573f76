"""The shapes that an error body has, each under its letter of the contract, through the edge."""

from typing import NamedTuple

import pytest
from answered import PAGE
from scripted import ORDER, client, scripted

from batchsora.errors import StopReason
from batchsora.job import Reason
from batchsora.service.verdicts import Kind

PAUSE, REJECT, DOUBT, STOP = Kind.PAUSE, Kind.REJECT, Kind.DOUBT, Kind.STOP
KEY, BROKE, EDGE = StopReason.KEY_REFUSED, StopReason.BALANCE_EMPTY, StopReason.EDGE_BLOCK
BAD, MODERATED = Reason.REJECTED, Reason.MODERATED


class Shape(NamedTuple):
    """An error body, and what it means for a submit."""

    name: str
    status: int
    body: object
    kind: Kind
    why: StopReason | Reason | None
    code: str
    message: str  # its beginning


def a(message: str, kind: str) -> object:
    return {"error": {"message": message, "type": kind}}


def b(message: str, kind: str, code: str | None = None, param: str | None = None) -> object:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def c(code: int | str, message: str) -> object:
    return {"code": code, "message": message, "type": "error"}


def d(code: int, message: str) -> object:
    return {"error": {"message": message, "code": code}}


def e(code: int, message: str) -> object:
    return {"code": code, "message": message, "data": None}


IRE = "invalid_request_error"
INPAINT = b("Inpaint image must match the requested width", IRE, None, "input_reference")
WRONG_KEY = b("Incorrect API key provided", IRE, "invalid_api_key")
RATE = b("Rate limit reached", "requests", "rate_limit_exceeded")
RUNNING = b("Too many running tasks", "requests")
QUOTA = b("You exceeded your current quota", "x", "insufficient_quota")
SPENT = b("Limit", "x", "org_spend_limit_exceeded")
BLOCKED = b("Blocked by our moderation system", IRE, "moderation_blocked")
DETAIL = {"detail": [{"loc": ["body", "size"], "msg": "field required"}]}
NO_CHANNEL = {"code": "fail_to_fetch_task", "message": "no channel", "data": None}
GATEWAY = b"<html><head><title>502 Bad Gateway</title></head></html>"
UNTITLED = b"<!-- content policy violation --><h1>moderation</h1>"
SHAPES = [
    Shape("A key", 401, a("Invalid signature", "401"), STOP, KEY, "401", "Invalid signature"),
    Shape("A token", 403, a("Invalid Token", "403"), STOP, KEY, "403", "Invalid Token"),
    Shape("A broke", 403, a("Insufficient balance", "403"), STOP, BROKE, "403", "Insufficient"),
    Shape("A policy", 503, a("Content policy violation", "503"), REJECT, MODERATED, "503", "Cont"),
    Shape("A as 400", 400, a("Content policy violation", "503"), REJECT, MODERATED, "503", "Cont"),
    Shape("A server", 500, a("Internal server error", "500"), DOUBT, None, "500", "Internal"),
    Shape("B image", 400, INPAINT, REJECT, BAD, IRE, "Inpaint image must match"),
    Shape("B key", 401, WRONG_KEY, STOP, KEY, "invalid_api_key", "Incorrect API key provided"),
    Shape("B rate", 429, RATE, PAUSE, None, "rate_limit_exceeded", "Rate limit reached"),
    Shape("B running", 429, RUNNING, PAUSE, None, "requests", "Too many running tasks"),
    Shape("B quota", 429, QUOTA, STOP, BROKE, "insufficient_quota", "You exceeded"),
    Shape("B spent", 429, SPENT, STOP, BROKE, "org_spend_limit_exceeded", "Limit"),
    Shape("B policy", 400, BLOCKED, REJECT, MODERATED, "moderation_blocked", "Blocked by our"),
    Shape("B server", 500, b("An error", "server_error"), DOUBT, None, "server_error", "An error"),
    Shape("C key", 401, c(401, "no such token"), STOP, KEY, "401", "no such token"),
    Shape("C value", 400, c("bad_seconds", "seconds"), REJECT, BAD, "bad_seconds", "seconds"),
    Shape("C server", 500, c(500, "upstream"), DOUBT, None, "500", "upstream"),
    Shape("D key", 401, d(401, "expired"), STOP, KEY, "401", "expired"),
    Shape("D policy", 400, d(503, "blocked"), REJECT, MODERATED, "503", "blocked"),
    Shape("D rate", 429, d(429, "slow down"), PAUSE, None, "429", "slow down"),
    Shape("E value", 200, e(400, "bad size"), REJECT, BAD, "400", "bad size"),
    Shape("E rate", 200, e(429, "slow down"), PAUSE, None, "429", "slow down"),
    Shape("E broke", 200, e(403, "Insufficient balance"), STOP, BROKE, "403", "Insufficient"),
    Shape("E key", 200, e(401, "no such token"), STOP, KEY, "401", "no such token"),
    Shape("E server", 200, e(500, "oh"), DOUBT, None, "500", "oh"),
    Shape("E outage", 200, e(503, "down"), DOUBT, None, "503", "down"),
    Shape("E policy", 200, e(503, "content policy"), REJECT, MODERATED, "503", "content policy"),
    Shape("F block", 403, PAGE, STOP, EDGE, "http_403", "Attention Required!"),
    Shape("F proxy", 502, GATEWAY, DOUBT, None, "http_502", "502 Bad Gateway"),
    Shape("F untitled", 503, UNTITLED, DOUBT, None, "http_503", "an HTML page"),
    Shape("F success", 200, GATEWAY, DOUBT, None, "http_200", "502 Bad Gateway"),
    Shape("G detail", 422, DETAIL, REJECT, BAD, "http_422", '[{"loc": ["body", "size"], "msg": '),
    Shape("G words", 422, {"detail": "no such size"}, REJECT, BAD, "http_422", "no such size"),
    Shape("G data", 400, NO_CHANNEL, REJECT, BAD, "fail_to_fetch_task", "no channel"),
    Shape("G text", 400, {"error": "bad prompt"}, REJECT, BAD, "http_400", "bad prompt"),
    Shape("G plain", 400, b"seconds must be 4", REJECT, BAD, "http_400", "seconds must be 4"),
    Shape("G list", 400, ["a", "b"], REJECT, BAD, "http_400", '["a", "b"]'),
    Shape("G refused", 400, b"", REJECT, BAD, "http_400", "HTTP 400, and no words with it"),
    Shape("G nothing", 500, b"", DOUBT, None, "http_500", "HTTP 500, and no words with it"),
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
async def test_each_shape_of_an_error_is_read(shape: Shape) -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(shape.status, shape.body)
        video, verdict = await service.create(ORDER, None)
    assert video is None
    assert verdict.kind is shape.kind
    assert (verdict.stop.reason if verdict.stop else verdict.reason) == shape.why
    assert verdict.fault is not None
    assert verdict.fault.code == shape.code
    assert verdict.fault.message.startswith(shape.message)
    assert verdict.fault.hint
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [BLOCKED, {"error": "blocked by moderation"}, a("x", "safety")])
async def test_a_late_refusal_is_the_jobs_own_and_not_the_polls(body: dict[str, object]) -> None:
    async with scripted() as server, client(server.url) as service:
        server.says(200, {"id": "video_1", "status": "failed", **body})
        video, verdict = await service.poll("video_1", age_s=600)
    assert verdict.kind is Kind.OK
    assert video is not None
    assert video.reason is Reason.MODERATED
    assert video.fault is not None
    assert video.fault.code
