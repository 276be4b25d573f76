"""What an error body says, whatever its shape. Pure."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

MESSAGE_CHARS = 500  # a sentence or three; an HTML page is not a message
CODE_CHARS = 80
# Of one answer. A list of a hundred jobs has some thousands of values, and prompts with commas; but
# `{},{},` to its end would take twenty-five times its bytes, and a text with one emoji four times.
MOST_VALUES = 300_000
MOST_TEXT_BYTES = 16 << 20  # in memory: a hundred prompts of 32,000 characters, four bytes each
DEEPEST_ERROR = 4  # errors within errors; a gateway wraps another's once or twice

_POLICY = re.compile(
    r"moderat(?!e(ly)?\b)|content[ _-]?policy|policy[ _-]?violation|violat\w* .{0,40}polic"
    r"|usage polic"
    r"|safety|guideline|sensitive content|prohibited content|content[ _-]filter|nsfw"
    r"|human faces?|敏感|违规|copyright(?!\s*(\(c\)|©|\d))|third[ -]party (content|similarity)",
    re.IGNORECASE,
)
_POLICY_LOOSE = re.compile(r"\bpolic(y|ies)\b", re.IGNORECASE)
_MONEY_CODE = re.compile(
    r"insufficient[ _](user[ _]|account[ _])?(quota|balance|credits?|funds)"
    r"|余额不足|额度不足|credit_balance_exhausted"
    r"|spend_limit_exceeded|usage_limit_exceeded|billing_|quota_exhausted|arrears"
    r"|balance_not_enough|pre_consume_token_quota_failed",
    re.IGNORECASE,
)
_MONEY_TEXT = re.compile(
    r"\bbalance\b|billing|out of credits?"
    r"|exceeded your current quota|quota (is )?(exhausted|not enough|insufficient)|top[ -]?up"
    r"|recharge|payment",
    re.IGNORECASE,
)
_MODEL_CODE = re.compile(
    r"model_(not_(found|available|exist\w*)|deprecated|retired)", re.IGNORECASE
)
_MODEL_TEXT = re.compile(
    r"no (available )?(channel|provider)s? .{0,20}for model|无可用渠道"
    # the model itself is missing, not a size or a length "for model x"
    r"|\bmodel:?\s+(['\"`]?[\w./:@-]{1,80}['\"`]?\s+)?"
    r"((is|was|does|do|has|have|been|could|currently)\s+)*"
    r"(not (be )?(found|exist|available|offered|supported)|n[o']t exist|doesn't exist"
    r"|no longer|deprecated|retired|removed|shut ?down|discontinued)"
    r"|(unknown|no such|unsupported|invalid) model\b(?! ?param)",
    re.IGNORECASE,
)
_CONCURRENCY = re.compile(
    r"concurren|too many (running|active|pending|parallel)|running (tasks|jobs)"
    r"|in[ -]progress limit",
    re.IGNORECASE,
)
_OVERLOAD = re.compile(
    r"overload|at capacity|no capacity|capacity exceeded|server (is )?busy|system (is )?busy"
    r"|too many requests|high (load|demand)|heavy load|slow down",
    re.IGNORECASE,
)
_PAGE = re.compile(rb"\s*<[!?a-z]", re.IGNORECASE)  # the API itself speaks JSON, or nothing
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+")
_SURROGATE = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Complaint:
    """An error body in our words; everything in it may be empty."""

    code: str = ""
    message: str = ""
    status: int | None = None  # an HTTP status told inside the body
    html: bool = False
    param: str = ""  # the field that is not liked

    @property
    def text(self) -> str:
        """Give code and message as one text to look for words in."""
        return f"{self.code} {self.message}"

    @property
    def about_content(self) -> bool:
        """Tell whether it refuses the prompt or the image for what they show."""
        return not self.html and _POLICY.search(self.text) is not None

    @property
    def about_policy(self) -> bool:
        """Tell the same, taking any word of a policy for that."""
        return self.about_content or (not self.html and bool(_POLICY_LOOSE.search(self.text)))

    @property
    def money_code(self) -> bool:
        """Tell whether its code is one that only money mends."""
        return not self.html and _MONEY_CODE.search(self.text) is not None

    @property
    def about_money(self) -> bool:
        """Tell whether it speaks of the balance."""
        return not self.html and (self.money_code or _MONEY_TEXT.search(self.text) is not None)

    @property
    def about_model(self) -> bool:
        """Tell whether it says that there is no such model."""
        if self.html:
            return False
        if self.param == "model" or _MODEL_CODE.search(self.code):
            return True
        return _MODEL_TEXT.search(self.message) is not None

    @property
    def about_concurrency(self) -> bool:
        """Tell whether it says that too many jobs are in flight."""
        return _CONCURRENCY.search(self.text) is not None

    @property
    def about_overload(self) -> bool:
        """Tell whether it says that the service has too much to do."""
        return not self.html and _OVERLOAD.search(self.text) is not None


def clean(text: str, chars: int = MESSAGE_CHARS) -> str:
    """Make a stranger's text fit to be shown: one line, no control characters, cut."""
    text = _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text[: chars * 4])
    text = " ".join(_CONTROL.sub(" ", text).split())
    return text if len(text) <= chars else text[: chars - 1] + "…"


