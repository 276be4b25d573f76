"""The key: in nothing that a run leaves, and only on its way to the service that was named.

Every fixture of this folder searches what a test left for the key, whatever went wrong in it.
"""

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from door.canary import see_no_key
from door.door import KEY, QUICK, Desk, Said, service

from batchsora.simulator import Fault

from .ended import CREATE, case, ends, left, read_ledger
from .front import Ask, changing, fronted
from .looped import met, story
from .typed import typed

PART = "Secrets"
SUN, RAIN, SNOW = "sun rises slowly", "rain on a window", "snow falls on a roof"
SHUT = 0o600


@pytest.mark.fault(
    PART,
    "a canary key, after a run in which all goes wrong",
    "in no output, log, ledger, report, argument of a process, nor in the service's record (6)",
)
def test_the_key_is_nowhere_after_a_run_and_every_look_at_it(desk: Desk, state: Path) -> None:
    desk.writes_rows(SUN, RAIN, SNOW)
    faults = (
        Fault("create", "moderated", match="rain"),
        Fault("create", "lost_after", match="snow"),
        Fault("poll", "html_200", times=1),
        Fault("content", "redirect"),
    )
    with service(state, list_endpoint=False, faults=faults) as shop:
        words = ("run", "work.yaml", "--base-url", shop.url, *QUICK, "-v", "--log-file", "own.log")
        process = desk.starts(*words, GPTPROTO_API_KEY=KEY)
        try:
            assert process.stderr is not None
            first = process.stderr.readline()
            arguments = Path(f"/proc/{process.pid}/cmdline")
            listed = arguments.read_bytes() if arguments.exists() else b""
            out, err = process.communicate()
        finally:
            process.kill()
        ran = Said(process.returncode, out, first + err)
        jobs = {"done": 1, "failed: moderated": 1, "in_doubt": 1}
        ends(left(desk, shop, ran), creates=3, jobs=jobs, code=6)
    looks = [
        typed(desk, *it) for it in (("status", "--json"), ("show", "runs/work", "*"), ("report",))
    ]
    see_no_key(desk.folder, ran, *looks, Said(0, listed.decode(), ""))
    assert (desk.folder / "own.log").stat().st_size


@pytest.mark.looptime
@pytest.mark.parametrize(
    ("status", "jobs", "code"),
    [
        case(
            400,
            {"failed: rejected": 1},
            1,
            fault=(PART, "a refusal that repeats the request's headers", "the key is masked (1)"),
        ),
        case(
            500,
            {"in_doubt": 1},
            6,
            fault=(
                PART,
                "a lost answer that repeats the request's headers",
                "kept with the key masked (6)",
            ),
        ),
    ],
)
async def test_an_answer_that_repeats_the_key_does_not_bring_it_into_the_run_folder(
    folder: Path, status: int, jobs: dict[str, int], code: int
) -> None:
    async def spoil(ask: Ask) -> web.StreamResponse:
        if ask.route != CREATE:
            return await ask.passed_on()
        assert KEY in ask.request.headers["Authorization"]
        told = {"message": str(dict(ask.request.headers)), "code": "odd"}
        return web.json_response({"error": told}, status=status)

    async with fronted(folder, story(list_endpoint=False), spoil) as front:
        ended = await met(folder, story(), front=front)
    ends(ended, creates=1, jobs=jobs, code=code)
    (job,) = read_ledger(folder / "run")
    assert "Authorization" in job["error_message"]  # it is kept, but for the key


@pytest.mark.looptime
@pytest.mark.fault(
    PART,
    "an error of aiohttp's that carries the Authorization header",
    "never logged whole; in doubt (6)",
)
async def test_an_answer_that_is_no_http_does_not_bring_the_key_into_the_log(folder: Path) -> None:
    async def spoil(ask: Ask) -> web.StreamResponse:
        if ask.route != CREATE:
            return await ask.passed_on()
        assert ask.request.transport is not None
        ask.request.transport.write(b"HTTP/1.1 banana\r\n\r\n")
        return ask.cut_off()

    async with fronted(folder, story(list_endpoint=False), spoil) as front:
        ended = await met(folder, story(), front=front)
    ends(ended, creates=1, jobs={"in_doubt": 1}, code=6)
    assert "submit_lost" in (folder / "run" / "run.log").read_text()


@pytest.mark.looptime
@pytest.mark.fault(
    PART, "ids with `/`, `+`, `=` and `:` in them", "quoted whole; the clips come (0)"
)
async def test_an_odd_id_is_quoted_and_stays_in_its_place(folder: Path) -> None:
    async def spoil(ask: Ask) -> web.StreamResponse:
        return await ask.passed_on()

    async with fronted(folder, story(id_style="odd"), spoil) as front:
        ended = await met(folder, story(), 3, front=front)
    ends(ended, creates=3, jobs={"done": 3}, code=0, fetches=3)
    ids = [it["video_id"] for it in read_ledger(folder / "run")]
    assert all("/" in it and "+" in it for it in ids)
    parts = {path.partition("?")[0].count("/") for path in front.paths}
    assert parts == {2, 3, 4}  # /v1/videos, /v1/videos/ID, /v1/videos/ID/content


