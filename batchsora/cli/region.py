"""The last lines of a terminal, drawn anew in place; whatever else is printed scrolls above them.

The cursor is never hidden, and no mode of the terminal is changed: whatever ends or stops the
program, there is nothing to be put back.
"""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TextIO

from batchsora.cli.columns import columns_of
from batchsora.cli.printing import Line, Span, harmless, is_coloured, painted

UP, ERASE_BELOW = "\x1b[{}A", "\x1b[J"
MOST_KEPT = 1000  # lines, while a terminal takes none (Ctrl-S)
_USUAL = os.terminal_size((80, 24))
# of the same width, for terminals that speak little
_PLAIN_SIGNS = str.maketrans({"━": "=", "─": "-", "·": "-", "…": "~"})


class Region:
    """Lines at the end of what a terminal shows. Nothing that goes wrong there is an error."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []  # as they are drawn, with their colours
        self._columns: list[int] = []  # that each of them takes
        self._above: deque[str] = deque(maxlen=MOST_KEPT)
        self._coloured = is_coloured(stream)
        self._is_gone = False

    @property
    def size(self) -> os.terminal_size:
        """Columns that may be used, and rows. The last column stays free: no line wraps."""
        try:
            found = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            found = _USUAL
        columns, rows = found.columns or _USUAL.columns, found.lines or _USUAL.lines
        return os.terminal_size((columns - 1, rows))

    @property
    def is_in_sight(self) -> bool:
        """Tell whether this program has the terminal; in the background it does not draw."""
        try:
            return os.tcgetpgrp(self._stream.fileno()) == os.getpgrp()
        except (OSError, ValueError):  # it is not the terminal of this session
            return True

    def draw(self, lines: Iterable[Sequence[Span]]) -> None:
        """Draw these lines in the place of those before."""
        lines = list(lines)
        new = [self._speakable(painted(it, coloured=self._coloured)) for it in lines]
        columns = [sum(columns_of(harmless(span.text)) for span in it) for it in lines]
        if not self.is_in_sight:
            new, columns = [], []
        if new != self._lines or columns != self._columns or self._above:
            self._redraw(new, columns)

    def print_above(self, lines: Iterable[Line]) -> None:
        """Print lines that stay, above the others."""
        coloured = self._coloured
        self._above.extend(self._speakable(painted(it, coloured=coloured)) for it in lines)
        self._redraw(self._lines, self._columns)

    def clear(self) -> None:
        """Take the lines away: what is printed next stands in their place."""
        self._redraw([], [])

    def end(self) -> None:
        """Take the lines away for good; a terminal that is held (Ctrl-S) is waited for."""
        self._redraw([], [], patient=True)

    def forget(self) -> None:
        """Leave the lines where they are: others have printed below them."""
        self._lines, self._columns = [], []

    def _redraw(self, lines: list[str], columns: list[int], *, patient: bool = False) -> None:
        if not (lines or self._lines or self._above):
            return
        text = [self._erased(), *(f"{it}\n" for it in self._above), "\n".join(lines)]
        if self._write("".join(text), patient=patient):
            self._lines, self._columns = lines, columns
            self._above.clear()

    def _erased(self) -> str:
        """Go back to where the lines begin; a terminal that became narrower has wrapped them."""
        if not self._lines:
            return "\r"
        width = self.size.columns + 1
        rows = sum(max(1, -(-it // width)) for it in self._columns)
        return f"\r{UP.format(rows - 1) if rows > 1 else ''}{ERASE_BELOW}"

    def _write(self, text: str, *, patient: bool) -> bool:
        """Write all at once, if the terminal takes it now: a run waits for no terminal."""
        if self._is_gone:
            return False
        try:
            if not patient and not select.select([], [self._stream.fileno()], [], 0)[1]:
                return False
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._is_gone = True
            return False
        return True

    def _speakable(self, text: str) -> str:
        """Write what the terminal's encoding has no letter for as another of the same width."""
        encoding = self._stream.encoding or "utf-8"
        with suppress(UnicodeEncodeError):
            text.encode(encoding)
            return text
        return text.translate(_PLAIN_SIGNS).encode(encoding, "replace").decode(encoding)
