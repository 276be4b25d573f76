"""The service behind the routes: what is accepted, under which limits, and how a job stands."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from aiohttp import web

from batchsora.simulator.job import Fate, Job, Standing, standing
from batchsora.simulator.refusal import Refusal, gateway_error, openai_error
from batchsora.simulator.retry import retry_headers

if TYPE_CHECKING:
    import asyncio

    from batchsora.simulator.order import Order
    from batchsora.simulator.picture import Picture
    from batchsora.simulator.scenario import Fault, Scenario
    from batchsora.simulator.state import SimulatorState
    from batchsora.simulator.studio import Offload, Studio


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that one running service holds. `clock` returns epoch seconds."""

    scenario: Scenario
    state: SimulatorState
    studio: Studio
    clock: Callable[[], float]
    chance: Random
    offload: Offload
    closing: asyncio.Event

    def standing(self, job: Job) -> Standing:
        """Return where the job stands now; it is never completed before its clip is there."""
        at = standing(job, self.clock(), self.scenario.expires_s)
        if at.status == "completed" and self.studio.is_making(job):
            return Standing("in_progress", 99)
        return at

    async def accept(self, order: Order, picture: Picture | None, fate: Fate) -> Job:
        """Take an order, durably, and begin with its clip; raises Refusal at a limit."""
        if picture is not None:
            await self.studio.keep(picture)
        # From here to the record nothing is awaited, so that no limit can be overrun.
        now = self.clock()
        self._hold_limits(order, now)
        job = self._job(order, picture, fate, now)
        self.state.accept(job)
        if job.fate is Fate.COMPLETES:
            self.studio.begin(job, lambda: self._finish(job))
        return job

    def hint(self, wait_s: float, literal: str | None = None) -> dict[str, str]:
        """Return the headers that say when to come back, as the scenario spells them."""
        if literal is not None:
            return {"Retry-After": literal}
        return retry_headers(self.scenario.retry_hint, wait_s, self.clock())

    def strikes(self, number: int, fault: Fault, job_id: str, prompt: str | None) -> bool:
        """Say whether the fault strikes a request, and count it. `number` is the fault's own."""
        if fault.match and (prompt is None or fault.match not in prompt):
            return False
        counted = bool(fault.nth) or fault.times is not None
        seen, struck = self.state.tally(number, job_id) if counted else (0, 0)
        if fault.nth and seen not in fault.nth:
            return False
        if fault.times is not None and struck >= fault.times:
            return False
        if fault.probability < 1 and self.chance.random() >= fault.probability:
            return False
        if counted:
            self.state.tally_strike(number, job_id)
        return True

    def _hold_limits(self, order: Order, now: float) -> None:
        self._hold_rate(now)
        limit = self.scenario.max_running
        if limit is not None and self.state.running(now) >= limit:
            raise too_many_running()
        balance_usd = self.scenario.balance_usd
        price_usd = order.card.price_usd(order.seconds, order.size)
        if balance_usd is not None and self.state.spent_usd() + price_usd > balance_usd:
            raise gateway_error(403, "Insufficient balance")

    def _hold_rate(self, now: float) -> None:
        rate = self.scenario.rate
        if rate is None:
            return
        created = self.state.created_since(now - rate.window_s)
        if len(created) >= rate.count:
            wait_s = created[-rate.count] + rate.window_s - now
            raise rate_limited(self.hint(max(0.0, wait_s)))

    def _job(self, order: Order, picture: Picture | None, fate: Fate, now: float) -> Job:
        starts_at = now + self.chance.uniform(*self.scenario.queue_s)
        ends_at = starts_at + self.chance.uniform(*self.scenario.render_s)
        return Job(
            id=new_id(odd=self.scenario.id_style == "odd"),
            prompt=order.prompt,
            model=order.card.model,
            seconds=order.seconds,
            size=order.size,
            image_sha256=None if picture is None else picture.sha256,
            price_usd=order.card.price_usd(order.seconds, order.size),
            created_at=now,
            starts_at=starts_at,
            ends_at=None if fate is Fate.STUCK else ends_at,
            fate=fate,
        )

    def _finish(self, job: Job) -> None:
        now = self.clock()
        if job.ends_at is not None and now > job.ends_at:
            self.state.postpone(job.id, now)


def new_id(*, odd: bool) -> str:
    """Return an id that no other state has either: a ledger may have seen more than one."""
    plain = f"video_{secrets.token_hex(16)}"
    return f"{plain[:14]}/{plain[14:22]}+{plain[22:30]}:{plain[30:]}==" if odd else plain


def rate_limited(headers: dict[str, str]) -> Refusal:
    """Return the 429 for too many requests."""
    message = "Rate limit reached for requests. Please try again later."
    return openai_error(429, message, kind="requests", code="rate_limit_exceeded", headers=headers)


def too_many_running() -> Refusal:
    """Return the 429 for too many unfinished videos; its code is null, as seen."""
    return openai_error(429, "Too many running tasks", kind="rate_limit_error")


SERVICE = web.AppKey("service", Service)


def service_of(request: web.Request) -> Service:
    """Return the service that a request came to."""
    return request.app[SERVICE]
