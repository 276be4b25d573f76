"""A server's certificate that nobody signed but itself."""

import ssl
import tempfile
from pathlib import Path

# for localhost and 127.0.0.1; it keeps nothing secret and proves nothing
CERTIFICATE = """
MIIBmjCCAUGgAwIBAgIUf8oeyTTbctzcoVCvyibl4+hvS20wCgYIKoZIzj0EAwIwFDESMBAGA1UEAwwJbG9jYWxob3N0
MCAXDTI2MTEyNjEwNDcxM1oYDzIxMjYxMTAyMTA0NzEzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIB
BggqhkjOPQMBBwNCAAS68vGNqYII2HPFxWXEUbBNmq4CQA5mA6X+iACgS8okTRMXrpvjtOnWfIr9UpKSw3jgTdr9Jtws
prRX2qdeqo0Ao28wbTAdBgNVHQ4EFgQUXn2krLObuUUh9tL/9BSrsGtrlPQwHwYDVR0jBBgwFoAUXn2krLObuUUh9tL/
9BSrsGtrlPQwDwYDVR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZIzj0EAwIDRwAw
RAIgJgCOcHAwussMzruutMFR6EsIl7hkHEqXjRXSgVpYRGMCIDri9M5+fWa4/HVLeGWn8QGROHO0JGYmcCj0WVluiWzz
"""
ITS_KEY = """
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgeqocFLCLszmndimxtGsEF3r69a4qa6bn/HH3+VbkKFuh
RANCAAS68vGNqYII2HPFxWXEUbBNmq4CQA5mA6X+iACgS8okTRMXrpvjtOnWfIr9UpKSw3jgTdr9JtwsprRX2qdeqo0A
"""


def untrusted() -> ssl.SSLContext:
    """Make the context of a server with that certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w", suffix=".pem", encoding="ascii") as both:
        for name, content in (("PRIVATE KEY", ITS_KEY), ("CERTIFICATE", CERTIFICATE)):
            both.write(f"-----BEGIN {name}-----{content}-----END {name}-----\n")
        both.flush()
        context.load_cert_chain(Path(both.name))
    return context


def certless() -> ssl.SSLContext:
    """Make the context of a server with which no handshake comes to an end."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
