"""Which service is talked to, and how: addresses, keys, the embedded simulator."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from yarl import URL

from batchsora.errors import UsageError
from batchsora.library.services import GPTPROTO, SIMULATOR
from batchsora.service.client import Auth, Secret, VideoService, parse_base_url
from batchsora.service.loopback import is_loopback


def _auth(way: str) -> Auth:
    try:
        return Auth(way)
    except ValueError:
        what = f'auth must be {", ".join(Auth)}, not "{way}"'
        raise UsageError(what, "leave it away for bearer") from None


def _secret(key: str | Secret | None) -> Secret | None:
    return Secret(key) if isinstance(key, str) else key


@dataclass(frozen=True, slots=True)
class Reach:
    """How a service is to be reached, as the options say."""

    base_url: str | None
    auth: Auth
    insecure_http: bool
    trust_env: bool
    simulate: bool
    given: Secret | None = None  # the key; None: it is in the environment

    @classmethod
    def read(cls, options: Mapping[str, Any], *, simulate: bool) -> Self:
        """Read the options that say so, by their names; raises UsageError."""
        return cls(
            base_url=options.get("base_url"),
            auth=_auth(options.get("auth") or Auth.BEARER),
            insecure_http=bool(options.get("insecure_http")),
            trust_env=bool(options.get("trust_env")),
            simulate=simulate,
            given=_secret(options.get("key")),
        )

    def for_run(self, folder: Path, service: str) -> Reach:
        """Reach the service that a run belongs to; raises UsageError where that is another one.

        A ledger is a file like any other, and may be a stranger's: beyond this machine it does not
        decide where the key goes.
        """
        reach = replace(self, simulate=service == SIMULATOR)
        if self.base_url is None and not reach.simulate and is_loopback(URL(service)):
            reach = replace(reach, base_url=service)
        if reach.called != service:
            what = f"{folder} was run against {service}, not against {reach.called}"
            raise UsageError(what, f"if that is where the key may go: --base-url {service}")
        return reach

    @property
    def called(self) -> str:
        """What a ledger calls the service; raises UsageError for what is no address."""
        if self.simulate:
            return SIMULATOR
        address = self.base_url or GPTPROTO
        return str(parse_base_url(address, insecure_http=self.insecure_http)).rstrip("/")

    def key(self) -> Secret | None:
        """Find the key in the environment; raises UsageError where one is needed and none is set.

        OpenAI's key goes to an address that was named only: it is not for GPTProto.
        """
        if self.simulate:
            return Secret("simulated")
        if self.given is not None:
            return self.given
        names = ["GPTPROTO_API_KEY", *["OPENAI_API_KEY"] * (self.base_url is not None)]
        found = next((os.environ[name] for name in names if os.environ.get(name)), None)
        if found is None and self.auth is not Auth.NONE:
            raise UsageError(
                f"no key: {' or '.join(names)} is not set",
                "export GPTPROTO_API_KEY=sk-…, or rehearse with --simulate, which needs none",
            )
        return None if found is None else Secret(found)

    @asynccontextmanager
    async def open(self, folder: Path) -> AsyncIterator[VideoService]:
        """Open the service; the simulator remembers its videos in the run folder."""
        if not self.simulate:
            async with self._client(self.called) as client:
                yield client
            return
        from batchsora.simulator import MediaMissing, Scenario, serving  # noqa: PLC0415 - few need it

        try:
            async with (
                serving(folder / "work" / "simulator", Scenario()) as url,
                self._client(url) as client,
            ):
                yield client
        except MediaMissing as error:
            raise UsageError(str(error)) from error

    def _client(self, url: str) -> VideoService:
        base = parse_base_url(url, insecure_http=self.insecure_http)
        auth = Auth.BEARER if self.simulate else self.auth
        return VideoService(base, self.key(), auth=auth, trust_env=self.trust_env)
