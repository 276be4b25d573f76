"""The table of verdicts: every answer, and what it means for each call."""

from typing import NamedTuple

from answered import PAGE, openai_error, response

from batchsora.service.answers import Answer, NeverSent, NoAnswer
from batchsora.service.verdicts import Kind

OK, RETRY, PAUSE, REJECT = Kind.OK, Kind.RETRY, Kind.PAUSE, Kind.REJECT
DOUBT, STOP, NOT_READY = Kind.DOUBT, Kind.STOP, Kind.NOT_READY
POLICY = openai_error("Your request was blocked by our moderation system.", "moderation_blocked")
RETRY_POLICY = openai_error("upstream reset: retry policy exhausted")
MODEL = openai_error("The model `sora-9` does not exist", "model_not_found")
MONEY = openai_error("Quota", "insufficient_quota")
JOB = {"id": "video_1", "object": "video", "status": "queued"}
VIDEO = {"id": "video_1", "object": "video"}


class Row(NamedTuple):
    """One row of the table: an answer, and its kind on submit, poll, list and download.

    The job is ten minutes old, and its clip not past its expiry.
    """

    name: str
    answer: Answer
    submit: Kind
    poll: Kind
    lists: Kind
    download: Kind


TABLE = [
    Row("never sent", NeverSent("refused"), RETRY, RETRY, RETRY, RETRY),
    Row("no answer", NoAnswer("reset"), DOUBT, RETRY, RETRY, RETRY),
    Row("a job", response(200, JOB), OK, OK, OK, OK),
    Row("created", response(201, JOB), OK, OK, OK, OK),
    Row("200 html", response(200, PAGE), DOUBT, RETRY, OK, OK),
    Row("200 empty", response(200), DOUBT, RETRY, OK, OK),
    Row("200 broken", response(200, b'{"id": "video_'), DOUBT, RETRY, OK, OK),
    Row("200 {}", response(200, {}), DOUBT, RETRY, OK, OK),
    Row("200 bad id", response(200, {"id": "../x", "object": "video"}), DOUBT, OK, OK, OK),
    Row("200 long id", response(200, {"id": "x" * 10_000}), DOUBT, RETRY, OK, OK),
    Row("200 with 400", response(200, {"code": 400, "message": "bad"}), REJECT, RETRY, RETRY, OK),
    Row("200 with 401", response(200, {"code": 401, "message": "no"}), STOP, STOP, STOP, OK),
    Row("200 with 500", response(200, {"code": 500, "message": "oh"}), DOUBT, RETRY, RETRY, OK),
    Row("200 with id, 500", response(200, {"code": 500, "id": "rq1"}), DOUBT, RETRY, RETRY, OK),
    Row("200 with 503", response(200, {"code": 503, "message": "down"}), DOUBT, RETRY, RETRY, OK),
    Row("200, 409", response(200, {"error": {"code": 409}}), DOUBT, RETRY, RETRY, OK),
    Row("200 video, 400", response(200, {"code": 400, **VIDEO}), DOUBT, RETRY, RETRY, OK),
    Row("200, data, 400", response(200, {"code": 400, "data": VIDEO}), DOUBT, RETRY, RETRY, OK),
    Row("200 says 430", response(200, {"code": 430, "message": "no"}), DOUBT, RETRY, RETRY, OK),
    Row("202", response(202, b"accepted"), DOUBT, RETRY, OK, OK),
    Row("204", response(204), DOUBT, RETRY, OK, OK),
    Row("302", response(302, location="http://127.0.0.1:9/"), STOP, STOP, STOP, RETRY),
    Row("303", response(303, location="http://127.0.0.1:9/"), DOUBT, STOP, STOP, RETRY),
    Row("307", response(307, location="http://127.0.0.1:9/"), STOP, STOP, STOP, RETRY),
    Row("400", response(400, openai_error("seconds")), REJECT, REJECT, RETRY, NOT_READY),
    Row("400 policy", response(400, POLICY), REJECT, REJECT, RETRY, NOT_READY),
    Row("400 says 503", response(400, {"error": {"code": 503}}), REJECT, REJECT, RETRY, NOT_READY),
    Row("401", response(401, {"error": {"message": "Invalid", "type": "401"}}), *[STOP] * 4),
    Row("401 html", response(401, PAGE), *[STOP] * 4),
    Row("402", response(402), *[STOP] * 4),
    Row("403 permission", response(403, openai_error("not allowed")), *[STOP] * 4),
    Row("403 balance", response(403, openai_error("Insufficient balance")), *[STOP] * 4),
    Row("403 html", response(403, PAGE), STOP, PAUSE, PAUSE, PAUSE),
    Row("403 policy", response(403, POLICY), REJECT, REJECT, RETRY, NOT_READY),
    Row("404", response(404, openai_error("not found")), STOP, REJECT, OK, NOT_READY),
    Row("404 html", response(404, PAGE), STOP, RETRY, OK, NOT_READY),
    Row("405", response(405), STOP, REJECT, OK, NOT_READY),
    Row("404 model", response(404, MODEL), STOP, STOP, OK, NOT_READY),
    Row("406", response(406), REJECT, RETRY, RETRY, NOT_READY),
    Row("407", response(407), *[STOP] * 4),
    Row("408", response(408), DOUBT, RETRY, RETRY, RETRY),
    Row("409", response(409), DOUBT, RETRY, RETRY, NOT_READY),
    Row("409 model", response(409, MODEL), DOUBT, RETRY, RETRY, NOT_READY),
    Row("409 money", response(409, MONEY), DOUBT, RETRY, RETRY, NOT_READY),
    Row("410", response(410), STOP, REJECT, OK, NOT_READY),
    Row("413", response(413), REJECT, REJECT, RETRY, NOT_READY),
    Row("415", response(415), REJECT, RETRY, RETRY, NOT_READY),
    Row("422", response(422, {"detail": [{"loc": ["body"]}]}), REJECT, REJECT, RETRY, NOT_READY),
    Row("424", response(424), DOUBT, RETRY, RETRY, RETRY),
    Row("425", response(425), DOUBT, RETRY, RETRY, RETRY),
    Row("429", response(429), *[PAUSE] * 4),
    Row("429 wait", response(429, retry_after="7"), *[PAUSE] * 4),
    Row("429 money", response(429, MONEY), *[STOP] * 4),
    Row("429 running", response(429, openai_error("Too many running tasks")), *[PAUSE] * 4),
    Row("430", response(430), DOUBT, RETRY, RETRY, RETRY),
    Row("499", response(499), DOUBT, RETRY, RETRY, RETRY),
    Row("500", response(500), DOUBT, RETRY, RETRY, RETRY),
    Row("500 policy", response(500, POLICY), DOUBT, RETRY, RETRY, RETRY),
    Row("500 model", response(500, MODEL), DOUBT, RETRY, RETRY, RETRY),
    Row("500 money", response(500, MONEY), DOUBT, RETRY, RETRY, RETRY),
    Row("500 long wait", response(500, retry_after="901"), DOUBT, STOP, STOP, STOP),
    Row("501", response(501), DOUBT, RETRY, OK, RETRY),
    Row("502 html", response(502, PAGE), DOUBT, RETRY, RETRY, RETRY),
    Row("503", response(503), DOUBT, RETRY, RETRY, RETRY),
    Row("503 html", response(503, PAGE), DOUBT, RETRY, RETRY, RETRY),
    Row("503 nonsense wait", response(503, retry_after="abc"), DOUBT, RETRY, RETRY, RETRY),
    Row("503 wait", response(503, retry_after="3"), *[PAUSE] * 4),
    Row("503 overload", response(503, openai_error("Server overloaded")), *[PAUSE] * 4),
    Row("503 policy", response(503, POLICY), REJECT, REJECT, RETRY, NOT_READY),
    Row("503 model", response(503, MODEL), STOP, STOP, RETRY, RETRY),
    Row("503 other policy", response(503, RETRY_POLICY), DOUBT, RETRY, RETRY, RETRY),
    Row("503 moderate", response(503, openai_error("moderate load")), DOUBT, RETRY, RETRY, RETRY),
    Row("503 long wait", response(503, retry_after="901"), *[STOP] * 4),
    Row("504 model", response(504, MODEL), DOUBT, RETRY, RETRY, RETRY),
    Row("429 long wait", response(429, retry_after="901"), *[STOP] * 4),
    Row("529", response(529), DOUBT, RETRY, RETRY, RETRY),
]
