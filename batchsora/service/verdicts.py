"""What an answer means, as a table. Pure: no clock, no I/O.

The property that holds it together: a submit is a RETRY, PAUSE, REJECT or STOP only where it
provably never left or was explicitly refused. Everything else is a DOUBT, which is never sent
again without a look.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum, auto
from http import HTTPStatus
from typing import assert_never

from batchsora.errors import Stop, StopReason
from batchsora.job import Fault, Reason
from batchsora.service import hints
from batchsora.service.answers import (
    Answer,
    Call,
    NeverSent,
    NoAnswer,
    Response,
    cut_evidence,
    evidence_of,
)
from batchsora.service.complaints import Complaint, clean, complaint_of, read_complaint, read_json
from batchsora.service.dialects import names_video, read_video
from batchsora.service.waits import reset_s, retry_after_s

LONG_WAIT_S = 900.0  # nobody watches a pause of more than a quarter of an hour
EARLY_S = 60.0  # a service's own stores agree within seconds; a minute is far from a clip's life

_AMBIGUOUS = frozenset({408, 409, 424, 425})  # the request may have been taken all the same
# a 4xx refuses, except for those; but a number that HTTP does not know says nothing for certain
_REFUSING = frozenset(HTTPStatus) & frozenset(range(400, 500)) - _AMBIGUOUS
_MISSING = frozenset({404, 405, 410, 501})
_REFUSALS = frozenset({400, 413, 422})


class Kind(Enum):
    """What follows from an answer."""

    OK = auto()
    RETRY = auto()  # this job, later
    PAUSE = auto()  # everybody waits, then this job
    REJECT = auto()  # this job is failed
    DOUBT = auto()  # look before sending
    STOP = auto()  # no new step for anybody until a person acts
    NOT_READY = auto()  # the clip is not there: poll again


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer means, and why."""

    kind: Kind
    fault: Fault | None = None
    reason: Reason | None = None
    wait_s: float | None = None  # what the service asked for, where that is sensible
    stop: Stop | None = None
    evidence: str = ""  # the raw answer, where a person may have to judge it
    concurrency: bool = False  # fewer jobs in flight would mend it
    unsent: bool = False  # the service could not be reached: nothing ever left


@dataclass(frozen=True, slots=True)
class _Case:
    """An answer that is no success, and everything that the table asks of it."""

    call: Call
    response: Response
    status: int
    said: Complaint
    age_s: float
    expired: bool
    wait_s: float | None

    def fault(self, hint: str = "") -> Fault:
        code = self.said.code or f"http_{self.status}"
        return Fault(code, self.said.message or f"HTTP {self.status}, and no words with it", hint)

    def verdict(self, kind: Kind, hint: str = "", reason: Reason | None = None) -> Verdict:
        return Verdict(kind, self.fault(hint), reason, self.wait_s)

    def stop(self, reason: StopReason) -> Verdict:
        what, mend = hints.STOPS[reason]
        words = clean(f"{what} (HTTP {self.status}: {self.fault().message})")
        return Verdict(Kind.STOP, self.fault(mend), stop=Stop(reason, words, mend))


def judge(
    call: Call,
    answer: Answer,
    *,
    age_s: float = 0.0,
    foreign: bool = False,
    expired: bool = False,
) -> Verdict:
    """Say what an answer to a call means.

    `age_s` is the time since the job was submitted, `foreign` that another host than the API
    answered, `expired` that the service said it would keep the clip until a time now past.
    """
    match answer:
        case NeverSent():
            fault = Fault("not_sent", clean(answer.why), hints.NOT_SENT)
            return Verdict(Kind.RETRY, fault, unsent=not foreign)
        case NoAnswer():
            return _unanswered(call, answer)
        case Response():
            if foreign:
                return _foreign(answer)
            return _patience(call, _judge_response(call, answer, age_s, expired=expired), answer)
        case _:
            assert_never(answer)


def _unanswered(call: Call, answer: NoAnswer) -> Verdict:
    why = clean(answer.why)
    if call is Call.SUBMIT:
        evidence = cut_evidence(f"{why}\n\n{answer.heard}".strip())
        return Verdict(Kind.DOUBT, Fault("no_answer", why, hints.DOUBT), evidence=evidence)
    return Verdict(Kind.RETRY, Fault("no_answer", why, hints.LATER))


