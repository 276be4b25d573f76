"""`batchsora doctor`."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from batchsora.cli.checkup import (
    Finding,
    Mark,
    check_disk,
    check_software,
    note,
    ok,
    wrong,
)
from batchsora.cli.options import place_options, service_options
from batchsora.cli.printing import Span, out, out_exactly
from batchsora.cli.words import span_text
from batchsora.errors import StopReason, UsageError
from batchsora.job import Fault
from batchsora.library.connecting import Reach
from batchsora.library.exits import BY_REASON, DONE, STOPPED, USAGE, gravest
from batchsora.library.targets import run_folder
from batchsora.models import BUILT_IN
from batchsora.service import hints
from batchsora.service.client import Auth, Offer, VideoService
from batchsora.service.verdicts import Kind, Verdict

PATIENCE_S = 30.0  # for both looks at the service: a person waits
MODELS_SHOWN = 6
STYLES = {Mark.OK: "good", Mark.NOTE: "wait", Mark.WRONG: "bad"}
CHECK_WIDTH = 10
INDENT = 5 + 2 + CHECK_WIDTH + 2  # mark, name
_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")


@click.command("doctor")
@place_options
@service_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def command(*, as_json: bool, **options: Any) -> int:
    """Tell what would go wrong before it does: versions, disk, key, address, models, clock.

    It asks the service for lists only: nothing is bought. What is tried on the disk is gone
    afterwards. The exit code is the one that a run would end with.

    Example: batchsora doctor --env-file .env
    """
    found: list[Finding] = []
    for finding in _findings(options):
        found.append(finding)
        if not as_json:
            _print(finding)
    code = gravest(finding.code for finding in found)
    if as_json:
        out_exactly(json.dumps(_object(found, code), ensure_ascii=False))
    else:
        out(_sum_text(found))
    return code


def _findings(options: dict[str, Any]) -> Iterator[Finding]:
    reach = Reach.read(options, simulate=options["simulate"])
    yield from check_software(simulate=reach.simulate)
    yield from check_disk(options["out_dir"] or run_folder(Path("any.yaml"), "", simulate=False))
    if reach.simulate:
        yield ok("service", "the embedded simulator: no key, no money")
        return
    try:
        address = reach.called
    except UsageError as error:
        yield wrong("address", error.what, error.mend, USAGE)
        return
    # as Reach finds it
    names = ("GPTPROTO_API_KEY", *("OPENAI_API_KEY",) * (reach.base_url is not None))
    name = next((it for it in names if os.environ.get(it)), None)
    key = _key(reach, name)
    yield key
    yield from _proxy(reach)
    if key.mark is Mark.WRONG:
        if name is not None:
            return
        reach = replace(reach, auth=Auth.NONE)  # whether the address answers, it tells without one
    yield from asyncio.run(_asked(reach, address, keyless=key.mark is Mark.WRONG))


def _key(reach: Reach, name: str | None) -> Finding:
    try:
        if reach.key() is None:
            return note("key", "none is sent: --auth none")
    except UsageError as error:
        mend = error.mend or "set it anew, without blanks"
        if name is None and Path(".env").is_file() and not _is_file_named():
            mend = "a .env is read only when it is named: --env-file .env"
        return wrong("key", error.what, mend, USAGE)
    return ok("key", f"{name} is set, and sent as {reach.auth}")


def _is_file_named() -> bool:
    source = click.get_current_context().get_parameter_source("env_file")
    return source is not ParameterSource.DEFAULT


def _proxy(reach: Reach) -> Iterator[Finding]:
    name = next((it for it in _PROXIES if os.environ.get(it)), None)
    if name and not reach.trust_env:
        yield note("proxy", f"{name} is set, and not used", "--trust-env uses it")
    elif name:
        yield ok("proxy", f"the one of {name} is used")


# -- the service -----------------------------------------------------------------------------------


async def _asked(reach: Reach, address: str, *, keyless: bool) -> list[Finding]:
    """Ask the service for its lists, and say what its answers mean."""
    try:
        async with asyncio.timeout(PATIENCE_S), reach.open(Path()) as service:
            return await _answers(service, address, keyless=keyless)
    except TimeoutError:
        what = f"{address} does not answer within {PATIENCE_S:.0f} s"
        return [wrong("address", what, _LOOK, STOPPED)]


async def _answers(service: VideoService, address: str, *, keyless: bool) -> list[Finding]:
    offer, verdict = await service.models()
    if keyless and _says(verdict, StopReason.KEY_REFUSED):
        return [ok("address", f"{address} answers, and wants a key")]
    if refused := _refusal(verdict, address):
        return [refused]
    listed, of_list = await service.newest(1)
    return [
        ok("address", f"{address} answers"),
        *([_models(offer), *_clock(offer)] if offer else []),
        _refusal(of_list, address) or _list(offered=listed is not None),
    ]


def _list(*, offered: bool) -> Finding:
    if offered:
        return ok("list", "offered: what became of a request whose answer is lost is looked up")
    return note("list", "not offered: a request whose answer is lost needs a look by a person")


def _says(verdict: Verdict, reason: StopReason) -> bool:
    return verdict.stop is not None and verdict.stop.reason is reason


def _refusal(verdict: Verdict, address: str) -> Finding | None:
    """Say what an answer has against a run; None where it is a good one."""
    if verdict.kind is Kind.OK:
        return None
    if (stop := verdict.stop) is not None:
        return wrong(
            _BY_STOP.get(stop.reason, "address"), stop.what, stop.mend, BY_REASON[stop.reason]
        )
    fault = verdict.fault or Fault("unclear", "an answer that says nothing")
    if fault.hint == hints.EDGE:
        what, mend = hints.STOPS[StopReason.EDGE_BLOCK]
        return wrong("address", what, mend, STOPPED)
    if verdict.kind is Kind.PAUSE:
        return note("address", f"{address} is busy: {fault.message}", "try again later")
    said = _OF_PROGRAMS.sub("", fault.message)
    mend = "name the file of a private CA with SSL_CERT_FILE" if "certificate" in said else _LOOK
    return wrong("address", f"{address}: {said}", mend, STOPPED)


_LOOK = "check the network and --base-url"
_OF_PROGRAMS = re.compile(
    r"^\w+: (\[Errno -?\d+\] )?"
)  # names of errors, which tell a person nothing
_BY_STOP = {StopReason.KEY_REFUSED: "access", StopReason.BALANCE_EMPTY: "balance"}


def _models(offer: Offer) -> Finding:
    if offer.models is None:
        return note("models", "no list is offered: whether a model is there, an order tells")
    known = [name for name in BUILT_IN if name in offer.models]
    if known:
        return ok("models", f"{', '.join(known)}; {len(offer.models)} on offer")
    others = ", ".join(offer.models[:MODELS_SHOWN]) + ", …" * (len(offer.models) > MODELS_SHOWN)
    what = f"{' and '.join(BUILT_IN)} are not on offer, but {others or 'nothing'}"
    return note("models", what, "write a card for one of those, and name it in the manifest")


def _clock(offer: Offer) -> Iterator[Finding]:
    if offer.clock_ahead is None:
        return
    if not offer.clock_ahead:
        yield ok("clock", "agrees with the service's")
        return
    span = span_text(abs(offer.clock_ahead.total_seconds()))
    where = "ahead of" if offer.clock_ahead > timedelta(0) else "behind"
    yield note("clock", f"{span} {where} the service's", "set it: reports tell times by it")


# -- what is shown ---------------------------------------------------------------------------------


def _print(finding: Finding) -> None:
    first, *more = _lines(finding.what)
    mark = Span(f"{finding.mark:<5}", STYLES[finding.mark])
    out((mark, Span(f"  {finding.check:<{CHECK_WIDTH}}  {first}")))
    for line in [*more, *(_lines(f"mend: {finding.mend}") if finding.mend else ())]:
        out(f"{'':<{INDENT}}{line}")


def _lines(text: str) -> list[str]:
    """Break a text at a terminal's edge; programs that read along get a line."""
    if not sys.stdout.isatty():
        return [text]
    columns = shutil.get_terminal_size().columns
    return textwrap.wrap(text, max(20, columns - INDENT - 1), break_on_hyphens=False) or [""]


def _sum_text(found: list[Finding]) -> str:
    faults = sum(finding.mark is Mark.WRONG for finding in found)
    notes = sum(finding.mark is Mark.NOTE for finding in found)
    told = f", {notes} note{'s' * (notes != 1)}" if notes else ""
    if faults:
        return f"{faults} thing{'s' * (faults != 1)} wrong{told}"
    return f"nothing is wrong{told}"


def _object(found: list[Finding], code: int) -> dict[str, Any]:
    checks = [
        {"check": it.check, "mark": it.mark.value, "what": it.what, "mend": it.mend} for it in found
    ]
    return {"ok": code == DONE, "exit_code": code, "checks": checks}