@pytest.mark.looptime
@pytest.mark.parametrize(
    "video_id",
    [
        case(it, fault=(PART, f"the id `{it}`", "none: in doubt (6), and never part of an address"))
        for it in ("../x", "video/../../admin", "..", "video?x=1", "video#1", "two words", "é", "")
    ],
)
async def test_an_id_that_could_lead_elsewhere_is_none(folder: Path, video_id: str) -> None:
    change = changing(CREATE, lambda video: video.update(id=video_id))
    async with fronted(folder, story(list_endpoint=False), change) as front:
        ended = await met(folder, story(), front=front)
    ends(ended, creates=1, jobs={"in_doubt": 1}, code=6, polls=0, fetches=0)
    assert {path.partition("?")[0] for path in front.paths} == {"/v1/videos"}
    assert front.headers[0]["authorization"].endswith(KEY)


BEYOND = "0.0.0.0"  # noqa: S104 - not loopback by its name, and yet it leads to this machine


@pytest.mark.parametrize(
    ("url", "says"),
    [
        case(
            f"http://{BEYOND}",
            "everybody on the way could read the key",
            fault=(
                PART,
                "a plain http base URL",
                "refused (2) without `--insecure-http`, nothing sent",
            ),
        ),
        case(
            f"https://user:word@{BEYOND}",
            "must not hold a user or a password",
            fault=(PART, "a base URL with a password", "refused (2), the password is not shown"),
        ),
        case(
            f"ftp://{BEYOND}",
            "needs http or https",
            fault=(PART, "a base URL of another kind", "refused (2), nothing sent"),
        ),
    ],
)
def test_the_key_goes_to_no_address_where_others_could_read_it(
    desk: Desk, state: Path, url: str, says: str
) -> None:
    desk.writes_rows(SUN)
    with service(state) as shop:
        port = urlsplit(shop.url).port
        said = typed(desk, "run", "work.yaml", "--base-url", f"{url}:{port}")
        ended = left(desk, shop, said)
        ends(ended, creates=0, jobs={}, code=2)
        assert not ended.asked
    assert says in ended.words
    assert "word@" not in ended.words


@pytest.mark.fault(
    PART, "a plain http base URL with `--insecure-http`", "taken: the clip is bought there (0)"
)
def test_plain_http_is_for_those_who_ask_for_it(desk: Desk, state: Path) -> None:
    desk.writes_rows(SUN)
    with service(state) as shop:
        words = ("--base-url", f"http://{BEYOND}:{urlsplit(shop.url).port}", "--insecure-http")
        ended = left(desk, shop, typed(desk, "run", "work.yaml", *words))
        ends(ended, creates=1, jobs={"done": 1}, code=0)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        case(
            head,
            name,
            fault=(
                PART,
                f"`{name}` in a manifest",
                "no setting of a manifest: refused (2), nothing sent",
            ),
        )
        for head, name in (
            ("settings: {base_url: 'https://elsewhere.example'}", "base_url"),
            ("settings: {auth: raw}", "auth"),
            ("settings: {yes: true}", "yes"),
            ("settings: {env_file: .env}", "env_file"),
            ("settings: {out_dir: /tmp}", "out_dir"),
            ("settings: {insecure_http: true}", "insecure_http"),
            ("api_key: sk-000", "api_key"),
        )
    ],
)
def test_a_manifest_has_no_say_over_where_the_key_goes(
    desk: Desk, state: Path, head: str, name: str
) -> None:
    desk.writes_rows(SUN, head=head)
    with service(state) as shop:
        ended = left(desk, shop, typed(desk, "run", "work.yaml", "--base-url", shop.url))
        ends(ended, creates=0, jobs={}, code=2)
        assert not ended.asked
    assert f"{name} is not for a manifest to say" in ended.words


@pytest.mark.fault(
    PART, "a `.env` beside a stranger's manifest", "not read: no key, no other address (2)"
)
def test_a_file_of_variables_is_not_read_unasked(desk: Desk, state: Path) -> None:
    desk.writes_rows(SUN)
    with service(state) as shop:
        desk.writes(f"GPTPROTO_API_KEY=sk-000\nGPTPROTO_BASE_URL={shop.url}\n", ".env")
        ended = left(desk, shop, typed(desk, "run", "work.yaml", GPTPROTO_API_KEY=""))
        ends(ended, creates=0, jobs={}, code=2)
        assert not ended.asked
    assert "no key" in ended.words


@pytest.mark.fault(
    PART,
    "a ledger that names another service",
    "refused (2): a stranger's ledger does not get the key",
)
def test_a_strangers_ledger_does_not_get_the_key(desk: Desk, state: Path) -> None:
    desk.writes_rows(SUN)
    with service(state) as shop:
        assert typed(desk, "run", "work.yaml", "--base-url", shop.url).code == 0
        desk.writes_rows(SUN, RAIN)
        ended = left(desk, shop, typed(desk, "run", "work.yaml"))
        ends(ended, creates=1, jobs={"done": 1}, code=2)
    assert "belongs to the service" in ended.words


@pytest.mark.fault(
    PART, "a umask that lets everybody read", "ledger, journal, lock and log are 0600 (0)"
)
def test_ledger_lock_and_log_are_for_their_owner_alone(desk: Desk, state: Path) -> None:
    desk.writes_rows(SUN)
    before = os.umask(0)
    try:
        with service(state) as shop:
            said = typed(desk, "run", "work.yaml", "--base-url", shop.url)
            ends(left(desk, shop, said), creates=1, jobs={"done": 1}, code=0)
    finally:
        os.umask(before)
    names = ("ledger.db", "ledger.db-journal", "work/lock", "run.log")
    modes: dict[str, Any] = {it: (desk.run_folder / it).stat().st_mode & 0o777 for it in names}
    assert modes == dict.fromkeys(names, SHUT)
    assert json.loads((desk.run_folder / "run.log").read_text().splitlines()[0])
