"""The key is nowhere in what a call gives back, whatever the service repeats, and however."""

import asyncio
import base64
import json
import pickle
import traceback
from pathlib import Path
from urllib.parse import quote

import pytest
from answered import openai_error
from scripted import CLIP, ORDER, Raw, client, raw_server, read_request, says, scripted

import batchsora
from batchsora.errors import UsageError
from batchsora.service.client import Auth, Secret, VideoService, parse_base_url
from batchsora.service.secret import Credentials

CANARY = "sk-canary/0123+4567=89<abcdef>"
TAIL = CANARY[-20:]
PACKAGE = Path(batchsora.__file__).parent


def base64_of(before: str) -> str:
    return base64.b64encode(f"{before}Bearer {CANARY}; and more".encode()).decode()


FORMS = {
    "plain": CANARY,
    "with a word before": f"Bearer {CANARY}",
    "percent-encoded": quote(CANARY, safe=""),
    "percent-encoded, lower case": quote(CANARY, safe="").replace("2F", "2f").replace("3C", "3c"),
    "percent-encoded in part": quote(CANARY),
    "percent-encoded base64": quote(base64_of("x"), safe=""),
    "base64": base64_of(""),
    "base64, one further": base64_of("x"),
    "base64, two further": base64_of("xy"),
    "base64 for URLs": base64_of("xyz").replace("+", "-").replace("/", "_"),
}
JSON_FORMS = {
    "slashes escaped": json.dumps(CANARY).replace("/", "\\/"),
    "signs escaped": json.dumps(CANARY).replace("+", "\\u002B").replace("<", "\\u003c"),
    "letters escaped": '"' + "".join(f"\\u{ord(it):04x}" for it in CANARY) + '"',
    "every second letter escaped": '"'
    + "".join(f"\\u{ord(it):04X}" if at % 2 else it for at, it in enumerate(CANARY))
    + '"',
}


def leaks(seen: str) -> list[str]:
    """List the forms of the key in a text; of a coded one, its middle is enough."""
    plain = [CANARY, quote(CANARY, safe=""), quote(CANARY, safe="").lower(), TAIL]
    coded = [base64_of("x" * shift)[18:36] for shift in range(3)]
    coded += [it.replace("+", "-").replace("/", "_") for it in coded]
    coded += [quote(it, safe="") for it in coded]
    return [it for it in [*plain, *coded] if it.lower() in seen.lower()]


async def seen_of(service: VideoService) -> str:
    """Make every call, and show all that comes of it."""
    answers = [
        await service.create(ORDER, None),
        await service.poll("video_1", age_s=600),
        await service.newest(),
        await service.fetch("video_1", None, bytes, expired=False),
    ]
    return repr(answers)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
async def test_an_error_that_repeats_the_key_does_not_show_it(form: str) -> None:
    page, plain = f"<html><title>no {form}</title>".encode(), f"bad key {form}.".encode()
    async with scripted() as server, client(server.url, key=CANARY) as service:
        for status in (200, 400, 403, 503):
            server.says(status, openai_error(f"no {form}.", form), x_request_id=form, date=form)
            assert leaks(await seen_of(service)) == []
            server.says(status, plain, content_type=form)
            assert leaks(await seen_of(service)) == []
            server.says(status, page, content_type="text/html", retry_after=form)
            assert leaks(await seen_of(service)) == []


@pytest.mark.parametrize("form", JSON_FORMS.values(), ids=JSON_FORMS)
async def test_json_does_not_put_the_key_together_again(form: str) -> None:
    assert json.loads(form) == CANARY
    async with scripted() as server, client(server.url, key=CANARY) as service:
        for status in (200, 400, 500):
            server.says(status, b'{"error": {"message": %s}}' % form.encode())
            assert leaks(await seen_of(service)) == []


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
async def test_a_job_that_repeats_the_key_does_not_show_it(form: str) -> None:
    link = f"http://127.0.0.1:9/{form}.mp4"
    job = {
        "id": "video_1", "status": "completed", "soraVideoUrl": link, "prompt": form,
        "model": form, "size": form, "error": {"message": form, "code": form},
    }  # fmt: skip
    async with scripted() as server, client(server.url, key=CANARY) as service:
        for body in (job, {**job, "status": "failed"}, {"data": [job]}, {**job, "status": form}):
            server.says(200, body)
            assert leaks(await seen_of(service)) == []


