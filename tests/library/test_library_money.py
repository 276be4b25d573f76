"""Money in a program: what is agreed on, whose key it is, and what a slip may cost."""

import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from door.canary import has_key
from door.door import KEY, Desk, service

from batchsora import Manifest, Rate, Secret, UnagreedError, UsageError, plan, run, run_sync
from batchsora.library.keywords import RunOptions

from .programmed import RAIN, SNOW, SUN, at, rows_of

DEAR = Manifest.from_rows("work", [{"prompt": f"Wave {it}"} for it in range(26)])  # 10.40 USD


def test_more_than_ten_dollars_are_not_spent_unless_it_is_said(desk: Desk, tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        with pytest.raises(UnagreedError) as refused:
            run_sync(DEAR, **at(shop))
        assert shop.creates == 0
    assert (refused.value.purchases, refused.value.cost_usd) == (26, Decimal("10.40"))
    assert "26 new purchases, 10.40 USD" in str(refused.value)
    assert "max_cost" in refused.value.mend
    assert not desk.run_folder.exists()


@pytest.mark.parametrize(
    "word", [{"yes": True}, {"max_cost": "0.40"}, {"confirm_above": 11}, {"no_submit": True}]
)
def test_it_is_said_in_any_of_these_ways(tmp_path: Path, word: RunOptions) -> None:
    with service(tmp_path / "state") as shop:
        result = run_sync(DEAR, **at(shop, **word))
        bought = {"max_cost": 1, "no_submit": 0}.get(next(iter(word)), 26)
        assert shop.creates == bought == result.totals.done


def test_a_manifests_own_budget_does_not_say_yes_for_who_runs_it(
    desk: Desk, tmp_path: Path
) -> None:
    path = desk.writes_rows(*(f"w{it} wave" for it in range(26)), head="settings: {max_cost: 500}")
    with service(tmp_path / "state") as shop:
        with pytest.raises(UnagreedError):
            run_sync(path, **at(shop))
        assert shop.creates == 0


def test_a_limit_says_nothing_where_a_manifest_has_prices_of_its_own(
    desk: Desk, tmp_path: Path
) -> None:
    cheap = "models: {sora-2: {seconds: [4], sizes: {720x1280: 0.001}}}"
    path = desk.writes_rows(*(f"w{it} wave" for it in range(26)), head=cheap)
    with service(tmp_path / "state") as shop:
        with pytest.raises(UnagreedError, match=r"10\.40 USD by the built-in ones"):
            run_sync(path, **at(shop, max_cost=25))
        assert shop.creates == 0


@pytest.mark.parametrize("amount", [Decimal("0.80"), "0.80", 1, Decimal("8E-1")])
async def test_a_budget_is_kept_however_it_is_written(tmp_path: Path, amount: Any) -> None:
    with service(tmp_path / "state") as shop:
        result = await run(rows_of(SUN, RAIN, SNOW), **at(shop, max_cost=amount))
        assert (result.code, shop.creates) == (8, 2)
    assert "0.80 USD are billed" in result.stops[0].what


@pytest.mark.parametrize(
    ("name", "value"),
    [("max_cost", "ten"), ("max_cost", -1), ("rate", "fast"), ("max_in_flight", 0), ("auth", "x")],
)
def test_a_value_that_says_nothing_is_refused_by_its_name(name: str, value: object) -> None:
    wrong: Any = {name: value}
    with pytest.raises(UsageError, match=f"{name} must be "):
        run_sync(rows_of(SUN), simulate=True, **wrong)


def test_a_keyword_that_nobody_knows_is_refused(desk: Desk) -> None:
    wrong: Any = {"max_costs": 5}
    with pytest.raises(TypeError, match="max_costs"):
        run_sync(rows_of(SUN), simulate=True, **wrong)
    with pytest.raises(TypeError, match="rate"):
        plan(rows_of(SUN), **{"rate": "1/s", **wrong})
    assert list(desk.folder.iterdir()) == []


def test_a_rate_may_be_a_value(tmp_path: Path) -> None:
    with service(tmp_path / "state") as shop:
        assert run_sync(rows_of(SUN), **at(shop, rate=Rate(7, 2.5))).code == 0


# -- the key ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [KEY, Secret(KEY)], ids=["text", "secret"])
def test_a_key_that_is_given_is_used_and_written_nowhere(
    desk: Desk, tmp_path: Path, key: str | Secret, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPTPROTO_API_KEY", "sk-another")
    with service(tmp_path / "state", good_keys=frozenset({KEY})) as shop:
        result = run_sync(rows_of(SUN), **at(shop, key=key))
        assert (result.code, shop.creates) == (0, 1)
    files = [it for it in desk.folder.rglob("*") if it.is_file()]
    assert not any(has_key(it.read_bytes()) for it in files)
    shown = repr(result) + "".join(map(repr, result.jobs()))
    assert not has_key(shown.encode())


@pytest.mark.parametrize("name", ["GPTPROTO_API_KEY", "OPENAI_API_KEY"])
def test_else_it_is_the_environments(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, KEY)
    with service(tmp_path / "state", good_keys=frozenset({KEY})) as shop:
        assert run_sync(rows_of(SUN), base_url=shop.url).code == 0


def test_without_a_key_nothing_is_written(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)  # not for an address that nobody named
    with pytest.raises(UsageError, match="no key"):
        run_sync(rows_of(SUN))
    assert not desk.run_folder.exists()


def test_nothing_else_of_the_environment_is_heeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPTPROTO_API_KEY", KEY)
    monkeypatch.setenv("GPTPROTO_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("BATCHSORA_RATE", "no rate")
    monkeypatch.setenv("BATCHSORA_ONLY", "nobody")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    before = dict(os.environ)
    with service(tmp_path / "state") as shop:
        result = run_sync(rows_of(SUN), base_url=shop.url)
        assert (result.code, shop.creates) == (0, 1)
    assert dict(os.environ) == before
    assert plan(rows_of(SUN), out_dir="other").service == "https://gptproto.com"


def test_a_run_folder_does_not_decide_where_the_key_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPTPROTO_API_KEY", KEY)
    with service(tmp_path / "state") as shop:
        result = run_sync(rows_of(SUN), **at(shop))
    with pytest.raises(UsageError, match="belongs to the service"):
        run_sync(rows_of(SUN))
    assert plan(result.folder).service == shop.url  # on this very machine, it may
