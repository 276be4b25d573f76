"""How a run is to go: each setting as text, and how layers of them settle."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchsora.settings import SETTINGS, Rate, Settings, parse_setting, settle

WHOLE = sorted({"burst", "max_in_flight", "download_concurrency", "max_doubts", "max_attempts"})
SECONDS = sorted({"poll_interval", "job_timeout", "settle"})


@pytest.mark.parametrize(
    ("text", "requests", "period_s"),
    [
        ("60/1m", 60, 60),
        ("60/m", 60, 60),
        ("5/s", 5, 1),
        ("100/1h", 100, 3600),
        ("0.5/s", 0.5, 1),
        ("10/2.5s", 10, 2.5),
        (" 25 / 10 s ", 25, 10),
    ],
)
def test_a_rate_is_a_number_a_slash_a_number_or_nothing_and_a_unit(
    text: str, requests: float, period_s: float
) -> None:
    assert Rate.parse(text) == Rate(requests, period_s)


NO_RATES = [
    "60",
    "60/",
    "/m",
    "60m",
    "60/1d",
    "60/1M",
    "0/m",
    "60/0m",
    "-1/m",
    "1e3/m",
    "60/-1m",
    "60/1m/2",
    "0.0/s",
    "inf/s",
    "nan/s",
    ".5/s",
    "5./s",
    "1,5/s",
]


@pytest.mark.parametrize("text", ["", *NO_RATES])
def test_what_is_no_rate_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="a rate such as 60/1m"):
        Rate.parse(text)


@given(st.integers(1, 99_999), st.integers(1, 999), st.sampled_from("smh"))
def test_a_rate_reads_what_it_writes(requests: int, periods: int, unit: str) -> None:
    rate = Rate.parse(f"{requests}/{periods}{unit}")
    assert Rate.parse(str(rate)) == rate


def test_requests_at_a_steady_pace_are_an_interval_apart() -> None:
    assert Rate.parse("30/1m").interval_s == 2.0


@pytest.mark.parametrize("name", WHOLE)
def test_a_setting_that_counts_is_a_whole_number_from_one_on(name: str) -> None:
    assert parse_setting(name, " 7 ") == {SETTINGS[name][0]: 7}
    for text in ("0", "-1", "1.5", "", "x", "1e3", "1_000", "9999999999"):
        with pytest.raises(ValueError, match="a whole number, 1 or more"):
            parse_setting(name, text)


@pytest.mark.parametrize("name", SECONDS)
def test_a_setting_that_lasts_is_a_number_of_seconds_above_zero(name: str) -> None:
    assert parse_setting(name, "2.5") == {SETTINGS[name][0]: 2.5}
    for text in ("0", "0.0", "-1", "", "x", "1e3", "inf", "nan", "5m"):
        with pytest.raises(ValueError, match="a number of seconds greater than 0"):
            parse_setting(name, text)


def test_an_unknown_setting_is_no_setting() -> None:
    with pytest.raises(KeyError):
        parse_setting("api_key", "sk-any")


def test_no_setting_names_what_a_strangers_manifest_must_not_choose() -> None:
    assert SETTINGS.keys().isdisjoint({"base_url", "auth", "yes", "env_file", "out_dir"})


def test_every_setting_fills_a_field_of_its_own() -> None:
    assert sorted(field for field, _ in SETTINGS.values()) == sorted(
        it.name for it in fields(Settings)
    )


def test_a_later_layer_lies_over_an_earlier_one_and_both_over_the_defaults() -> None:
    settled = settle({"burst": 2, "settle_s": 5.0}, {"burst": 3})
    assert (settled.burst, settled.settle_s) == (3, 5.0)
    assert settled.max_doubts == Settings().max_doubts
    assert settle() == Settings()
