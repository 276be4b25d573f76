"""A budget in a storm: whatever is killed, lost or refused, the service's bill never passes it."""

from __future__ import annotations

import random
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from .campaign import Campaign, Noted
from .outside import Record, read_record, simulator
from .promises import DONE, DOUBTS_LEFT, Broken, OverBudget, check_purchases

PRICE_USD = Decimal("0.40")
REACHED = 8  # exit code
ENDS = frozenset({-signal.SIGKILL, DONE, 1, DOUBTS_LEFT, REACHED})
LIVES_S = 2.0  # at most, before a kill

STORY = """
seed: {seed}
clip: tiny
render_s: [0.1, 0.4]
list: false
faults:
  - {{at: create, fault: 429, probability: 0.1, retry_after: "0.1"}}
  - {{at: create, fault: moderated, probability: 0.15}}
  - {{at: create, fault: lost_before, probability: 0.04}}
  - {{at: create, fault: 502_after, probability: 0.06}}
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a limit has let through."""

    limit_usd: Decimal
    bill_usd: Decimal  # by the service's own record
    doubts_usd: Decimal  # of answers that were lost, and nothing was bought
    left: int  # jobs that were not bought
    kills: int

    def __str__(self) -> str:
        """Write it as a row of a table."""
        return (
            f"{self.limit_usd} / {self.bill_usd} / {self.doubts_usd} / {self.left} / {self.kills}"
        )


def check_budget(
    package: Path, home: Path, *, seed: int, jobs: int = 500, kills: int = 8
) -> list[Spent]:
    """Spend three limits, each higher than the one before, with so many kills on the way."""
    chance = random.Random(seed)
    with simulator(home / "service", STORY.format(seed=seed)) as url:
        limits = sorted(Decimal(chance.randrange(20, 40 * jobs)) / 100 for _ in range(2))
        spent = []
        for limit_usd in (*limits, Decimal(jobs)):
            options = (*("--base-url", url), *("--max-cost", str(limit_usd)))
            at_once = (*("--max-in-flight", "64"), *("--rate", "1000/1s"), *("--burst", "64"))
            campaign = Campaign(package, home, *options, *at_once, jobs=jobs, warm=True)
            spent.append(_spend(campaign, url, limit_usd, chance, kills))
        return spent


def _spend(
    campaign: Campaign, url: str, limit_usd: Decimal, chance: random.Random, kills: int
) -> Spent:
    """Run into one limit, killed on the way; look at the bill after every life."""
    met = 0
    while True:
        with campaign.runner() as runner:
            if met < kills:
                with suppress(subprocess.TimeoutExpired):
                    runner.wait(chance.uniform(0.3, LIVES_S))
                runner.kill()
            code = runner.wait()
        if code not in ENDS:
            raise Broken(f"exit code {code}: {campaign.said()}")
        spent = _check(campaign.noted(), read_record(url), limit_usd, met)
        if code != -signal.SIGKILL:
            _check_end(code, spent)
            return spent
        met += 1


def _check(noted: tuple[Noted, ...], record: Record, limit_usd: Decimal, kills: int) -> Spent:
    check_purchases(record, noted)
    bill_usd = len(record.creates) * PRICE_USD
    counted_usd = sum((it.purchases + it.open) * PRICE_USD for it in noted)
    if bill_usd > limit_usd:
        raise OverBudget(f"{bill_usd} USD were billed, {limit_usd} were allowed")
    if not bill_usd <= counted_usd <= limit_usd:
        raise OverBudget(f"{bill_usd} USD billed, {counted_usd} counted, {limit_usd} allowed")
    left = sum(it.state == "pending" for it in noted)
    return Spent(limit_usd, bill_usd, counted_usd - bill_usd, left, kills)


def _check_end(code: int, spent: Spent) -> None:
    """See that a run which left rows had no money for one more clip."""
    if spent.left and code not in {REACHED, DOUBTS_LEFT}:
        raise OverBudget(f"{spent.left} jobs were left, and the exit code is {code}")
    if spent.left and spent.bill_usd + spent.doubts_usd <= spent.limit_usd - PRICE_USD:
        raise OverBudget(f"there was money left for more: {spent}")
