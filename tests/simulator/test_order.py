import io
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from .shop import KEY, form, open_shop, picture, scenario

GOOD = {"prompt": "p", "model": "small", "size": "64x96", "seconds": "1"}

REFUSED: list[tuple[dict[str, str], int, str | None, str | None]] = [
    ({"prompt": ""}, 400, "prompt", "empty_string"),
    ({"prompt": "x" * 32_001}, 400, "prompt", "string_above_max_length"),
    ({"seconds": "3"}, 400, "seconds", "invalid_value"),
    ({"seconds": "4.0"}, 400, "seconds", "invalid_value"),
    ({"size": "100x100"}, 400, "size", "invalid_value"),
    ({"model": "sora-2", "size": "1024x1792", "seconds": "4"}, 400, "size", "invalid_value"),
    ({"model": "sora-9"}, 404, "model", "model_not_found"),
    ({"colour": "red"}, 400, "colour", "unknown_parameter"),
    ({"input_reference": "not a file"}, 400, "input_reference", "invalid_type"),
]


@pytest.mark.parametrize(("changes", "status", "param", "code"), REFUSED)
async def test_a_bad_value_is_refused_with_its_name_and_nothing_is_bought(
    tmp_path: Path, changes: dict[str, str], status: int, param: str | None, code: str | None
) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        answer = await shop.ask("POST", "/v1/videos", data=form(GOOD | changes))

        assert answer.status == status
        assert answer.json["error"]["param"] == param
        assert answer.json["error"]["code"] == code
        assert answer.json["error"]["type"] == "invalid_request_error"
        assert (await shop.record())["creates"] == []


