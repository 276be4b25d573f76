"""A life that ends at an await: what was to come after it never happens, not even a `finally`.

The tasks of a life are wrapped: each time that one of them is resumed is counted, and at one such
time all of them are frozen, as a SIGKILL at that moment would leave them. The world goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextvars import ContextVar, copy_context
from types import CoroutineType
from typing import Any, TypeVar

from looptime import LoopTimeEventLoop

T = TypeVar("T")

_LIFE: ContextVar[Life | None] = ContextVar("life", default=None)


class Life:
    """The tasks that a session has, and those that they begin; it may end before they do."""

    def __init__(self, ends_at: int | None, at_death: Callable[[], None]) -> None:
        """Let it end when its tasks are resumed for the nth time, counted from 1."""
        self.resumed = 0
        self.over = False
        self._ends_at = ends_at
        self._at_death = at_death
        self._died = asyncio.Event()
        self._buried = False
        self._tasks: set[asyncio.Task[Any]] = set()
        self._connections: list[asyncio.BaseTransport] = []

    async def live(self, session: Coroutine[Any, Any, T]) -> T | None:
        """Let a session live; None where it died."""
        context = copy_context()
        context.run(_LIFE.set, self)
        living = asyncio.get_running_loop().create_task(session, context=context)
        dying = asyncio.ensure_future(self._died.wait())
        await asyncio.wait({living, dying}, return_when=asyncio.FIRST_COMPLETED)
        dying.cancel()
        return None if self.over else await living

    def goes_on(self) -> bool:
        """Count that a task is about to be resumed; False where it must not be any more."""
        if self._buried:
            return True
        if not self.over:
            self.resumed += 1
            if self.resumed == self._ends_at:
                self._die()
        return not self.over

    def _die(self) -> None:
        """Stop for good; the kernel closes the connections of the dead, and no more is sent."""
        self.over = True
        self._at_death()
        for connection in self._connections:
            assert isinstance(connection, asyncio.WriteTransport)
            connection.abort()
        self._died.set()

    def joined(self, task: asyncio.Task[Any]) -> None:
        """Take in a task that this life began."""
        self._tasks.add(task)

    def posts(self) -> int:
        """Count the create requests whose answers are waited for: the tasks' own stacks tell."""
        stacks = (_stack(task) for task in self._tasks)
        return sum(("exchange", "POST") in stack for stack in stacks)

    def connected(self, connection: asyncio.BaseTransport) -> None:
        """Take in a connection that this life made."""
        self._connections.append(connection)

    async def bury(self) -> None:
        """Unwind what is frozen, once nobody looks at what it did any more."""
        self._buried = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


class _Mortal(Coroutine[Any, Any, T]):
    """A coroutine of a life: once that is over, it waits for something that never comes."""

    def __init__(self, inner: Coroutine[Any, Any, T], life: Life) -> None:
        self.inner = inner
        self._life = life

    def send(self, value: Any) -> Any:
        """Resume it, or don't."""
        return self.inner.send(value) if self._life.goes_on() else _wait_for_ever()

    def throw(self, *error: Any) -> Any:
        """Resume it with an error, or don't."""
        return self.inner.throw(*error) if self._life.goes_on() else _wait_for_ever()

    def close(self) -> None:
        """Give it up."""
        self.inner.close()

    def __await__(self) -> Generator[Any, Any, T]:
        return self.inner.__await__()


def _wait_for_ever() -> Any:
    """Hand a task, as a coroutine that awaits it would, a future that nobody will ever set."""
    return next(iter(asyncio.get_running_loop().create_future().__await__()))


def _stack(task: asyncio.Task[Any]) -> Iterator[tuple[str, object]]:
    """Name the functions that a task is in, each with what it calls its method."""
    within = task.get_coro()
    awaited = within.inner if isinstance(within, _Mortal) else None
    while isinstance(awaited, CoroutineType) and awaited.cr_frame is not None:
        yield awaited.cr_code.co_name, awaited.cr_frame.f_locals.get("method")
        awaited = awaited.cr_await


class Loop(LoopTimeEventLoop, asyncio.SelectorEventLoop):
    """A loop whose clock jumps, and in which some tasks are mortal."""

    def __init__(self) -> None:
        super().__init__(noop_cycles=5)
        self.set_task_factory(_begin)

    async def create_connection(self, *where: Any, **how: Any) -> Any:
        """Connect; what a life has connected is cut off with it."""
        connection, protocol = await super().create_connection(*where, **how)
        if (life := _LIFE.get()) is not None:
            life.connected(connection)
        return connection, protocol


def _begin(loop: asyncio.AbstractEventLoop, inner: Any, **how: Any) -> asyncio.Task[Any]:
    context = how.get("context")
    life = _LIFE.get() if context is None else context.get(_LIFE)
    if life is None:
        return asyncio.Task(inner, loop=loop, **how)
    task = asyncio.Task(_Mortal(inner, life), loop=loop, **how)
    life.joined(task)
    return task
