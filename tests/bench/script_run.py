"""What one would write with the official SDK: twenty at once, waiting as the SDK waits."""

import asyncio
import csv
import sys
from pathlib import Path

from openai import AsyncOpenAI

prompts, url, out_dir = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])


async def make(client: AsyncOpenAI, slots: asyncio.Semaphore, number: int, prompt: str) -> None:
    """Make one clip."""
    async with slots:
        video = await client.videos.create_and_poll(
            prompt=prompt, model="sora-2", seconds="4", size="720x1280", poll_interval_ms=1000
        )
        content = await client.videos.download_content(video.id)
        content.write_to_file(out_dir / f"{number}.mp4")


async def main() -> None:
    """Make all clips."""
    out_dir.mkdir(parents=True)
    slots = asyncio.Semaphore(20)
    with prompts.open(newline="") as file:
        rows = [row["prompt"] for row in csv.DictReader(file)]
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="sk-bench") as client:
        await asyncio.gather(*(make(client, slots, *it) for it in enumerate(rows)))


asyncio.run(main())
