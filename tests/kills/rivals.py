"""Two runners on one run folder: one gets in, the other leaves at once, nothing is bought twice."""

from __future__ import annotations

import random
import subprocess
import time
from functools import partial
from pathlib import Path

from .campaign import Campaign
from .outside import BETWEEN_LOOKS_S, PATIENCE_S, read_record, simulator
from .promises import DONE, DOUBTS_LEFT, Broken, settle

LOCKED = 9  # exit code
STORY = "{clip: tiny, render_s: [1.0, 1.5], list: false}"
APART_S = 0.6  # at most, between the two starts: about as long as a runner takes to get in
AT_ONCE = 0.3  # of the rounds: both start at the same moment
LIVES_S = 0.8  # at most, before the one that got in is killed


def check_rivals(package: Path, home: Path, *, seed: int) -> None:
    """Start two; when one was sent away, kill the other and start a third; see it through."""
    chance = random.Random(seed)
    apart_s = 0.0 if chance.random() < AT_ONCE else chance.uniform(0.0, APART_S)
    lives_s = chance.uniform(0.0, LIVES_S)
    with simulator(home / "service", STORY) as url:
        campaign = Campaign(
            package, home, *("--base-url", url, "--rate", "100/1s"), jobs=4, warm=True
        )
        try:
            _check_second(campaign, apart_s, lives_s)
            settle(campaign, partial(read_record, url))
        except Broken as broken:
            broken.add_note(f"seed {seed}, {apart_s} s apart; what is left is in {home}")
            raise


def _check_second(campaign: Campaign, apart_s: float, lives_s: float) -> None:
    with campaign.runner() as first:
        time.sleep(apart_s)
        with campaign.runner() as second:
            inside = _check_one_leaves(campaign, first, second)
            time.sleep(lives_s)
            inside.kill()
            if (code := campaign.run()) not in {DONE, DOUBTS_LEFT}:
                raise Broken(f"after a kill nobody gets in: {code}, {campaign.said()}")


def _check_one_leaves(
    campaign: Campaign, first: subprocess.Popen[str], second: subprocess.Popen[str]
) -> subprocess.Popen[str]:
    """See that one of two is sent away, and told by whom; returns the other."""
    until = time.monotonic() + PATIENCE_S
    while first.poll() is None and second.poll() is None and time.monotonic() < until:
        time.sleep(BETWEEN_LOOKS_S)
    away, inside = (first, second) if first.poll() is not None else (second, first)
    if away.poll() != LOCKED or inside.poll() is not None:
        raise Broken(f"of two runners one left with {away.poll()}, one with {inside.poll()}")
    said = f"another batchsora (process {inside.pid}) is working on {campaign.folder}"
    if said not in campaign.said(lines=100):
        raise Broken(f"it is not told of process {inside.pid}: {campaign.said()}")
    return inside
