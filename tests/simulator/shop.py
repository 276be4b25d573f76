"""What the tests of the simulator share: a small model, pictures, a client, a clock by hand."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
from PIL import Image

from batchsora.simulator import Scenario, serving
from batchsora.simulator.card import CARDS, Card

KEY = "sk-canary-5b1f00d"
SMALL = Card("small", ("1", "2"), {"64x96": Decimal("0.10")})
BOUNDARY = "----batchsora"


@dataclass
class Clock:
    """A clock that stands still until it is moved."""

    now: float = 1_900_000_000.0

    def __call__(self) -> float:
        """Return the time, epoch seconds."""
        return self.now


def scenario(**changes: Any) -> Scenario:
    """Return a scenario with a model so small that its clips take no time."""
    return Scenario(**({"models": (*CARDS, SMALL), "render_s": (0.0, 0.0)} | changes))


def picture(
    size: tuple[int, int] = (64, 96), colour: str = "teal", kind: str = "PNG", **how: Any
) -> bytes:
    """Return the bytes of a picture with something to see in it."""
    image = Image.new("RGB", size, colour)
    image.paste("orange", (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
    file = io.BytesIO()
    image.save(file, kind, **how)
    return file.getvalue()


async def in_place(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a slow function here and now: clips are there as soon as a create is answered."""
    return function(*arguments)


def form(fields: dict[str, str], image: bytes | None = None) -> aiohttp.FormData:
    """Return a multipart body of these fields and, if there is one, a picture."""
    data = aiohttp.FormData(default_to_multipart=True)
    for name, value in fields.items():
        data.add_field(name, value)
    if image is not None:
        data.add_field("input_reference", image, filename="a.png", content_type="image/png")
    return data


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was read whole."""

    status: int
    headers: Any
    body: bytes
    json: Any


@dataclass(frozen=True, slots=True)
class Shop:
    """A client of one running simulator."""

    url: str
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Send a request, with the key unless other headers are given."""
        options.setdefault("headers", {"Authorization": f"Bearer {KEY}"})
        options.setdefault("allow_redirects", False)
        async with self.session.request(method, self.url + path, **options) as answer:
            body = await answer.read()
            json = await answer.json() if answer.content_type == "application/json" else None
            return Answer(answer.status, answer.headers, body, json)

    async def order(
        self, prompt: str = "a calm sea", image: bytes | None = None, **fields: str
    ) -> Answer:
        """Order a clip of the small model."""
        fields = {"prompt": prompt, "model": "small", "size": "64x96", "seconds": "1"} | fields
        return await self.ask("POST", "/v1/videos", data=form(fields, image))

    async def bought(self, prompt: str = "a calm sea", image: bytes | None = None) -> str:
        """Order a clip and return its id."""
        answer = await self.order(prompt, image)
        assert answer.status == 200, answer.body
        return str(answer.json["id"])

    async def look(self, video_id: str) -> Answer:
        """Ask how a video stands."""
        return await self.ask("GET", f"/v1/videos/{quote(video_id, safe='')}")

    async def finished(self, video_id: str) -> Any:
        """Look until a video is completed; return it."""
        async with asyncio.timeout(20):
            video: dict[str, Any] = {"status": None}
            while video["status"] != "completed":
                video = (await self.look(video_id)).json
        return video

    async def fetch(self, video_id: str, **options: Any) -> Answer:
        """Ask for a video's content."""
        path = f"/v1/videos/{quote(video_id, safe='')}/content"
        return await self.ask("GET", path, **options)

    async def record(self) -> Any:
        """Return the simulator's own record."""
        return (await self.ask("GET", "/simulator/record", headers={})).json


@asynccontextmanager
async def open_shop(folder: Path, story: Scenario, **options: Any) -> AsyncIterator[Shop]:
    """Run a simulator whose clips are made in place, and a client of it."""
    options = {"offload": in_place} | options
    connector = aiohttp.TCPConnector(force_close=True)
    async with (
        serving(folder, story, **options) as url,
        aiohttp.ClientSession(connector=connector) as session,
    ):
        yield Shop(url, session)
