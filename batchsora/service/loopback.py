"""Which addresses lead to this very machine. Pure, and apart from what is heavy to import."""

from __future__ import annotations

from ipaddress import ip_address

from yarl import URL


def is_loopback(url: URL) -> bool:
    """Tell whether an address is on this very machine."""
    host = (url.host or "").rstrip(".").lower()
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
