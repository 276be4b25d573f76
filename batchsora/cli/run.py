"""`batchsora run`."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click
from platformdirs import user_state_path

from batchsora.cli.exits import BY_REASON, IN_DOUBT, LEFT, SOME_FAILED, gravest
from batchsora.cli.plan import show_plan
from batchsora.cli.targets import run_folder
from batchsora.errors import Stop, StopReason, UsageError
from batchsora.job import State
from batchsora.ledger.ledger import Ledger
from batchsora.manifest import Manifest, open_manifest
from batchsora.runner.campaign import carry_out, keep_manifest, take_in
from batchsora.runner.planning import Choice
from batchsora.runner.progress import NEWS, Told, Totals
from batchsora.runner.stopping import Stopping
from batchsora.service.client import Auth, Secret, VideoService, parse_base_url
from batchsora.settings import SETTINGS, Settings, parse_setting, settle
from batchsora.simulator import Scenario, serving

GPTPROTO = "https://gptproto.com"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _setting_options(function: Any) -> Any:
    for name in reversed(list(SETTINGS)):
        option = f"--{name.replace('_', '-')}"
        function = click.option(option, name, envvar=f"BATCHSORA_{name.upper()}")(function)
    return function


@click.command("run")
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("-o", "--out-dir", type=click.Path(path_type=Path), envvar="BATCHSORA_OUT_DIR")
@click.option("--simulate", is_flag=True, envvar="BATCHSORA_SIMULATE", help="No key, no money.")
@click.option("-n", "--dry-run", is_flag=True, help="The same as `batchsora plan`.")
@click.option("--base-url", envvar=["BATCHSORA_BASE_URL", "GPTPROTO_BASE_URL"])
@click.option("--auth", type=click.Choice([it.value for it in Auth]), default="bearer")
@click.option("--insecure-http", is_flag=True, help="Allow http beyond loopback.")
@click.option("--limit", type=click.IntRange(0), help="The first N jobs.")
@click.option("--only", help="These jobs: ID,ID#TAKE or globs of them.")
@click.option("--tag", "tags", multiple=True, help="Jobs with any of these tags.")
@click.option("--retry-failed", is_flag=True, help="Put failed jobs back: new purchases.")
@click.option("-q", "--quiet", is_flag=True)
@_setting_options
def command(manifest: Path, **options: Any) -> int:
    """Plan, submit, wait, download, report. Run again, it resumes.

    Example: batchsora run manifests/campaign.yaml --simulate
    """
    opened = open_manifest(manifest)
    simulated = options["simulate"]
    folder = run_folder(manifest, opened.name, options["out_dir"], simulated=simulated)
    only = tuple(filter(None, (options["only"] or "").split(",")))
    choice = Choice(options["limit"], only, frozenset(options["tags"]))
    if options["dry_run"]:
        show_plan(opened, folder, choice)
        return 0
    settings = settle(opened.settings, _flags(options))
    return asyncio.run(_run(opened, folder, settings, choice, options))


def _flags(options: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in SETTINGS:
        if options[name] is not None:
            try:
                found |= parse_setting(name, options[name])
            except ValueError as error:
                option = f"--{name.replace('_', '-')}"
                raise UsageError(f"{option} must be {error}, not {options[name]!r}") from error
    return found


async def _run(
    manifest: Manifest, folder: Path, settings: Settings, choice: Choice, options: dict[str, Any]
) -> int:
    stopping = Stopping()
    _listen(stopping)
    async with open_service(folder, options) as (service, called):
        with Ledger(folder, rescue_file=rescue_file()) as ledger:
            ledger.claim(manifest.name, called, _relative(manifest.path, folder), manifest.columns)
            chosen = take_in(manifest, ledger, choice, retry_failed=options["retry_failed"])
            if not chosen and not choice.everything:
                raise UsageError("no job of the manifest is chosen", "see --limit, --only, --tag")
            keep_manifest(manifest.path, folder)
            totals = await carry_out(
                manifest,
                ledger,
                service,
                settings,
                choice=choice,
                stopping=stopping,
                tell=_silent if options["quiet"] else _tell,
            )
    _sum_up(totals, stopping, folder)
    return _code(totals, stopping)


@asynccontextmanager
async def open_service(
    folder: Path, options: dict[str, Any]
) -> AsyncIterator[tuple[VideoService, str]]:
    """Open the service to talk to, and say what the ledger calls it."""
    if options["simulate"]:
        state = folder / "work" / "simulator"
        async with (
            serving(state, Scenario()) as url,
            _client(url, Secret("simulated"), options) as it,
        ):
            yield it, "simulator"
        return
    url, key = _address(options)
    async with _client(url, key, options) as it:
        yield it, str(parse_base_url(url, insecure_http=options["insecure_http"]))


def _client(url: str, key: Secret | None, options: dict[str, Any]) -> VideoService:
    base = parse_base_url(url, insecure_http=options["insecure_http"])
    return VideoService(base, key, auth=Auth(options["auth"]))


def _address(options: dict[str, Any]) -> tuple[str, Secret | None]:
    url = options["base_url"]
    key = os.environ.get("GPTPROTO_API_KEY")
    if not key and url:
        key = os.environ.get("OPENAI_API_KEY")
    if not key and options["auth"] != "none":
        raise UsageError(
            "no key: GPTPROTO_API_KEY is not set",
            "export GPTPROTO_API_KEY=sk-…, or rehearse with --simulate, which needs none",
        )
    return url or GPTPROTO, Secret(key) if key else None


def _listen(stopping: Stopping) -> None:
    def asked(number: signal.Signals) -> None:
        if any(it.reason is StopReason.INTERRUPTED for it in stopping.stops):
            os._exit(130)  # as after a power cut, which the ledger is made for
        stopping.ask(Stop(StopReason.INTERRUPTED, f"stopped by {number.name}", "run it again"))

    loop = asyncio.get_running_loop()
    for number in SIGNALS:
        loop.add_signal_handler(number, asked, number)


def rescue_file() -> Path:
    """Say where ids go that the ledger's disk would not take: into another folder than its own."""
    return user_state_path("batchsora") / "rescue.jsonl"


def _relative(manifest: Path, folder: Path) -> str:
    return Path(os.path.relpath(manifest, folder)).as_posix()


def _silent(_: Told) -> None:
    pass


def _tell(told: Told) -> None:
    if told.job is None:
        click.echo(told.message, err=True)
    elif told.what in NEWS:
        job = told.job
        more = f": {job.fault.message}" if job.fault else f" → {job.clip.file}" if job.clip else ""
        click.echo(f"{told.at:%H:%M:%S} {job.name} {told.what.replace('_', ' ')}{more}", err=True)


def _sum_up(totals: Totals, stopping: Stopping, folder: Path) -> None:
    for stop in stopping.stops:
        click.echo(f"stopped: {stop.what}\n  mend: {stop.mend}", err=True)
    states = ", ".join(f"{totals.states[it]} {it.value}" for it in State if totals.states[it])
    click.echo(f"{states or 'nothing to do'}; spent {totals.spent_usd:.2f} USD; {folder}")


def _code(totals: Totals, stopping: Stopping) -> int:
    states = totals.states
    left = sum(states[it] for it in (State.RUNNING, State.RENDERED, State.PENDING))
    found = [BY_REASON[it.reason] for it in stopping.stops]
    found += [IN_DOUBT] * (states[State.IN_DOUBT] > 0)
    found += [LEFT] * (left > 0)
    found += [SOME_FAILED] * (states[State.FAILED] > 0)
    return gravest(found)
