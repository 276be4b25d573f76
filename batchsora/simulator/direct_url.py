"""Direct URLs: signed links to a clip that need no key, and must not be given one."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import quote

from batchsora.simulator.refusal import Refusal

if TYPE_CHECKING:
    from aiohttp import web

    from batchsora.simulator.job import Job

STORE_ERROR = '<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code></Error>'


def other_origin(request: web.Request) -> str:
    """Return this server's address under another host name: to a client, another host."""
    socket = request.transport and request.transport.get_extra_info("sockname")
    port = socket[1] if socket else 80
    here = request.host.partition(":")[0]
    return f"http://{'127.0.0.1' if here == 'localhost' else 'localhost'}:{port}"


def direct_url(request: web.Request, job: Job, expires_at: int) -> str:
    """Return a link to the job's clip that is good until `expires_at` (epoch seconds)."""
    query = f"expires={expires_at}&signature={_signature(job.id, str(expires_at))}"
    return f"{other_origin(request)}/signed/{quote(job.id, safe='')}?{query}"


def check_direct_url(request: web.Request, job_id: str, now: float) -> None:
    """Raise Refusal unless the link is as it was given out, in time, and came without a key."""
    if "Authorization" in request.headers or "api-key" in request.headers:
        # As object stores do. A client that sends its key here has given it to a stranger.
        raise store_error(400, "OnlyOneAuthMechanismAllowed")
    expires = request.query.get("expires", "")
    signature = request.query.get("signature", "")
    if not hmac.compare_digest(
        signature.encode(errors="replace"), _signature(job_id, expires).encode()
    ):
        raise store_error(403, "SignatureDoesNotMatch")
    if now >= int(expires):
        raise store_error(403, "AccessDenied")


def store_error(status: int, code: str) -> Refusal:
    """Return an error as object stores write it."""
    return Refusal(status, STORE_ERROR.format(code=code))


def _signature(job_id: str, expires: str) -> str:
    # Not secret: it finds links that were changed on the way, not forgers.
    return hashlib.sha256(f"{job_id} {expires}".encode(errors="replace")).hexdigest()