CUT = 'HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{"id": "video_1", "key": "'
BROKEN: dict[str, Raw] = {
    "no status line": says(f"220 {CANARY}\r\n".encode()),
    "a header that is none": says(f"HTTP/1.1 200 OK\r\n{CANARY}\r\n\r\n".encode()),
    "a bad header": says(f"HTTP/1.1 200 OK\r\nX: \x00{CANARY}\r\n\r\n".encode()),
    "a cut body": says(f'{CUT}{CANARY}", "a": '.encode()),
    "cut in the middle of it": says(f"{CUT}{CANARY[:-1]}".encode()),
    "cut in the middle of its code": says(f"{CUT}{base64_of('x')[:36]}".encode()),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_an_answer_that_breaks_off_does_not_show_it(name: str) -> None:
    async with raw_server(BROKEN[name]) as url, client(url, key=CANARY) as service:
        seen = await seen_of(service)
    assert leaks(seen) == []
    assert CANARY[:20] not in seen


async def test_no_client_shows_it_and_neither_does_what_a_call_raises() -> None:
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    async with scripted() as server, client(server.url, key=CANARY) as service:
        server.says(200, CLIP, content_type="video/mp4")
        assert leaks(f"{service!r} {service} {service.__dict__!r} {vars(service)!r}") == []
        with pytest.raises(OSError, match="No space") as raised:
            await service.fetch("video_1", None, full, expired=False)
        trace = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
        ours = [it for it in trace.stack if PACKAGE in Path(it.filename).parents]
        assert ours
        assert leaks(repr([(it.locals, it.line) for it in ours])) == []
        assert leaks("".join(traceback.format_exception(raised.value))) == []


async def test_a_call_that_is_broken_off_does_not_show_it() -> None:
    arrived = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read_request(reader)
        arrived.set()
        await reader.read()

    async with raw_server(talk) as url, client(url, key=CANARY) as service:
        task = asyncio.ensure_future(service.create(ORDER, None))
        await arrived.wait()
        assert leaks(f"{task!r} {service.__dict__!r}") == []
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as raised:
            await task
    assert leaks("".join(traceback.format_exception(raised.value))) == []


async def test_nothing_is_logged_of_a_request_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    asyncio.get_running_loop().set_debug(True)
    async with raw_server(BROKEN["a cut body"]) as url, client(url, key=CANARY) as service:
        await seen_of(service)
    assert leaks(caplog.text) == []


async def test_the_key_itself_is_sent_whole_and_to_the_service_only() -> None:
    async with scripted() as home, scripted() as other, client(home.url, key=CANARY) as service:
        home.says(302, b"", location=f"{other.url}/clip?key={quote(CANARY, safe='')}")
        other.says(200, CLIP, content_type="video/mp4")
        await service.fetch("video_1", None, bytes, expired=False)
    assert home.headers[0]["authorization"] == f"Bearer {CANARY}"
    assert leaks(repr((other.headers, other.asked))) == []
    assert other.asked == [("GET", "/clip?key=***")]


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret(f"  Bearer {CANARY}\n")
    assert secret.reveal() == CANARY
    assert repr(secret) == str(secret) == f"{secret}" == "Secret(***)"
    base = parse_base_url("https://x.test", insecure_http=False)
    assert leaks(repr(VideoService(base, secret)) + repr(Credentials(secret, Auth.RAW))) == []
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    quoted = (f'"{CANARY}"', f"'{CANARY}", f'Bearer "{CANARY}"', f'"Bearer {CANARY}"', '"')
    for text in (f"{CANARY}\nX-Other: 1", f"{CANARY}é", "", "Bearer ", "bearer", *quoted):
        with pytest.raises(UsageError) as told:
            Secret(text)
        assert leaks("".join(traceback.format_exception(told.value))) == []


def test_a_key_too_short_to_tell_spoils_no_id() -> None:
    assert Secret("sora-2").scrub(b'{"model": "sora-2"}') == b'{"model": "sora-2"}'


@pytest.mark.parametrize(
    "text", ['{"a": "\\u4e2d\\n\\"\\\\\\u0022\\u005c\\ud83d\\ude00\\b"}', '{"a": "\\\\u0041\\\\/"}']
)
def test_scrubbing_changes_nothing_that_json_says(text: str) -> None:
    assert json.loads(Secret(CANARY).scrub(text.encode())) == json.loads(text)