async def test_a_request_without_a_prompt_is_refused(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        answer = await shop.ask("POST", "/v1/videos", data=form({"model": "sora-2"}))

        assert answer.json["error"]["code"] == "missing_required_parameter"


async def test_portrait_1024x1792_is_made_by_the_pro_model_only(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario(clip="tiny")) as shop:
        answer = await shop.order(model="sora-2-pro", size="1024x1792", seconds="4")

        assert answer.status == 200
        assert (await shop.record())["spent_usd"] == "2"


async def test_defaults_are_sora_2_four_seconds_and_portrait(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario(clip="tiny")) as shop:
        answer = await shop.ask("POST", "/v1/videos", json={"prompt": "p"})

        assert answer.json["model"] == "sora-2"
        assert answer.json["seconds"] == "4"
        assert answer.json["size"] == "720x1280"


async def test_json_and_urlencoded_bodies_are_taken_too(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        by_json = await shop.ask("POST", "/v1/videos", json=GOOD)
        by_form = await shop.ask("POST", "/v1/videos", data=GOOD)

        assert [by_json.status, by_form.status] == [200, 200]


@pytest.mark.parametrize(
    "body", [{"prompt": 5}, {"prompt": "p", "seconds": 4}, {"prompt": None}, ["prompt"], "p"]
)
async def test_json_of_the_wrong_type_is_a_400(tmp_path: Path, body: Any) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        answer = await shop.ask("POST", "/v1/videos", json=body)

        assert answer.status == 400


async def test_a_picture_of_another_size_is_refused_in_the_services_words(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        answer = await shop.order(image=picture((64, 98)))

        assert answer.status == 400
        wanted = "Inpaint image must match the requested width and height"
        assert answer.json["error"]["message"] == wanted


@pytest.mark.parametrize(("kind", "mime"), [("JPEG", "jpeg"), ("PNG", "png"), ("WEBP", "webp")])
async def test_jpeg_png_and_webp_are_taken(tmp_path: Path, kind: str, mime: str) -> None:
    data = form(GOOD)
    content = picture(kind=kind)
    data.add_field("input_reference", content, filename="a", content_type=f"image/{mime}")
    async with open_shop(tmp_path, scenario()) as shop:
        answer = await shop.ask("POST", "/v1/videos", data=data)

        assert answer.status == 200
        [create] = (await shop.record())["creates"]
        assert (tmp_path / "images" / create["image_sha256"]).read_bytes() == content


BAD_PICTURES: list[tuple[bytes, str, str]] = [
    (picture(), "", "image/png"),  # no file name
    (picture(), "a.png", "application/octet-stream"),
    (picture(), "a.png", "image/jpeg"),  # says JPEG, is PNG
    (picture(kind="GIF"), "a.gif", "image/gif"),
    (picture()[:-40], "a.png", "image/png"),  # cut
    (picture(kind="JPEG")[:300], "a.jpg", "image/jpeg"),
    (b"", "a.png", "image/png"),
    (b"\x89PNG\r\n\x1a\n" + b"\0" * 64, "a.png", "image/png"),
    (b"RIFF\xff\xff\xff\xffWEBPVP8 ", "a.webp", "image/webp"),
    # a header that promises 2^31 x 2^31 pixels
    (picture()[:16] + b"\x7f\xff\xff\xff" * 2 + picture()[24:], "a.png", "image/png"),
]


@pytest.mark.parametrize(("content", "name", "mime"), BAD_PICTURES)
async def test_a_file_that_is_no_good_picture_is_a_400(
    tmp_path: Path, content: bytes, name: str, mime: str
) -> None:
    data = form(GOOD)
    data.add_field("input_reference", content, filename=name, content_type=mime)
    async with open_shop(tmp_path, scenario()) as shop:
        answer = await shop.ask("POST", "/v1/videos", data=data)

        assert answer.status == 400
        assert answer.json["error"]["param"] == "input_reference"


async def test_a_body_that_is_too_large_is_a_413(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario()) as shop:
        answer = await shop.ask("POST", "/v1/videos", data=io.BytesIO(b"x" * 26_000_000))

        assert answer.status == 413
        assert answer.json["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "headers",
    [{"Authorization": f"Bearer {KEY}"}, {"Authorization": KEY}, {"api-key": KEY}],
)
async def test_the_key_may_come_in_three_ways(tmp_path: Path, headers: dict[str, str]) -> None:
    async with open_shop(tmp_path, scenario(good_keys=frozenset({KEY}))) as shop:
        assert (await shop.ask("GET", "/v1/models", headers=headers)).status == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": ""}, {"Authorization": "Bearer "}, {"Authorization": "Bearer sk-no"}],
)
async def test_a_missing_or_wrong_key_is_a_401(tmp_path: Path, headers: dict[str, str]) -> None:
    async with open_shop(tmp_path, scenario(good_keys=frozenset({KEY}))) as shop:
        answer = await shop.ask("GET", "/v1/models", headers=headers)

        assert answer.status == 401
        assert answer.json["error"]["type"] == "401"


async def test_without_required_keys_nobody_is_asked_for_one(tmp_path: Path) -> None:
    async with open_shop(tmp_path, scenario(auth_required=False)) as shop:
        assert (await shop.ask("GET", "/v1/models", headers={})).status == 200


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_the_key_is_nowhere_in_the_state_and_nowhere_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with open_shop(tmp_path, scenario(good_keys=frozenset({KEY}))) as shop:
        video_id = await shop.bought(image=picture())
        await shop.fetch(video_id)
        await shop.ask("GET", "/v1/videos/x", headers={"Authorization": "Bearer other" + KEY})

    assert KEY not in caplog.text
    assert KEY not in repr(scenario(good_keys=frozenset({KEY})))
    assert not [path for path in files_in(tmp_path) if KEY.encode() in path.read_bytes()]


async def test_an_upload_that_the_client_breaks_off_is_counted_and_buys_nothing(
    tmp_path: Path,
) -> None:
    async def half() -> Any:
        yield b"--x\r\n"
        raise ConnectionAbortedError

    headers = {"Authorization": KEY, "Content-Type": "multipart/form-data; boundary=x"}
    async with open_shop(tmp_path, scenario()) as shop:
        with pytest.raises((aiohttp.ClientError, ConnectionAbortedError)):
            await shop.ask("POST", "/v1/videos", data=half(), headers=headers)

        record = await shop.record()
        assert sum(record["requests"]["POST /v1/videos"].values()) == 1
        assert record["creates"] == []
