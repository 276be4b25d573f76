"""Which addresses are talked to, and which are not."""

from __future__ import annotations

import socket
from ipaddress import IPv6Address, ip_address
from urllib.parse import quote
from urllib.request import getproxies, proxy_bypass

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from batchsora.errors import UsageError

MEND = "write it as https://host, with or without /v1"


def parse_base_url(text: str, *, insecure_http: bool) -> URL:
    """Read where the API is, without the final ``/v1``; a UsageError says what is wrong."""
    try:
        url = URL(text.strip())
        port = url.port  # a port that is none is only found out when it is asked for
    except ValueError as error:
        # the text itself is not shown: it may hold a password
        raise UsageError("the base URL is not a URL", MEND) from error
    if url.scheme not in {"http", "https"} or not url.host or not port:
        raise UsageError("the base URL needs http or https, and a host", MEND)
    if url.user is not None or url.password is not None:
        raise UsageError("the base URL must not hold a user or a password", MEND)
    if url.query_string or url.fragment or "?" in text or "#" in text:
        raise UsageError("the base URL must not hold a query or a fragment", MEND)
    if url.scheme == "http" and not (insecure_http or is_loopback(url)):
        raise UsageError(
            "the base URL is plain http: everybody on the way could read the key",
            "write https, or allow it with --insecure-http",
        )
    path = url.raw_path.rstrip("/").removesuffix("/v1").rstrip("/")
    return url.with_path(path or "/", encoded=True)


def api_url(base: URL, *parts: str) -> URL:
    """Build an address of the API, each part quoted whole: an id can't leave its place."""
    tail = "/".join(quote(part, safe="") for part in parts)
    return URL(f"{str(base).rstrip('/')}/v1/{tail}", encoded=True)


def same_origin(one: URL, other: URL) -> bool:
    """Tell whether scheme, host and port are the same: only then the key may go there."""
    return (one.scheme, one.host, one.port) == (other.scheme, other.host, other.port)


def is_loopback(url: URL) -> bool:
    """Tell whether an address is on this very machine."""
    host = (url.host or "").rstrip(".").lower()
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_public(host: str) -> bool:
    """Tell whether an IP address is one of the open internet; a name is no IP address."""
    try:
        address = ip_address(host.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast


def why_not(target: URL, base: URL) -> str:
    """Say why another host is not asked for a clip; empty where it may be."""
    if target.user is not None or target.password is not None:
        return "its address holds a password"
    if target.scheme == "http" and is_loopback(base) and is_loopback(target):
        return ""
    if target.scheme != "https" or not target.host:
        return "its address is not https"
    if is_loopback(base):
        return ""
    if _is_ip(target.host) and not is_public(target.host):
        return "its address is a private one"
    return ""


def _is_ip(host: str) -> bool:
    try:
        ip_address(host.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    return True


class PublicResolver(AbstractResolver):
    """Resolves names, and refuses those that lead into a private network."""

    def __init__(self) -> None:
        self._inner = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve a name; an OSError where any of its addresses is a private one."""
        found = await self._inner.resolve(host, port, family)
        # checked here, where the connection's own address comes from: asked twice, a name may
        # answer differently
        if not all(is_public(result["host"]) for result in found):
            raise OSError(None, "the name leads to a private address")
        return found

    async def close(self) -> None:
        """Close what is open."""
        await self._inner.close()


def proxy_for(url: URL) -> URL | None:
    """Name the environment's proxy for an address.

    aiohttp's own `trust_env` also reads ``.netrc``, and then fails where a key is sent.
    """
    if url.host is None or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    found = proxies.get(url.scheme) or proxies.get("all")
    return URL(found) if found else None
