"""The doctor says what would go wrong, at no cost, and ends with the code that a run would."""

import json
import os
import sys
import time
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from batchsora.cli import group
from batchsora.cli.checkup import Mark, check_software
from batchsora.simulator import Fault

from .answers import answering
from .door import KEY, Desk, Said, service

Asks = Callable[..., Said]

LOOKS = ("GET /v1/models", "GET /v1/videos")


def marks(said: Said) -> dict[str, str]:
    """Read how each check went."""
    lines = [line.split() for line in said.out.splitlines() if not line.startswith(" ")]
    return {words[1]: words[0] for words in lines if words[0] in set(Mark)}


def line_of(said: Said, check: str) -> str:
    """Read what one check found, and its mend."""
    lines = said.out.splitlines()
    at = next(at for at, line in enumerate(lines) if line.split()[1] == check)
    mend = lines[at + 1] if lines[at + 1].startswith(" ") else ""
    return lines[at] + mend


@pytest.fixture
def asks(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Asks:
    """Give a doctor who is asked in this very process: a new one takes half a second."""
    monkeypatch.chdir(desk.folder)
    monkeypatch.setenv("HOME", str(desk.folder))
    for name in os.environ:
        if name.upper().endswith("_PROXY") or name.startswith(("BATCHSORA_", "GPTPROTO_")):
            monkeypatch.delenv(name)

    def said(url: str, *words: str, **variables: str) -> Said:
        known = {"GPTPROTO_API_KEY": KEY, **variables}
        asked = ["doctor", "--base-url", url, *words]
        result = CliRunner().invoke(group, asked, env=known, standalone_mode=False)
        if result.exception is not None:
            raise result.exception
        return Said(result.return_value, result.stdout, result.stderr)

    return said


def test_where_all_is_well_nothing_is_wrong_nothing_bought_and_nothing_left(
    asks: Asks, desk: Desk, tmp_path: Path
) -> None:
    with service(tmp_path / "state") as shop:
        said = asks(shop.url)
        record = shop.record()
    assert (said.code, said.err) == (0, "")
    assert {mark for check, mark in marks(said).items() if check != "heic"} == {"ok"}
    assert [*marks(said)][:2] == ["python", "libraries"]
    assert [*marks(said)][-5:] == ["key", "address", "models", "clock", "list"]
    assert said.out.splitlines()[-1].startswith("nothing is wrong")
    assert {*record["requests"]} - {"GET /simulator/record"} == {*LOOKS}
    assert list(desk.folder.iterdir()) == []


def test_the_key_is_never_shown(asks: Asks, tmp_path: Path) -> None:
    with service(tmp_path / "state", good_keys=frozenset({"another"})) as shop:
        said = asks(shop.url)
        as_json = asks(shop.url, "--json")
    assert (said.code, marks(said)["access"]) == (3, "wrong")
    for told in (said, as_json):
        assert KEY not in told.out + told.err


def test_without_a_key_the_address_is_looked_at_all_the_same(asks: Asks, tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        said = asks(shop.url, GPTPROTO_API_KEY="")
    assert said.code == 2
    assert (marks(said)["key"], marks(said)["address"]) == ("wrong", "ok")
    assert "GPTPROTO_API_KEY=sk-" in line_of(said, "key")
    assert "models" not in marks(said)


def test_a_file_of_variables_that_was_not_named_is_pointed_at(
    asks: Asks, desk: Desk, tmp_path: Path
) -> None:
    desk.writes(f"GPTPROTO_API_KEY={KEY}\n", ".env")
    with service(tmp_path / "state") as shop:
        said = asks(shop.url, GPTPROTO_API_KEY="")
        assert "--env-file .env" in line_of(said, "key")
        named = desk.types("doctor", "--base-url", shop.url, "--env-file", ".env")
    assert (named.code, marks(named)["key"]) == (0, "ok")


def test_a_variable_that_is_empty_does_not_go_before_the_named_file(
    asks: Asks, desk: Desk, tmp_path: Path
) -> None:
    desk.writes(f"GPTPROTO_API_KEY={KEY}\n", ".env")
    with service(tmp_path / "state", good_keys=frozenset({KEY})) as shop:
        said = asks(shop.url, "--env-file", ".env", GPTPROTO_API_KEY="")
    assert (said.code, marks(said)["key"]) == (0, "ok")


def test_a_file_of_variables_that_was_named_is_not_pointed_at(
    asks: Asks, desk: Desk, tmp_path: Path
) -> None:
    desk.writes("GPTPROTO_KEY=misspelt\n", ".env")
    with service(tmp_path / "state") as shop:
        said = asks(shop.url, "--env-file", ".env", GPTPROTO_API_KEY="")
    assert (said.code, marks(said)["key"]) == (2, "wrong")
    assert "--env-file" not in line_of(said, "key")


@pytest.mark.parametrize("key", [f"{KEY} and more", f'"{KEY}"', f"'{KEY}'", f'"Bearer {KEY}"'])
def test_a_key_with_blanks_or_quotes_is_refused_before_anything_is_asked(
    asks: Asks, tmp_path: Path, key: str
) -> None:
    with service(tmp_path / "state") as shop:
        said = asks(shop.url, GPTPROTO_API_KEY=key)
        assert {*shop.record()["requests"]} <= {"GET /simulator/record"}
    assert (said.code, marks(said)["key"]) == (2, "wrong")
    assert "without" in line_of(said, "key")
    assert KEY not in said.out + said.err


def test_a_service_without_lists_is_no_fault(asks: Asks, tmp_path: Path) -> None:
    with service(tmp_path / "state", models_endpoint=False, list_endpoint=False) as shop:
        said = asks(shop.url)
    assert said.code == 0
    assert (marks(said)["models"], marks(said)["list"]) == ("note", "note")
    assert said.out.splitlines()[-1].startswith("nothing is wrong, ")


@pytest.mark.parametrize(
    ("fault", "check", "code"),
    [
        (Fault("models", "401"), "access", 3),
        (Fault("list", "401"), "access", 3),
        (Fault("models", "403_permission"), "access", 3),
        (Fault("models", "403_balance"), "balance", 7),
        (Fault("models", "403_html"), "address", 5),
        (Fault("models", "moved"), "address", 5),
        (Fault("models", "html_200"), "address", 5),
        (Fault("models", "500"), "address", 5),
        (Fault("models", "lost_before"), "address", 5),
    ],
    ids=lambda it: f"{it.at}-{it.name}" if isinstance(it, Fault) else "",
)
def test_an_answer_that_would_stop_a_run_is_told_with_its_mend_and_its_code(
    asks: Asks, tmp_path: Path, fault: Fault, check: str, code: int
) -> None:
    with service(tmp_path / "state", faults=(fault,)) as shop:
        said = asks(shop.url)
    assert (said.code, marks(said)[check]) == (code, "wrong"), said.out
    assert "mend: " in line_of(said, check)


PAGE = b"<!DOCTYPE HTML><html><head><title>Error response</title></head></html>"


@pytest.mark.parametrize("status", [200, 404, 501])
def test_a_place_that_has_only_web_pages_is_no_api(asks: Asks, status: int) -> None:
    with answering(status, PAGE, Content_Type="text/html;charset=utf-8") as url:
        said = asks(url)
    assert (said.code, marks(said)["address"]) == (5, "wrong")
    assert "does not speak the Videos API" in line_of(said, "address")
    assert not {"models", "list"} & marks(said).keys()


@pytest.mark.parametrize("body", [b'{"error": {"message": "no such route"}}', b"", b"not found"])
def test_a_service_may_say_without_a_page_that_it_has_no_lists(asks: Asks, body: bytes) -> None:
    with answering(404, body) as url:
        said = asks(url)
    assert (said.code, marks(said)["models"], marks(said)["list"]) == (0, "note", "note")


def test_a_page_that_forbids_is_an_edges(asks: Asks) -> None:
    with answering(403, PAGE, Content_Type="text/html") as url:
        said = asks(url)
    assert (said.code, marks(said)["address"]) == (5, "wrong")
    assert "blocks requests" in line_of(said, "address")


def test_a_busy_service_is_worth_a_note(asks: Asks, tmp_path: Path) -> None:
    with service(tmp_path / "state", faults=(Fault("models", "429"),)) as shop:
        said = asks(shop.url)
    assert (said.code, marks(said)["address"]) == (0, "note")


def test_an_address_where_nobody_listens_is_wrong(asks: Asks, tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        nowhere = shop.url
    said = asks(nowhere)
    assert (said.code, marks(said)["address"]) == (5, "wrong")


@pytest.mark.parametrize(
    "address",
    [
        "gptproto.com", "http://example.org", "https://me:it@example.org", "https://",
        "https://example.org/v1/videos",
    ],
)  # fmt: skip
def test_an_address_that_no_key_may_go_to_is_wrong_and_not_asked(asks: Asks, address: str) -> None:
    said = asks(address)
    assert (said.code, marks(said)["address"]) == (2, "wrong")


@pytest.mark.parametrize(("ahead_s", "word"), [(0, "agrees"), (-7200, "ahead"), (7200, "behind")])
def test_the_clock_is_held_against_the_services(asks: Asks, ahead_s: int, word: str) -> None:
    listed = b'{"data": [{"id": "sora-2"}]}'
    with answering(200, listed, Date=formatdate(time.time() + ahead_s, usegmt=True)) as url:
        said = asks(url)
    assert said.code == 0
    assert word in line_of(said, "clock")


def test_a_service_that_dates_nothing_says_nothing_of_the_clock(asks: Asks) -> None:
    with answering(200, b'{"data": []}') as url:
        said = asks(url)
    assert "clock" not in marks(said)
    assert "not on offer" in line_of(said, "models")


def test_models_without_a_card_are_named(asks: Asks) -> None:
    with answering(200, b'{"data": [{"id": "wan-2.2"}, {"id": 7}, "odd"]}') as url:
        said = asks(url)
    assert (said.code, marks(said)["models"]) == (0, "note")
    assert "wan-2.2" in line_of(said, "models")


def test_a_proxy_that_is_not_used_is_worth_a_note(asks: Asks, tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        said = asks(shop.url, HTTPS_PROXY="http://127.0.0.1:9")
    assert (said.code, marks(said)["proxy"]) == (0, "note")
    assert "--trust-env" in line_of(said, "proxy")


def test_a_rehearsal_needs_neither_key_nor_service(desk: Desk) -> None:
    said = desk.types("doctor", "--simulate")
    assert (said.code, marks(said)["service"]) == (0, "ok")
    assert "key" not in marks(said)


def test_programs_get_one_object(asks: Asks, tmp_path: Path) -> None:
    with service(tmp_path / "state", models_endpoint=False) as shop:
        told: dict[str, Any] = json.loads(asks(shop.url, "--json").out)
    assert (told["ok"], told["exit_code"]) == (True, 0)
    found = {check["check"]: check for check in told["checks"]}
    assert found["models"]["mark"] == "note"
    assert set(found["key"]) == {"check", "mark", "what", "mend"}


# -- this machine ----------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that takes no files")
def test_9_where_the_disk_takes_no_files(desk: Desk) -> None:
    said = desk.types("doctor", "--simulate", "--out-dir", "/proc/self/runs")
    assert (said.code, marks(said)["writing"]) == (9, "wrong")
    assert "--out-dir" in line_of(said, "writing")


@pytest.mark.parametrize("place", ["runs.txt", "runs.txt/here", "runs.txt/down/there"])
def test_a_file_is_no_place_for_runs(desk: Desk, place: str) -> None:
    desk.writes("mine", "runs.txt")
    said = desk.types("doctor", "--simulate", "--out-dir", place)
    assert (said.code, marks(said)["folder"]) == (2, "wrong")
    assert "runs.txt is a file" in line_of(said, "folder")


def test_the_disk_is_tried_where_runs_go_and_left_as_it_was(desk: Desk) -> None:
    (desk.folder / "runs").mkdir()
    before = (desk.folder / "runs").stat().st_mtime_ns
    said = desk.types("doctor", "--simulate")
    assert f"{desk.folder / 'runs'}" in line_of(said, "space")
    assert list((desk.folder / "runs").iterdir()) == []
    assert (desk.folder / "runs").stat().st_mtime_ns > before  # it was really tried


def test_a_library_of_a_wrong_version_is_named(desk: Desk, tmp_path: Path) -> None:
    told = tmp_path / "old" / "aiolimiter-0.9.dist-info" / "METADATA"
    told.parent.mkdir(parents=True)
    told.write_text("Metadata-Version: 2.1\nName: aiolimiter\nVersion: 0.9\n", encoding="utf-8")
    said = desk.types("doctor", "--simulate", PYTHONPATH=str(told.parents[1]))
    assert (said.code, marks(said)["libraries"]) == (2, "wrong")
    assert "aiolimiter is 0.9" in line_of(said, "libraries")


@pytest.mark.parametrize(
    ("options", "mark"), [({"simulate": True}, Mark.WRONG), ({"simulate": False}, Mark.NOTE)]
)
def test_who_rehearses_needs_the_library_that_makes_clips(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, bool], mark: Mark
) -> None:
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    found = {finding.check: finding for finding in check_software(**options)}
    assert found["simulator"].mark is mark
    assert "batchsora[media]" in found["simulator"].mend
    assert (found["heic"].mark, found["heic"].mend) == (
        Mark.NOTE, "pip install 'batchsora[heic]'"
    )  # fmt: skip
