import json
from decimal import Decimal
from pathlib import Path

import pytest

from batchsora.simulator import Fault, Rate, Scenario, ScenarioError, load_scenario
from batchsora.simulator.card import CARDS

WHOLE = """
seed: 7
queue_s: 2
render_s: [1, 2.5]
expires_s: 60
list: false
list_lag_s: 5
delete: false
models_endpoint: false
auth_required: false
good_keys: [sk-one]
balance_usd: 1.20
rate: 5/10s
retry_hint: http-date
max_running: 2
poll_after_ms: 900
id_style: odd
not_ready_status: 409
video_url: true
clip: tiny
slow_s: 0.5
models:
  wan: {seconds: [5, "10"], usd_per_s: {832x480: 0.05}}
faults:
  - {at: create, fault: 500, probability: 0.1}
  - {at: content, fault: cut, match: storm, nth: 1, times: 3, retry_after: 5}
"""


def load(tmp_path: Path, text: str) -> Scenario:
    path = tmp_path / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(path)


def test_every_key_is_read(tmp_path: Path) -> None:
    found = load(tmp_path, WHOLE)

    wan = found.card("wan")
    assert wan is not None
    assert (wan.seconds, wan.price_usd("5", "832x480")) == (("5", "10"), Decimal("0.25"))
    assert found == Scenario(
        seed=7,
        queue_s=(2.0, 2.0),
        render_s=(1.0, 2.5),
        expires_s=60.0,
        list_endpoint=False,
        list_lag_s=5.0,
        delete_endpoint=False,
        models_endpoint=False,
        auth_required=False,
        good_keys=frozenset({"sk-one"}),
        balance_usd=Decimal("1.2"),
        rate=Rate(5, 10.0),
        retry_hint="http-date",
        max_running=2,
        poll_after_ms=900,
        id_style="odd",
        not_ready_status=409,
        video_url=True,
        clip="tiny",
        slow_s=0.5,
        models=(wan, *CARDS),
        faults=(
            Fault("create", "500", probability=0.1),
            Fault("content", "cut", match="storm", nth=(1,), times=3, retry_after="5"),
        ),
    )


def test_an_empty_file_is_the_default_scenario(tmp_path: Path) -> None:
    assert load(tmp_path, "") == Scenario()


def test_json_is_read_too(tmp_path: Path) -> None:
    text = json.dumps({"rate": "60/1m", "faults": [{"at": "poll", "fault": "404", "nth": [1, 2]}]})

    found = load(tmp_path, text)

    assert found.rate == Rate(60, 60.0)
    assert found.faults == (Fault("poll", "404", nth=(1, 2)),)


REFUSED = [
    ("colour: red", r"no key 'colour'; allowed are seed, queue_s, .*faults"),
    ("seed: one", r"seed must be a whole number of at least 0, not 'one'"),
    ("seed: true", r"seed must be a whole number"),
    ("render_s: [3, 1]", r"render_s must be a number of seconds, or \[shortest, longest\]"),
    ("render_s: [1, 2, 3]", r"render_s must be"),
    ("queue_s: soon", r"queue_s must be"),
    ("expires_s: -1", r"expires_s must be a number of at least 0, not -1"),
    ("expires_s: .inf", r"expires_s must be"),
    ("slow_s: [1]", r"slow_s must be a number"),
    ("list: maybe", r"list must be true or false, not 'maybe'"),
    ("rate: 60", r"rate must be like 60/1m"),
    ("rate: 0/1m", r"rate must be like 60/1m"),
    ("retry_hint: loud", r"retry_hint must be one of seconds, http-date, ms, reset, none"),
    ("balance_usd: much", r"balance_usd must be an amount in USD"),
    ("max_running: 0", r"max_running must be a whole number of at least 1"),
    ("not_ready_status: 418", r"not_ready_status must be one of 400, 404, 409, not 418"),
    ("models: [a]", r"models must be a mapping of model names"),
    ("models: {a: {seconds: [4]}}", r"models, a: needs seconds, usd_per_s"),
    ("models: {a: {price: 1}}", r"models, a: no key 'price'; allowed are seconds, usd_per_s"),
    ("models: {a: {seconds: [x], usd_per_s: {64x64: 1}}}", r"models, a: seconds must be"),
    ("models: {a: {seconds: [4], usd_per_s: {65x64: 1}}}", r"even pixels"),
    ("faults: {at: create}", r"faults must be a list of faults"),
    ("faults: [500]", r"faults, number 1 must be a mapping, not int"),
    ("faults: [{at: create}]", r"faults, number 1: needs at and fault"),
    ("faults: [{at: roof, fault: 500}]", r"number 1: at must be one of create, poll, content"),
    ("faults: [{at: create, fault: flood}]", r"no fault 'flood'; there are 401"),
    ("faults: [{at: create, fault: 500, odds: 1}]", r"no key 'odds'; allowed are at, fault"),
    ("faults: [{at: create, fault: 500, probability: 2}]", r"probability must be .* 0 to 1"),
    ("faults: [{at: create, fault: 500, nth: [0]}]", r"nth must be a whole number of at least 1"),
    ("- seed", r"the scenario must be a mapping, not list"),
    ("seed: [", r"cannot be read"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_a_wrong_key_or_value_is_named_with_what_is_allowed(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ScenarioError, match=message) as caught:
        load(tmp_path, text)

    assert "scenario.yaml" in str(caught.value)


def test_keys_are_not_shown_when_they_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, "good_keys: sk-secret")

    assert "sk-secret" not in str(caught.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario(tmp_path / "nowhere.yaml")