def read_json(body: bytes) -> Any:
    """Parse JSON; None where it is none, or is nested too deep, or too much, to be honest."""
    if sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        return None
    # half a character in a prompt is no reason to lose the id beside it
    text = body.decode("utf-8-sig", "replace")
    if sys.getsizeof(text) > MOST_TEXT_BYTES:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def read_complaint(body: bytes, content_type: str = "") -> Complaint:
    """Read an error body of any of the known shapes."""
    if "html" in content_type.lower() or _PAGE.match(body):
        return Complaint(message=_title(body), html=True)
    parsed = read_json(body)
    if isinstance(parsed, dict):
        return complaint_of(parsed)
    if isinstance(parsed, list | str):
        return Complaint(message=clean(_words(parsed)))
    return Complaint(message=clean(body[:4096].decode("utf-8", "replace")))


def complaint_of(found: Mapping[str, Any]) -> Complaint:
    """Read the error in a JSON object: in ``error``, in ``data``, or at the top."""
    error = found.get("error")
    for _ in range(DEEPEST_ERROR):
        if not isinstance(error, Mapping) or "error" not in error:
            break
        found, error = error, error["error"]
    outer = _flat(found)
    if isinstance(error, Mapping) and error:
        inner = _flat(error)
        if not (inner.message or inner.code):
            inner = Complaint(message=clean(_words(error)))
        return replace(inner, status=inner.status or outer.status)
    if isinstance(error, str | list) and error:
        return Complaint(outer.code, clean(_words(error)), outer.status)
    return outer


def _flat(found: Mapping[str, Any]) -> Complaint:
    codes = [_scalar(found.get(name)) for name in ("code", "type", "status_code", "status")]
    status = next((int(code) for code in codes if re.fullmatch(r"[1-5]\d\d", code)), None)
    # "error" says nothing; a number is the status, and a word says more
    words = [code for code in codes[:2] if code and not code.isdigit() and code != "error"]
    code = words[0] if words else (str(status) if status else "")
    message = next(
        (
            _words(found[name])
            for name in ("message", "msg", "detail", "error_message", "fail_reason", "reason")
            if found.get(name)
        ),
        "",
    )
    param = clean(_scalar(found.get("param")), CODE_CHARS)
    return Complaint(clean(code, CODE_CHARS), clean(message), status, param=param)


def _scalar(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ""
    return str(value).strip() if isinstance(value, str) or abs(value) < 10**9 else ""


def _words(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)[: MESSAGE_CHARS * 4]
    except (ValueError, RecursionError):
        return ""


def _title(page: bytes) -> str:
    found = re.search(rb"<title[^>]*>([^<]{1,400})", page[:65536], re.IGNORECASE)
    return clean(found[1].decode("utf-8", "replace")) if found else "an HTML page"
