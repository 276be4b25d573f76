"""The person who asked for a run: what is asked of them, and what they are shown."""

from __future__ import annotations

import time
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from decimal import Decimal

from batchsora.cli.agreeing import agree
from batchsora.cli.printing import can_ask, err
from batchsora.cli.signals import listen
from batchsora.cli.views import View
from batchsora.cli.words import states_text
from batchsora.job import State
from batchsora.library.spending import Spending
from batchsora.runner.progress import Tell, Told
from batchsora.runner.session import Session
from batchsora.runner.stopping import Stopping

TOLD_EVERY_S = 5.0  # so often a person hears how far the images are


@dataclass(slots=True)
class Person:
    """The host of a run that was typed."""

    view: View
    confirm_above_usd: Decimal
    yes: bool  # agreed beforehand
    quiet: bool
    _told_at: float = field(default_factory=time.monotonic)

    @property
    def asks(self) -> bool:
        """Whether there is anybody to ask, who did not say yes already."""
        return can_ask() and not self.yes

    def agree(self, spending: Spending) -> None:
        """Ask; raises UsageError after a no."""
        agree(spending)

    def took(self, spending: Spending) -> None:
        """Say what is bought where nobody was asked."""
        if spending.is_above(self.confirm_above_usd) and not self.asks:
            self.note(f"buying: {spending}")

    def note(self, text: str) -> None:
        """Print it."""
        if not self.quiet:
            err(text)

    def listen(self, stopping: Stopping, tell: Tell) -> None:
        """Let signals stop the run."""
        listen(stopping, tell, self.view.leave)

    def tell(self, told: Told) -> None:
        """Show it; of many images, how far they are now and then."""
        self.view.tell(told)
        is_due = time.monotonic() > self._told_at + TOLD_EVERY_S
        if self.view.is_for_people and told.what == "image_fetched" and is_due:
            self._told_at = time.monotonic()
            self.view.tell(Told(told.at, "gathering", message=f"image {told.message}"))

    def watch(self, run: Session) -> AbstractAsyncContextManager[None]:
        """Say what of it is there already, then show how it stands."""
        if run.scope.states[State.PENDING] < run.scope.jobs:
            self.note(f"going on: {states_text(run.scope)}; nothing is bought twice")
        return self.view.watch(run)
