"""Which addresses are talked to, and which are not."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote
from urllib.request import getproxies, proxy_bypass

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from batchsora.errors import UsageError
from batchsora.service.loopback import is_loopback

MEND = "write it as https://host, with or without /v1"
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: an IPv4 address stands in its last 32 bits
_UNICAST = IPv6Network("2000::/3")  # RFC 4291, 2.5.4: of IPv6 no more than this is the internet

# an IP address, and what some resolvers take for one: 127.1, 2130706433, 0x7f.1, 127.0.0.1.
_NUMERIC = re.compile(r":|(^|\.)(\d+|0x[0-9a-f]*)\.?$", re.IGNORECASE)

_ENDPOINT = re.compile(r"/v1/+videos(/|$)")  # as one copies it from a provider's page


class ProxyError(ValueError):
    """The environment names a proxy that is no HTTP proxy."""


class PrivateAddressError(OSError):
    """A name leads into a private network."""


def parse_base_url(text: str, *, insecure_http: bool) -> URL:
    """Read where the API is, without the final ``/v1``; a UsageError says what is wrong."""
    try:
        url = URL(text.strip())
        sound = _is_sound(url)
    except ValueError as error:
        # the text itself is not shown: it may hold a password
        raise UsageError("the base URL is not a URL", MEND) from error
    if url.scheme not in {"http", "https"} or not sound:
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
    if _ENDPOINT.search(url.path):
        raise UsageError("the base URL leads to the videos, not to the API", "leave /videos away")
    path = url.raw_path.rstrip("/").removesuffix("/v1").rstrip("/")
    return url.with_path(path or "/", encoded=True)


def api_url(base: URL, *parts: str) -> URL:
    """Build an address of the API, each part quoted whole: an id can't leave its place."""
    tail = "/".join(quote(part, safe="") for part in parts)
    return URL(f"{str(base).rstrip('/')}/v1/{tail}", encoded=True)


def parse_link(text: str, page: URL | None = None) -> URL | None:
    """Read a link, relative to the page it stands on; None where it is no address."""
    try:
        # a signature is part of the text: it must arrive as it was written
        link = URL(text, encoded=text.isascii())
        link = page.join(link) if page is not None and not link.scheme else link
        return link if _is_sound(link) else None
    except ValueError:
        return None


def _is_sound(url: URL) -> bool:
    """Tell whether host and port can be used; a ValueError where they can't even be read."""
    # both are only looked at when they are asked for; the resolver's own encoding is IDNA
    return bool(url.host and url.port and url.host.encode("idna"))


def same_origin(one: URL, other: URL) -> bool:
    """Tell whether scheme, host and port are the same: only then the key may go there."""
    return _origin(one) == _origin(other)


def _origin(url: URL) -> tuple[str, str, int | None]:
    return url.scheme, (url.host or "").lower(), url.port


def is_public(host: str) -> bool:
    """Tell whether an IP address is one of the open internet; a name is no IP address."""
    address = _ip(host)
    if isinstance(address, IPv6Address):
        address = _inner(address) or (address if address in _UNICAST else None)
    return address is not None and address.is_global and not address.is_multicast


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Give the IPv4 address that an IPv6 address leads to, where it does."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def why_not(target: URL, *, loopback: bool, plain_http: bool = False) -> str:
    """Say why an address that somebody else wrote is not asked; empty where it may be.

    `loopback` lets it be on this very machine; `plain_http` says that nobody minds who reads along.
    """
    if target.user is not None or target.password is not None:
        return "its address holds a password"
    if target.scheme not in {"http", "https"}:
        return "its address is not http or https"
    if loopback and is_loopback(target):
        return ""
    if target.scheme == "http" and not plain_http:
        return "its address is not https"
    host = target.host or ""
    if is_loopback(target) or (_NUMERIC.search(host) and not is_public(host)):
        return "its address is a private one"
    return ""


def _ip(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.split("%", maxsplit=1)[0])
    except ValueError:
        return None


class PublicResolver(AbstractResolver):
    """Resolves names, and refuses those that lead into a private network."""

    def __init__(self, *, loopback: bool = False) -> None:
        self._inner = ThreadedResolver()
        self._loopback = loopback  # this very machine is allowed

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve a name; a PrivateAddressError where any of its addresses is a private one."""
        found = await self._inner.resolve(host, port, family)
        # checked here, where the connection's own address comes from: asked twice, a name may
        # answer differently
        if not all(self._may_be_asked(result["host"]) for result in found):
            raise PrivateAddressError(None, "the name leads to a private address")
        return found

    def _may_be_asked(self, host: str) -> bool:
        address = _ip(host)
        own = self._loopback and address is not None and address.is_loopback
        return own or is_public(host)

    async def close(self) -> None:
        """Close what is open."""
        await self._inner.close()


def proxy_for(url: URL) -> URL | None:
    """Name the environment's proxy for an address; a ProxyError where it is no HTTP proxy.

    aiohttp's own `trust_env` also reads ``.netrc``, and then fails where a key is sent.
    """
    # what is on this machine needs none, and over plain http a proxy would read the key
    if url.host is None or is_loopback(url) or proxy_bypass(url.host):
        return None
    proxies = getproxies()
    found = proxies.get(url.scheme) or proxies.get("all")
    if not found:
        return None
    proxy = parse_link(found if "://" in found else f"http://{found}")
    if proxy is None or proxy.scheme not in {"http", "https"}:
        raise ProxyError
    return proxy
