"""The scenario: how the simulated service behaves, and what goes wrong in it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from batchsora.simulator.card import CARDS, Card

Place = Literal["create", "poll", "content", "list", "delete", "models", "signed"]
RetryHint = Literal["seconds", "http-date", "ms", "reset", "none"]


class ScenarioError(ValueError):
    """A scenario asks for something that does not exist; the message names the key."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` accepted creates in any `window_s` seconds; refused ones do not count."""

    count: int
    window_s: float


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong with some requests at one place; all given conditions must hold.

    at: which requests: create, poll, content, list, delete, models, or signed (the direct URLs).
    name: what goes wrong, `fault` in a file; a name of the table in `batchsora.simulator.fault`.
    match: a word that the video's prompt must contain; "" is any.
    probability: the chance, 0 to 1, that a request is struck.
    nth: strikes only these of the requests that come past this fault, counted from 1; for poll,
        content, delete and signed each video is counted by itself. Empty is all.
    times: strikes at most so often, counted in the same way; None is without end.
    retry_after: a literal Retry-After header for the refusals that carry a hint.
    """

    at: Place
    name: str
    match: str = ""
    probability: float = 1.0
    nth: tuple[int, ...] = ()
    times: int | None = None
    retry_after: str | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """How the service behaves; as it stands, everything works and renders take 1 to 3 seconds.

    seed: of every chance the service takes, except ids.
    queue_s, render_s: the shortest and longest time in `queued` and in `in_progress`, seconds.
    expires_s: how long a finished clip can be fetched, seconds.
    list_endpoint, delete_endpoint, models_endpoint: whether these are offered; 404 if not.
    list_lag_s: how long an accepted video stays out of the list, seconds.
    auth_required: whether requests without a key are refused.
    good_keys: the keys that are let in; None is any that is not empty. Kept in memory only.
    balance_usd: what can be bought in this state before "Insufficient balance"; None is no end.
    rate: creates in a sliding window, such as 60/1m; None is no limit.
    retry_hint: how a 429 or 503 says when to come back: Retry-After in seconds or as http-date,
        ms (retry-after-ms), reset (x-ratelimit-reset-requests), or none.
    max_running: videos that may be unfinished at once; None is no limit.
    poll_after_ms: sent as openai-poll-after-ms with status answers; None is not sent.
    id_style: plain (`video_` and hex), or odd (with `/ + = :` in it).
    not_ready_status: what content answers before a clip is finished: 400, 404 or 409.
    video_url: whether finished videos carry `soraVideoUrl`; `json_content` implies it.
    clip: full (made from the picture), or tiny (one for each size and length, quickly made).
    slow_s: how long the fault `slow` takes for one body, seconds.
    models: the cards of the models on offer.
    faults: tried in this order; the first that strikes wraps those behind it.
    """

    seed: int = 1
    queue_s: tuple[float, float] = (0.0, 0.0)
    render_s: tuple[float, float] = (1.0, 3.0)
    expires_s: float = 3600.0
    list_endpoint: bool = True
    list_lag_s: float = 0.0
    delete_endpoint: bool = True
    models_endpoint: bool = True
    auth_required: bool = True
    good_keys: frozenset[str] | None = field(default=None, repr=False)
    balance_usd: Decimal | None = None
    rate: Rate | None = None
    retry_hint: RetryHint = "seconds"
    max_running: int | None = None
    poll_after_ms: int | None = None
    id_style: Literal["plain", "odd"] = "plain"
    not_ready_status: Literal[400, 404, 409] = 404
    video_url: bool = False
    clip: Literal["full", "tiny"] = "full"
    slow_s: float = 5.0
    models: tuple[Card, ...] = CARDS
    faults: tuple[Fault, ...] = ()

    def card(self, model: str) -> Card | None:
        """Return the card of this model, or None when it is not on offer."""
        return next((card for card in self.models if card.model == model), None)

    def tells_url(self, prompt: str) -> bool:
        """Say whether a finished video of this prompt carries its direct URL."""
        return self.video_url or any(
            fault.name == "json_content" and fault.match in prompt for fault in self.faults
        )
