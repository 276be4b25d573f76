"""The host of a run: who asked for it, and is told of it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from batchsora.library.spending import Spending
from batchsora.runner.progress import Tell, Told
from batchsora.runner.session import Session
from batchsora.runner.stopping import Stopping


class Host(Protocol):
    """A person at a terminal, or a program. What it raises before the run is under way ends it."""

    @property
    def asks(self) -> bool:
        """Whether much new spending has to be agreed on before it is recorded."""

    def agree(self, spending: Spending) -> None:
        """Agree to it; raises UsageError where it is not. The ledger waits for nobody meanwhile."""

    def took(self, spending: Spending) -> None:
        """Hear what is recorded, and about to be bought."""

    def note(self, text: str) -> None:
        """Hear something that is worth knowing of the manifest or its run folder."""

    def listen(self, stopping: Stopping, tell: Tell) -> None:
        """Say from now on, in the loop that is running, when to stop."""

    def tell(self, told: Told) -> None:
        """Hear of an event."""

    def watch(self, run: Session) -> AbstractAsyncContextManager[None]:
        """Look at the run while it goes on."""
