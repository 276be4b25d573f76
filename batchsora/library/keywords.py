"""The keywords of `plan` and `run`: those of the commands' options that a program can mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from inspect import iscoroutinefunction
from typing import Any, TypedDict

from batchsora.errors import UsageError
from batchsora.library.asking import CONFIRM_ABOVE_USD, Asked
from batchsora.library.events import Event
from batchsora.library.manifests import AnyPath, Manifest
from batchsora.service.secret import Secret
from batchsora.settings import Rate, parse_usd

Target = Manifest | AnyPath
"""A manifest, or the path of one, or of a run folder."""

Usd = Decimal | str | int


class PlanOptions(TypedDict, total=False):
    """What `plan` can be told; `run` as well."""

    out_dir: AnyPath  # the run folder; default: runs/<name>, as for the command
    simulate: bool  # against the embedded simulator: no key, no money
    limit: int  # the first so many jobs of the manifest
    only: str | Iterable[str]  # ID, ID#TAKE, or globs of them
    tags: str | Iterable[str]  # jobs with any of these
    sample: int  # so many jobs drawn by chance, always the same ones
    retry_failed: bool
    max_cost: Usd
    max_doubts: int
    base_url: str
    insecure_http: bool


class RunOptions(PlanOptions, total=False):
    """What `run` can be told."""

    key: str | Secret  # default: GPTPROTO_API_KEY or, with base_url, OPENAI_API_KEY
    auth: str  # bearer, raw, api-key, none
    trust_env: bool  # use the proxy that HTTPS_PROXY names
    rate: Rate | str  # create requests: "60/1m"
    burst: int
    max_in_flight: int
    poll_interval: float  # seconds
    job_timeout: float  # seconds
    download_concurrency: int
    settle: float  # seconds
    max_attempts: int
    max_failures: int | str  # 20, or "5%"
    resend_absent: bool
    no_submit: bool  # only collect
    detach: bool  # only submit
    save_inputs: bool
    yes: bool  # spending is agreed to, however much it is
    confirm_above: Usd  # new spending up to this needs no agreement
    log_file: AnyPath
    on_event: Callable[[Event], object]


def known(options: Mapping[str, Any], names: type[TypedDict]) -> dict[str, Any]:  # type: ignore[valid-type]
    """Refuse keywords that nobody knows: one misspelt must not be a run without its budget."""
    for name in options:
        if name not in names.__annotations__:
            raise TypeError(f"unknown keyword argument: {name}")
    return {name: value for name, value in options.items() if value is not None}


def read_asked(target: Target, options: Mapping[str, Any]) -> Asked:
    """Read what a program asks for; raises UsageError and ManifestRefusedError."""
    manifest = target if isinstance(target, Manifest) else Manifest(target)
    if iscoroutinefunction(options.get("on_event")):
        mend = "give a function; it may put what it hears into a queue for others"
        raise UsageError("on_event is a coroutine function: nobody would wait for it", mend)
    if "tags" in options and not options["tags"]:
        raise UsageError("tags names none", "leave it away, and all jobs are meant")
    aim = manifest.aim(options.get("out_dir"), simulate=bool(options.get("simulate")))
    told = {**options, "confirm_above": _usd(options.get("confirm_above", CONFIRM_ABOVE_USD))}
    return Asked.read(aim, told)


def _usd(amount: Usd) -> Decimal:
    try:
        return parse_usd(f"{amount:f}" if isinstance(amount, Decimal) else str(amount))
    except ValueError as error:
        mend = "give it such a value, or leave it away"
        raise UsageError(f'confirm_above must be {error}, not "{amount}"', mend) from error
