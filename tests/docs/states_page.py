"""Draws a job's life from its table: run it when a transition changed.

Into docs/architecture.md as a diagram of Mermaid, and into docs/pictures/states.svg for where that
is not drawn. What leads where is told by the table alone; here stands where it is put on the paper.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from batchsora.job import State
from batchsora.lifecycle import TRANSITIONS

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "architecture.md"
PICTURE = DOCS / "pictures" / "states.svg"

# what a person sees of a job, and the states in which it is so
GROUPS = {
    "nothing bought": (State.PENDING,),
    "perhaps bought": (State.SUBMITTING, State.IN_DOUBT),
    "bought": (State.RUNNING, State.RENDERED, State.DONE),
    "no clip": (State.FAILED,),
}


def arrows() -> dict[tuple[State, State], list[str]]:
    """Gather the events of the table by where they lead from, and to."""
    found: dict[tuple[State, State], list[str]] = {}
    for (source, event), target in TRANSITIONS.items():
        found.setdefault((source, target), []).append(event.value)
    return found


# -- Mermaid ---------------------------------------------------------------------------------------

_BLOCK = re.compile(r"(?<=^```mermaid\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)


def mermaid() -> str:
    """Draw it as a flowchart: a subgraph for each group, an arrow for each pair of states."""
    lines = ["flowchart LR"]
    for number, (title, states) in enumerate(GROUPS.items(), 1):
        lines += [f"    subgraph group{number} [{title}]", *(f"        {it}" for it in states)]
        lines += ["    end"]
    for (source, target), events in arrows().items():
        lines.append(f"    {source} -->|{'<br>'.join(events)}| {target}")
    return "".join(f"{line}\n" for line in lines)


def with_diagram(page: str) -> str:
    """Put the diagram into a page, in the place of the one that is there."""
    return _BLOCK.sub(lambda _: mermaid(), page)


# -- SVG -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its left upper corner, its width and height, in units of the picture."""

    x: int
    y: int
    width: int
    height: int

    def drawn(self, kind: str) -> str:
        """Draw it, with round corners."""
        place = f'x="{self.x}" y="{self.y}" width="{self.width}" height="{self.height}"'
        return f'<rect class="{kind}" {place} rx="8"/>'


@dataclass(frozen=True, slots=True)
class Route:
    """The way of an arrow, and where its events stand: beside it, or over its middle."""

    path: str
    x: int
    y: int
    over: bool = False


WIDTH, HEIGHT = 1160, 530
LINE = 15  # from one event to the next

PANELS = {
    "nothing bought": Box(20, 30, 195, 340),
    "perhaps bought": Box(245, 30, 280, 340),
    "bought": Box(555, 30, 585, 340),
    "no clip": Box(20, 430, 1120, 80),
}
TITLES = {"nothing bought": 20, "perhaps bought": 20, "bought": 20, "no clip": 70}  # from the top
BOXES = {
    State.PENDING: Box(35, 166, 130, 48),
    State.SUBMITTING: Box(270, 166, 135, 48),
    State.IN_DOUBT: Box(390, 298, 120, 48),
    State.RUNNING: Box(566, 166, 110, 48),
    State.RENDERED: Box(800, 166, 116, 48),
    State.DONE: Box(1036, 166, 90, 48),
    State.FAILED: Box(35, 446, 1090, 36),
}
ROUTES = {
    (State.PENDING, State.SUBMITTING): Route("M165 190H270", 217, 182, over=True),
    (State.PENDING, State.FAILED): Route("M138 214V446", 144, 404),
    (State.SUBMITTING, State.PENDING): Route("M338 166C338 96 100 96 100 166", 264, 111, over=True),
    (State.SUBMITTING, State.RUNNING): Route("M405 190H566", 488, 182, over=True),
    (State.SUBMITTING, State.FAILED): Route("M300 214V446", 306, 389),
    (State.SUBMITTING, State.IN_DOUBT): Route("M375 214L430 298", 412, 258),
    (State.IN_DOUBT, State.RUNNING): Route("M510 322C575 322 600 280 602 214", 548, 342),
    (State.IN_DOUBT, State.PENDING): Route("M390 322C240 322 158 300 153 214", 170, 264),
    (State.IN_DOUBT, State.FAILED): Route("M450 346V446", 456, 404),
    (State.RUNNING, State.RUNNING): Route("M601 166C591 112 651 112 641 166", 621, 116, over=True),
    (State.RUNNING, State.RENDERED): Route("M676 190H800", 738, 182, over=True),
    (State.RUNNING, State.FAILED): Route("M660 214V446", 666, 404),
    (State.RENDERED, State.RENDERED): Route(
        "M838 166C828 112 888 112 878 166", 858, 101, over=True
    ),
    (State.RENDERED, State.DONE): Route("M916 190H1036", 976, 167, over=True),
    (State.RENDERED, State.FAILED): Route("M835 214V446", 841, 404),
    (State.DONE, State.RENDERED): Route("M1081 214C1081 276 880 276 880 214", 980, 278, over=True),
    (State.DONE, State.DONE): Route("M1061 166C1051 112 1111 112 1101 166", 1081, 101, over=True),
    (State.DONE, State.PENDING): Route("M1048 166C1048 24 70 24 70 166", 760, 56, over=True),
    (State.FAILED, State.PENDING): Route("M52 446V214", 58, 404),
}

