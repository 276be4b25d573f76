"""Why an image did not come, in words for a person, and whether it may yet. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType

import aiohttp

from batchsora.service.addresses import PrivateAddressError, ProxyError

LONGEST_WAIT_S = 30.0  # asked for by a host; a run can be started again after a longer one

RIGHT = "see that the address is right"
OPEN = "give an address that everybody can open: http or https, without a password"
NETWORK = "see that the network is there and the address right"
LATER = "run it again later: what was fetched is kept"
BY_HAND = "download it, and give the path of the file"
SMALLER = "give the address of a smaller one"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no image, in whole phrases without its address, and how to mend it."""

    what: str
    mend: str
    unreached: bool = False  # nobody answered: it may be the network


@dataclass(frozen=True, slots=True)
class Again:
    """The image may come when it is asked for once more."""

    refusal: Refusal
    wait_s: float | None = None  # as its host asks


_MENDS: Mapping[int, str] = MappingProxyType(
    {HTTPStatus.UNAUTHORIZED: OPEN, HTTPStatus.FORBIDDEN: f"{RIGHT}; else {BY_HAND}"}
)
_PASSING = frozenset({HTTPStatus.TOO_MANY_REQUESTS, *range(500, 600)})

# what may be otherwise the next time; the first that fits
_TOLD: Mapping[type[Exception], str] = MappingProxyType(
    {
        aiohttp.ClientConnectorDNSError: "the name of its host is not known",
        aiohttp.ClientSSLError: "no secure connection to its host",
        aiohttp.ClientConnectorError: "its host can't be reached",
        TimeoutError: "no answer in time",
        aiohttp.ClientPayloadError: "it broke off",
        aiohttp.ClientResponseError: "its host does not answer in HTTP",
        Exception: "the connection broke off",
    }
)
_UNREACHED = (aiohttp.ClientConnectorError, TimeoutError)


def refuse(why: str, mend: str, *, unreached: bool = False) -> Refusal:
    """Say why there is no image."""
    return Refusal(f"the image can't be fetched: {why}", mend, unreached)


def refuse_status(status: int, wait_s: float | None) -> Refusal | Again:
    """Say what an answer means that is not OK; `wait_s` is how long its host asks to wait."""
    if status not in _PASSING:
        return refuse(f"HTTP {status}", _MENDS.get(status, RIGHT))
    if wait_s is not None and wait_s > LONGEST_WAIT_S:
        return refuse(f"HTTP {status}, come back in {wait_s:.0f} s", LATER)
    return Again(refuse(f"HTTP {status}", LATER), wait_s)


def refuse_failure(error: Exception) -> Refusal | Again:
    """Say what a failure of the wire means; aiohttp's own words are for programmers."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return refuse("the certificate of its host is not trusted", RIGHT)
        case aiohttp.ClientConnectorError(os_error=PrivateAddressError()):
            return refuse("its address is a private one", OPEN)
        case ProxyError():
            return refuse("the environment's proxy is no http proxy", "mend HTTPS_PROXY")
        case aiohttp.ClientHttpProxyError():
            return refuse(f"the proxy refuses it: HTTP {error.status}", "ask who runs the proxy")
        case aiohttp.InvalidURL() | UnicodeError():
            return refuse("its address is none", RIGHT)
        case _:
            words = next(words for kind, words in _TOLD.items() if isinstance(error, kind))
            unreached = isinstance(error, _UNREACHED)
            return Again(refuse(words, NETWORK if unreached else LATER, unreached=unreached))
