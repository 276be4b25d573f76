"""The official SDK, as it is, is a client of the simulator."""

import asyncio
from pathlib import Path

import pytest
from openai import NotFoundError, OpenAI
from openai.types import Video

from batchsora.simulator import Scenario, serving

from .shop import KEY, picture

# The SDK says of each call that the maker's own API will shut down; the contract lives on.
pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")

QUICK = Scenario(render_s=(0.0, 0.0), clip="tiny")


def strict(video: Video) -> Video:
    return Video.model_validate(video.model_dump(), strict=True, extra="forbid")


def wait(client: OpenAI, video_id: str) -> Video:
    return next(
        video
        for video in iter(lambda: client.videos.retrieve(video_id), None)
        if strict(video).status == "completed"
    )


def shopping(url: str) -> tuple[str, bytes]:
    with OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0) as client:
        image = ("a.png", picture((720, 1280)), "image/png")
        first = strict(client.videos.create(prompt="a boat"))
        assert (first.model, first.seconds, first.size) == ("sora-2", "4", "720x1280")
        second = strict(
            client.videos.create(
                prompt="a hat", input_reference=image, seconds="4", size="720x1280"
            )
        )
        finished = wait(client, second.id)
        assert finished.completed_at is not None
        assert finished.expires_at == finished.completed_at + 3600
        clip = client.videos.download_content(second.id).read()
        listed = client.videos.list(limit=1)
        assert [video.id for video in listed.data] == [second.id]
        assert [video.id for video in listed] == [second.id, first.id]
        deleted = client.videos.delete(first.id)
        assert (deleted.id, deleted.deleted, deleted.object) == (first.id, True, "video.deleted")
        with pytest.raises(NotFoundError):
            client.videos.retrieve(first.id)
        assert {model.id for model in client.models.list()} == {"sora-2", "sora-2-pro"}
        return second.id, clip


async def test_the_official_sdk_buys_looks_lists_downloads_and_deletes(tmp_path: Path) -> None:
    async with serving(tmp_path, QUICK) as url:
        _, clip = await asyncio.to_thread(shopping, url)

    assert clip in [path.read_bytes() for path in (tmp_path / "clips").glob("*.mp4")]
