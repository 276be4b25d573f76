"""The plot: what is ordered, and what goes wrong at the service while it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from PIL import Image

from batchsora.settings import Rate
from batchsora.simulator import Fault, Scenario
from batchsora.simulator.card import Card

MODEL = Card("small", ("1",), dict.fromkeys(("64x96", "96x64"), Decimal("0.10")))
HEAD = """
models: {small: {seconds: [1], sizes: {64x96: 0.10, 96x64: 0.10}}}
defaults: {model: small, seconds: 1, size: 64x96}
rows:
"""

WAITS = {"poll_interval_s": 2.0, "settle_s": 10.0}


@dataclass(frozen=True, slots=True)
class Scene:
    """A job; two of one prompt look alike in a service's list."""

    id: str
    prompt: str
    colour: str = ""  # of its picture, where it has one
    size: str = "64x96"

    def row(self) -> str:
        """Write it as a row of a manifest."""
        image = f", image: {self.id}.png" if self.colour else ""
        return f"  - {{id: {self.id}, prompt: {self.prompt}, size: {self.size}{image}}}\n"


SCENES = (
    Scene("boat", "It moves", colour="navy"),
    Scene("leaf", "It moves", colour="green"),
    Scene("wave", "A wave", size="96x64"),
)


def write_scenes(folder: Path) -> Path:
    """Write the manifest and its pictures, which are sent as they are; returns the manifest."""
    for scene in SCENES:
        if scene.colour:
            Image.new("RGB", (64, 96), scene.colour).save(folder / f"{scene.id}.png")
    path = folder / "scenes.yaml"
    path.write_text(HEAD + "".join(scene.row() for scene in SCENES))
    return path


@dataclass(frozen=True, slots=True)
class Plot:
    """What the service does, how the runner is set, and how many answers are lost."""

    scenario: Scenario
    settings: Mapping[str, Any]
    answers_lost: int = 0


def troubled(*, listed: bool) -> Plot:
    """Tell of a service that refuses a create, loses an answer, and breaks each clip off once.

    The lost answer is that of a job that looks like one which is there already.
    """
    faults = (
        Fault("create", "429", nth=(1,)),
        Fault("create", "lost_after", match="It moves", nth=(2,)),
        Fault("content", "cut", nth=(1,)),
    )
    scenario = _scenario(faults, listed=listed)
    return Plot(scenario, {**WAITS, "rate": Rate(2, 1.0)}, answers_lost=1)


def crowded(*, listed: bool) -> Plot:
    """Tell of a service that takes its time, so that requests are on the wire together."""
    faults = (Fault("create", "slow"), Fault("content", "slow"))
    scenario = _scenario(faults, listed=listed)
    return Plot(scenario, {**WAITS, "rate": Rate(100, 1.0), "burst": 10})


def _scenario(faults: tuple[Fault, ...], *, listed: bool) -> Scenario:
    return Scenario(
        models=(MODEL,),
        clip="tiny",
        render_s=(3.0, 5.0),
        slow_s=1.0,
        list_endpoint=listed,
        list_lag_s=2.0,
        faults=faults,
    )


PLOTS = {
    "a troubled service with a list": troubled(listed=True),
    "a troubled service without a list": troubled(listed=False),
    "a crowded wire with a list": crowded(listed=True),
    "a crowded wire without a list": crowded(listed=False),
}