def _foreign(response: Response) -> Verdict:
    """Never stop or pause for a host that is not the API: a signed URL may simply be stale."""
    if _is_success(response.status):
        return Verdict(Kind.OK)
    said = read_complaint(response.body, response.headers.get("content-type", ""))
    message = said.message or f"HTTP {response.status}, and no words with it"
    return Verdict(Kind.RETRY, Fault(f"http_{response.status}", message, hints.ELSEWHERE))


def _judge_response(call: Call, response: Response, age_s: float, *, expired: bool) -> Verdict:
    content_type = response.headers.get("content-type", "")
    case = _Case(
        call=call,
        response=response,
        status=response.status,
        said=read_complaint(response.body, content_type),
        age_s=age_s,
        expired=expired,
        wait_s=retry_after_s(response.headers, response.at),
    )
    if _is_success(response.status):
        return _accepted(case)
    if 300 <= response.status < 400:  # noqa: PLR2004 - HTTP's own borders
        return _redirected(case)
    return _refused(case)


def _accepted(case: _Case) -> Verdict:
    """Judge a 2xx: it is only good with a job in it, and may hold an error instead."""
    if case.call is Call.DOWNLOAD:
        return Verdict(Kind.OK)  # what it is, only the bytes tell
    body = read_json(case.response.body)
    inner = _inner_status(body)
    if _is_answered(case, body, inner):
        return Verdict(Kind.OK)
    if inner is not None and _judged_as_inner(case, body, inner):
        return _refused(replace(case, status=inner))
    return _unclear(case)


def _redirected(case: _Case) -> Verdict:
    if case.call is Call.DOWNLOAD:
        return case.verdict(Kind.RETRY, hints.LATER)
    if case.call is Call.SUBMIT and case.status == HTTPStatus.SEE_OTHER:
        return _unclear(
            case
        )  # RFC 9110, 15.4.4: so a server answers a POST that it has carried out
    return case.stop(StopReason.WRONG_ADDRESS)


def _is_answered(case: _Case, body: object, inner: int | None) -> bool:
    if case.call is Call.LIST:
        # anything that is no error will do: without a list in it, the service has none
        return inner is None or inner < 400 or inner in _MISSING  # noqa: PLR2004
    video = read_video(body, case.response.headers)
    return video is not None and (case.call is Call.POLL or video.id is not None)


def _inner_status(body: object) -> int | None:
    return complaint_of(body).status if isinstance(body, dict) else None


def _judged_as_inner(case: _Case, body: object, inner: int) -> bool:
    if case.call is not Call.SUBMIT:
        # of an error within a 200 only what concerns everybody is believed: the job is paid for
        return inner in {401, 402, 403, 429}
    if names_video(body):
        return False  # it complains, and gives an id all the same: a person has to look
    return 400 <= inner < 500 or (inner == 503 and case.said.about_content)  # noqa: PLR2004


def _refused(case: _Case) -> Verdict:
    """Judge an explicit error, told by the status line or from within a 2xx."""
    if _asks_for_the_model(case) and case.said.about_model:
        return case.stop(StopReason.MODEL_GONE)
    if _is_broke(case):
        return case.stop(StopReason.BALANCE_EMPTY)
    if case.status in _BY_STATUS:
        return _BY_STATUS[case.status](case)
    return _not_liked(case) if case.status in _REFUSING else _unclear(case)


def _is_broke(case: _Case) -> bool:
    # of a 5xx no word is believed that would let the submit be sent again
    return case.status == 402 or (case.status in _REFUSING and case.said.money_code)  # noqa: PLR2004


def _asks_for_the_model(case: _Case) -> bool:
    if case.status not in _REFUSING and case.status != 503:  # noqa: PLR2004 - gateways say it so
        return False
    if case.call is Call.SUBMIT:
        return True
    return case.call is Call.POLL and case.age_s >= EARLY_S


def _forbidden(case: _Case) -> Verdict:
    if case.said.html:
        if case.call is Call.SUBMIT:
            return case.stop(StopReason.EDGE_BLOCK)
        return case.verdict(Kind.PAUSE, hints.EDGE)
    if case.said.about_money:
        return case.stop(StopReason.BALANCE_EMPTY)
    if case.said.about_content:
        return _not_liked(case)
    return case.stop(StopReason.KEY_REFUSED)