STYLE = """\
  text { font: 12px ui-sans-serif, system-ui, sans-serif; fill: #3d4451; }
  .title { font-size: 13px; fill: #6b7280; }
  .state { font-size: 15px; font-weight: 600; fill: #111827; text-anchor: middle; }
  .over { text-anchor: middle; }
  .panel { fill: #f3f4f6; }
  .box { fill: #ffffff; stroke: #9ca3af; }
  .good { fill: #e3f4e8; stroke: #3f9a5a; }
  .bad { fill: #fbe6e4; stroke: #c4524a; }
  .doubt { fill: #fdf1d3; stroke: #b7862a; }
  .arrow { fill: none; stroke: #6b7280; stroke-width: 1.3; marker-end: url(#head); }
  #head path { fill: #6b7280; }
  @media (prefers-color-scheme: dark) {
    text { fill: #c9d1d9; }
    .title { fill: #8b949e; }
    .state { fill: #f0f6fc; }
    .panel { fill: #161b22; }
    .box { fill: #21262d; stroke: #6e7681; }
    .good { fill: #12301c; stroke: #3fb950; }
    .bad { fill: #3a1714; stroke: #e5695f; }
    .doubt { fill: #33270c; stroke: #d29922; }
    .arrow { stroke: #8b949e; }
    #head path { fill: #8b949e; }
  }
"""
HEAD = """\
<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8"
 orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>"""
KINDS = {State.DONE: "good", State.FAILED: "bad", State.IN_DOUBT: "doubt"}


def svg() -> str:
    """Draw it as a picture, for light and for dark pages."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "<title>The states of a job, and what leads from one to another</title>",
        f"<style>\n{STYLE}</style>",
        HEAD,
        *(_panel(title) for title in GROUPS),
        *(_arrow(*pair, events) for pair, events in arrows().items()),
        *(_state(state) for states in GROUPS.values() for state in states),
        "</svg>",
    ]
    return "\n".join([*parts, ""])


def _panel(title: str) -> str:
    box = PANELS[title]
    return f"{box.drawn('panel')}{_text(box.x + 15, box.y + TITLES[title], 'title', [title])}"


def _state(state: State) -> str:
    box = BOXES[state]
    name = _text(box.x + box.width // 2, box.y + box.height // 2 + 5, "state", [state])
    return f"{box.drawn(f'box {KINDS.get(state, str())}'.rstrip())}{name}"


def _arrow(source: State, target: State, events: list[str]) -> str:
    route = ROUTES[source, target]
    told = _text(route.x, route.y, "over" if route.over else "beside", events)
    head = f'<g data-from="{source}" data-to="{target}">'
    return f'{head}<path class="arrow" d="{route.path}"/>{told}</g>'


def _text(x: int, y: int, kind: str, lines: Iterable[str]) -> str:
    rows = (
        f'<tspan x="{x}" y="{y + number * LINE}">{escape(line)}</tspan>'
        for number, line in enumerate(lines)
    )
    return f'<text class="{kind}">{"".join(rows)}</text>'


if __name__ == "__main__":
    PAGE.write_text(with_diagram(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(svg(), encoding="utf-8")