def _throttled(case: _Case) -> Verdict:
    if case.said.about_concurrency:
        return replace(case.verdict(Kind.PAUSE, hints.CONCURRENCY), concurrency=True)
    wait_s = case.wait_s if case.wait_s is not None else reset_s(case.response.headers)
    return replace(case.verdict(Kind.PAUSE, hints.RATE), wait_s=wait_s)


def _unavailable(case: _Case) -> Verdict:
    if case.said.about_content:
        return _not_liked(case)
    if case.wait_s is not None or case.said.about_overload:
        return case.verdict(Kind.PAUSE, hints.OVERLOAD)
    return _unclear(case)


def _missing(case: _Case) -> Verdict:
    match case.call:
        case Call.SUBMIT:
            return case.stop(StopReason.WRONG_ADDRESS)
        case Call.LIST:
            return Verdict(Kind.OK)  # it simply has no list
        case Call.DOWNLOAD:
            return _not_there(case)
        case Call.POLL:
            # a page is not the API's own word, and this job is paid for
            if case.age_s < EARLY_S or case.said.html:
                return case.verdict(Kind.RETRY, hints.LATER)
            return case.verdict(Kind.REJECT, hints.GONE, Reason.EXPIRED)
        case _:
            assert_never(case.call)


def _not_there(case: _Case) -> Verdict:
    if case.expired:
        return case.verdict(Kind.REJECT, hints.GONE, Reason.EXPIRED)
    return case.verdict(Kind.NOT_READY, hints.LATER)


def _not_liked(case: _Case) -> Verdict:
    """Judge a 400 and its like, and a policy refusal under whatever status."""
    if case.call is Call.DOWNLOAD:
        return _not_there(case)
    if case.call is Call.LIST:
        return case.verdict(Kind.RETRY, hints.LATER)  # no job is refused by a refused list
    if case.said.about_policy or case.said.status == 503:  # noqa: PLR2004
        return case.verdict(Kind.REJECT, hints.MODERATED, Reason.MODERATED)
    if case.call is Call.SUBMIT or case.status in _REFUSALS:
        return case.verdict(Kind.REJECT, hints.REJECTED, Reason.REJECTED)
    return case.verdict(Kind.RETRY, hints.LATER)


def _unclear(case: _Case) -> Verdict:
    if case.call is Call.DOWNLOAD and case.status == 409:  # noqa: PLR2004
        return _not_there(case)
    if case.call is not Call.SUBMIT:
        return case.verdict(Kind.RETRY, hints.LATER)
    doubt = case.verdict(Kind.DOUBT, hints.DOUBT)
    return replace(doubt, evidence=evidence_of(case.response))


def _patience(call: Call, verdict: Verdict, response: Response) -> Verdict:
    """Turn a wait of over a quarter of an hour into a stop that names the time to come back."""
    if verdict.kind not in {Kind.PAUSE, Kind.RETRY} or (verdict.wait_s or 0.0) <= LONG_WAIT_S:
        return verdict
    back = response.at + timedelta(seconds=verdict.wait_s or 0.0)
    reason = StopReason.NO_ORDERS if call is Call.SUBMIT else StopReason.LONG_WAIT
    what, mend = hints.STOPS[reason]
    stop = Stop(reason, what, f"{mend} {back:%Y-%m-%d %H:%M:%S} UTC")
    return replace(verdict, kind=Kind.STOP, stop=stop)


def _is_success(status: int) -> bool:
    return 200 <= status < 300  # noqa: PLR2004 - HTTP's own borders


_BY_STATUS: dict[int, Callable[[_Case], Verdict]] = {
    401: lambda case: case.stop(StopReason.KEY_REFUSED),
    403: _forbidden,
    404: _missing,
    405: _missing,
    407: lambda case: case.stop(StopReason.WRONG_ADDRESS),  # a proxy's word, not the service's
    410: _missing,
    429: _throttled,
    501: lambda case: _missing(case) if case.call is Call.LIST else _unclear(case),
    503: _unavailable,
}
